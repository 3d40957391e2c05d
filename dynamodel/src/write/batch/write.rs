//! One write of a batch, and the puts that a batch takes.

use std::any::TypeId;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::client::transact::after_table;
use crate::error::Error;
use crate::model::canonical_key::identity;
use crate::model::entity::{Item, Lock, Unversioned, WritableInBatch};
use crate::model::key::Key;
use crate::model::schema::EntitySchema;
use crate::model::template::{Delimited, delimited};
use crate::wire::WriteError;
use crate::write::put::{Put, PutMode};

/// Puts that a batch takes: an entity without a version, and `entity.put().unversioned()`.
#[diagnostic::on_unimplemented(
    message = "a batch cannot do `{Self}`",
    label = "not a put that a batch can do",
    note = "BatchWriteItem has no conditions: a batch takes entities, and `entity.put().unversioned()` where they have a version; what has unique attributes is put one by one, or in a `Transaction`"
)]
pub trait IntoBatchPut {
    /// The entity.
    type Entity: Item;
    #[doc(hidden)]
    fn into_put(self) -> Put<Self::Entity, Unversioned>;
}

/// Locks of writes that check no version.
#[diagnostic::on_unimplemented(
    message = "a batch cannot check versions, and this put does",
    label = "the entity has a version",
    note = "BatchWriteItem has no conditions: say `.put(entity.put().unversioned())` to overwrite whatever is stored, or put it in a `Transaction`"
)]
pub trait Unconditional: Lock {}
impl Unconditional for Unversioned {}

impl<E: Item> IntoBatchPut for E
where
    E::Lock: Unconditional,
    E::Guards: WritableInBatch,
{
    type Entity = E;
    fn into_put(self) -> Put<E, Unversioned> {
        Put::new(self, PutMode::Put).unversioned()
    }
}

impl<E: Item, L: Unconditional> IntoBatchPut for Put<E, L>
where
    E::Guards: WritableInBatch,
{
    type Entity = E;
    fn into_put(self) -> Put<E, Unversioned> {
        self.unversioned()
    }
}

/// One rendered write.
#[derive(Clone)]
pub(super) struct Write {
    pub(super) schema: &'static EntitySchema,
    pub(super) entity: TypeId,
    pub(super) key: Vec<u8>,
    pub(super) canonical_key: Vec<u8>,
    /// `{"PutRequest":{..}}` or `{"DeleteRequest":{..}}`.
    pub(super) request: Vec<u8>,
    /// Makes the request when the batch is sent, if the write fills in times.
    pub(super) timed: Option<Timed>,
    /// `true` if the key is known not to be that of another entity's item.
    pub(super) is_own_key: bool,
}

/// A request that is made once, when the batch is sent.
#[derive(Clone)]
pub(super) struct Timed(Arc<Mutex<Option<MakeRequest>>>);

type MakeRequest = Box<dyn FnOnce(SystemTime) -> Result<Vec<u8>, Error> + Send>;

impl Timed {
    fn new(make: impl FnOnce(SystemTime) -> Result<Vec<u8>, Error> + Send + 'static) -> Self {
        Timed(Arc::new(Mutex::new(Some(Box::new(make)))))
    }
}

impl Write {
    pub(super) fn put<E: Item>(mut put: Put<E, Unversioned>) -> Result<Self, Error> {
        let named = |e: Error| e.of_entity(E::ITEM_SCHEMA.entity);
        if put.is_conditional() {
            return Err(named(Error::invalid_request(
                "a batch has no conditions; it takes `put()` without `when`, not `create` or `replace`",
            )));
        }
        // A generated id is part of the key, which a batch knows before it is sent.
        let key = put.key(SystemTime::now()).map_err(named)?;
        let request = |now| {
            let item = put.into_part(now).and_then(after_table);
            // The body always starts with a comma, which is cut off here.
            item.map(|item| request("PutRequest", item.get(1..).unwrap_or_default()))
        };
        let schema = E::ITEM_SCHEMA;
        let (request, timed) = match schema.created_at.or(schema.updated_at) {
            None => (request(SystemTime::UNIX_EPOCH).map_err(named)?, None),
            Some(_) => {
                let request = move |now| request(now).map_err(named);
                (Vec::new(), Some(Timed::new(request)))
            }
        };
        let write = Self::new(&key, request).map_err(named)?;
        Ok(Write { timed, ..write })
    }

    /// Makes the request, if that was left for the time of sending.
    pub(super) fn make(&mut self, now: SystemTime) -> Result<(), Error> {
        if let Some(Timed(make)) = self.timed.take() {
            let make = make.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(make) = make {
                self.request = make(now)?;
            }
        }
        Ok(())
    }

    /// Refuses a key that may be that of another entity's item: a single write would find out by a
    /// condition, and a batch has none.
    ///
    /// # Errors
    /// When a part of the key contains a delimiter of its template.
    pub(super) fn check_key(&mut self) -> Result<(), Error> {
        if let Some(single) = self.schema.single_table.filter(|_| !self.is_own_key) {
            if let Some(found) = delimited(single, &self.key) {
                return Err(other_key(found).of_entity(self.schema.entity));
            }
            self.is_own_key = true;
        }
        Ok(())
    }

    pub(super) fn delete<E: Item>(key: &Key<E>) -> Result<Self, Error> {
        let json = key.json()?;
        let rest = [b"\"Key\":", json, b"}"].concat();
        Self::new(key, request("DeleteRequest", &rest))
            .map_err(|e| e.of_entity(E::ITEM_SCHEMA.entity))
    }

    fn new<E: Item>(key: &Key<E>, request: Vec<u8>) -> Result<Self, Error> {
        let json = key.json()?;
        Ok(Write {
            schema: E::ITEM_SCHEMA,
            entity: TypeId::of::<E>(),
            key: json.to_vec(),
            canonical_key: identity(json, &E::ITEM_SCHEMA.key)?,
            request,
            timed: None,
            is_own_key: false,
        })
    }
}

/// Returns the error of a key that may be that of another entity's item.
#[cold]
fn other_key(found: Delimited) -> Error {
    let Delimited {
        attribute,
        field,
        delimiter,
    } = found;
    let problem = format!(
        "the text of `{field}` contains \"{delimiter}\", so that the key can be that of another entity's item, and a batch cannot ask for the type of the stored item; write it alone, or say `allow_delimiters()`"
    );
    Error::invalid_key(WriteError::new(problem).of_key().in_attribute(attribute))
}

/// Renders a write. `rest` is the request after its `{`.
fn request(verb: &str, rest: &[u8]) -> Vec<u8> {
    [b"{\"", verb.as_bytes(), b"\":{", rest, b"}"].concat()
}
