//! Reads any bytes: no panic, and nothing is accepted that is not JSON.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel_wire::{from_slice, item_from_slice, item_size};
use dynamodel_wire::{Attribute, Binary};
use libfuzzer_sys::fuzz_target;

fn accepts<T: Attribute>(bytes: &[u8]) -> bool {
    from_slice::<T>(bytes).is_ok()
}

fuzz_target!(|bytes: &[u8]| {
    let accepted = [
        item_from_slice(bytes).is_ok(),
        item_size(bytes).is_ok(),
        accepts::<AttributeValue>(bytes),
        accepts::<BTreeMap<String, Option<f64>>>(bytes),
        accepts::<Vec<(i128, String)>>(bytes),
        accepts::<BTreeSet<Binary>>(bytes),
        accepts::<BTreeSet<u64>>(bytes),
        accepts::<Option<std::time::SystemTime>>(bytes),
    ];
    if accepted.contains(&true) {
        assert!(serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok());
    }
});
