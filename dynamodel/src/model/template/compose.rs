//! Composes texts from parts, and splits them again.

use crate::model::schema::{PartSchema, Piece};
use crate::wire::WriteError;

/// Returns the text of a template, or `None` when a part is absent. `text` returns the text of a
/// part.
pub(crate) fn compose(
    pieces: &[Piece],
    parts: &[PartSchema],
    mut text: impl FnMut(usize) -> Result<Option<String>, WriteError>,
) -> Result<Option<String>, WriteError> {
    let mut out = String::with_capacity(64);
    for (i, piece) in pieces.iter().enumerate() {
        match *piece {
            Piece::Literal(literal) => out.push_str(literal),
            Piece::Part(part) => {
                let Some(value) = text(part)? else {
                    return Ok(None);
                };
                separable(&value, parts.get(part), pieces.get(i + 1))?;
                out.push_str(&value);
            }
        }
    }
    Ok(Some(out))
}

/// Checks that the end of a part's text can be found again: the literal that follows must not occur
/// earlier.
pub(crate) fn separable(
    text: &str,
    part: Option<&PartSchema>,
    next: Option<&Piece>,
) -> Result<(), WriteError> {
    let (Some(part), Some(Piece::Literal(literal))) = (part, next) else {
        return Ok(());
    };
    if part.width.is_some() || first_end(&format!("{text}{literal}"), literal) == Some(text.len()) {
        return Ok(());
    }
    let field = part.field;
    Err(WriteError::new(format!(
        "the text of `{field}` contains \"{literal}\", which marks its end in the key"
    ))
    .of_key())
}

fn first_end(text: &str, literal: &str) -> Option<usize> {
    text.find(literal)
}

/// Returns the texts of the parts of a template, with their positions, or `None` when the text does
/// not match the template.
pub fn split<'t>(
    pieces: &[Piece],
    parts: &[PartSchema],
    text: &'t str,
) -> Option<Vec<(usize, &'t str)>> {
    let mut rest = text;
    let mut found = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        match *piece {
            Piece::Literal(literal) => rest = rest.strip_prefix(literal)?,
            Piece::Part(part) => {
                let width = parts.get(part)?.width;
                let end = match (width, pieces.get(i + 1)) {
                    (Some(width), _) => width,
                    (None, Some(Piece::Literal(literal))) => first_end(rest, literal)?,
                    (None, Some(Piece::Part(_))) => return None,
                    (None, None) => rest.len(),
                };
                let (value, after) = rest.split_at_checked(end)?;
                found.push((part, value));
                rest = after;
            }
        }
    }
    rest.is_empty().then_some(found)
}

/// Returns the parts of templates, each once, in the order of their first use.
pub(crate) fn distinct<'p>(pieces: impl IntoIterator<Item = &'p Piece>) -> Vec<usize> {
    let mut found = Vec::new();
    for piece in pieces {
        if let Piece::Part(part) = piece
            && !found.contains(part)
        {
            found.push(*part);
        }
    }
    found
}
