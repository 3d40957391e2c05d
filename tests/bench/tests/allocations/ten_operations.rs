//! Every operation of DynamoDB that moves items, with one small item or with 25 items.

use dynamodel::{BatchGet, BatchWrite, Entity, Transaction, transact_get};
use dynamodel_bench::model::{
    Order, Sample, Status, batch_answer, get_answer, page_answer, stored,
};
use dynamodel_bench::stub::Stub;

use crate::ceiling::at_most;
use crate::guard::Guard;

/// Number of items in the operations on several items.
const ITEMS: usize = 25;

fn guard() -> Guard {
    let page = page_answer::<Order>(1, false);
    Guard::new(Stub::new([
        ("Query", page.clone()),
        ("Scan", page),
        ("GetItem", get_answer::<Order>(false)),
        ("BatchGetItem", batch_answer::<Order>(ITEMS, false)),
        ("TransactGetItems", responses()),
    ]))
}

/// Response to TransactGetItems.
fn responses() -> Vec<u8> {
    let items = orders().map(|order| format!(r#"{{"Item":{}}}"#, stored(&order, false)));
    let items: Vec<String> = items.collect();
    format!(r#"{{"Responses":[{}]}}"#, items.join(",")).into_bytes()
}

fn orders() -> impl Iterator<Item = Order> {
    (0..ITEMS).map(Order::sample)
}

#[test]
fn single_item_operations_stay_below_ceilings() {
    let mut guard = guard();
    let order = Order::sample(1);
    let (pk, sk) = (&*order.pk, &*order.sk);
    guard.both(
        "GetItem",
        [at_most(32, 5_040), at_most(236, 18_210)],
        async |db| Order::get(pk, sk).send(db).await,
    );
    guard.both(
        "PutItem",
        [at_most(31, 6_160), at_most(235, 19_330)],
        async |db| order.clone().put().send(db).await,
    );
    guard.both(
        "UpdateItem",
        [at_most(32, 5_300), at_most(236, 19_220)],
        async |db| {
            let update = Order::update(pk, sk)
                .apply(|o| (o.status.set(Status::Paid), o.total_cents.add(100)))
                .when(|o| o.total_cents.gt(5));
            update.send(db).await
        },
    );
    guard.both(
        "DeleteItem",
        [at_most(25, 5_400), at_most(229, 18_570)],
        async |db| Order::delete(pk, sk).send(db).await,
    );
}

#[test]
fn one_item_pages_stay_below_ceilings() {
    let mut guard = guard();
    guard.both(
        "Query",
        [at_most(47, 9_000), at_most(251, 22_160)],
        async |db| Order::query("CUSTOMER#1").page(db).await,
    );
    guard.both(
        "Scan",
        [at_most(41, 8_530), at_most(245, 21_690)],
        async |db| Order::scan().page(db).await,
    );
}

#[test]
fn batches_of_items_stay_below_ceilings() {
    let mut guard = guard();
    let orders: Vec<Order> = orders().collect();
    let keys = || orders.iter().map(|o| Order::key(&*o.pk, &*o.sk));
    guard.both(
        "BatchGetItem",
        [at_most(240, 20_590), at_most(445, 33_720)],
        async |db| BatchGet::new(keys()).send(db).await,
    );
    guard.both(
        "BatchWriteItem",
        [at_most(393, 48_890), at_most(598, 62_080)],
        async |db| {
            let batch = BatchWrite::new().put_all(orders.iter().cloned());
            batch.send(db).await
        },
    );
}

#[test]
fn transactions_of_items_stay_below_ceilings() {
    let mut guard = guard();
    let orders: Vec<Order> = orders().collect();
    guard.both(
        "TransactGetItems",
        [at_most(340, 38_700), at_most(567, 42_910)],
        async |db| {
            let gets = orders.iter().map(|o| Order::get(&*o.pk, &*o.sk));
            transact_get(gets.collect::<Vec<_>>()).send(db).await
        },
    );
    guard.both(
        "TransactWriteItems",
        [at_most(331, 83_210), at_most(556, 81_920)],
        async |db| {
            let mut transaction = Transaction::new();
            for order in &orders {
                transaction.put(order.clone().put());
            }
            transaction.send(db).await
        },
    );
}
