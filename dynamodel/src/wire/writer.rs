//! [`Writer`]: Rust values to DynamoDB JSON bytes.

mod container;
pub(super) mod field;

mod number;
mod path;
mod scalar;

use super::error::WriteError;
use crate::entity::Entity;
use crate::schema::EntitySchema;

/// Writes attribute values as DynamoDB JSON.
///
/// An implementation of [`Attribute::write`](crate::Attribute::write) calls exactly one of the value
/// methods: [`string`](Self::string), [`integer`](Self::integer), [`list`](Self::list) ..; each writes
/// one whole value such as `{"S":"text"}`. None of them returns an error: the first one is kept and
/// comes out of [`finish`](Self::finish).
///
/// ```
/// use dynamodel::wire::Writer;
///
/// let mut w = Writer::new();
/// w.map(|w| {
///     w.entry("name", &"Ann \"A\"".to_owned());
///     w.entry("age", &42);
/// });
/// assert_eq!(w.finish()?, br#"{"M":{"name":{"S":"Ann \"A\""},"age":{"N":"42"}}}"#);
/// # Ok::<(), dynamodel::wire::WriteError>(())
/// ```
#[derive(Default)]
pub struct Writer {
    out: Vec<u8>,
    error: Option<WriteError>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut s = f.debug_struct("Writer");
        s.field("len", &self.out.len())
            .field("error", &self.error)
            .finish()
    }
}

#[allow(dead_code, reason = "the raw access is for the rendering of requests")]
impl Writer {
    /// An empty writer with room for a kilobyte.
    #[inline]
    pub fn new() -> Self {
        Self::with_capacity(1024)
    }

    /// An empty writer with room for an item of this type: 64 bytes for each of its attributes, and a
    /// kilobyte at least.
    #[inline]
    pub fn for_item<E: Entity>() -> Self {
        Self::with_capacity(Self::room_for_item(E::SCHEMA))
    }

    /// The bytes that [`for_item`](Self::for_item) makes room for.
    pub(crate) fn room_for_item(schema: &EntitySchema) -> usize {
        (256 + 64 * schema.attributes.len()).max(1024)
    }

    /// An empty writer with room for this many bytes.
    #[inline]
    pub fn with_capacity(bytes: usize) -> Self {
        Writer {
            out: Vec::with_capacity(bytes),
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
                error.locate(path::of_last_value(&self.out));
            }
            self.error = Some(error);
        }
    }

    /// The bytes that were written.
    ///
    /// # Errors
    /// The first error of [`fail`](Self::fail).
    pub fn finish(self) -> Result<Vec<u8>, WriteError> {
        match self.error {
            None => Ok(self.out),
            Some(error) => Err(error),
        }
    }

    /// A second one that goes on from here.
    pub(crate) fn copy(&self) -> Self {
        Writer {
            out: self.out.clone(),
            error: self.error.clone(),
        }
    }

    /// The error so far.
    pub(crate) fn error(&self) -> Option<&WriteError> {
        self.error.as_ref()
    }

    /// Takes the error, so that it can be given another path.
    pub(crate) fn take_error(&mut self) -> Option<WriteError> {
        self.error.take()
    }

    /// The bytes so far.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.out
    }

    /// How many bytes were written.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// The byte that was written last.
    #[inline(always)]
    pub(crate) fn last_byte(&self) -> Option<u8> {
        self.out.last().copied()
    }

    /// Forgets what was written after the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.out.truncate(len);
    }

    /// Makes room for this many more bytes.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    /// Writes bytes as they are.
    #[inline(always)]
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Writes a comma unless this is the first element or member.
    #[inline(always)]
    pub(crate) fn comma(&mut self) {
        if !matches!(self.last_byte(), Some(b'[' | b'{') | None) {
            self.out.push(b',');
        }
    }
}
