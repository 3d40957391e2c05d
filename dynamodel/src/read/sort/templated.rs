//! Sort conditions on a template: conditions on its parts as one condition on its text.

use super::{Test, is_empty, no_prefix, nothing_below};
use crate::model::expr::ast::{Comparator, Function, Node, Operand, Place, Value};
use crate::model::key::{MAX_SORT_BYTES, check_key_value};
use crate::model::schema::{Form, IndexKey, PartSchema, Piece};
use crate::model::template::bounds::{greatest_below, greatest_with, least_above};
use crate::model::template::separable;
use crate::wire::{Reader, WriteError};

/// Returns the condition on the attribute `name`: the first parts equal `given`, and the next one
/// passes the test. Stays within the texts that the entity's own template can make.
pub(super) fn node(
    name: &'static str,
    templates: &IndexKey,
    given: &[(&'static str, Value)],
    last: Option<Test>,
) -> Result<Option<Node>, WriteError> {
    let (parts, mut pieces) = (templates.parts, templates.key.sort);
    let mut given = given.iter();
    let mut text = String::with_capacity(64);
    while let [piece, rest @ ..] = pieces {
        match *piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Part(part, form) => {
                let Some((field, value)) = given.next() else {
                    break;
                };
                let part = parts.get(part);
                let value = text_of(part, form, value).map_err(|e| e.in_attribute(*field))?;
                separable(&value, part, form, rest.first()).map_err(|e| e.in_attribute(name))?;
                text.push_str(&value);
            }
            // A key that is a value is tested as an attribute, see `super::nodes`.
            Piece::Value(_) => break,
        }
        pieces = rest;
    }
    match (pieces, last) {
        ([], _) => equals(name, &text).map(Some),
        (_, None) => begins_with(name, &text),
        ([Piece::Part(part, form), rest @ ..], Some(test)) => {
            let tested = Tested {
                part: parts.get(*part),
                form: *form,
                rest,
            };
            tested.node(name, text, test)
        }
        ([Piece::Literal(_) | Piece::Value(_), ..], Some(_)) => Ok(None),
    }
}

/// The part that a condition tests, and the pieces after it.
struct Tested<'t> {
    part: Option<&'t PartSchema>,
    form: Form,
    rest: &'t [Piece],
}

impl Tested<'_> {
    /// Returns the condition on the part, given the text before it.
    fn node(
        &self,
        name: &'static str,
        before: String,
        test: Test,
    ) -> Result<Option<Node>, WriteError> {
        let Tested { part, form, rest } = *self;
        let with = |value: Value| {
            let text = text_of(part, form, &value).map_err(|e| e.in_attribute(name))?;
            Ok::<String, WriteError>(format!("{before}{text}"))
        };
        // If more of the template follows, a text that begins with the part continues after it.
        let ends = rest.is_empty();
        let greatest_of = |text: String| if ends { text } else { greatest_with(text) };
        let (low, high) = match test {
            Test::BeginsWith(prefix) => {
                if is_empty(&prefix) {
                    return Err(no_prefix(name));
                }
                let prefix = plain_text(&prefix, form).map_err(|e| e.in_attribute(name))?;
                separable_prefix(&prefix, part, form, rest.first())
                    .map_err(|e| e.in_attribute(name))?;
                return begins_with(name, &format!("{before}{prefix}"));
            }
            Test::Compare(Comparator::Lt, value) => {
                let text = with(value)?;
                if text == before {
                    return Err(nothing_below(name));
                }
                (None, Some(greatest_below(text).ok_or_else(|| empty(name))?))
            }
            Test::Compare(Comparator::Le, value) => (None, Some(greatest_of(with(value)?))),
            Test::Compare(Comparator::Gt, value) => {
                let text = with(value)?;
                // Longer texts that begin with the value are greater, if a key can hold them.
                let above = match ends && text.len() < MAX_SORT_BYTES {
                    true => Some(text + "\0"),
                    false => least_above(text),
                };
                (Some(above.ok_or_else(|| empty(name))?), None)
            }
            Test::Compare(Comparator::Ge, value) => (Some(with(value)?), None),
            Test::Compare(Comparator::Eq | Comparator::Ne, value) => {
                return equals(name, &with(value)?).map(Some);
            }
            Test::Between(low, high) => (Some(with(low)?), Some(greatest_of(with(high)?))),
        };
        range(name, before, low, high).map(Some)
    }
}

