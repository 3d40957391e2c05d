//! The attribute path of what is being written, found from the bytes when something went wrong.
//! Nothing is recorded before that, so writing costs nothing.

use std::borrow::Cow;

use crate::error::Segment;
use crate::read::Reader;
use crate::scan;

/// An object or list that is still open.
enum Open {
    /// The place and text of the last key.
    Object(usize, String),
    /// The index of the element.
    List(usize),
}

/// The path of the value at the end of the bytes, each step with the place of its key.
pub(super) fn of_last_value(bytes: &[u8]) -> Vec<(usize, Segment)> {
    let mut open = open_containers(bytes);
    let mut steps = Vec::new();
    while let Some(innermost) = open.pop() {
        let descriptors: &[&str] = match innermost {
            // Before its first key.
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
        // Above `{"M":` and `{"L":` the path goes on; above anything else the item begins.
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

/// The place after the string that starts at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut end = scan::special(bytes, at + 1);
    while bytes.get(end) == Some(&b'\\') {
        end = scan::special(bytes, (end + 2).min(bytes.len()));
    }
    (end + 1).min(bytes.len())
}

fn text(json: &[u8]) -> String {
    let read = Reader::new(json).and_then(|mut r| r.json_string().map(Cow::into_owned));
    read.unwrap_or_default()
}
