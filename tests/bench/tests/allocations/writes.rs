//! Writes with preconditions of their own: refused writes, versions and unique values.

use dynamodel::Entity;
use dynamodel_bench::model::{Order, Sample, get_answer};
use dynamodel_bench::stub::Stub;

use crate::ceiling::at_most;
use crate::guard::Guard;
use crate::model::{agent, found, visit};

#[test]
fn refused_write_stays_below_ceilings() {
    let message = br#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","#;
    let error = [message.as_slice(), &get_answer::<Order>(false)[1..]].concat();
    let stub = Stub::new([]).refusing([("PutItem", error)]);
    let order = Order::sample(1);
    Guard::new(stub).both(
        "a refused PutItem",
        [at_most(89, 7_970), at_most(289, 19_330)],
        async |db| {
            let error = order.clone().create().send(db).await.unwrap_err();
            assert!(error.is_condition_failed());
            assert!(error.current::<Order>().is_some());
            Ok(error)
        },
    );
}

#[test]
fn versioned_write_stays_below_ceilings() {
    let mut guard = Guard::new(Stub::new([]));
    guard.both(
        "a versioned create",
        [at_most(36, 5_770), at_most(239, 18_640)],
        async |db| {
            let visit = visit(1).create().send(db).await?;
            assert_eq!(visit.version, 1);
            Ok(visit)
        },
    );
}

/// The unique item costs a transaction, and a read before it if an older item may exist.
#[test]
fn write_with_unique_value_stays_below_ceilings() {
    let mut guard = Guard::new(Stub::new([("GetItem", found(&agent("ada@old.example")))]));
    guard.both(
        "a create with a unique value",
        [at_most(90, 12_200), at_most(306, 24_110)],
        async |db| agent("ada@example.com").create().send(db).await,
    );
    guard.both(
        "a put with another unique value",
        [at_most(151, 15_000), at_most(594, 26_870)],
        async |db| agent("ada@example.com").put().send(db).await,
    );
}