/// Returns the range from `low` to `high`, both included, within the texts that begin with
/// `within`.
fn range(
    name: &'static str,
    within: String,
    low: Option<String>,
    high: Option<String>,
) -> Result<Node, WriteError> {
    let path = Operand::Path(Place::root(name));
    let (low, high) = match (low, high) {
        (Some(low), None) if within.is_empty() => {
            return Ok(Node::Compare(path, Comparator::Ge, operand(name, &low)?));
        }
        (None, Some(high)) if within.is_empty() => {
            return Ok(Node::Compare(path, Comparator::Le, operand(name, &high)?));
        }
        (low, high) => (
            low.unwrap_or_else(|| within.clone()),
            high.unwrap_or_else(|| greatest_with(within)),
        ),
    };
    if low > high {
        return Err(empty(name));
    }
    Ok(Node::Between(
        path,
        operand(name, &low)?,
        operand(name, &high)?,
    ))
}

fn empty(name: &'static str) -> WriteError {
    let problem = "the range is empty: its lower end is above its upper end";
    WriteError::new(problem).of_key().in_attribute(name)
}

fn equals(name: &'static str, text: &str) -> Result<Node, WriteError> {
    let path = Operand::Path(Place::root(name));
    Ok(Node::Compare(path, Comparator::Eq, operand(name, text)?))
}

fn begins_with(name: &'static str, text: &str) -> Result<Option<Node>, WriteError> {
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(Node::Call(
        Function::BeginsWith,
        Place::root(name),
        Some(operand(name, text)?),
    )))
}

fn operand(name: &'static str, text: &str) -> Result<Operand, WriteError> {
    let value = Value::write(|w| w.string(text));
    check_key_value(name, value, MAX_SORT_BYTES).map(|json| Operand::Value(Value::Json(json)))
}

/// Returns the text of a part's value.
fn text_of(part: Option<&PartSchema>, form: Form, value: &Value) -> Result<String, WriteError> {
    match (value, part) {
        // Never absent: a given value has a text.
        (Value::Json(json), Some(part)) => Ok(part.text_of(json, form)?.unwrap_or_default()),
        (Value::Invalid(e), _) => Err(e.clone()),
        (_, None) => Ok(String::new()),
    }
}

/// Returns the text of a prefix, which is of type S, in the form of the part.
fn plain_text(value: &Value, form: Form) -> Result<String, WriteError> {
    match value {
        Value::Json(json) => {
            let text = Reader::new(json).and_then(|mut r| r.string().map(|s| s.into_owned()));
            let text =
                text.map_err(|_| WriteError::new("the prefix of a part is text").of_key())?;
            let mut prefix = String::with_capacity(text.len());
            form.apply(&text, &mut prefix)?;
            Ok(prefix)
        }
        Value::Invalid(e) => Err(e.clone()),
    }
}

/// Checks that only parts beginning with the prefix make texts that begin with it, even together
/// with the literal after the part.
fn separable_prefix(
    prefix: &str,
    part: Option<&PartSchema>,
    form: Form,
    next: Option<&Piece>,
) -> Result<(), WriteError> {
    separable(prefix, part, form, next)?;
    let (Some(part), Some(Piece::Literal(literal))) = (part, next) else {
        return Ok(());
    };
    let mut beginnings = literal.char_indices().skip(1).map(|(at, _)| &literal[..at]);
    if beginnings.any(|beginning| prefix.ends_with(beginning)) {
        let field = part.field;
        return Err(WriteError::new(format!(
            "the prefix of `{field}` ends like \"{literal}\" begins, which marks the end of the part in the key"
        ))
        .of_key());
    }
    Ok(())
}
