//! TransactGetItems: [`transact_get`].

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::get::Get;
use crate::client::db::Db;
use crate::client::retry::Backoff;
use crate::client::transact::{MAX_OPERATIONS, after_table, check_clash, write_operation};
use crate::error::canceled::{Canceled, Operation};
use crate::error::{Error, ErrorKind, Limit};
use crate::model::canonical_key::identity;
use crate::model::entity::{Item, Projection};
use crate::model::schema::EntitySchema;
use crate::transport;
use crate::wire::{ReadError, Reader, Writer};

/// Reads up to 100 items in one consistent snapshot: TransactGetItems.
///
/// Takes a tuple of up to 12 gets of any entities, an array, a `Vec`, and these nested in each
/// other; the output has the same shape, with an `Option` for each get. Costs twice as much as
/// single consistent reads.
///
/// ```
/// # use dynamodel::{Db, Entity, transact_get};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "accounts")]
/// # struct Account { #[dynamo(partition)] id: String, balance: i64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Account>().await?;
/// # Account { id: "a".into(), balance: 7 }.create().send(&db).await?;
/// let (a, b) = transact_get((Account::get("a"), Account::get("b"))).send(&db).await?;
/// assert_eq!(a.map(|a| a.balance), Some(7));
/// assert_eq!(b, None);
/// # Ok(())
/// # }
/// ```
///
/// Source: [TransactGetItems](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html).
pub fn transact_get<G: Gets>(gets: G) -> TransactGet<G> {
    TransactGet {
        gets,
        backoff: Backoff::default(),
    }
}

/// Read of several items in one snapshot. From [`transact_get`].
#[must_use = "an operation does nothing until it is sent"]
pub struct TransactGet<G> {
    gets: G,
    backoff: Backoff,
}

impl<G> fmt::Debug for TransactGet<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactGet").finish_non_exhaustive()
    }
}

/// Gets that [`transact_get`] reads: single gets, tuples, arrays and `Vec`s of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not made of gets",
    label = "expected `Entity::get(..)`s",
    note = "`transact_get` takes a tuple of up to 12 gets, an array or a `Vec`"
)]
pub trait Gets {
    /// Items in the same shape as the gets, with an `Option` for each get.
    type Output;
    #[doc(hidden)]
    fn collect(&self, gets: &mut Vec<Result<OneGet, Error>>);
    #[doc(hidden)]
    fn output(&self, items: &mut Items) -> Result<Self::Output, Error>;
}

/// One rendered get.
#[doc(hidden)]
pub struct OneGet {
    schema: &'static EntitySchema,
    entity: TypeId,
    canonical_key: Vec<u8>,
    rest: Vec<u8>,
}

impl fmt::Debug for OneGet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneGet").finish_non_exhaustive()
    }
}

/// Items of the response, in order.
#[doc(hidden)]
pub struct Items(std::vec::IntoIter<Option<Vec<u8>>>);

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

impl<E: Item, O: Projection<Entity = E>> Gets for Get<E, O> {
    type Output = Option<O>;

    fn collect(&self, gets: &mut Vec<Result<OneGet, Error>>) {
        let get = self.part().and_then(|body| {
            Ok(OneGet {
                schema: E::ITEM_SCHEMA,
                entity: TypeId::of::<E>(),
                canonical_key: identity(self.key.json()?, &E::ITEM_SCHEMA.key)?,
                rest: after_table(body)?,
            })
        });
        gets.push(get.map_err(|e| e.of_entity(E::ITEM_SCHEMA.entity)));
    }

    fn output(&self, items: &mut Items) -> Result<Option<O>, Error> {
        let Some(item) = items.0.next().flatten() else {
            return Ok(None);
        };
        crate::wire::read_item(&item, O::read_item)
            .map(Some)
            .map_err(|e| Error::read(e).of_entity(E::ITEM_SCHEMA.entity))
    }
}

impl<G: Gets> Gets for Vec<G> {
    type Output = Vec<G::Output>;
    fn collect(&self, gets: &mut Vec<Result<OneGet, Error>>) {
        self.iter().for_each(|get| get.collect(gets));
    }
    fn output(&self, items: &mut Items) -> Result<Self::Output, Error> {
        self.iter().map(|get| get.output(items)).collect()
    }
}

impl<G: Gets, const N: usize> Gets for [G; N] {
    type Output = [G::Output; N];
    fn collect(&self, gets: &mut Vec<Result<OneGet, Error>>) {
        self.iter().for_each(|get| get.collect(gets));
    }
    fn output(&self, items: &mut Items) -> Result<Self::Output, Error> {
        let outputs: Result<Vec<_>, Error> = self.iter().map(|get| get.output(items)).collect();
        // Never fails: there are as many outputs as gets.
        <[G::Output; N]>::try_from(outputs?)
            .map_err(|_| Error::construction("an array of another length"))
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($name: Gets),*> Gets for ($($name,)*) {
            type Output = ($($name::Output,)*);
            #[allow(non_snake_case, reason = "the variables are named like the types")]
            fn collect(&self, gets: &mut Vec<Result<OneGet, Error>>) {
                let ($($name,)*) = self;
                $($name.collect(gets);)*
            }
            #[allow(non_snake_case, reason = "the variables are named like the types")]
            fn output(&self, items: &mut Items) -> Result<Self::Output, Error> {
                let ($($name,)*) = self;
                Ok(($($name.output(items)?,)*))
            }
        }
    )*};
}
tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I) (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}

