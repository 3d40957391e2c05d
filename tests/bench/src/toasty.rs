//! The same operations with toasty: its model of an order, on a driver with the stub's client.
//!
//! Conditions and transactions of toasty are not those of DynamoDB, so it takes part in reads and puts
//! only.

use std::cell::RefCell;

use dynamodel_bench::model::{Order, Sample, TABLE};
use toasty::Db;
use toasty::stmt::Paginate;
use toasty_driver_dynamodb::DynamoDb;
use tokio::runtime::Runtime;

use crate::measure::contestant;
use crate::operations::World;
use crate::{Case, TOASTY};

/// An [`Order`] as toasty stores it: the status is text.
#[derive(Debug, Clone, PartialEq, toasty::Model)]
#[table = "orders"]
#[key(partition = pk, local = sk)]
struct ToastyOrder {
    pk: String,
    sk: String,
    customer_name: String,
    email: String,
    status: String,
    quantity: u32,
    total_cents: i64,
    discount: f64,
    gift: bool,
    created_at: String,
    address: String,
    note: Option<String>,
}

impl From<Order> for ToastyOrder {
    fn from(order: Order) -> Self {
        ToastyOrder {
            pk: order.pk,
            sk: order.sk,
            customer_name: order.customer_name,
            email: order.email,
            status: format!("{:?}", order.status),
            quantity: order.quantity,
            total_cents: order.total_cents,
            discount: order.discount,
            gift: order.gift,
            created_at: order.created_at,
            address: order.address,
            note: order.note,
        }
    }
}

/// Adds toasty to the cases that it supports.
pub(crate) fn join<'w>(world: &'w World, cases: &mut [Case<'w>]) {
    for case in cases {
        let run: fn(&'w Orders<'w>) -> Box<dyn FnMut() + 'w> = match &*case.name {
            "GetItem" => |orders| Box::new(orders.get(&Order::sample(1))),
            "PutItem" => |orders| Box::new(orders.put(&Order::sample(1))),
            name if !name.ends_with(Order::SHAPE) => continue,
            name if name.starts_with("Query") => |orders| Box::new(orders.query()),
            name if name.starts_with("Scan") => |orders| Box::new(orders.scan()),
            _ => continue,
        };
        let others = std::mem::replace(&mut case.prepare, Box::new(|| unreachable!()));
        case.prepare = Box::new(move || {
            let mut prepared = others();
            let orders = Box::leak(Box::new(Orders::new(world)));
            prepared.contestants.push(contestant(TOASTY, run(orders)));
            prepared
        });
    }
}

/// A toasty database, whose handle is exclusive while it is used.
struct Orders<'w> {
    runtime: &'w Runtime,
    db: RefCell<Db>,
}

impl<'w> Orders<'w> {
    fn new(world: &'w World) -> Self {
        let runtime = world.runtime();
        let driver = DynamoDb::new(format!("dynamodb://{TABLE}"), world.client());
        let mut builder = Db::builder();
        builder.models(toasty::models!(ToastyOrder));
        let db = runtime.block_on(builder.build(driver));
        Orders {
            runtime,
            db: RefCell::new(db.expect("the model is one of DynamoDB")),
        }
    }

    /// Returns a closure that gets this order and checks it.
    fn get(&self, order: &Order) -> impl FnMut() + use<'_> {
        let expected = ToastyOrder::from(order.clone());
        let get = move || {
            let db = &mut *self.db.borrow_mut();
            let get = ToastyOrder::get_by_pk_and_sk(db, &expected.pk, &expected.sk);
            self.runtime.block_on(get).expect("found")
        };
        assert_eq!(get(), ToastyOrder::from(order.clone()));
        move || drop(get())
    }

    /// Returns a closure that puts this order.
    fn put(&self, order: &Order) -> impl FnMut() + use<'_> {
        let order = ToastyOrder::from(order.clone());
        move || {
            let ToastyOrder {
                pk,
                sk,
                customer_name,
                email,
                status,
                quantity,
                total_cents,
                discount,
                gift,
                created_at,
                address,
                note,
            } = order.clone();
            let create = ToastyOrder::create()
                .pk(pk)
                .sk(sk)
                .customer_name(customer_name)
                .email(email)
                .status(status)
                .quantity(quantity)
                .total_cents(total_cents)
                .discount(discount)
                .gift(gift)
                .created_at(created_at)
                .address(address)
                .note(note);
            let db = &mut *self.db.borrow_mut();
            drop(self.runtime.block_on(create.exec(db)).expect("answered"));
        }
    }

    /// Returns a closure that gets a page of a query.
    fn query(&self) -> impl FnMut() + use<'_> {
        self.page(|| {
            let orders = ToastyOrder::filter_by_pk("CUSTOMER#1");
            let orders = orders.order_by(ToastyOrder::fields().sk().asc());
            orders.paginate(Order::PAGE)
        })
    }

    /// Returns a closure that gets a page of a scan.
    fn scan(&self) -> impl FnMut() + use<'_> {
        self.page(|| ToastyOrder::all().paginate(Order::PAGE))
    }

    fn page(&self, read: fn() -> Paginate<ToastyOrder>) -> impl FnMut() + use<'_> {
        let page = move || {
            let db = &mut *self.db.borrow_mut();
            let page = read().exec(db);
            self.runtime.block_on(page).expect("answered")
        };
        let expected = (0..Order::PAGE).map(|n| ToastyOrder::from(Order::sample(n)));
        assert!(page().iter().eq(expected.collect::<Vec<_>>().iter()));
        move || drop(page())
    }
}
