//! Writing of strings, binary, booleans and null.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Writer;
use crate::scan;

impl Writer {
    /// Writes `{"S":".."}`.
    #[inline(always)] // part of writing each string
    pub fn string(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if scan::is_plain(bytes) {
            self.tagged(b"{\"S\":\"", bytes);
        } else {
            self.escaped_string(bytes);
        }
    }

    #[cold] // rare: text with escapes
    #[inline(never)]
    fn escaped_string(&mut self, bytes: &[u8]) {
        self.raw(b"{\"S\":\"");
        self.escaped(bytes);
        self.raw(b"\"}");
    }

    /// Writes a value without escapes, in one piece.
    #[inline(always)] // part of writing each string and number
    pub(super) fn tagged(&mut self, head: &[u8; 6], text: &[u8]) {
        let room = self.room(text.len() + 8);
        if let Some((start, rest)) = room.split_first_chunk_mut()
            && let Some((body, end)) = rest.split_last_chunk_mut()
        {
            *start = *head;
            copy(text, body);
            *end = *b"\"}";
        }
    }

    /// Writes the body of a JSON string, escaped, without its quotes.
    #[inline(always)] // part of writing each string
    #[doc(hidden)]
    pub fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if scan::is_plain(bytes) {
            self.raw(bytes);
        } else {
            self.escaped(bytes);
        }
    }

    /// Writes the name of a member and its colon, and a comma unless it is the first member.
    #[inline]
    #[doc(hidden)]
    pub fn member(&mut self, name: &str) {
        self.comma();
        self.member_name(name);
    }

    /// Writes the name of a member and its colon.
    #[inline(always)] // part of writing each member
    pub(super) fn member_name(&mut self, name: &str) {
        let bytes = name.as_bytes();
        if !scan::is_plain(bytes) {
            return self.escaped_name(bytes);
        }
        let room = self.room(bytes.len() + 3);
        if let Some((start, rest)) = room.split_first_mut()
            && let Some((body, end)) = rest.split_last_chunk_mut()
        {
            *start = b'"';
            body.copy_from_slice(bytes);
            *end = *b"\":";
        }
    }

    #[cold] // rare: text with escapes
    #[inline(never)]
    fn escaped_name(&mut self, name: &[u8]) {
        self.raw(b"\"");
        self.escaped(name);
        self.raw(b"\":");
    }

    /// Writes text with escapes.
    #[cold] // rare: text with escapes
    #[inline(never)]
    fn escaped(&mut self, mut bytes: &[u8]) {
        let mut plain = scan::special(bytes, 0);
        while let Some((clean, [byte, rest @ ..])) = bytes.split_at_checked(plain) {
            self.raw(clean);
            match byte {
                b'"' => self.raw(b"\\\""),
                b'\\' => self.raw(b"\\\\"),
                b'\n' => self.raw(b"\\n"),
                b'\r' => self.raw(b"\\r"),
                b'\t' => self.raw(b"\\t"),
                control => self.raw(format!("\\u{control:04x}").as_bytes()),
            }
            bytes = rest;
            plain = scan::special(bytes, 0);
        }
        self.raw(bytes);
    }

    /// Writes `{"B":".."}`.
    pub fn binary(&mut self, bytes: &[u8]) {
        self.raw(b"{\"B\":\"");
        let start = self.at;
        // The room is exactly the length of the encoding, so this cannot fail.
        let encoded = STANDARD.encode_slice(bytes, self.room(bytes.len().div_ceil(3) * 4));
        self.truncate(start + encoded.unwrap_or_default());
        self.raw(b"\"}");
    }

    /// Writes `{"BOOL":true}` or `{"BOOL":false}`.
    #[inline(always)] // one literal
    pub fn bool(&mut self, value: bool) {
        if value {
            self.raw(b"{\"BOOL\":true}");
        } else {
            self.raw(b"{\"BOOL\":false}");
        }
    }

    /// Writes `{"NULL":true}`.
    #[inline]
    pub fn null(&mut self) {
        self.raw(b"{\"NULL\":true}");
    }
}

/// Copies bytes to a slice of the same length. Most texts are short, and a copy of any length is a
/// call: both ends are copied instead, which may overlap.
#[inline(always)] // part of writing each string
fn copy(from: &[u8], to: &mut [u8]) {
    if from.len() <= 32 && copy_ends::<16>(from, to) {
        return;
    }
    if from.len() < 16 && (copy_ends::<8>(from, to) || copy_ends::<4>(from, to)) {
        return;
    }
    to.copy_from_slice(from);
}

/// Copies `BYTES` bytes at both ends, if there are that many.
#[inline(always)] // part of writing each string
fn copy_ends<const BYTES: usize>(from: &[u8], to: &mut [u8]) -> bool {
    let (Some(first), Some(last)) = (from.first_chunk::<BYTES>(), from.last_chunk::<BYTES>())
    else {
        return false;
    };
    if let Some(place) = to.first_chunk_mut() {
        *place = *first;
    }
    if let Some(place) = to.last_chunk_mut() {
        *place = *last;
    }
    true
}
