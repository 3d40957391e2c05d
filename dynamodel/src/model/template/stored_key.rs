//! Comparison of the key that is stored in an item with the key that the templates make of its
//! fields. Another program, or another release of the entity, may have made the stored key in
//! another way; a write by value would then go to another item.

use std::cell::Cell;

use crate::model::schema::{KeyTemplates, Piece, TableSchema};
use crate::model::table::Templated;
use crate::wire::{ReadError, Reader, WriteError};

thread_local! {
    /// Buffer for the text of a key, so that the comparison of an item allocates nothing.
    static TEXT: Cell<String> = const { Cell::new(String::new()) };
}

/// Returns the name of the partition key (1) or sort key (2) of a table; empty if there is none.
#[doc(hidden)]
pub const fn key_attribute(table: &TableSchema, part: usize) -> &'static str {
    let names = match part {
        1 => table.key.partition,
        _ => table.key.sort,
    };
    match names {
        [name, ..] => name,
        [] => "",
    }
}

/// Checks that the key attributes that were read with the item are those that the templates make of
/// the entity's fields.
///
/// # Errors
/// When a key attribute has another text, named by its path.
#[doc(hidden)]
#[inline(never)] // one copy for each entity, not for each kind of read
pub fn check_stored_key<E: Templated>(entity: &E, r: &Reader<'_>) -> Result<(), ReadError> {
    let single = E::SINGLE_TABLE;
    let mut write = |part: usize, out: &mut String| entity.write_part(part, out);
    compare(r, single.table, &single.key, &mut write)
}

fn compare(
    r: &Reader<'_>,
    table: &TableSchema,
    templates: &KeyTemplates,
    write: &mut dyn FnMut(usize, &mut String) -> Result<bool, WriteError>,
) -> Result<(), ReadError> {
    for (part, pieces) in [(1, templates.partition), (2, templates.sort)] {
        let name = key_attribute(table, part);
        let is_made = match (pieces, r.plain_key_read(part)) {
            ([], _) => true,
            (pieces, Some(text)) => is_text(text, pieces, write),
            (pieces, None) => match r.key_read(part) {
                Some(mut value) => {
                    let text = value.string().map_err(|e| e.in_field(name))?;
                    is_text(&text, pieces, write)
                }
                // An item that was read without its key, as no request of an entity is.
                None => true,
            },
        };
        if !is_made {
            return Err(other_key(name));
        }
    }
    Ok(())
}

/// Returns `true` if the text is the one that the template makes.
fn is_text(
    text: &str,
    pieces: &[Piece],
    write: &mut dyn FnMut(usize, &mut String) -> Result<bool, WriteError>,
) -> bool {
    let mut made = TEXT.take();
    made.clear();
    let is_whole = pieces.iter().all(|piece| match *piece {
        Piece::Literal(literal) => {
            made.push_str(literal);
            true
        }
        // A value without a text cannot have made a key.
        Piece::Part(part) => write(part, &mut made).unwrap_or(false),
    });
    let is_made = is_whole && *made == *text;
    TEXT.set(made);
    is_made
}

#[cold] // error path
#[inline(never)]
fn other_key(name: &'static str) -> ReadError {
    ReadError::new(
        "the key that the template makes of the item's fields",
        "another key",
    )
    .in_field(name)
}
