//! Encoding of items.

use dynamodel::wire::Writer;
use dynamodel_bench::alloc;
use dynamodel_bench::model::{Counter, Order, Parcel, Product, Sample};

use crate::ceiling::{Ceiling, at_most};

/// The initial capacity, from the schema, is large enough for most items.
#[test]
fn writing_an_item_allocates_one_buffer() {
    let checks = [
        encode::<Order>(at_most(1, 1_050)),
        encode::<Parcel>(at_most(1, 1_110)),
        encode::<Product>(at_most(1, 4_180)),
        encode::<Counter>(at_most(1, 1_050)),
    ];
    let complaints: Vec<_> = checks.into_iter().filter_map(Result::err).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn encode<E: Sample>(ceiling: Ceiling) -> Result<(), String> {
    let item = E::sample(1);
    let (written, usage) = alloc::measure(|| {
        let mut w = Writer::with_capacity(E::SCHEMA.item_capacity());
        item.write_item(&mut w);
        w.finish()
    });
    assert!(written.is_ok());
    ceiling.check(&format!("writing {}", E::SHAPE), usage)
}
