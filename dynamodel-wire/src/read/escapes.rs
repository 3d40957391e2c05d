//! The strings of a JSON text that hold escapes, unescaped once and kept beside it, so that what is
//! read can borrow all of its text.

use crate::Reader;
use crate::error::ReadError;

/// The strings with escapes of one text.
#[doc(hidden)]
#[derive(Default)]
#[allow(missing_debug_implementations, reason = "holds values of items")]
pub struct Escapes {
    /// All of them, one behind the other.
    text: String,
    /// In the order of the text.
    strings: Vec<Escaped>,
}

/// A string with escapes.
struct Escaped {
    /// The place behind its opening quote.
    start: usize,
    /// The place of its closing quote.
    end: usize,
    /// Where it starts and ends, unescaped.
    from: usize,
    to: usize,
}

impl Escapes {
    /// Finds them. One fast pass over the text when there are none.
    ///
    /// # Errors
    /// When the text is no JSON.
    #[doc(hidden)]
    pub fn of(json: &str) -> Result<Self, ReadError> {
        let mut escapes = Escapes::default();
        let mut at = 0;
        while let Some(found) = json
            .as_bytes()
            .get(at..)
            .and_then(|rest| memchr::memchr(b'\\', rest))
        {
            // Escapes stand in strings, and this is the first one of its string: no quote stands
            // between it and the one that opens the string.
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

    /// The string that starts here, and the place behind its closing quote.
    #[cold]
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
