//! The attribute path of the value that is being written. It is found from the bytes after an
//! error, so that writing without an error costs nothing.

use std::borrow::Cow;

use crate::error::Segment;
use crate::read::Reader;
use crate::scan;

/// An object or list that is still open.
enum Open {
    /// The position and text of the last key.
    Object(usize, String),
    /// The index of the element.
    List(usize),
}

/// Returns the path of the value at the end of the bytes, each step with the position of its key.
pub(super) fn of_last_value(bytes: &[u8]) -> Vec<(usize, Segment)> {
    let mut open = open_containers(bytes);
    let mut steps = Vec::new();
    while let Some(innermost) = open.pop() {
        let descriptors: &[&str] = match innermost {
            // The object has no key yet.
            Open::Object(_, name) if name.is_empty() => &["M"],
            Open::Object(place, name) => {
                steps.push((place, Segment::Name(Cow::Owned(name))));
                &["M"]
            }
            Open::List(index) => {
                steps.push((usize::MAX, Segment::Index(index)));
                &["L", "SS", "NS", "BS"]
            }
        };
        // The path continues above `{"M":` and `{"L":`; above anything else the item begins.
        match open.last() {
            Some(Open::Object(_, key)) if descriptors.contains(&key.as_str()) => open.pop(),
            _ => break,
        };
    }
    steps.reverse();
    steps
}

fn open_containers(bytes: &[u8]) -> Vec<Open> {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' => open.push(Open::Object(at, String::new())),
            b'[' => open.push(Open::List(0)),
            b'}' | b']' => drop(open.pop()),
            b',' => {
                if let Some(Open::List(index)) = open.last_mut() {
                    *index += 1;
                }
            }
            b'"' => {
                let end = end_of_string(bytes, at);
                if bytes.get(end) == Some(&b':')
                    && let Some(Open::Object(place, key)) = open.last_mut()
                {
                    // In bounds: the string starts at `at` and ends at `end`.
                    (*place, *key) = (at, text(bytes.get(at..end).unwrap_or_default()));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    open
}

/// Returns the position after the string that starts at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut end = scan::special(bytes, at + 1);
    while bytes.get(end) == Some(&b'\\') {
        end = scan::special(bytes, (end + 2).min(bytes.len()));
    }
    (end + 1).min(bytes.len())
}

fn text(json: &[u8]) -> String {
    let read = Reader::new(json).and_then(|mut r| r.json_string().map(Cow::into_owned));
    // The writer wrote this string itself, so it is valid JSON.
    read.unwrap_or_default()
}
