//! The envelopes of DynamoDB's answers, from bytes.

use super::capacity::ConsumedCapacity;
use crate::client::observe::{Counts, Observed};
use crate::model::entity::Projection;
use crate::read::borrowed::RawPage;
use crate::wire::{ReadError, Reader};

/// The answer to an operation on one item.
#[derive(Debug)]
pub struct Single<T> {
    pub(crate) item: T,
    pub(crate) capacity: Option<ConsumedCapacity>,
}

/// The item of a GetItem answer, or the returned attributes of a write.
pub(crate) fn single<P: Projection>(body: &[u8]) -> Result<Single<Option<P>>, ReadError> {
    let mut item = None;
    let capacity = read_single(body, &mut |r| {
        item = Some(P::read_item(r)?);
        Ok(())
    })?;
    Ok(Single { item, capacity })
}

/// Reads the answer to an operation on one item; the function reads the item, if there is one.
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

/// The returned attributes of a write, as they are.
pub(crate) fn attributes(body: &[u8]) -> Result<Single<Option<&[u8]>>, ReadError> {
    raw(body, "Attributes")
}

/// The item of a GetItem answer, as it is.
pub(crate) fn raw_item(body: &[u8]) -> Result<Single<Option<Vec<u8>>>, ReadError> {
    let Single { item, capacity } = raw(body, "Item")?;
    Ok(Single {
        item: item.map(<[u8]>::to_vec),
        capacity,
    })
}

/// The JSON of a member.
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

/// The answer to a write that returns no attributes.
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

/// The capacities in the answer to a write of several items.
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

/// A list of capacities, one for each table.
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

/// The answer to Query and Scan.
pub(crate) struct PageBody<T> {
    /// Up to the first item that cannot be read.
    pub(crate) items: Vec<T>,
    /// From that item on.
    pub(crate) rest: Vec<Result<T, ReadError>>,
    pub(crate) count: u64,
    pub(crate) scanned_count: u64,
    pub(crate) last_key: Option<Vec<u8>>,
    pub(crate) capacity: Option<ConsumedCapacity>,
}

/// A page with its items.
pub(crate) fn page<P: Projection>(body: &[u8]) -> Result<PageBody<P>, ReadError> {
    let mut items = AllItems::new();
    let page = read_page(body, &mut items)?;
    Ok(PageBody {
        items: items.items,
        rest: items.rest,
        count: page.count,
        scanned_count: page.scanned_count,
        last_key: page.last_key,
        capacity: page.capacity,
    })
}

/// Where the items of pages go to: what reads pages is the same for all types of items.
pub(crate) trait PageItems: Send {
    /// Makes room for so many items.
    fn reserve(&mut self, items: usize);
    /// Reads a list of items. One that is JSON but not of the entity's shape costs itself; broken JSON
    /// costs the page.
    fn read_list(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError>;
    /// Reads one item.
    fn read_item(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError>;
    /// How many there are up to the first that cannot be read.
    fn len(&self) -> usize;
    fn truncate(&mut self, items: usize);
    /// The error of the first that cannot be read.
    fn take_error(&mut self) -> Option<ReadError>;
}

/// Items of a type.
pub(crate) struct AllItems<P> {
    /// Up to the first that cannot be read.
    pub(crate) items: Vec<P>,
    /// From that item on.
    rest: Vec<Result<P, ReadError>>,
}

impl<P> AllItems<P> {
    pub(crate) fn new() -> Self {
        AllItems {
            items: Vec::new(),
            rest: Vec::new(),
        }
    }
}

impl<P: Projection> PageItems for AllItems<P> {
    fn reserve(&mut self, items: usize) {
        self.items.reserve(items);
    }
    fn read_list(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError> {
        let mut more = r.begin_list()?;
        while more {
            let start = r.position();
            match P::read_item(r) {
                Ok(item) if self.rest.is_empty() => self.items.push(item),
                Ok(item) => self.rest.push(Ok(item)),
                Err(e) => {
                    r.skip_from(start)?;
                    self.rest.push(Err(e));
                }
            }
            more = r.end_element()?;
        }
        Ok(())
    }
    fn read_item(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError> {
        self.items.push(P::read_item(r)?);
        Ok(())
    }
    fn len(&self) -> usize {
        self.items.len()
    }
    fn truncate(&mut self, items: usize) {
        self.items.truncate(items);
    }
    fn take_error(&mut self) -> Option<ReadError> {
        if self.rest.is_empty() {
            return None;
        }
        let first = self.rest.swap_remove(0);
        self.rest.clear();
        first.err()
    }
}

/// Reads a page and its items.
pub(crate) fn read_page(body: &[u8], items: &mut dyn PageItems) -> Result<PageBody<()>, ReadError> {
    envelope(body, |page, r| {
        // `Count` comes first in DynamoDB's answers. An item takes at least 10 bytes.
        let expected = usize::try_from(page.count).unwrap_or(0);
        items.reserve(expected.min(body.len() / 10));
        items.read_list(r)
    })
}

/// Adds the items of a page that was not read yet, up to the first that cannot be read: that one's
/// error.
///
/// # Errors
/// When the page is no JSON.
pub(crate) fn read_items(
    page: &RawPage,
    items: &mut dyn PageItems,
) -> Result<Option<ReadError>, ReadError> {
    items.reserve(page.at_most());
    page.read_items(|r| items.read_list(r))?;
    Ok(items.take_error())
}

/// A page whose items were only counted.
pub(crate) fn page_count(body: &[u8]) -> Result<PageBody<()>, ReadError> {
    envelope(body, |_, r| r.skip_value())
}

fn envelope<'b>(
    body: &'b [u8],
    mut items: impl FnMut(&mut PageBody<()>, &mut Reader<'b>) -> Result<(), ReadError>,
) -> Result<PageBody<()>, ReadError> {
    let mut page = PageBody {
        items: Vec::new(),
        rest: Vec::new(),
        count: 0,
        scanned_count: 0,
        last_key: None,
        capacity: None,
    };
    let mut r = Reader::new(body)?;
    r.members(|name, r| {
        match name {
            "Items" => items(&mut page, r)?,
            "Count" => page.count = r.json_u64()?,
            "ScannedCount" => page.scanned_count = r.json_u64()?,
            "LastEvaluatedKey" => page.last_key = r.raw_value_or_null()?.map(<[u8]>::to_vec),
            "ConsumedCapacity" => page.capacity = Some(ConsumedCapacity::read(r)?),
            _ => r.skip_value()?,
        }
        Ok(())
    })?;
    r.finish()?;
    Ok(page)
}

/// The item that comes with a failed condition.
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

impl<T> Observed for PageBody<T> {
    fn capacity(&self) -> &[ConsumedCapacity] {
        self.capacity.as_slice()
    }
    fn counts(&self) -> Counts {
        Counts {
            returned: Some(self.count),
            scanned: Some(self.scanned_count),
            ..Counts::default()
        }
    }
}

/// Of a transaction.
impl Observed for Vec<ConsumedCapacity> {
    fn capacity(&self) -> &[ConsumedCapacity] {
        self
    }
}

/// Items of a transaction.
impl Observed for Vec<Option<Vec<u8>>> {
    fn counts(&self) -> Counts {
        Counts {
            returned: Some(self.iter().flatten().count() as u64),
            ..Counts::default()
        }
    }
}
