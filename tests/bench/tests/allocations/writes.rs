//! Writes with conditions of their own: refused ones, versions and unique values.

use dynamodel::Entity;
use dynamodel_bench::model::{Order, Sample, get_answer};
use dynamodel_bench::stub::Stub;

use crate::ceiling::{at_most, at_most_with_token};
use crate::guard::Guard;
use crate::model::{agent, found, visit};

#[test]
fn a_refused_write() {
    let message = br#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","#;
    let error = [message.as_slice(), &get_answer::<Order>(false)[1..]].concat();
    let stub = Stub::new([]).refusing([("PutItem", error)]);
    let order = Order::sample(1);
    Guard::of_refusals(stub).both(
        "a refused PutItem",
        [at_most(318, 21_330), at_most(285, 19_040)],
        async |db| {
            let error = order.clone().create().send(db).await.unwrap_err();
            assert!(error.is_condition_failed());
            assert!(error.current::<Order>().is_some());
            Ok(error)
        },
    );
}

#[test]
fn a_versioned_write() {
    let mut guard = Guard::new(Stub::new([]));
    guard.both(
        "a versioned create",
        [at_most(34, 5_590), at_most(238, 18_760)],
        async |db| {
            let visit = visit(1).create().send(db).await?;
            assert_eq!(visit.version, 1);
            Ok(visit)
        },
    );
}

/// The guard of a unique value costs a transaction, and where the item may be there a read before it.
#[test]
fn a_write_with_a_guard() {
    let mut guard = Guard::new(Stub::new([("GetItem", found(&agent("ada@old.example")))]));
    guard.both(
        "a create with a unique value",
        [
            at_most_with_token(100, 11_780),
            at_most_with_token(304, 24_110),
        ],
        async |db| agent("ada@example.com").create().send(db).await,
    );
    guard.both(
        "a put with another unique value",
        [
            at_most_with_token(147, 13_880),
            at_most_with_token(589, 25_840),
        ],
        async |db| agent("ada@example.com").put().send(db).await,
    );
}
