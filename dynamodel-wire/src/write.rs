//! [`Writer`]: Rust values to DynamoDB JSON bytes.
//!
//! Functions that every usual value passes through are `#[inline(always)]`, so that lengths and
//! literals are known at compile time and a copy becomes a few moves. Everything else (growing the
//! buffer, escapes, errors) is `#[cold]` and `#[inline(never)]`, so that it does not bloat the code
//! of each field.

mod container;
pub(super) mod field;
mod number;
mod path;
mod scalar;

use super::error::WriteError;

/// Writes attribute values as DynamoDB JSON.
///
/// An implementation of [`Attribute::write`](crate::Attribute::write) calls exactly one of the value
/// methods: [`string`](Self::string), [`integer`](Self::integer), [`list`](Self::list) ..; each writes
/// one whole value such as `{"S":"text"}`. None of them returns an error: the first one is kept and
/// comes out of [`finish`](Self::finish).
///
/// ```
/// use dynamodel_wire::Writer;
///
/// let mut w = Writer::new();
/// w.map(|w| {
///     w.entry("name", &"Ann \"A\"".to_owned());
///     w.entry("age", &42);
/// });
/// assert_eq!(w.finish()?, br#"{"M":{"name":{"S":"Ann \"A\""},"age":{"N":"42"}}}"#);
/// # Ok::<(), dynamodel_wire::WriteError>(())
/// ```
#[derive(Default)]
pub struct Writer {
    /// The bytes written, and behind them bytes without meaning: a value is written into these
    /// after a single check of the length, and counted only then.
    out: Vec<u8>,
    /// The number of bytes written.
    at: usize,
    error: Option<WriteError>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut s = f.debug_struct("Writer");
        s.field("len", &self.at)
            .field("error", &self.error)
            .finish()
    }
}

/// The largest number of bytes that a new writer fills with zeros at first. It never fills its
/// whole capacity: allocators serve requests for zeroed memory differently, which is slow for small
/// sizes.
const READY: usize = 768;

#[allow(dead_code, reason = "the raw access is for the rendering of requests")]
impl Writer {
    /// Creates an empty writer with room for a kilobyte.
    #[inline]
    pub fn new() -> Self {
        Self::with_capacity(1024)
    }

    /// Creates an empty writer for something short, with all its `READY` bytes filled with zeros at
    /// once; half as much more is allocated.
    #[inline]
    #[doc(hidden)]
    pub fn short<const READY: usize>() -> Self {
        let mut out = Vec::with_capacity(READY + READY / 2);
        out.extend_from_slice(&[0; READY]);
        Writer {
            out,
            at: 0,
            error: None,
        }
    }

    /// Creates an empty writer with room for this many bytes.
    #[inline]
    pub fn with_capacity(bytes: usize) -> Self {
        // The rest is filled with zeros when it is needed.
        let mut out = Vec::with_capacity(bytes);
        out.resize((bytes - bytes / 4).min(READY), 0);
        Writer {
            out,
            at: 0,
            error: None,
        }
    }

    /// Reports a value that DynamoDB cannot hold, instead of writing it. The first error is kept,
    /// with the path of the attribute that is being written.
    #[cold] // error path
    #[inline(never)]
    pub fn fail(&mut self, mut error: WriteError) {
        if self.error.is_none() {
            if !error.is_located() {
                error.locate(path::of_last_value(self.as_slice()));
            }
            self.error = Some(error);
        }
    }

    /// Returns the bytes that were written.
    ///
    /// # Errors
    /// The first error of [`fail`](Self::fail).
    pub fn finish(mut self) -> Result<Vec<u8>, WriteError> {
        self.out.truncate(self.at);
        match self.error {
            None => Ok(self.out),
            Some(error) => Err(error),
        }
    }

    /// Takes the bytes written, which are complete only without an error, and leaves the writer
    /// empty.
    #[doc(hidden)]
    pub fn take(&mut self) -> Vec<u8> {
        self.out.truncate(self.at);
        self.at = 0;
        std::mem::take(&mut self.out)
    }

    /// Removes what was written and the error, and keeps the buffer.
    pub(crate) fn clear(&mut self) {
        self.at = 0;
        self.error = None;
    }

