//! [`Json`]: any serde type as JSON text.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::doubt::is_doubtful;
use super::wrapper;
use crate::{Attribute, SetValue, ValueFor, kind};
use crate::{ReadError, Reader, WriteError, Writer};

/// Any serde type, stored as S: its JSON text.
///
/// DynamoDB sees text without structure: no path leads into it, and equality is equality of the
/// text. Comparing works for types with a fixed order of entries, which a `HashMap` does not have.
/// `#[dynamo(serde)]` stores the same types as maps, lists and numbers instead.
///
/// ```
/// use dynamodel_wire::{self as wire, Json};
///
/// let point = Json((1.5, "north".to_owned()));
/// assert_eq!(wire::to_vec(&point)?, br#"{"S":"[1.5,\"north\"]"}"#);
/// # Ok::<(), wire::WriteError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(pub T);
wrapper!(Json);

impl<T: Serialize + DeserializeOwned> Attribute for Json<T> {
    type Value = Self;
    type Kind = kind::S;

    fn write(&self, w: &mut Writer) {
        write(&self.0, w);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        match serde_json::from_str(&r.string()?) {
            Ok(value) => Ok(Json(value)),
            Err(e) => Err(unreadable(&e)),
        }
    }
}

fn write<T: Serialize + DeserializeOwned>(value: &T, w: &mut Writer) {
    match serde_json::to_string(value) {
        // Only what may not be read again is read to find out.
        Ok(text) if is_doubtful(value) && serde_json::from_str::<T>(&text).is_err() => {
            w.fail(WriteError::new(UNREADABLE));
        }
        Ok(text) => w.string(&text),
        Err(_) => w.fail(WriteError::new("the value has no JSON form")),
    }
}

/// The problem of a value whose text its type does not read.
const UNREADABLE: &str = "the type could not read the JSON again: it has no infinite floats, and under an internal tag, in an untagged enum and with `flatten` serde reads no numbers of 128 bits and no keys of maps other than text";

/// Reports only the category of the error: its text may show values.
#[cold] // error path
fn unreadable(error: &serde_json::Error) -> ReadError {
    let found = match error.classify() {
        Category::Data => "JSON of another form",
        Category::Syntax | Category::Eof | Category::Io => "text that is not JSON",
    };
    ReadError::new("S with the JSON of the field's type", found)
}
