//! Writes every item that can be read, and reads it back as the same item.
#![no_main]

use dynamodel_wire::{from_slice, item_from_slice, item_to_vec, to_vec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(item) = item_from_slice(bytes)
        && let Ok(written) = item_to_vec(&item)
    {
        assert_eq!(item_from_slice(&written).ok(), Some(item));
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    let written = to_vec(&text).expect("any text can be stored");
    assert_eq!(from_slice::<String>(&written).ok(), Some(text));
});
