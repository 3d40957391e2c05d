//! Whole operations: from the typed request to the typed result.

use std::collections::HashMap;
use std::future::Future;
use std::sync::LazyLock;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use dynamodel::{BatchGet, Db, Entity, Key, Transaction};
use dynamodel_bench::model::hand::{PkSk, Shop};
use dynamodel_bench::model::{
    Counter, CounterView, Order, OrderView, Parcel, ParcelView, Product, ProductView, Sample,
    Status, TABLE, batch_answer, get_answer, page_answer, stored,
};
use dynamodel_bench::stub::Stub;
use modyne::expr::{Condition, KeyCondition, Update};
use modyne::{
    Aggregate, EntityExt, ProjectionExt, ProjectionSet, QueryInput, QueryInputExt, ScanInput,
    ScanInputExt,
};
use tokio::runtime::Runtime;

use crate::measure::contestant;
use crate::{
    BORROWED, Case, MODYNE, ORCHESTRATED, ORCHESTRATED_BORROWED, OURS, PLAIN, Prepared, RAW, SERDE,
};

/// Clients of all contestants, by the shape of the items in their responses.
pub(crate) struct World {
    runtime: Runtime,
    orders: LazyLock<Clients>,
    parcels: LazyLock<Clients>,
    products: LazyLock<Clients>,
    counters: LazyLock<Clients>,
}

struct Clients {
    raw: Client,
    db: Db,
    /// Sends all requests through the SDK's orchestrator.
    sdk: Db,
    /// Sends all requests as the SDK's operations with typed inputs and outputs.
    plain: Db,
    shop: Shop,
    page_bytes: usize,
}

impl Clients {
    fn new<E: Sample>() -> Self {
        let stub = |for_modyne| {
            let page = page_answer::<E>(E::PAGE, for_modyne);
            Stub::new([
                ("GetItem", get_answer::<E>(for_modyne)),
                ("Query", page.clone()),
                ("Scan", page),
                ("BatchGetItem", batch_answer::<E>(100, for_modyne)),
            ])
        };
        let raw = stub(false).client();
        Clients {
            sdk: Db::builder().client(raw.clone()).fast_path(false).build(),
            plain: Db::builder().client(raw.clone()).plain_path(true).build(),
            db: Db::new(raw.clone()),
            raw,
            shop: Shop(stub(true).client()),
            page_bytes: page_answer::<E>(E::PAGE, false).len(),
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        World {
            runtime: runtime.expect("a runtime can be made"),
            orders: LazyLock::new(Clients::new::<Order>),
            parcels: LazyLock::new(Clients::new::<Parcel>),
            products: LazyLock::new(Clients::new::<Product>),
            counters: LazyLock::new(Clients::new::<Counter>),
        }
    }

    /// Runtime that drives the operations.
    #[cfg(feature = "toasty")]
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Client whose responses hold orders.
    #[cfg(feature = "toasty")]
    pub(crate) fn client(&self) -> Client {
        self.orders.raw.clone()
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

pub(crate) fn cases(world: &World) -> Vec<Case<'_>> {
    let case = |name: &str, prepare: fn(&World) -> Prepared<'_>| Case {
        name: name.to_owned(),
        prepare: Box::new(move || prepare(world)),
    };
    let mut cases = vec![
        case("GetItem", get),
        case("PutItem", put),
        case("UpdateItem with condition", update),
        case("TransactWriteItems of 25 puts", transact),
        batch::<Order>(world, &world.orders),
        batch::<Parcel>(world, &world.parcels),
        batch::<Product>(world, &world.products),
        batch::<Counter>(world, &world.counters),
    ];
    cases.extend(pages::<Order>(world, &world.orders));
    cases.extend(pages::<Parcel>(world, &world.parcels));
    cases.extend(pages::<Product>(world, &world.products));
    cases.extend(pages::<Counter>(world, &world.counters));
    cases
}

fn batch<'w, E: Shape>(world: &'w World, clients: &'w LazyLock<Clients>) -> Case<'w>
where
    Vec<E>: Aggregate,
{
    Case {
        name: format!("BatchGetItem of 100, {}", E::SHAPE),
        prepare: Box::new(move || batch_get::<E>(world, clients)),
    }
}

fn pages<'w, E: Shape>(world: &'w World, clients: &'w LazyLock<Clients>) -> [Case<'w>; 2]
where
    Vec<E>: Aggregate,
{
    let query = move || query::<E>(world, clients);
    let scan = move || scan::<E>(world, clients);
    [
        Case {
            name: format!("Query page of 1 MB, {}", E::SHAPE),
            prepare: Box::new(query),
        },
        Case {
            name: format!("Scan page of 1 MB, {}", E::SHAPE),
            prepare: Box::new(scan),
        },
    ]
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn get(world: &World) -> Prepared<'_> {
    let Clients {
        raw,
        sdk,
        plain,
        db,
        shop,
        ..
    } = &*world.orders;
    let expected = Order::sample(1);
    let (pk, sk) = (&*expected.pk.clone().leak(), &*expected.sk.clone().leak());
    let item = move || {
        let get = raw.get_item().table_name(TABLE);
        let get = get.key("pk", text(pk)).key("sk", text(sk)).send();
        world.wait(get).expect("answered").item.expect("found")
    };
    let by_hand = move || <Order as Sample>::from_attributes(item()).expect("an order");
    let by_serde = move || serde_dynamo::from_item::<_, Order>(item()).expect("an order");
    let by_modyne = move || {
        let get = <Order as EntityExt>::get((pk, sk)).execute(shop);
        let item = world.wait(get).expect("answered").item.expect("found");
        <Order as ProjectionExt>::from_item(item).expect("an order")
    };
    let by_us = move |db| {
        let get = Order::get(pk, sk).send(db);
        world.wait(get).expect("answered").expect("found")
    };
    for order in [by_hand(), by_serde(), by_modyne(), by_us(sdk), by_us(db)] {
        assert_eq!(order, expected);
    }
    assert_eq!(db.transport_status().fast_path().succeeded(), 1);
    Prepared {
        bytes: get_answer::<Order>(false).len(),
        contestants: vec![
            contestant(RAW, by_hand),
            contestant(SERDE, by_serde),
            contestant(MODYNE, by_modyne),
            contestant(PLAIN, move || by_us(plain)),
            contestant(ORCHESTRATED, move || by_us(sdk)),
            contestant(OURS, move || by_us(db)),
        ],
    }
}

