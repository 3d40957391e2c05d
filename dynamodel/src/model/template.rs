//! Key templates: text made of literals and fields, which sorts in the order of the fields.

pub(crate) mod bounds;
mod compose;
mod delimiters;
mod stored_key;

pub use compose::split;
pub(crate) use compose::{compose, distinct, separable};
pub(crate) use delimiters::{Delimited, delimited};
pub use stored_key::{check_stored_key, key_attribute};

use crate::model::schema::{PartSchema, Piece};
use crate::wire::attribute::template_part::{IndexPart, part_text};
use crate::wire::{Attribute, TemplatePart, WriteError};

/// Returns the text of a value in its wire form.
#[doc(hidden)]
pub fn wire_text<T: IndexPart + Attribute>(json: &[u8]) -> Result<Option<String>, WriteError> {
    let unreadable = |_| WriteError::new("the value is not one of the field's type").of_key();
    part_text(&crate::wire::from_slice::<T>(json).map_err(unreadable)?)
}

/// A part behind a reference, so that a generated bound can name a lifetime and is checked only
/// where it is used.
#[doc(hidden)]
pub trait PartBehind {
    type Owned;
    const WIDTH: Option<usize>;
    fn write(self, out: &mut String) -> Result<(), WriteError>;
    fn read(text: &str) -> Option<Self::Owned>;
}
impl<T: TemplatePart> PartBehind for &T {
    type Owned = T;
    const WIDTH: Option<usize> = T::WIDTH;
    fn write(self, out: &mut String) -> Result<(), WriteError> {
        self.write_part(out)
    }
    fn read(text: &str) -> Option<T> {
        T::read_part(text)
    }
}

/// Returns the text of a template from the texts of all parts.
#[doc(hidden)]
pub fn join(
    pieces: &[Piece],
    parts: &[PartSchema],
    texts: &[String],
) -> Result<String, WriteError> {
    let composed = compose(pieces, parts, |part| Ok(texts.get(part).cloned()))?;
    composed.ok_or_else(|| WriteError::new("a part has no text").of_key())
}
