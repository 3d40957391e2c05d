//! [`StoredKey`]: the key of an item that another program has made in another way.

use std::fmt;

use super::Key;
use crate::model::entity::Item;

/// The key under which an item was read, for a field marked `#[dynamo(keep_key)]` of an entity in a
/// shared table.
///
/// Without such a field, an item whose stored key is not the one that the templates make of its
/// fields cannot be read, because a write by value would go to another item. With it, the entity
/// remembers the stored key: `put`, `replace`, `remove`, `diff`, `modify`, transactions and batches
/// of a value that was read go to the item that it was read from, and write its key as it stands.
/// The fields of the key still decide which item it is: when one of them is changed, the templates
/// make the key again.
///
/// The value of a new entity is [`Default`], so `..` and `StoredKey::default()` both do; the key is
/// then made by the templates. Operations by key, such as `get` and `update`, always use the key
/// that the templates make of their arguments. The field is no attribute. Costs nothing for items
/// under their own key.
///
/// ```
/// use dynamodel::{Db, Entity, StoredKey, Table};
///
/// #[derive(Table)]
/// #[dynamo(name = "ledger", partition = "PK", sort = "SK")]
/// struct Ledger;
/// #[derive(Debug, Clone, PartialEq, Entity)]
/// #[dynamo(table = Ledger, key(partition = "FIRM#{firm}", sort = "BILL#{bill}"))]
/// struct Bill {
///     firm: String,
///     bill: u32,
///     paid: bool,
///     #[dynamo(keep_key)]
///     key: StoredKey,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let db = Db::embedded()?;
/// db.create_table::<Ledger>().await?;
/// // Another program writes numbers without zeros before them.
/// let item = dynamodel::wire::item_from_slice(
///     br##"{"PK":{"S":"FIRM#acme"},"SK":{"S":"BILL#7"},"_type":{"S":"Bill"},
///         "firm":{"S":"acme"},"bill":{"N":"7"},"paid":{"BOOL":false}}"##,
/// )?;
/// db.client().put_item().table_name("ledger").set_item(Some(item)).send().await?;
///
/// let bill = Bill::query("acme").first(&db).await?.expect("a bill");
/// assert!(bill.key.is_kept());
/// Bill { paid: true, ..bill }.put().send(&db).await?;
/// assert_eq!(Bill::scan().count(&db).await?, 1);
///
/// // A new bill has the key that the templates make.
/// let new = Bill { firm: "acme".into(), bill: 8, paid: false, key: StoredKey::default() };
/// new.create().send(&db).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct StoredKey(Option<Box<Kept>>);

/// A key that differs from that of the templates.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Kept {
    /// The stored key as DynamoDB JSON.
    json: Vec<u8>,
    /// Wire form of the parts of the key that the item was read with.
    parts: Vec<Vec<u8>>,
}

/// Hides the key, which is data.
impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredKey")
            .field("is_kept", &self.is_kept())
            .finish()
    }
}

impl StoredKey {
    /// Returns `true` if the item was read under a key that its templates do not make.
    pub fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Keeps the key of an item, given as JSON, as long as its fields make this key.
    pub(crate) fn keep<E: Item>(json: Vec<u8>, made: &Key<E>) -> Self {
        StoredKey(Some(Box::new(Kept {
            json,
            parts: made.parts().to_vec(),
        })))
    }

    /// Returns the stored key, as JSON, if it is kept for an entity whose fields make this key.
    fn json_for<E: Item>(&self, made: &Key<E>) -> Option<&[u8]> {
        let kept = self.0.as_ref()?;
        (kept.parts == made.parts()).then_some(&*kept.json)
    }
}

impl<E: Item> Key<E> {
    /// Returns the stored key in place of the one that the templates have made, if it is kept.
    #[doc(hidden)]
    pub fn kept(mut self, stored: &StoredKey) -> Self {
        if let Some(json) = stored.json_for(&self) {
            let parts = std::mem::take(&mut self.key.parts);
            self = Key::from_json(json.to_vec());
            self.key.parts = parts;
        }
        self
    }
}