fn put(world: &World) -> Prepared<'_> {
    let Clients {
        raw,
        sdk,
        plain,
        db,
        shop,
        ..
    } = &*world.orders;
    let order = Order::sample(1);
    let bytes = get_answer::<Order>(false).len();
    let send = move |item: HashMap<String, AttributeValue>| {
        let put = raw.put_item().table_name(TABLE).set_item(Some(item)).send();
        world.wait(put).expect("answered")
    };
    let [a, b, c, d, e, f] = [(); 6].map(|()| order.clone());
    Prepared {
        bytes,
        contestants: vec![
            contestant(RAW, move || send(a.to_attributes())),
            contestant(SERDE, move || {
                send(serde_dynamo::to_item(&b).expect("an item"))
            }),
            contestant(MODYNE, move || {
                let put = EntityExt::put(c.clone()).execute(shop);
                world.wait(put).expect("answered")
            }),
            contestant(PLAIN, move || {
                let put = dynamodel::Entity::put(f.clone()).send(plain);
                world.wait(put).expect("answered")
            }),
            contestant(ORCHESTRATED, move || {
                let put = dynamodel::Entity::put(d.clone()).send(sdk);
                world.wait(put).expect("answered")
            }),
            contestant(OURS, move || {
                let put = dynamodel::Entity::put(e.clone()).send(db);
                world.wait(put).expect("answered")
            }),
        ],
    }
}

