//! The parts of responses that may be shown to people: in errors, logs and traces.
//!
//! A response can hold whatever was sent or stored, and a server on the way can put it anywhere. So
//! these are lists of what is allowed.

use std::fmt;

/// The longest text of a service that is shown, in characters.
const MAX_CHARS: usize = 300;

/// Characters that values may stand behind.
const OPENING: [char; 16] = [
    '"', '\'', '`', '\u{b4}', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{ab}', '\u{bb}',
    '[', '(', '{', '<', ']', '}',
];

/// Text of DynamoDB before a value that it does not quote.
const BEFORE_VALUE: &str = "converted to a numeric value:";

/// `true` for the form of an error code, such as `ValidationException`: letters alone, the first of
/// them large, and some small ones.
pub fn is_code(text: &str) -> bool {
    text.len() <= 80
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// `true` for the form of an id of a request: large letters and digits, or a UUID.
pub fn is_request_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let is_uuid = || {
        text.len() == 36
            && text.bytes().enumerate().all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    };
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain) || is_uuid()
}

/// A text of the service or of the SDK, as it is shown: its first line, up to the first quote, bracket
/// or brace, at most 300 characters, with control characters escaped. Two dots show that it goes on.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let is_line_end = |c: char| {
            matches!(
                c,
                '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
            )
        };
        let ends = [
            text.find(|c| is_line_end(c) || OPENING.contains(&c)),
            text.find(BEFORE_VALUE).map(|at| at + BEFORE_VALUE.len()),
            text.char_indices().nth(MAX_CHARS).map(|(at, _)| at),
        ];
        let end = ends.into_iter().flatten().min();
        let start = end.and_then(|end| text.get(..end)).unwrap_or(text);
        let start = match end {
            Some(_) => start.trim_end(),
            None => start,
        };
        for c in start.chars() {
            // Characters without a form of their own could hide or reorder the text around them.
            let is_hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
            match c.is_control() || is_hidden {
                true => write!(f, "{}", c.escape_default())?,
                false => write!(f, "{c}")?,
            }
        }
        match end {
            Some(_) => f.write_str(".."),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_before_what_may_be_a_value() {
        let long = "é".repeat(400);
        let cut = format!("{}..", "é".repeat(300));
        for (text, shown) in [
            (
                "The conditional request failed",
                "The conditional request failed",
            ),
            ("no \"x\"", "no.."),
            ("Input collection [x]", "Input collection.."),
            ("Type: {S:x}", "Type:.."),
            ("first\nsecond", "first.."),
            ("first\u{2028}second", "first.."),
            ("tab\there", "tab\\there"),
            ("\u{1b}[31mred", "\\u{1b}.."),
            ("a\u{202e}b", "a\\u{202e}b"),
            (
                "cannot be converted to a numeric value: x",
                "cannot be converted to a numeric value:..",
            ),
            (&long, &cut),
            ("", ""),
            ("'", ".."),
        ] {
            assert_eq!(Shown(text).to_string(), shown);
        }
    }

    #[test]
    fn codes_and_ids_have_their_forms() {
        for code in ["ValidationException", "RequestLimitExceeded", "None"] {
            assert!(is_code(code), "{code}");
        }
        for code in [
            "",
            "SECRET",
            "secret",
            "Key1",
            "A b",
            "Träger",
            "AKIAIOSFODNN",
        ] {
            assert!(!is_code(code), "{code}");
        }
        assert!(is_request_id(&"A1".repeat(26)));
        assert!(is_request_id("f0dd0b7c-5b0e-4b5c-9d7b-0a1b2c3d4e5f"));
        for id in ["", "secret", "KEY-1", "A\nB", &"A".repeat(65)] {
            assert!(!is_request_id(id), "{id}");
        }
    }
}
