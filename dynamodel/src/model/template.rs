//! Key templates: text made of literals and fields, which sorts in the order of the fields.

pub(crate) mod bounds;
mod compose;
mod delimiters;
mod projected_key;
mod stored_key;

pub use compose::split;
pub(crate) use compose::{compose, distinct, separable, text_in};
pub(crate) use delimiters::{Delimited, delimited};
pub use projected_key::{ProjectedKey, fetched_with_key, key_place};
pub use stored_key::{
    check_stored_key, key_attribute, own_key_part, read_in_key, read_stored_key, value_or_text,
};

use crate::model::schema::{PartSchema, Piece};
use crate::wire::attribute::template_part::{IndexPart, Nature, write_part_text};
use crate::wire::{Attribute, Form, Reader, TemplatePart, WriteError};

/// Appends the text of a value in its wire form. Returns `false` for an absent value.
#[doc(hidden)]
pub fn wire_text<T: IndexPart + Attribute>(
    json: &[u8],
    form: Form,
    out: &mut String,
) -> Result<bool, WriteError> {
    let unreadable = |_| WriteError::new("the value is not one of the field's type").of_key();
    if T::IS_EXACT && matches!(<T::Part as TemplatePart>::NATURE, Nature::Text) {
        // The text is the value: it is used where it stands.
        let text = Reader::new(json).and_then(|mut r| r.string());
        form.apply(&text.map_err(unreadable)?, out)?;
        return Ok(true);
    }
    let value = crate::wire::from_slice::<T>(json).map_err(unreadable)?;
    write_part_text(&value, form, out)
}

/// A part behind a reference, so that a generated bound can name a lifetime and is checked only
/// where it is used.
#[doc(hidden)]
pub trait PartBehind {
    type Owned;
    const WIDTH: Option<usize>;
    const NATURE: Nature;
    fn write(self, out: &mut String) -> Result<(), WriteError>;
    fn read(text: &str) -> Option<Self::Owned>;
    fn write_plain(self, out: &mut String) -> Result<(), WriteError>;
    fn read_plain(text: &str) -> Option<Self::Owned>;
}
impl<T: TemplatePart> PartBehind for &T {
    type Owned = T;
    const WIDTH: Option<usize> = T::WIDTH;
    const NATURE: Nature = T::NATURE;
    fn write_plain(self, out: &mut String) -> Result<(), WriteError> {
        T::write_plain(self, out)
    }
    fn read_plain(text: &str) -> Option<T> {
        T::read_plain(text)
    }
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
    let composed = compose(pieces, parts, |part, _, out| {
        let text = texts.get(part);
        out.push_str(text.map_or("", String::as_str));
        Ok(text.is_some())
    })?;
    composed.ok_or_else(|| WriteError::new("a part has no text").of_key())
}