impl<G: Gets> TransactGet<G> {
    /// Sets how often and how long to retry on conflicts with transactions that write, and on
    /// throttling.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sends the transaction. One round trip, and one more for each retry. A transaction without
    /// gets is not sent.
    ///
    /// The response has all items or none of them, so an error carries no items; and dropping the
    /// future changes nothing.
    ///
    /// # Errors
    /// More than 100 gets ([`is_limit_exceeded`](Error::is_limit_exceeded)), two of one item
    /// ([`is_invalid_request`](Error::is_invalid_request)) or an invalid key, before anything is
    /// sent; [`is_transaction_canceled`](Error::is_transaction_canceled), for instance with
    /// [`is_transaction_conflict`](Error::is_transaction_conflict) when every attempt that the
    /// backoff allows met a conflict; an item that cannot be read; or the service or network fails.
    pub async fn send(self, db: &Db) -> Result<G::Output, Error> {
        let mut gets = Vec::new();
        self.gets.collect(&mut gets);
        let items = fetch(gets, self.backoff, db).await;
        items
            .and_then(|items| self.gets.output(&mut Items(items.into_iter())))
            .map_err(|e| e.in_operation("TransactGetItems"))
    }

    /// Returns the request as it is sent, as JSON, with the tables' names as the code declares
    /// them; empty without any gets.
    ///
    /// # Errors
    /// As [`send`](Self::send), before it is sent.
    pub fn to_json(&self) -> Result<String, Error> {
        let mut gets = Vec::new();
        self.gets.collect(&mut gets);
        let request = request(gets, Arc::from)?;
        crate::client::request::text(request.map(|(.., body)| body).unwrap_or_default())
    }
}

async fn fetch(
    gets: Vec<Result<OneGet, Error>>,
    backoff: Backoff,
    db: &Db,
) -> Result<Vec<Option<Vec<u8>>>, Error> {
    let Some((gets, tables, body)) = request(gets, |table| db.resolve(table))? else {
        return Ok(Vec::new());
    };
    let body = Bytes::from(body);
    let mut retry = backoff.start();
    loop {
        let sent = db
            .ask_tables(
                transport::Operation::TransactGetItems,
                tables.clone(),
                gets.len(),
                body.clone(),
            )
            .await;
        let failure = match sent.decode(responses) {
            Ok(items) => return Ok(items),
            Err(failure) => failure,
        };
        let operations = gets.iter().map(|get| Operation {
            verb: "Get",
            name: get.schema.entity,
            entity: get.entity,
        });
        let error = Canceled::read(0, failure, operations, |_, _| ErrorKind::ConditionFailed);
        if !error.is_transient() || !retry.again().await {
            return Err(error);
        }
    }
}

/// Returns the checked gets with their tables and the request; `None` when there are no gets.
#[allow(clippy::type_complexity, reason = "it is used in two places, by parts")]
fn request(
    gets: Vec<Result<OneGet, Error>>,
    resolve: impl Fn(&'static str) -> Arc<str>,
) -> Result<Option<(Vec<OneGet>, Vec<Arc<str>>, Vec<u8>)>, Error> {
    if gets.len() > MAX_OPERATIONS {
        let operations = gets.len();
        return Err(Error::limit(Limit::TransactionOperations {
            operations,
            guards: 0,
        }));
    }
    let gets = gets.into_iter().collect::<Result<Vec<_>, _>>()?;
    if gets.is_empty() {
        return Ok(None);
    }
    let tables: Vec<Arc<str>> = gets.iter().map(|g| resolve(g.schema.table)).collect();
    check_clash(
        gets.iter()
            .zip(&tables)
            .map(|(g, table)| ("Get", g.schema.entity, &**table, g.canonical_key.as_slice())),
    )?;
    let mut w = Writer::new();
    w.raw(b"{\"TransactItems\":[");
    for (get, table) in gets.iter().zip(&tables) {
        write_operation("Get", table, &get.rest, &mut w);
    }
    w.raw(b"]}");
    let body = w.finish().map_err(Error::write)?;
    Ok(Some((gets, tables, body)))
}

/// Returns the items of the response, in the order of the request.
fn responses(body: &[u8]) -> Result<Vec<Option<Vec<u8>>>, ReadError> {
    let mut items = Vec::new();
    let mut r = Reader::new(body)?;
    r.members(|name, r| {
        if name != "Responses" {
            return r.skip_value();
        }
        r.json_list(|r| {
            let mut item = None;
            if !r.json_null() {
                r.members(|name, r| {
                    match name {
                        "Item" => item = r.raw_value_or_null()?.map(<[u8]>::to_vec),
                        _ => r.skip_value()?,
                    }
                    Ok(())
                })?;
            }
            items.push(item);
            Ok(())
        })
    })?;
    r.finish()?;
    Ok(items)
}
