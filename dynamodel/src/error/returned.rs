//! [`UnreadableItem`]: an item that a write returns and that cannot be read.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Error, Kind};
use crate::wire::ReadError;

/// An item that a write returns, and that does not have the entity's shape. The write is done.
///
/// From [`Error::returned_item`], and from writes that are asked to be lenient, such as
/// [`Delete::lenient`](crate::Delete::lenient). `Display` and `Debug` name the attribute and show no
/// value.
///
/// ```
/// # use dynamodel::{Db, Entity};
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "vouchers")]
/// # struct Voucher { #[dynamo(partition)] code: String, cents: u32 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Voucher>().await?;
/// # let item = dynamodel::wire::item_from_slice(br#"{"code":{"S":"v"},"cents":{"S":"500"}}"#)?;
/// # db.client().put_item().table_name("vouchers").set_item(Some(item)).send().await.unwrap();
/// // Another program has stored `cents` as text.
/// let deleted = Voucher::delete("v").returning_old().lenient().send(&db).await?;
/// let voucher = deleted.unwrap_err(); // deleted, and not lost
/// assert_eq!(voucher.attribute_path().as_deref(), Some("cents"));
/// assert_eq!(voucher.attributes()?["cents"].as_s().unwrap(), "500");
/// # Ok(())
/// # }
/// ```
pub struct UnreadableItem {
    error: ReadError,
    /// The attributes as JSON, when the response has any.
    item: Vec<u8>,
}

impl UnreadableItem {
    pub(crate) fn new(error: ReadError, item: &[u8]) -> Self {
        UnreadableItem {
            error,
            item: item.to_vec(),
        }
    }

    /// Returns the attributes as the service has returned them.
    ///
    /// # Errors
    /// [`is_unreadable`](Error::is_unreadable) when they are no attributes at all.
    pub fn attributes(&self) -> Result<HashMap<String, AttributeValue>, Error> {
        Ok(crate::wire::item_from_slice(&self.item)?)
    }

    /// Returns the attribute that could not be read, as [`Error::attribute_path`] does.
    pub fn attribute_path(&self) -> Option<String> {
        Some(self.error.path()).filter(|path| !path.is_empty())
    }
}

impl fmt::Display for UnreadableItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)
    }
}

impl fmt::Debug for UnreadableItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnreadableItem")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl StdError for UnreadableItem {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.error)
    }
}

impl Error {
    /// Creates the error of a write that is done and returns an item that cannot be read.
    pub(crate) fn returned(item: UnreadableItem) -> Self {
        Self::new(Kind::Returned(item))
    }

    /// Returns `true` if the write is done although the call failed: what it returns cannot be
    /// [read](Self::is_unreadable), and comes with the error as
    /// [`returned_item`](Self::returned_item); or its return values were lost with the response to
    /// an earlier attempt ([`is_ambiguous`](Self::is_ambiguous)).
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "vouchers")]
    /// # struct Voucher { #[dynamo(partition)] code: String, cents: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Voucher>().await?;
    /// # let item = dynamodel::wire::item_from_slice(br#"{"code":{"S":"v"},"cents":{"S":"500"}}"#)?;
    /// # db.client().put_item().table_name("vouchers").set_item(Some(item)).send().await.unwrap();
    /// let err = Voucher::delete("v").returning_old().send(&db).await.unwrap_err();
    /// assert!(err.is_unreadable() && err.has_happened());
    /// let voucher = err.returned_item().expect("it is not lost").attributes()?;
    /// assert_eq!(voucher["cents"].as_s().unwrap(), "500");
    /// # Ok(())
    /// # }
    /// ```
    pub fn has_happened(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Returned(_)
                | Kind::Condition {
                    is_own_write: true,
                    ..
                }
                | Kind::LostValues
        )
    }

    /// Returns the item that a write that [is done](Self::has_happened) has returned and that cannot
    /// be read, with its raw attributes. `None` for other errors.
    pub fn returned_item(&self) -> Option<&UnreadableItem> {
        match &self.0.kind {
            Kind::Returned(item) => Some(item),
            _ => None,
        }
    }
}
