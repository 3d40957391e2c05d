//! Keys of shared tables that could be those of another entity's items.

use crate::model::schema::{PartSchema, Piece, SingleTable};
use crate::model::template::split;
use crate::wire::{WriteError, text_in};

/// The delimiter of templates that have none in their literals.
const USUAL: char = '#';

/// A part of free text that contains a delimiter of its template.
pub(crate) struct Delimited {
    /// The key attribute.
    pub(crate) attribute: &'static str,
    /// The field.
    pub(crate) field: &'static str,
    pub(crate) delimiter: char,
}

/// Returns the first part of a key, which is JSON, whose free text contains a delimiter of its
/// template: the templates of other entities are not known here, and one of them could make the same
/// key.
pub(crate) fn delimited(single: &SingleTable, key: &[u8]) -> Option<Delimited> {
    if single.any_text {
        return None;
    }
    let attributes = [
        (single.table.key.partition, single.key.partition),
        (single.table.key.sort, single.key.sort),
    ];
    attributes.into_iter().find_map(|(names, pieces)| {
        let attribute = *names.first()?;
        let text = text_in(key, attribute)?;
        let parts = split(pieces, single.parts, &text)?;
        let (field, delimiter) = free_with_delimiter(pieces, single.parts, &parts)?;
        Some(Delimited {
            attribute,
            field,
            delimiter,
        })
    })
}

/// Returns the field and the delimiter of the first part of free text that contains one.
fn free_with_delimiter(
    pieces: &[Piece],
    parts: &[PartSchema],
    texts: &[(usize, &str)],
) -> Option<(&'static str, char)> {
    texts.iter().find_map(|(position, text)| {
        let part = parts.get(*position)?;
        let delimiter = delimiter_in(pieces, text).filter(|_| part.width.is_none())?;
        Some((part.field, delimiter))
    })
}

impl SingleTable {
    /// Refuses a key, which is JSON, that could be another entity's, in a table whose items have no
    /// type to tell.
    ///
    /// # Errors
    /// A part of free text that contains a delimiter of its template.
    pub(crate) fn check_untyped(&self, key: &[u8]) -> Result<(), WriteError> {
        if self.table.discriminator.is_some() {
            return Ok(());
        }
        delimited(self, key).map_or(Ok(()), |found| {
            let Delimited { field, delimiter, .. } = found;
            let problem = format!(
                "the text of `{field}` contains \"{delimiter}\", so that the key can be that of another entity's item, and the items of the table have no type; leave the character out, or say `any_text` in `key(..)` if no other entity has such keys"
            );
            Err(WriteError::new(problem).of_key().in_attribute(found.attribute))
        })
    }

    /// Returns `true` if a key attribute with this text is one that the template makes.
    pub(crate) fn is_own_text(&self, pieces: &[Piece], text: &str) -> bool {
        let Some(parts) = split(pieces, self.parts, text) else {
            return false;
        };
        self.any_text || free_with_delimiter(pieces, self.parts, &parts).is_none()
    }
}

/// Returns a delimiter of the template that the text contains.
fn delimiter_in(pieces: &[Piece], text: &str) -> Option<char> {
    let literals = pieces.iter().filter_map(|piece| match piece {
        Piece::Literal(literal) => Some(*literal),
        Piece::Part(..) | Piece::Value(_) => None,
    });
    let is_delimiter = |c: &char| !c.is_alphanumeric() && !c.is_whitespace();
    let mut delimiters = literals
        .flat_map(str::chars)
        .filter(is_delimiter)
        .peekable();
    match delimiters.peek() {
        None => text.contains(USUAL).then_some(USUAL),
        Some(_) => delimiters.find(|delimiter| text.contains(*delimiter)),
    }
}
