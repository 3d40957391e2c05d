//! A single write that guards have to follow.

use std::future::Future;
use std::pin::Pin;

use super::send::{Sending, send};
use crate::client::capacity::{ConsumedCapacity, Measured};
use crate::client::db::Db;
use crate::client::retry::Backoff;
use crate::error::Error;
use crate::write::transaction::Step;

/// Sends one operation with its guards, and tells of failure what the single operation would tell.
pub(crate) fn send_one(db: &Db, step: Step, measure: bool) -> Writing<'_> {
    Box::pin(async move {
        let must_exist = step.precondition.must_exist;
        let sending = Sending {
            db,
            transaction: 0,
            token: None,
            backoff: Backoff::default(),
            measure,
        };
        match send(sending, &mut [step]).await {
            Ok(capacity) => Ok(capacity.into_iter().next()),
            Err(e) => Err(e.of_one_write(must_exist)),
        }
    })
}

/// A write with its guards under way, in a box, so that it is the same for all entities.
type Writing<'d> =
    Pin<Box<dyn Future<Output = Result<Option<ConsumedCapacity>, Error>> + Send + 'd>>;

/// The same with what the operation returns.
pub(crate) type Guarding<'d, T> =
    Pin<Box<dyn Future<Output = Result<Measured<T>, Error>> + Send + 'd>>;

/// Refuses to return attributes, which transactions do not.
pub(crate) fn check_returned(parameter: Option<&str>) -> Result<(), Error> {
    parameter.map_or(Ok(()), |_| Err(nothing_returned()))
}

pub(crate) fn nothing_returned() -> Error {
    Error::invalid_request(
        "this write changes a unique attribute or what its guard follows, so it is a transaction, and DynamoDB returns no items from those; read the item before, or use `modify`",
    )
}
