//! Guards against growing costs without a clock: how often each operation allocates, which is the same
//! on every machine: nearly all of it is the SDK's. A ceiling is what was measured and a few more; a
//! change that needs more than that says so by raising it here.

use std::future::Future;

use dynamodel::wire::Writer;
use dynamodel::{BatchGet, Db, Entity, Transaction};
use dynamodel_bench::alloc;
use dynamodel_bench::model::{
    Counter, CounterView, Order, OrderView, Parcel, Product, Sample, Status, batch_answer,
    get_answer, page_answer,
};
use dynamodel_bench::stub::Stub;

/// The allocations of the second run of an operation; the first one fills caches.
fn allocations<T, F: Future<Output = Result<T, dynamodel::Error>>>(
    mut operation: impl FnMut() -> F,
) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(operation()).unwrap();
    let (result, usage) = alloc::measure(|| runtime.block_on(operation()));
    result.unwrap();
    usage.allocations
}

#[track_caller]
fn check(what: &str, allocations: u64, ceiling: u64) {
    println!("{what}: {allocations} allocations of at most {ceiling}");
    assert!(
        allocations <= ceiling,
        "{what} allocates {allocations} times; the recorded ceiling is {ceiling}"
    );
}

fn db_with_page<E: Sample>(items: usize) -> Db {
    let db = Db::builder().client(client::<E>(items));
    db.verified_lane(false).build()
}

fn lane_with_page<E: Sample>(items: usize) -> Db {
    Db::new(client::<E>(items))
}

fn client<E: Sample>(items: usize) -> aws_sdk_dynamodb::Client {
    let page = page_answer::<E>(items, false);
    let stub = Stub::new([
        ("Query", page.clone()),
        ("Scan", page),
        ("GetItem", get_answer::<E>(false)),
        ("BatchGetItem", batch_answer::<E>(items, false)),
    ]);
    stub.client()
}

#[test]
fn operations_on_one_item() {
    let db = db_with_page::<Order>(1);
    let Order { pk, sk, .. } = Order::sample(1);
    let get = allocations(|| Order::get(&*pk, &*sk).send(&db));
    check("GetItem", get, 240);
    let put = allocations(|| Order::sample(1).put().send(&db));
    check("PutItem", put, 240);
    let update = allocations(|| {
        Order::update(&*pk, &*sk)
            .apply(|o| (o.status.set(Status::Paid), o.total_cents.add(100)))
            .when(|o| o.total_cents.gt(5))
            .send(&db)
    });
    check("UpdateItem", update, 240);
    let delete = allocations(|| Order::delete(&*pk, &*sk).send(&db));
    check("DeleteItem", delete, 233);
}

/// The same on the verified lane; half of it is the SDK's identity cache, request and response.
#[test]
fn operations_on_the_lane() {
    let db = lane_with_page::<Order>(1);
    let Order { pk, sk, .. } = Order::sample(1);
    let get = allocations(|| Order::get(&*pk, &*sk).send(&db));
    check("GetItem on the lane", get, 31);
    let put = allocations(|| Order::sample(1).put().send(&db));
    check("PutItem on the lane", put, 32);
    let update = allocations(|| {
        Order::update(&*pk, &*sk)
            .apply(|o| (o.status.set(Status::Paid), o.total_cents.add(100)))
            .when(|o| o.total_cents.gt(5))
            .send(&db)
    });
    check("UpdateItem on the lane", update, 31);
    let page = allocations(|| Order::scan().page(&db));
    check("a page of one item on the lane", page, 40);
    assert_eq!(db.lane_status().answered(), 8, "{:?}", db.lane_status());
}

/// A page allocates what its structs hold, one `Vec` for them, and what an operation does.
#[test]
fn pages() {
    page::<Order>(100, 240);
    page::<Parcel>(100, 240);
    page::<Product>(20, 240);
    page::<Counter>(1_000, 240);
}

fn page<E: Sample>(items: usize, ceiling: u64) {
    let db = db_with_page::<E>(items);
    let entities: Vec<E> = (0..items).map(E::sample).collect();
    let (_, of_structs) = alloc::measure(|| entities.clone());
    let scan = allocations(|| E::scan().page(&db));
    let beside = scan.saturating_sub(of_structs.allocations);
    check(&format!("a page of {}", E::SHAPE), beside, ceiling);
}

/// An item is written into one buffer, which is large enough for most.
#[test]
fn encoding() {
    fn encode<E: Sample>(what: &str) {
        let item = E::sample(1);
        let (_, usage) = alloc::measure(|| {
            let mut w = Writer::for_item::<E>();
            item.write_item(&mut w);
            w.finish().unwrap()
        });
        check(what, usage.allocations, 1);
    }
    encode::<Order>("writing 500 bytes");
    encode::<Parcel>("writing 700 bytes, nested");
    encode::<Product>("writing 2,800 bytes");
}

/// A page whose items borrow allocates its bytes, one `Vec` for the items and what an operation does:
/// nothing for an item, also where its text has escapes.
#[test]
fn borrowed_pages() {
    let db = db_with_page::<Order>(100);
    let read = || async {
        let page = Order::scan().borrowed::<OrderView>().page(&db).await?;
        page.items().map(|items| items.len())
    };
    check("a borrowed page of orders", allocations(read), 250);
    let db = db_with_page::<Counter>(1_000);
    let read = || async {
        let page = Counter::scan().borrowed::<CounterView>().page(&db).await?;
        page.items().map(|items| items.len())
    };
    check("a borrowed page of counters", allocations(read), 238);
}

/// A batch allocates what its structs hold, one key for each of them, and what an operation does.
#[test]
fn batches() {
    let db = db_with_page::<Order>(100);
    let orders: Vec<Order> = (0..100).map(Order::sample).collect();
    let (_, of_structs) = alloc::measure(|| orders.clone());
    let keys = || orders.iter().map(|o| Order::key(&*o.pk, &*o.sk));
    let read = allocations(|| BatchGet::new(keys()).send(&db));
    let beside = read.saturating_sub(of_structs.allocations + 100);
    check("BatchGetItem of 100", beside, 255);
}

/// A transaction allocates five times for each operation: its key, body and identity, and the entity that
/// it gives back.
#[test]
fn transactions() {
    let db = lane_with_page::<Order>(1);
    let orders: Vec<Order> = (0..25).map(Order::sample).collect();
    let (_, of_structs) = alloc::measure(|| orders.clone());
    let write = allocations(|| {
        let mut transaction = Transaction::new();
        for order in &orders {
            transaction.put(order.clone().put());
        }
        transaction.send(&db)
    });
    let beside = write.saturating_sub(of_structs.allocations);
    check("TransactWriteItems of 25 puts on the lane", beside, 162);
}
