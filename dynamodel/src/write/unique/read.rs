//! Reads that are needed before unique items can follow a write.

use crate::client::db::Db;
use crate::client::response::Single;
use crate::client::response::raw_item;
use crate::error::Error;
use crate::model::expr::render::Body;
use crate::model::schema::EntitySchema;
use crate::transport;
use crate::wire::Fetched;
use crate::wire::value_in;

/// Unique attributes and Time to Live of an item, as JSON; all absent when there is no item.
#[derive(Default)]
pub(super) struct Old {
    values: Vec<Option<Vec<u8>>>,
    ttl: Option<Vec<u8>>,
}

impl Old {
    /// Reads the attributes with a strongly consistent GetItem.
    pub(super) async fn read(
        db: &Db,
        schema: &'static EntitySchema,
        key: &[u8],
    ) -> Result<Self, Error> {
        let names: Vec<_> = schema.unique.iter().map(|u| u.attribute).collect();
        let named = |e: Error| e.of_entity(schema.entity).in_operation("GetItem");
        let item = read(db, schema, key, names.iter().copied().chain(schema.ttl)).await?;
        let Some(item) = item else {
            return Ok(Old::default());
        };
        let value = |name| {
            let value = value_in(&item, name).map_err(|e| named(Error::read(e)))?;
            Ok(value.map(<[u8]>::to_vec))
        };
        Ok(Old {
            values: names.into_iter().map(value).collect::<Result<_, Error>>()?,
            ttl: schema.ttl.map_or(Ok(None), value)?,
        })
    }

    /// Returns the value of the unique attribute at this position of the schema.
    pub(super) fn value(&self, position: usize) -> Option<&[u8]> {
        self.values.get(position)?.as_deref()
    }

    pub(super) fn ttl(&self) -> Option<&[u8]> {
        self.ttl.as_deref()
    }
}

/// Reads some attributes of an item with strong consistency.
pub(super) async fn read(
    db: &Db,
    schema: &'static EntitySchema,
    key: &[u8],
    attributes: impl Iterator<Item = &'static str>,
) -> Result<Option<Vec<u8>>, Error> {
    let named = |e: Error| e.of_entity(schema.entity).in_operation("GetItem");
    let table = db.resolve(schema.table);
    let mut body = Body::new(&table, key.len() + 192);
    body.member("Key", key);
    body.member("ConsistentRead", b"true");
    body.projection(attributes.map(Fetched::whole));
    let body = body.finish().map_err(named)?;
    let response = db
        .ask(transport::Operation::GetItem, table, None, body)
        .await;
    let read = response.decode(raw_item);
    let Single { item, .. } = read.map_err(|f| named(Error::failure(f)))?;
    Ok(item)
}
