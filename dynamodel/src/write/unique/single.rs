//! A single write that unique items have to follow.

use std::future::Future;
use std::pin::Pin;

use super::send::{Sending, send};
use crate::client::capacity::{ConsumedCapacity, Measured};
use crate::client::db::Db;
use crate::client::retry::Backoff;
use crate::error::Error;
use crate::write::transaction::Step;

/// Sends one operation with its unique items. Errors are those of the single operation.
pub(crate) fn send_one(db: &Db, step: Step, measure: bool) -> Writing<'_> {
    Box::pin(async move {
        let sending = Sending {
            db,
            transaction: 0,
            token: None,
            backoff: Backoff::default(),
            measure,
        };
        match send(sending, &mut [step]).await {
            Ok(capacity) => Ok(capacity.into_iter().next()),
            Err(e) => Err(e.of_one_write()),
        }
    })
}

/// A write with its unique items in flight, boxed so that the type is the same for all entities.
type Writing<'d> =
    Pin<Box<dyn Future<Output = Result<Option<ConsumedCapacity>, Error>> + Send + 'd>>;

/// [`Writing`] with the return value of the operation.
pub(crate) type WritingOutput<'d, T> =
    Pin<Box<dyn Future<Output = Result<Measured<T>, Error>> + Send + 'd>>;

/// Refuses return values, because transactions return no attributes.
pub(crate) fn check_return_values(parameter: Option<&str>) -> Result<(), Error> {
    parameter.map_or(Ok(()), |_| Err(no_return_values()))
}

pub(crate) fn no_return_values() -> Error {
    Error::invalid_request(
        "this write changes a unique attribute or what its guard follows, so it is a transaction, and DynamoDB returns no items from those; read the item before, or use `modify`",
    )
}