fn update(world: &World) -> Prepared<'_> {
    let Clients {
        raw,
        sdk,
        plain,
        db,
        shop,
        ..
    } = &*world.orders;
    let Order { pk, sk, .. } = Order::sample(1);
    let (pk, sk) = (&*pk.leak(), &*sk.leak());
    const SET: &str = "SET #status = :status, #quantity = :quantity ADD #total :total";
    let by_hand = move || {
        let update = raw.update_item().table_name(TABLE);
        let update = update.key("pk", text(pk)).key("sk", text(sk));
        let update = update
            .update_expression(SET)
            .condition_expression("attribute_exists(#pk) AND #total > :least")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#quantity", "quantity")
            .expression_attribute_names("#total", "total_cents")
            .expression_attribute_values(":status", text("Paid"))
            .expression_attribute_values(":quantity", AttributeValue::N(4.to_string()))
            .expression_attribute_values(":total", AttributeValue::N(100.to_string()))
            .expression_attribute_values(":least", AttributeValue::N(5.to_string()));
        world.wait(update.send()).expect("answered")
    };
    let by_modyne = move || {
        let set = Update::new(SET)
            .name("#status", "status")
            .name("#quantity", "quantity")
            .name("#total", "total_cents")
            .value(":status", Status::Paid)
            .value(":quantity", 4)
            .value(":total", 100);
        let condition = Condition::new("attribute_exists(#pk) AND #total > :least")
            .name("#pk", "pk")
            .name("#total", "total_cents")
            .value(":least", 5);
        let update = <Order as EntityExt>::update((pk, sk)).expression(set);
        let update = update.condition(condition).execute(shop);
        world.wait(update).expect("answered")
    };
    let by_us = move |db| {
        let update = Order::update(pk, sk)
            .apply(|o| {
                (
                    o.status.set(Status::Paid),
                    o.quantity.set(4),
                    o.total_cents.add(100),
                )
            })
            .when(|o| o.total_cents.gt(5));
        world.wait(update.send(db)).expect("answered")
    };
    Prepared {
        bytes: 400,
        contestants: vec![
            contestant(RAW, by_hand),
            contestant(MODYNE, by_modyne),
            contestant(PLAIN, move || by_us(plain)),
            contestant(ORCHESTRATED, move || by_us(sdk)),
            contestant(OURS, move || by_us(db)),
        ],
    }
}

/// Inputs of modyne's query and scan.
struct All<E>(std::marker::PhantomData<E>);

impl<E: Sample> QueryInput for All<E>
where
    Vec<E>: Aggregate,
{
    type Index = PkSk;
    type Aggregate = Vec<E>;

    fn key_condition(&self) -> KeyCondition<PkSk> {
        KeyCondition::in_partition("CUSTOMER#1")
    }
}

impl<E: Sample> ScanInput for All<E>
where
    E: ProjectionSet,
{
    type Index = PkSk;

    fn projection_expression() -> Option<modyne::expr::StaticProjection> {
        <E as ProjectionSet>::projection_expression()
    }
}

trait Shape: Sample + ProjectionSet {
    fn key_by_us(key: &PkSk) -> Key<Self>;
    fn get_by_modyne(key: &PkSk) -> modyne::model::Get;
    fn query_by_us(world: &World, db: &Db) -> Vec<Self>;
    /// Returns the number of items in the page, and the lengths of their keys.
    fn query_borrowed(world: &World, db: &Db) -> (usize, usize);
    fn scan_borrowed(world: &World, db: &Db) -> (usize, usize);
}
macro_rules! shapes {
    ($($name:ident $view:ident)*) => {$(
        impl Shape for $name {
            fn key_by_us(PkSk { pk, sk }: &PkSk) -> Key<Self> {
                $name::key(&**pk, &**sk)
            }
            fn get_by_modyne(PkSk { pk, sk }: &PkSk) -> modyne::model::Get {
                <$name as EntityExt>::get((pk, sk))
            }
            fn query_borrowed(world: &World, db: &Db) -> (usize, usize) {
                let page = $name::query("CUSTOMER#1").borrowed::<$view>().page(db);
                let page = world.wait(page).expect("answered");
                let items = page.items().expect("readable");
                (items.len(), items.iter().map(|item| item.pk.len() + item.sk.len()).sum())
            }
            fn scan_borrowed(world: &World, db: &Db) -> (usize, usize) {
                let page = <$name as Entity>::scan().borrowed::<$view>().page(db);
                let page = world.wait(page).expect("answered");
                let items = page.items().expect("readable");
                (items.len(), items.iter().map(|item| item.pk.len() + item.sk.len()).sum())
            }
            fn query_by_us(world: &World, db: &Db) -> Vec<Self> {
                let page = $name::query("CUSTOMER#1").page(db);
                world.wait(page).expect("answered").items
            }
        }
    )*};
}
shapes!(Order OrderView Parcel ParcelView Product ProductView Counter CounterView);

