//! Composes texts from parts, and splits them again.

use crate::model::schema::{PartSchema, Piece};
use crate::wire::{Form, WriteError};

/// Returns the text of a template, or `None` when a part is absent. `write` appends the text of a
/// part, and returns `false` for an absent one.
pub(crate) fn compose(
    pieces: &[Piece],
    parts: &[PartSchema],
    mut write: impl FnMut(usize, Form, &mut String) -> Result<bool, WriteError>,
) -> Result<Option<String>, WriteError> {
    let mut out = String::with_capacity(64);
    for (i, piece) in pieces.iter().enumerate() {
        match *piece {
            Piece::Literal(literal) => out.push_str(literal),
            Piece::Part(part, form) => {
                let start = out.len();
                if !write(part, form, &mut out)? {
                    return Ok(None);
                }
                // In bounds: the text was appended.
                let value = out.get(start..).unwrap_or_default();
                separable(value, parts.get(part), form, pieces.get(i + 1))?;
            }
            // A key that is a value has no text.
            Piece::Value(_) => return Ok(None),
        }
    }
    Ok(Some(out))
}

/// Checks that the end of a part's text can be found again: the literal that follows must not occur
/// earlier.
pub(crate) fn separable(
    text: &str,
    part: Option<&PartSchema>,
    form: Form,
    next: Option<&Piece>,
) -> Result<(), WriteError> {
    let (Some(part), Some(Piece::Literal(literal))) = (part, next) else {
        return Ok(());
    };
    if form.width(part.width).is_some() || is_end(text, literal) {
        return Ok(());
    }
    let field = part.field;
    Err(WriteError::new(format!(
        "the text of `{field}` contains \"{literal}\", which marks its end in the key"
    ))
    .of_key())
}

/// Returns `true` if the literal, behind the text, is not found earlier.
fn is_end(text: &str, literal: &str) -> bool {
    !literal.starts_with(|first| text.contains(first))
        || format!("{text}{literal}").find(literal) == Some(text.len())
}

/// Returns the texts of the parts of a template, with their positions, or `None` when the text does
/// not match the template.
pub fn split<'t>(
    pieces: &[Piece],
    parts: &[PartSchema],
    text: &'t str,
) -> Option<Vec<(usize, &'t str)>> {
    let mut found = Vec::new();
    walk(pieces, parts, text, |part, _, value| {
        found.push((part, value));
    })?;
    Some(found)
}

/// Returns the text of one part of a template, with its form, or `None` when the text does not match
/// the template or the part is not in it.
pub(crate) fn text_in<'t>(
    pieces: &[Piece],
    parts: &[PartSchema],
    text: &'t str,
    part: usize,
) -> Option<(&'t str, Form)> {
    let mut found = None;
    walk(pieces, parts, text, |other, form, value| {
        if other == part {
            found = Some((value, form));
        }
    })?;
    found
}

/// Calls the function with the text of each part. Returns `None` if the text does not match the
/// template.
fn walk<'t>(
    pieces: &[Piece],
    parts: &[PartSchema],
    text: &'t str,
    mut visit: impl FnMut(usize, Form, &'t str),
) -> Option<()> {
    let mut rest = text;
    for (i, piece) in pieces.iter().enumerate() {
        match *piece {
            Piece::Literal(literal) => rest = rest.strip_prefix(literal)?,
            Piece::Part(part, form) => {
                let width = form.width(parts.get(part)?.width);
                let end = match (width, pieces.get(i + 1)) {
                    (Some(width), _) => width,
                    (None, Some(Piece::Literal(literal))) => rest.find(literal)?,
                    (None, Some(_)) => return None,
                    (None, None) => rest.len(),
                };
                let (value, after) = rest.split_at_checked(end)?;
                visit(part, form, value);
                rest = after;
            }
            Piece::Value(_) => return None,
        }
    }
    rest.is_empty().then_some(())
}

/// Returns the parts of templates, each once, in the order of their first use.
pub(crate) fn distinct<'p>(pieces: impl IntoIterator<Item = &'p Piece>) -> Vec<usize> {
    let mut found = Vec::new();
    for part in pieces.into_iter().filter_map(Piece::part) {
        if !found.contains(&part) {
            found.push(part);
        }
    }
    found
}
