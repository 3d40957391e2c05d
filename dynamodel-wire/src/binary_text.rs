//! Text that is stored as binary, for fields that say so:
//! `#[dynamo(with = dynamodel::wire::binary_text)]`.
//!
//! Other programs store text as B, for instance after they have compressed or encoded other fields
//! of the item. Text that is stored as S is read, too.
//!
//! ```
//! use dynamodel_wire::{Reader, Writer, binary_text};
//!
//! let mut w = Writer::new();
//! binary_text::write(&"text".to_owned(), &mut w);
//! assert_eq!(w.finish()?, br#"{"B":"dGV4dA=="}"#);
//!
//! let mut r = Reader::new(br#"{"B":"dGV4dA=="}"#)?;
//! assert_eq!(binary_text::read::<String>(&mut r)?, "text");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{ReadError, Reader, Tag, Writer};

/// Writes the bytes of the text as B.
pub fn write<T: AsRef<str>>(value: &T, w: &mut Writer) {
    w.binary(value.as_ref().as_bytes());
}

/// Reads text from its bytes.
///
/// # Errors
/// When the attribute is neither S nor B with text in UTF-8.
pub fn read<T: From<String>>(r: &mut Reader<'_>) -> Result<T, ReadError> {
    if r.kind()? == Tag::S {
        return Ok(r.string()?.into_owned().into());
    }
    let text = String::from_utf8(r.binary()?);
    let text = text.map_err(|_| ReadError::new("B with text in UTF-8", "other bytes"))?;
    Ok(text.into())
}
