//! The plain JSON around the attribute values in requests and responses.
use std::borrow::Cow;

use super::Reader;
use crate::error::ReadError;

impl<'a> Reader<'a> {
    /// Returns the number of bytes that were read.
    #[doc(hidden)]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a position.
    #[doc(hidden)]
    pub fn rewind(&mut self, position: usize) {
        self.at = position;
        self.depth = 0;
        self.bare = None;
    }

    /// Calls `read` with the name of each member of an object; `read` reads or skips the value.
    #[inline]
    #[doc(hidden)]
    pub fn members(
        &mut self,
        mut read: impl FnMut(&str, &mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut more = self.begin_map()?;
        while more {
            let name = self.map_key()?;
            read(&name, self)?;
            more = self.end_entry()?;
        }
        Ok(())
    }

    /// Skips the value that starts at an earlier position.
    #[cold] // rare: only after an item that cannot be read
    #[doc(hidden)]
    pub fn skip_from(&mut self, start: usize) -> Result<(), ReadError> {
        self.rewind(start);
        self.skip_value()
    }

    /// Calls `read` at the start of each element of an array; `read` reads or skips the element.
    #[inline(always)] // the loop over the items of a response
    #[doc(hidden)]
    pub fn json_list(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut more = self.begin_list()?;
        while more {
            read(self)?;
            more = self.end_element()?;
        }
        Ok(())
    }

    /// Returns the bytes of a value, or `None` for `null`.
    #[doc(hidden)]
    pub fn raw_value_or_null(&mut self) -> Result<Option<&'a [u8]>, ReadError> {
        if self.json_null() {
            Ok(None)
        } else {
            self.raw_value().map(Some)
        }
    }

    /// Enters a `[`. Returns `false` when the array is empty; then it is passed over as a whole.
    #[inline(always)] // part of reading each list
    #[doc(hidden)]
    pub fn begin_list(&mut self) -> Result<bool, ReadError> {
        self.open(b'[', b']')
    }

    /// Reads the byte after an element: returns `true` when another one follows.
    #[inline(always)] // part of reading each list
    #[doc(hidden)]
    pub fn end_element(&mut self) -> Result<bool, ReadError> {
        self.more(b']')
    }

    /// Skips a value and returns its text.
    #[doc(hidden)]
    pub fn raw_text(&mut self) -> Result<&'a str, ReadError> {
        self.white_space();
        let start = self.at;
        self.skip_value()?;
        // In bounds: the reader never passes the end of the text.
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Skips a value and returns its bytes.
    #[doc(hidden)]
    pub fn raw_value(&mut self) -> Result<&'a [u8], ReadError> {
        self.raw_text().map(str::as_bytes)
    }

    /// Passes over `null` if it follows.
    #[doc(hidden)]
    pub fn json_null(&mut self) -> bool {
        self.white_space();
        self.literal(b"null")
    }

    /// Reads a JSON string.
    #[doc(hidden)]
    pub fn json_string(&mut self) -> Result<Cow<'a, str>, ReadError> {
        self.byte(b'"')?;
        self.string_body()
    }

    /// Reads a JSON number that is a natural number.
    #[doc(hidden)]
    pub fn json_u64(&mut self) -> Result<u64, ReadError> {
        let text = self.json_number()?;
        text.parse()
            .map_err(|_| ReadError::new("a natural number", "another number"))
    }

    /// Reads a JSON number.
    #[doc(hidden)]
    pub fn json_f64(&mut self) -> Result<f64, ReadError> {
        let text = self.json_number()?;
        let value = text.parse().ok().filter(|value: &f64| value.is_finite());
        value.ok_or_else(|| ReadError::new("a finite number", "a number out of range"))
    }

    fn json_number(&mut self) -> Result<&'a str, ReadError> {
        self.white_space();
        let start = self.at;
        self.skip_number()?;
        // In bounds: the reader never passes the end of the text.
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }
}