fn query<'w, E: Shape>(world: &'w World, clients: &'w Clients) -> Prepared<'w>
where
    Vec<E>: Aggregate,
{
    let Clients {
        raw,
        sdk,
        plain,
        db,
        shop,
        ..
    } = clients;
    let items = move || {
        let query = raw.query().table_name(TABLE);
        let query = query
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_values(":pk", text("CUSTOMER#1"));
        let page = world.wait(query.send()).expect("answered");
        page.items.expect("there are some")
    };
    let by_modyne = move || {
        let query = All::<E>(std::marker::PhantomData).query();
        let page = world.wait(query.execute(shop)).expect("answered");
        collect::<E>(page.items.expect("there are some"))
    };
    let by_us = move |db: &Db| E::query_by_us(world, db);
    let ours = [plain, sdk, db];
    let mut case = page_case("Query", clients.page_bytes, items, by_modyne, by_us, ours);
    for (name, db) in [(ORCHESTRATED_BORROWED, sdk), (BORROWED, db)] {
        let borrowed = move || E::query_borrowed(world, db);
        assert_eq!(borrowed(), keys::<E>());
        case.contestants.push(contestant(name, borrowed));
    }
    case
}

fn scan<'w, E: Shape>(world: &'w World, clients: &'w Clients) -> Prepared<'w>
where
    Vec<E>: Aggregate,
{
    let Clients {
        raw,
        sdk,
        plain,
        db,
        shop,
        ..
    } = clients;
    let items = move || {
        let page = world.wait(raw.scan().table_name(TABLE).send());
        page.expect("answered").items.expect("there are some")
    };
    let by_modyne = move || {
        let scan = All::<E>(std::marker::PhantomData).scan();
        let page = world.wait(scan.execute(shop)).expect("answered");
        collect::<E>(page.items.expect("there are some"))
    };
    let by_us = move |db: &Db| {
        let page = world.wait(<E as Entity>::scan().page(db));
        page.expect("answered").items
    };
    let ours = [plain, sdk, db];
    let mut case = page_case("Scan", clients.page_bytes, items, by_modyne, by_us, ours);
    for (name, db) in [(ORCHESTRATED_BORROWED, sdk), (BORROWED, db)] {
        let borrowed = move || E::scan_borrowed(world, db);
        assert_eq!(borrowed(), keys::<E>());
        case.contestants.push(contestant(name, borrowed));
    }
    case
}

/// Returns the number of items in a page, and the lengths of their keys.
fn keys<E: Sample>() -> (usize, usize) {
    let length = |item: E| {
        let key = item.to_attributes();
        let text = |name: &str| key.get(name)?.as_s().ok();
        text("pk").map_or(0, String::len) + text("sk").map_or(0, String::len)
    };
    (E::PAGE, (0..E::PAGE).map(E::sample).map(length).sum())
}

fn collect<E>(items: Vec<modyne::Item>) -> Vec<E>
where
    Vec<E>: Aggregate,
{
    let mut all = Vec::<E>::new();
    all.reduce(items).expect("entities");
    all
}

fn page_case<'w, E: Sample>(
    name: &str,
    bytes: usize,
    items: impl Fn() -> Vec<HashMap<String, AttributeValue>> + Copy + 'w,
    by_modyne: impl Fn() -> Vec<E> + 'w,
    by_us: impl Fn(&Db) -> Vec<E> + Copy + 'w,
    [plain, sdk, db]: [&'w Db; 3],
) -> Prepared<'w> {
    let by_hand = move || -> Option<Vec<E>> {
        let entities = items().into_iter().map(<E as Sample>::from_attributes);
        entities.collect()
    };
    let by_serde = move || serde_dynamo::from_items::<_, E>(items()).expect("entities");
    let expected: Vec<E> = (0..E::PAGE).map(E::sample).collect();
    let all = [
        (RAW, by_hand().expect("entities")),
        (SERDE, by_serde()),
        (MODYNE, by_modyne()),
        (PLAIN, by_us(plain)),
        (ORCHESTRATED, by_us(sdk)),
        (OURS, by_us(db)),
    ];
    for (contestant, entities) in all {
        assert_eq!(entities.len(), expected.len(), "{name}, {contestant}");
        let different = entities.iter().zip(&expected).find(|(a, b)| a != b);
        assert_eq!(different, None, "{name}, {contestant}");
    }
    Prepared {
        bytes,
        contestants: vec![
            contestant(RAW, by_hand),
            contestant(SERDE, by_serde),
            contestant(MODYNE, by_modyne),
            contestant(PLAIN, move || by_us(plain)),
            contestant(ORCHESTRATED, move || by_us(sdk)),
            contestant(OURS, move || by_us(db)),
        ],
    }
}

