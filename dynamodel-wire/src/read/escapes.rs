//! Strings with escapes of one JSON text, unescaped once and kept beside the text, so that every
//! string can be borrowed.

use crate::Reader;
use crate::error::ReadError;

/// The strings with escapes of one text.
#[doc(hidden)]
#[derive(Default)]
#[allow(missing_debug_implementations, reason = "holds values of items")]
pub struct Escapes {
    /// The unescaped strings, one behind the other.
    text: String,
    /// The strings in the order of the text.
    strings: Vec<Escaped>,
}

/// A string with escapes.
struct Escaped {
    /// The position behind the opening quote.
    start: usize,
    /// The position of the closing quote.
    end: usize,
    /// Start and end of the unescaped text.
    from: usize,
    to: usize,
}

impl Escapes {
    /// Finds and unescapes the strings. Without any, the cost is one fast pass over the text.
    ///
    /// # Errors
    /// When the text is not JSON.
    #[doc(hidden)]
    pub fn of(json: &str) -> Result<Self, ReadError> {
        let mut escapes = Escapes::default();
        let mut at = 0;
        while let Some(found) = json
            .as_bytes()
            .get(at..)
            .and_then(|rest| memchr::memchr(b'\\', rest))
        {
            // A backslash stands inside a string, and this one is the first of its string: the
            // closest quote before it opens the string. The range is in bounds: the search started
            // at `at`.
            let before = json.get(at..at + found).unwrap_or_default();
            let start = before.rfind('"').map_or(at, |quote| at + quote + 1);
            let mut r = Reader::of_text(json).at(start);
            let from = escapes.text.len();
            r.unescape_into(&mut escapes.text)?;
            let end = r.position();
            escapes.strings.push(Escaped {
                start,
                end: end - 1,
                from,
                to: escapes.text.len(),
            });
            at = end;
        }
        Ok(escapes)
    }

    /// Returns the string that starts here, and the position behind its closing quote.
    #[cold] // rare: most strings have no escapes
    pub(super) fn at(&self, start: usize) -> Option<(&str, usize)> {
        let found = self.strings.binary_search_by_key(&start, |s| s.start);
        let string = self.strings.get(found.ok()?)?;
        Some((self.text.get(string.from..string.to)?, string.end + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_with_escapes_are_found_where_they_start() {
        let json = r#"{"a\"b":{"S":"x"},"c":{"SS":["\\","y","\u00e9\n]"]},"d\\":1}"#;
        let escapes = Escapes::of(json).unwrap();
        let found: Vec<_> = (0..json.len()).filter_map(|at| escapes.at(at)).collect();
        let texts: Vec<_> = found.iter().map(|(text, _)| *text).collect();
        assert_eq!(texts, ["a\"b", "\\", "é\n]", "d\\"]);
        for (_, end) in found {
            assert_eq!(json.as_bytes().get(end - 1), Some(&b'"'));
        }
        assert!(Escapes::of(r#"{"a":"b"}"#).unwrap().strings.is_empty());
        assert!(Escapes::of(r#"{"a":"\x"}"#).is_err());
        assert!(Escapes::of(r#"{"a":"\""#).is_err());
    }
}
