//! Reading of JSON strings.

use std::borrow::Cow;

use super::Reader;
use crate::error::ReadError;
use crate::scan;

impl<'a> Reader<'a> {
    /// Reads the rest of a string after its opening quote.
    #[inline(always)] // part of reading each string
    pub(super) fn string_body(&mut self) -> Result<Cow<'a, str>, ReadError> {
        let start = self.at;
        let end = scan::special(self.bytes(), start);
        if self.bytes().get(end) == Some(&b'"')
            && let Some(text) = self.text.get(start..end)
        {
            self.at = end + 1;
            return Ok(Cow::Borrowed(text));
        }
        self.unescape(start, end)
    }

    /// Reads a string with escapes: it starts at `start`, the first escape is at `end`.
    #[cold] // rare: most strings have no escapes
    #[inline(never)]
    fn unescape(&mut self, start: usize, end: usize) -> Result<Cow<'a, str>, ReadError> {
        if let Some((text, end)) = self.escapes.and_then(|escapes| escapes.at(start)) {
            self.at = end;
            return Ok(Cow::Borrowed(text));
        }
        let mut text = String::with_capacity(end - start + 64);
        self.unescape_into(&mut text)?;
        Ok(Cow::Owned(text))
    }

    /// Appends the unescaped rest of a string after its opening quote.
    pub(crate) fn unescape_into(&mut self, text: &mut String) -> Result<(), ReadError> {
        loop {
            let start = self.at;
            let end = scan::special(self.bytes(), start);
            // In bounds: the search returns positions between `start` and the end.
            text.push_str(self.text.get(start..end).unwrap_or_default());
            self.at = end;
            match self.bytes().get(end) {
                Some(b'"') => {
                    self.at = end + 1;
                    return Ok(());
                }
                Some(b'\\') => text.push(self.escape()?),
                _ => return Err(self.malformed()),
            }
        }
    }

    /// Reads the escape sequence that starts here.
    pub(super) fn escape(&mut self) -> Result<char, ReadError> {
        let character = match self.bytes().get(self.at + 1) {
            Some(b'u') => return self.unicode_escape(),
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            _ => return Err(self.malformed()),
        };
        self.at += 2;
        Ok(character)
    }

    /// Reads `\uXXXX`, or two of them for a character beyond the basic plane.
    fn unicode_escape(&mut self) -> Result<char, ReadError> {
        let first = self.code_unit()?;
        let code = match first {
            0xD800..=0xDBFF => match self.code_unit()? {
                second @ 0xDC00..=0xDFFF => 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00),
                _ => return Err(self.malformed()),
            },
            _ => first,
        };
        char::from_u32(code).ok_or_else(|| self.malformed())
    }

    fn code_unit(&mut self) -> Result<u32, ReadError> {
        let escape = self
            .bytes()
            .get(self.at..)
            .and_then(|rest| rest.first_chunk::<6>());
        let Some([b'\\', b'u', digits @ ..]) = escape else {
            return Err(self.malformed());
        };
        let mut code = 0;
        for &digit in digits {
            let value = char::from(digit)
                .to_digit(16)
                .ok_or_else(|| self.malformed())?;
            code = code << 4 | value;
        }
        self.at += 6;
        Ok(code)
    }
}