fn batch_get<'w, E: Shape>(world: &'w World, clients: &'w Clients) -> Prepared<'w>
where
    Vec<E>: Aggregate,
{
    let Clients {
        raw, sdk, db, shop, ..
    } = clients;
    let keys = (0..100).map(|n| E::sample(n).pk_sk());
    let keys: &'static [PkSk] = Box::leak(keys.collect());
    let items = move || {
        let mut all = KeysAndAttributes::builder();
        for PkSk { pk, sk } in keys {
            let key = [("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))];
            all = all.keys(HashMap::from(key));
        }
        let batch = raw
            .batch_get_item()
            .request_items(TABLE, all.build().expect("has keys"));
        let mut found = world.wait(batch.send()).expect("answered");
        let tables = found.responses.as_mut().expect("found");
        tables.remove(TABLE).expect("found")
    };
    let by_hand =
        move || -> Option<Vec<E>> { items().into_iter().map(E::from_attributes).collect() };
    let by_serde = move || serde_dynamo::from_items::<_, E>(items()).expect("of the shape");
    let by_modyne = move || {
        let gets = keys.iter().map(E::get_by_modyne);
        let batch = gets.fold(modyne::model::BatchGet::new(), |batch, get| {
            batch.operation(get)
        });
        let mut found = world.wait(batch.execute(shop)).expect("answered");
        let tables = found.responses.as_mut().expect("found");
        collect::<E>(tables.remove(TABLE).expect("found"))
    };
    let by_us = move |db| {
        let batch = BatchGet::new(keys.iter().map(E::key_by_us));
        let found = world.wait(batch.send(db)).expect("answered");
        found.into_iter().collect::<Option<Vec<E>>>()
    };
    let expected: Vec<E> = (0..100).map(E::sample).collect();
    let all = [by_hand(), Some(by_serde()), Some(by_modyne())];
    for items in all.into_iter().chain([by_us(sdk), by_us(db)]) {
        assert_eq!(items.as_ref(), Some(&expected));
    }
    Prepared {
        bytes: batch_answer::<E>(100, false).len(),
        contestants: vec![
            contestant(RAW, by_hand),
            contestant(SERDE, by_serde),
            contestant(MODYNE, by_modyne),
            contestant(ORCHESTRATED, move || by_us(sdk)),
            contestant(OURS, move || by_us(db)),
        ],
    }
}

/// A transaction of 25 puts.
fn transact(world: &World) -> Prepared<'_> {
    let Clients {
        raw, sdk, db, shop, ..
    } = &*world.orders;
    let orders: &'static [Order] = (0..25).map(Order::sample).collect::<Vec<_>>().leak();
    let send = move |item: fn(&Order) -> HashMap<String, AttributeValue>| {
        let puts = orders.iter().map(|order| {
            let put = Put::builder().table_name(TABLE).set_item(Some(item(order)));
            TransactWriteItem::builder()
                .put(put.build().expect("complete"))
                .build()
        });
        let transaction = raw.transact_write_items();
        let transaction = transaction.set_transact_items(Some(puts.collect()));
        world.wait(transaction.send()).expect("answered")
    };
    let by_modyne = move || {
        let puts = orders.iter().cloned().map(EntityExt::put);
        let transaction = puts.fold(modyne::model::TransactWrite::new(), |all, put| {
            all.operation(put)
        });
        world.wait(transaction.execute(shop)).expect("answered")
    };
    let by_us = move |db| {
        let mut transaction = Transaction::new();
        for order in orders {
            transaction.put(dynamodel::Entity::put(order.clone()));
        }
        world.wait(transaction.send(db)).expect("answered")
    };
    Prepared {
        bytes: orders.iter().map(|o| stored(o, false).len()).sum(),
        contestants: vec![
            contestant(RAW, move || send(Order::to_attributes)),
            contestant(SERDE, move || {
                send(|order| serde_dynamo::to_item(order).expect("an item"))
            }),
            contestant(MODYNE, by_modyne),
            contestant(ORCHESTRATED, move || by_us(sdk)),
            contestant(OURS, move || by_us(db)),
        ],
    }
}
