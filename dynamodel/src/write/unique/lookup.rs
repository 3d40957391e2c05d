//! Reading an item by a unique value: [`GetUnique`].

use std::fmt;
use std::marker::PhantomData;

use super::read::read;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::Item;
use crate::model::expr::Token;
use crate::model::expr::ast::Value;
use crate::model::schema::UniqueSchema;
use crate::model::unique::{key_json, owner_attribute, owner_of, same_value, unique_key};
use crate::wire::value_in;
use crate::wire::{ValueFor, ValueOf};

/// Reads the item that has a value of a `#[dynamo(unique)]` attribute. Made by the entity's
/// `get_by_<field>` constructor.
///
/// Two strongly consistent reads, one after the other: of the unique item, which names its owner,
/// and of the owner. Costs one read unit for the unique item, and a consistent read of the owner.
///
/// ```
/// # use dynamodel::{Db, Entity};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "users")]
/// # struct User { #[dynamo(partition)] id: String, #[dynamo(unique)] email: String }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<User>().await?;
/// let ada = User { id: "u1".into(), email: "ada@example.org".into() }.create().send(&db).await?;
/// assert_eq!(User::get_by_email("ada@example.org").send(&db).await?, Some(ada));
/// assert_eq!(User::get_by_email("eve@example.org").send(&db).await?, None);
/// # Ok(())
/// # }
/// ```
#[must_use = "an operation does nothing until it is sent"]
pub struct GetUnique<E> {
    attribute: &'static str,
    value: Value,
    _entity: PhantomData<fn() -> E>,
}

impl<E> Clone for GetUnique<E> {
    fn clone(&self) -> Self {
        GetUnique {
            attribute: self.attribute,
            value: self.value.clone(),
            _entity: PhantomData,
        }
    }
}

impl<E: Item> fmt::Debug for GetUnique<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetUnique")
            .field("entity", &E::ITEM_SCHEMA.entity)
            .field("attribute", &self.attribute)
            .finish_non_exhaustive()
    }
}

impl<E: Item> GetUnique<E> {
    #[doc(hidden)]
    pub fn new<K: Token>(value: impl ValueFor<ValueOf<K::Type>>) -> Self {
        GetUnique {
            attribute: K::NAME,
            value: Value::write(|w| value.write_value(w)),
            _entity: PhantomData,
        }
    }

    /// Sends the read. `None` when no item has the value. Two round trips; when the value moves
    /// from one item to another in between, two more.
    ///
    /// # Errors
    /// A value that the attribute cannot have ([`is_invalid_key`](Error::is_invalid_key),
    /// [`is_invalid_value`](Error::is_invalid_value)) before anything is sent; an item that cannot
    /// be read as `E` ([`is_unreadable`](Error::is_unreadable)); or the service or network fails.
    pub async fn send(self, db: &Db) -> Result<Option<E>, Error> {
        self.find(db)
            .await
            .map_err(|e| e.of_entity(E::ITEM_SCHEMA.entity).in_operation("GetItem"))
    }

    async fn find(self, db: &Db) -> Result<Option<E>, Error> {
        let value = match &self.value {
            Value::Json(json) => json.as_slice(),
            Value::Invalid(e) => return Err(Error::write(e.clone().under(self.attribute))),
        };
        let is_it = |unique: &&UniqueSchema| unique.attribute == self.attribute;
        let Some(unique) = E::ITEM_SCHEMA.unique.iter().find(is_it) else {
            return Ok(None);
        };
        let Some(text) = unique_key(E::ITEM_SCHEMA, unique, Some(value))? else {
            return Ok(None);
        };
        let key = key_json(E::ITEM_SCHEMA, &text)?;
        let mut before = None;
        loop {
            let unique_item = read(db, E::ITEM_SCHEMA, &key, owner_attribute()).await?;
            let Some(owner) = unique_item.as_deref().and_then(owner_of) else {
                return Ok(None);
            };
            let item = read(db, E::ITEM_SCHEMA, &owner, std::iter::empty()).await?;
            if let Some(item) = item
                && same_value(value_in(&item, unique.attribute)?, Some(value))
            {
                return Ok(Some(crate::wire::read_item(&item, E::read_item)?));
            }
            // The value has moved on since the unique item was read, or no item has it.
            if before.as_ref() == Some(&owner) {
                return Ok(None);
            }
            before = Some(owner);
        }
    }
}
