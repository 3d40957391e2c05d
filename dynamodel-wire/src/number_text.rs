//! Numbers that are stored as text, for fields that say so:
//! `#[dynamo(with = dynamodel::wire::number_text)]`.
//!
//! Other programs store numbers as S, for instance where a number has more digits than theirs can
//! hold. A number that is stored as N is read, too. As text, numbers do not sort by their value.
//!
//! ```
//! use dynamodel_wire::{Reader, Writer, number_text};
//!
//! let mut w = Writer::new();
//! number_text::write(&12_u32, &mut w);
//! assert_eq!(w.finish()?, br#"{"S":"12"}"#);
//!
//! let mut r = Reader::new(br#"{"S":"0.5"}"#)?;
//! assert_eq!(number_text::read::<f64>(&mut r)?, 0.5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{Attribute, ReadError, Reader, Tag, WriteError, Writer, kind};

/// The kinds of numbers, and of values that may be `None`.
pub trait NumberOrNone {}
impl NumberOrNone for kind::N {}
impl NumberOrNone for kind::Float {}
impl NumberOrNone for kind::Optional {}

/// Writes the number as S, and `None` as NULL.
pub fn write<T: Attribute<Kind: NumberOrNone>>(value: &T, w: &mut Writer) {
    let mut number = Writer::with_capacity(48);
    value.write(&mut number);
    match number.finish() {
        Ok(json) => match Reader::new(&json).and_then(|mut r| text_of(&mut r)) {
            Ok(Some(text)) => w.string(&text),
            Ok(None) => w.null(),
            Err(_) => w.fail(WriteError::new(
                "`number_text` is for fields that are numbers",
            )),
        },
        Err(error) => w.fail(error),
    }
}

fn text_of(r: &mut Reader<'_>) -> Result<Option<String>, ReadError> {
    match r.kind()? {
        Tag::Null => Ok(None),
        _ => r.number().map(|text| Some(text.to_owned())),
    }
}

/// Reads a number from its text.
///
/// # Errors
/// When the attribute is neither S with a number nor N, or the type cannot hold the number.
pub fn read<T: Attribute<Kind: NumberOrNone>>(r: &mut Reader<'_>) -> Result<T, ReadError> {
    if r.kind()? != Tag::S {
        return T::read(r);
    }
    let not_a_number = |_| ReadError::new("S with a number", "other text");
    let text = r.string()?;
    let mut w = Writer::with_capacity(text.len() + 16);
    w.number_text(text.trim());
    let json = w
        .finish()
        .map_err(|_| ReadError::new("S with a number", "other text"))?;
    crate::from_slice(&json).map_err(not_a_number)
}