    /// Creates a second writer that continues from the same bytes.
    #[doc(hidden)]
    pub fn copy(&self) -> Self {
        Writer {
            out: self.as_slice().to_vec(),
            at: self.at,
            error: self.error.clone(),
        }
    }

    /// Returns the error so far.
    #[doc(hidden)]
    pub fn error(&self) -> Option<&WriteError> {
        self.error.as_ref()
    }

    /// Removes and returns the error, so that it can be given another path.
    #[doc(hidden)]
    pub fn take_error(&mut self) -> Option<WriteError> {
        self.error.take()
    }

    /// Returns the bytes so far.
    #[doc(hidden)]
    pub fn as_slice(&self) -> &[u8] {
        self.since(0)
    }

    /// Returns the bytes from this position on.
    #[inline(always)] // part of the check of each key attribute
    #[doc(hidden)]
    pub fn since(&self, start: usize) -> &[u8] {
        // In bounds: `start` is a position of this writer.
        self.out.get(start..self.at).unwrap_or_default()
    }

    /// Returns the number of bytes written.
    #[inline(always)] // a field access
    #[doc(hidden)]
    #[allow(
        clippy::len_without_is_empty,
        reason = "a writer is never asked whether it is empty"
    )]
    pub fn len(&self) -> usize {
        self.at
    }

    /// Returns the byte that was written last.
    #[inline(always)] // part of writing each value
    pub(crate) fn last_byte(&self) -> Option<u8> {
        self.out.get(self.at.wrapping_sub(1)).copied()
    }

    /// Drops everything after the first `len` bytes.
    #[doc(hidden)]
    pub fn truncate(&mut self, len: usize) {
        self.at = self.at.min(len);
    }

    /// Makes room for `bytes` more bytes.
    #[doc(hidden)]
    pub fn reserve(&mut self, bytes: usize) {
        if self.out.len() - self.at < bytes {
            self.grow(self.at + bytes);
        }
    }

    /// Returns the next `bytes` bytes of the buffer, all of which have to be written.
    #[inline(always)] // part of writing each value
    fn room(&mut self, bytes: usize) -> &mut [u8] {
        let place = self.at..self.at + bytes;
        if self.out.get(place.clone()).is_none() {
            return self.room_behind(bytes);
        }
        self.at = place.end;
        // In bounds: the range was checked above.
        self.out.get_mut(place).unwrap_or_default()
    }

    /// Returns the same bytes as [`room`](Self::room), when the buffer has to grow first.
    #[cold] // rare: the buffer doubles each time
    #[inline(never)]
    fn room_behind(&mut self, bytes: usize) -> &mut [u8] {
        let place = self.at..self.at + bytes;
        self.grow(place.end);
        self.at = place.end;
        // In bounds: the buffer was grown to `place.end`.
        self.out.get_mut(place).unwrap_or_default()
    }

    /// Grows the buffer to at least `least` bytes, and to twice its length if the capacity allows
    /// it.
    #[cold] // rare: the buffer doubles each time
    fn grow(&mut self, least: usize) {
        let length = match self.out.capacity() {
            capacity if capacity >= least => least.max(2 * self.out.len()).min(capacity),
            capacity => least.max(2 * capacity),
        };
        self.out.resize(length, 0);
    }

    /// Writes bytes as they are.
    #[inline(always)] // part of writing each value; lengths of literals are constants
    #[doc(hidden)]
    pub fn raw(&mut self, bytes: &[u8]) {
        let place = self.at..self.at + bytes.len();
        match self.out.get_mut(place.clone()) {
            Some(room) => {
                self.at = place.end;
                room.copy_from_slice(bytes);
            }
            None => self.append(bytes),
        }
    }

    /// Appends bytes when the buffer is too short. The new bytes are not filled with zeros first,
    /// as they are written at once.
    #[cold] // rare: the buffer doubles each time
    #[inline(never)]
    fn append(&mut self, bytes: &[u8]) {
        self.out.truncate(self.at);
        self.out.extend_from_slice(bytes);
        self.at = self.out.len();
    }

    /// Writes a comma unless this is the first element or member.
    #[inline(always)] // part of writing each value; lengths of literals are constants
    #[doc(hidden)]
    pub fn comma(&mut self) {
        if !matches!(self.last_byte(), Some(b'[' | b'{') | None) {
            self.raw(b",");
        }
    }
}
