//! Keys of shared tables that could be those of another entity's items.

use std::borrow::Cow;

use crate::error::Error;
use crate::model::schema::{Piece, SingleTable};
use crate::model::template::split;
use crate::wire::{WriteError, text_in};

/// The delimiter of templates that have none in their literals.
const USUAL: char = '#';

/// Refuses a key, which is JSON, with a part of free text that contains a delimiter of its template:
/// the templates of other entities are not known here, and one of them could make the same key.
///
/// # Errors
/// An invalid key that names the field.
pub(super) fn check(single: &SingleTable, key: &[u8]) -> Result<(), Error> {
    let attributes = [
        (single.table.key.partition, single.key.partition),
        (single.table.key.sort, single.key.sort),
    ];
    for (names, pieces) in attributes {
        let Some(name) = names.first() else {
            continue;
        };
        let text = text_in(key, name);
        let parts = text
            .as_deref()
            .and_then(|text| split(pieces, single.parts, text));
        for (position, text) in parts.into_iter().flatten() {
            let part = single
                .parts
                .get(position)
                .filter(|part| part.width.is_none());
            if let (Some(part), Some(found)) = (part, delimiter_in(pieces, text)) {
                let field = part.field;
                let problem = format!(
                    "the text of `{field}` contains \"{found}\", so that the key can be that of another entity's item, and a batch cannot ask for the type of the stored item; write it alone, or say `allow_delimiters()`"
                );
                let problem = WriteError::new(Cow::Owned(problem)).of_key();
                return Err(Error::invalid_key(problem.in_attribute(*name)));
            }
        }
    }
    Ok(())
}

/// Returns a delimiter of the template that the text contains.
fn delimiter_in(pieces: &[Piece], text: &str) -> Option<char> {
    let literals = pieces.iter().filter_map(|piece| match piece {
        Piece::Literal(literal) => Some(*literal),
        Piece::Part(_) => None,
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
