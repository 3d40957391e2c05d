//! The size of an item as DynamoDB counts it for its limit and for capacity.

use super::decimal::Decimal;
use super::error::ReadError;
use super::read::Reader;
use super::tag::Tag;

/// Returns the size in bytes of an item in DynamoDB JSON, `{"name":{"S":".."},..}`, by the
/// [documented rules][rules]. DynamoDB documents the size of numbers as approximate only.
///
/// ```
/// let item = br#"{"id":{"S":"caf\u00e9"},"n":{"N":"1234"},"tags":{"L":[{"BOOL":true}]}}"#;
/// // "id" 2 + "café" 5, "n" 1 + 3, "tags" 4 + 3 + 1 + 1
/// assert_eq!(dynamodel_wire::item_size(item)?, 20);
/// # Ok::<(), dynamodel_wire::ReadError>(())
/// ```
///
/// # Errors
/// When the bytes are not an item.
///
/// [rules]: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
pub fn item_size(item: &[u8]) -> Result<usize, ReadError> {
    let mut r = Reader::new(item)?;
    let mut size = 0;
    let mut more = r.begin_map()?;
    while more {
        size += r.map_key()?.len();
        size += value_size(&mut r)?;
        more = r.end_entry()?;
    }
    r.finish()?;
    Ok(size)
}

/// A list or map takes 3 bytes, and 1 for each element.
const CONTAINER: usize = 3;

fn value_size(r: &mut Reader<'_>) -> Result<usize, ReadError> {
    let mut size = 0;
    match r.kind()? {
        Tag::S => size = r.string()?.len(),
        Tag::N => size = number_size(r.number()?),
        Tag::B => size = r.binary()?.len(),
        Tag::Bool | Tag::Null => {
            r.skip_value()?;
            size = 1;
        }
        Tag::L => {
            size += CONTAINER;
            r.list(|r| value_size(r).map(|n| size += n + 1))?;
        }
        Tag::M => {
            size += CONTAINER;
            r.map(|key, r| value_size(r).map(|n| size += key.len() + n + 1))?;
        }
        Tag::Ss => r.elements("SS", |r| r.string().map(|text| size += text.len()))?,
        Tag::Ns => r.elements("NS", |r| r.number().map(|text| size += number_size(text)))?,
        Tag::Bs => r.elements("BS", |r| r.binary().map(|bytes| size += bytes.len()))?,
    }
    Ok(size)
}

/// Returns one byte for every two significant digits, and one more.
fn number_size(text: &str) -> usize {
    let digits = Decimal::parse(text).map_or(0, |number| number.significant);
    digits.div_ceil(2) as usize + 1
}
