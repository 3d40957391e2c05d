//! Key templates: text made of literals and fields, which sorts in the order of the fields.

pub(crate) mod bounds;
mod compose;

pub use compose::split;
pub(crate) use compose::{compose, distinct, separable};

use crate::model::schema::{PartSchema, Piece};
use crate::wire::attribute::template_part::{IndexPart, part_text};
use crate::wire::{Attribute, ReadError, Reader, TemplatePart, WriteError};

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

/// Checks that the discriminator of an item is `expected`.
#[doc(hidden)]
pub fn check_kind(
    r: &mut Reader<'_>,
    name: &'static str,
    expected: &'static str,
) -> Result<(), ReadError> {
    let found = r.string().map_err(|e| e.in_field(name))?;
    if *found == *expected {
        return Ok(());
    }
    Err(ReadError::new(format!("an item of type `{expected}`"), "another type").in_field(name))
}

/// Checks that the item had a discriminator.
#[doc(hidden)]
pub fn found_kind(
    found: bool,
    name: &'static str,
    expected: &'static str,
) -> Result<(), ReadError> {
    if found {
        return Ok(());
    }
    Err(ReadError::new(format!("an item of type `{expected}`"), "no type").in_field(name))
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
