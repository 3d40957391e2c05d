//! [`Writer`]: Rust values to DynamoDB JSON bytes.

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
    /// What was written, and behind it bytes of no meaning: a value is written into them with one look
    /// at where they end, and only then counted.
    out: Vec<u8>,
    /// How much was written.
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

/// How much of its room a writer makes ready at first, at most. It is never all of it: for memory that is
/// all zero, allocators have a way of their own, which is slow for little of it.
const READY: usize = 768;

#[allow(dead_code, reason = "the raw access is for the rendering of requests")]
impl Writer {
    /// An empty writer with room for a kilobyte.
    #[inline]
    pub fn new() -> Self {
        Self::with_capacity(1024)
    }

    /// An empty writer for something short, all of which is made ready at once; the allocator gives half as
    /// much more.
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

    /// An empty writer with room for this many bytes.
    #[inline]
    pub fn with_capacity(bytes: usize) -> Self {
        // The rest is made ready when it is needed.
        let mut out = Vec::with_capacity(bytes);
        out.resize((bytes - bytes / 4).min(READY), 0);
        Writer {
            out,
            at: 0,
            error: None,
        }
    }

    /// Reports a value that DynamoDB cannot hold, in place of writing it. The first error is kept,
    /// with the path of the attribute that is being written.
    #[cold]
    #[inline(never)]
    pub fn fail(&mut self, mut error: WriteError) {
        if self.error.is_none() {
            if !error.is_located() {
                error.locate(path::of_last_value(self.as_slice()));
            }
            self.error = Some(error);
        }
    }

    /// The bytes that were written.
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

    /// The bytes that were written, when there was no error. The writer is empty then.
    #[doc(hidden)]
    pub fn take(&mut self) -> Vec<u8> {
        self.out.truncate(self.at);
        self.at = 0;
        std::mem::take(&mut self.out)
    }

    /// A second one that goes on from here.
    #[doc(hidden)]
    pub fn copy(&self) -> Self {
        Writer {
            out: self.as_slice().to_vec(),
            at: self.at,
            error: self.error.clone(),
        }
    }

    /// The error so far.
    #[doc(hidden)]
    pub fn error(&self) -> Option<&WriteError> {
        self.error.as_ref()
    }

    /// Takes the error, so that it can be given another path.
    #[doc(hidden)]
    pub fn take_error(&mut self) -> Option<WriteError> {
        self.error.take()
    }

    /// The bytes so far.
    #[doc(hidden)]
    pub fn as_slice(&self) -> &[u8] {
        self.since(0)
    }

    /// The bytes from this place on.
    #[inline(always)]
    #[doc(hidden)]
    pub fn since(&self, start: usize) -> &[u8] {
        self.out.get(start..self.at).unwrap_or_default()
    }

    /// How many bytes were written.
    #[inline(always)]
    #[doc(hidden)]
    #[allow(
        clippy::len_without_is_empty,
        reason = "a writer is never asked whether it is empty"
    )]
    pub fn len(&self) -> usize {
        self.at
    }

    /// The byte that was written last.
    #[inline(always)]
    pub(crate) fn last_byte(&self) -> Option<u8> {
        self.out.get(self.at.wrapping_sub(1)).copied()
    }

    /// Forgets what was written after the first `len` bytes.
    #[doc(hidden)]
    pub fn truncate(&mut self, len: usize) {
        self.at = self.at.min(len);
    }

    /// Makes room for this many more bytes.
    #[doc(hidden)]
    pub fn reserve(&mut self, bytes: usize) {
        if self.out.len() - self.at < bytes {
            self.grow(self.at + bytes);
        }
    }

    /// The place of this many bytes, all of which have to be written.
    #[inline(always)]
    fn room(&mut self, bytes: usize) -> &mut [u8] {
        let place = self.at..self.at + bytes;
        if self.out.get(place.clone()).is_none() {
            return self.room_behind(bytes);
        }
        self.at = place.end;
        self.out.get_mut(place).unwrap_or_default()
    }

    /// The same where there is not so much of it.
    #[cold]
    #[inline(never)]
    fn room_behind(&mut self, bytes: usize) -> &mut [u8] {
        let place = self.at..self.at + bytes;
        self.grow(place.end);
        self.at = place.end;
        self.out.get_mut(place).unwrap_or_default()
    }

    /// Makes it at least so long, and twice as long as it was if the memory for that is there.
    #[cold]
    fn grow(&mut self, least: usize) {
        let length = match self.out.capacity() {
            capacity if capacity >= least => least.max(2 * self.out.len()).min(capacity),
            capacity => least.max(2 * capacity),
        };
        self.out.resize(length, 0);
    }

    /// Writes bytes as they are.
    #[inline(always)]
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

    /// The same where there is not so much room: none is made ready that is written at once.
    #[cold]
    #[inline(never)]
    fn append(&mut self, bytes: &[u8]) {
        self.out.truncate(self.at);
        self.out.extend_from_slice(bytes);
        self.at = self.out.len();
    }

    /// Writes a comma unless this is the first element or member.
    #[inline(always)]
    #[doc(hidden)]
    pub fn comma(&mut self) {
        if !matches!(self.last_byte(), Some(b'[' | b'{') | None) {
            self.raw(b",");
        }
    }
}
