//! Envelopes of DynamoDB's responses, read from bytes.

use super::capacity::ConsumedCapacity;
use crate::client::observe::{Counts, Observed};
use crate::model::entity::Projection;
use crate::wire::{ReadError, Reader};

/// The response to an operation on one item.
#[derive(Debug)]
pub struct Single<T> {
    pub(crate) item: T,
    pub(crate) capacity: Option<ConsumedCapacity>,
}

impl<T> Single<T> {
    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> Single<U> {
        Single {
            item: map(self.item),
            capacity: self.capacity,
        }
    }
}

/// Reads the item of a GetItem response, or the return values of a write.
pub(crate) fn single<P: Projection>(body: &[u8]) -> Result<Single<Option<P>>, ReadError> {
    let mut item = None;
    let capacity = read_single(body, &mut |r| {
        item = Some(P::read_item(r)?);
        Ok(())
    })?;
    Ok(Single { item, capacity })
}

/// Reads the response to an operation on one item. The function reads the item, if there is one.
fn read_single(
    body: &[u8],
    item: &mut dyn FnMut(&mut Reader<'_>) -> Result<(), ReadError>,
) -> Result<Option<ConsumedCapacity>, ReadError> {
    let mut capacity = None;
    let mut r = Reader::new(body)?;
    r.members(|name, r| {
        match name {
            "Item" | "Attributes" => item(r)?,
            "ConsumedCapacity" => capacity = Some(ConsumedCapacity::read(r)?),
            _ => r.skip_value()?,
        }
        Ok(())
    })?;
    r.finish()?;
    Ok(capacity)
}

/// Reads the return values of a write as JSON.
pub(crate) fn attributes(body: &[u8]) -> Result<Single<Option<&[u8]>>, ReadError> {
    raw(body, "Attributes")
}

/// Reads the item of a GetItem response as JSON.
pub(crate) fn raw_item(body: &[u8]) -> Result<Single<Option<Vec<u8>>>, ReadError> {
    let Single { item, capacity } = raw(body, "Item")?;
    Ok(Single {
        item: item.map(<[u8]>::to_vec),
        capacity,
    })
}

/// Reads a response with one member as JSON.
fn raw<'b>(body: &'b [u8], member: &str) -> Result<Single<Option<&'b [u8]>>, ReadError> {
    let mut single = Single {
        item: None,
        capacity: None,
    };
    let mut r = Reader::new(body)?;
    r.members(|name, r| {
        match name {
            "ConsumedCapacity" => single.capacity = Some(ConsumedCapacity::read(r)?),
            _ if name == member => single.item = r.raw_value_or_null()?,
            _ => r.skip_value()?,
        }
        Ok(())
    })?;
    r.finish()?;
    Ok(single)
}

/// Reads the response to a write without return values.
pub(crate) fn nothing(body: &[u8]) -> Result<Single<()>, ReadError> {
    let mut capacity = None;
    let mut r = Reader::new(body)?;
    r.members(|name, r| {
        match name {
            "ConsumedCapacity" => capacity = Some(ConsumedCapacity::read(r)?),
            _ => r.skip_value()?,
        }
        Ok(())
    })?;
    r.finish()?;
    Ok(Single { item: (), capacity })
}

/// Reads the capacities in the response to a write of several items.
pub(crate) fn capacities(body: &[u8]) -> Result<Vec<ConsumedCapacity>, ReadError> {
    let mut capacities = Vec::new();
    let mut r = Reader::new(body)?;
    r.members(|name, r| match name {
        "ConsumedCapacity" => read_capacities(r, &mut capacities),
        _ => r.skip_value(),
    })?;
    r.finish()?;
    Ok(capacities)
}

/// Reads a list of capacities, one for each table.
pub(crate) fn read_capacities(
    r: &mut Reader<'_>,
    capacities: &mut Vec<ConsumedCapacity>,
) -> Result<(), ReadError> {
    if r.json_null() {
        return Ok(());
    }
    r.json_list(|r| {
        capacities.push(ConsumedCapacity::read(r)?);
        Ok(())
    })
}

/// Returns the item that comes with a failed condition.
pub(crate) fn condition_item(body: &[u8]) -> Option<Vec<u8>> {
    let mut item = None;
    let mut r = Reader::new(body).ok()?;
    r.members(|name, r| {
        match name {
            "Item" => item = r.raw_value_or_null()?.map(<[u8]>::to_vec),
            _ => r.skip_value()?,
        }
        Ok(())
    })
    .ok()?;
    item
}

impl<T> Observed for Single<T> {
    fn capacity(&self) -> &[ConsumedCapacity] {
        self.capacity.as_slice()
    }
}

/// The response to a transaction of writes.
impl Observed for Vec<ConsumedCapacity> {
    fn capacity(&self) -> &[ConsumedCapacity] {
        self
    }
}

/// The items of a transaction of reads.
impl Observed for Vec<Option<Vec<u8>>> {
    fn counts(&self) -> Counts {
        Counts {
            returned: Some(self.iter().flatten().count() as u64),
            ..Counts::default()
        }
    }
}
