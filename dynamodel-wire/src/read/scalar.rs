//! Reading of strings, binary, booleans and null.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Reader;
use crate::error::ReadError;
use crate::scan;
use crate::tag::Tag;

impl<'a> Reader<'a> {
    /// Reads `{"S":".."}`. The text is borrowed unless it holds escapes.
    ///
    /// # Errors
    /// When the value is not an S.
    #[inline(always)] // part of reading each string
    pub fn string(&mut self) -> Result<Cow<'a, str>, ReadError> {
        if !self.literal(b"{\"S\":\"") {
            return self.string_slow();
        }
        let text = self.string_body()?;
        self.close_tagged()?;
        Ok(text)
    }

    /// Reads `{"S":".."}` into an own `String`.
    ///
    /// # Errors
    /// When the value is not an S.
    #[inline(always)] // part of reading each string
    pub(crate) fn owned_string(&mut self) -> Result<String, ReadError> {
        if let Some(rest) = self.text.get(self.at..)
            && let Some(rest) = rest.strip_prefix("{\"S\":\"")
        {
            let bytes = rest.as_bytes();
            let length = scan::special_in(bytes);
            // The quote is checked first: it is ASCII, so `length` is a character boundary for
            // `get`.
            if bytes.get(length) == Some(&b'"')
                && bytes.get(length + 1) == Some(&b'}')
                && let Some(text) = rest.get(..length)
            {
                self.at += length + 8;
                return Ok(copied(rest, text));
            }
        }
        self.owned_string_slow()
    }

    /// Reads text with escapes or white space around it, or returns the error.
    #[cold] // rare: escapes, white space, errors
    #[inline(never)]
    fn owned_string_slow(&mut self) -> Result<String, ReadError> {
        self.string().map(Cow::into_owned)
    }

    #[cold] // rare: escapes, white space, errors
    #[inline(never)]
    fn string_slow(&mut self) -> Result<Cow<'a, str>, ReadError> {
        self.open_as(Tag::S, "S")?;
        self.byte(b'"')?;
        let text = self.string_body()?;
        self.close_value()?;
        Ok(text)
    }

    /// Reads `{"B":".."}`.
    ///
    /// # Errors
    /// When the value is not a B, or is not base64 with padding.
    pub fn binary(&mut self) -> Result<Vec<u8>, ReadError> {
        if !self.literal(b"{\"B\":\"") {
            self.open_as(Tag::B, "B")?;
            self.byte(b'"')?;
        }
        let text = self.string_body()?;
        let bytes = STANDARD.decode(text.as_bytes());
        let bytes = bytes.map_err(|_| ReadError::new("B", "malformed base64"))?;
        self.close_value()?;
        Ok(bytes)
    }

    /// Reads `{"BOOL":true}` or `{"BOOL":false}`.
    ///
    /// # Errors
    /// When the value is not a BOOL.
    #[inline(always)] // part of reading each boolean
    pub fn bool(&mut self) -> Result<bool, ReadError> {
        if self.literal(b"{\"BOOL\":true}") {
            return Ok(true);
        }
        if self.literal(b"{\"BOOL\":false}") {
            return Ok(false);
        }
        self.bool_slow(Tag::Bool, "BOOL")
    }

    #[cold] // rare: white space, errors
    #[inline(never)]
    pub(crate) fn bool_slow(
        &mut self,
        tag: Tag,
        expected: &'static str,
    ) -> Result<bool, ReadError> {
        self.open_as(tag, expected)?;
        let value = self.literal(b"true");
        if !value && !self.literal(b"false") {
            return Err(self.malformed());
        }
        self.close_value()?;
        Ok(value)
    }

    /// Reads `{"NULL":true}`.
    ///
    /// # Errors
    /// When the value is anything else.
    pub fn null(&mut self) -> Result<(), ReadError> {
        if self.literal(b"{\"NULL\":true}") {
            return Ok(());
        }
        match self.bool_slow(Tag::Null, "NULL")? {
            true => Ok(()),
            false => Err(ReadError::new("NULL", "a NULL that is false")),
        }
    }

    /// Returns `true` if a NULL follows. Nothing is consumed.
    #[inline(always)] // part of reading each `Option`
    pub fn is_null(&self) -> bool {
        // In bounds: the reader never passes the end of the text.
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        match rest.first_chunk::<8>() {
            Some([b'{', b'"', _, b'"', ..]) => false,
            Some(b"{\"NULL\":") => true,
            _ => self.is_null_slow(),
        }
    }

    #[cold] // rare: elements of sets, white space, types of long names
    #[inline(never)]
    fn is_null_slow(&self) -> bool {
        matches!(self.clone().open_value(), Ok(Tag::Null))
    }

    /// Returns the type of the value that follows. Nothing is consumed.
    ///
    /// # Errors
    /// When no value follows.
    pub fn kind(&self) -> Result<Tag, ReadError> {
        self.clone().open_value()
    }
}

/// Copies `text`, with which `rest` begins, into an own `String`.
///
/// Short text is copied together with the bytes behind it, up to a size that an allocation has in
/// any case: a copy of a size known at compile time takes two or three moves, a copy of any size is
/// a call with branches that are hard to predict.
#[inline(always)] // part of reading each string
fn copied(rest: &str, text: &str) -> String {
    match text.len() {
        0 => String::new(),
        1..=24 => copied_with::<24>(rest, text),
        25..=32 => copied_with::<32>(rest, text),
        _ => text.to_owned(),
    }
}

#[inline(always)] // part of reading each string
fn copied_with<const BYTES: usize>(rest: &str, text: &str) -> String {
    let Some(more) = rest.get(..BYTES) else {
        return text.to_owned();
    };
    let mut copy = String::with_capacity(BYTES);
    copy.push_str(more);
    copy.truncate(text.len());
    copy
}
