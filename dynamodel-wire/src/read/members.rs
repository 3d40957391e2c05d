//! Access to single attributes of an item in JSON, without reading the rest into values.

use crate::{Attribute, ReadError, Reader};

/// Returns the number in an attribute of an item, if the attribute is a number.
#[doc(hidden)]
pub fn number_in(item: &[u8], name: &str) -> Option<u64> {
    find(item, name, <u64 as Attribute>::read)
}

/// Returns the text in an attribute of an item, if the attribute is text.
#[doc(hidden)]
pub fn text_in(item: &[u8], name: &str) -> Option<String> {
    find(item, name, |r| r.string().map(std::borrow::Cow::into_owned))
}

/// Returns the JSON of an attribute of an item.
#[doc(hidden)]
pub fn value_in<'a>(item: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, ReadError> {
    let mut found = None;
    let mut r = Reader::new(item)?;
    r.members(|member, r| {
        let value = r.raw_value()?;
        if member == name {
            found = Some(value);
        }
        Ok(())
    })?;
    Ok(found)
}

fn find<T>(
    item: &[u8],
    name: &str,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, ReadError>,
) -> Option<T> {
    let mut found = None;
    let mut r = Reader::new(item).ok()?;
    r.members(|member, r| {
        if member == name {
            found = Some(read(r)?);
            Ok(())
        } else {
            r.skip_value()
        }
    })
    .ok()?;
    found
}
