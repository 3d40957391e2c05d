//! Errors between a Rust value and its bytes: they name the attribute's path and never show a
//! value.

use std::borrow::Cow;
use std::fmt;

use crate::attribute::Attribute;
use crate::attribute::kind::Kind;

/// One step of an attribute path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// A name of the schema.
    Name(Cow<'static, str>),
    /// A position in a list.
    Index(usize),
    /// A key of a map: user data, so it is not shown.
    Entry,
}

/// Formats a path such as `data.cart[3].quantity`, from the outermost step to the innermost.
fn join<'s>(steps: impl Iterator<Item = &'s Segment>) -> String {
    let mut path = String::new();
    for step in steps {
        if !path.is_empty() && !matches!(step, Segment::Index(_)) {
            path.push('.');
        }
        match step {
            Segment::Name(name) => path.push_str(name),
            Segment::Index(index) => path.push_str(&format!("[{index}]")),
            Segment::Entry => path.push('*'),
        }
    }
    path
}

/// A stored attribute that is not what the Rust type can hold.
///
/// The error tells where, which form was expected and which kind of thing was found; never the
/// value itself.
///
/// ```
/// use dynamodel_wire as wire;
///
/// let e = wire::from_slice::<Vec<u8>>(br#"{"L":[{"N":"7"},{"N":"300"}]}"#).unwrap_err();
/// assert_eq!(e.path(), "[1]");
/// assert_eq!(e.to_string(), "attribute `[1]`: expected N in the range of u8, found a number out of range");
/// ```
pub struct ReadError(Box<ReadFailure>);

struct ReadFailure {
    /// The path, from the innermost step to the outermost: each level adds its step as the error
    /// passes.
    steps: Vec<Segment>,
    expected: Cow<'static, str>,
    found: Cow<'static, str>,
}

impl ReadError {
    /// Creates the error of an [`Attribute`](crate::Attribute) implementation that cannot use what
    /// it read.
    ///
    /// `what` completes the sentence "expected ..". It must not hold the value that was found.
    #[cold] // error path
    #[inline(never)]
    pub fn expected(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(what, "another value")
    }

    /// Creates the error of a missing attribute.
    #[cold] // error path
    #[inline(never)]
    #[doc(hidden)]
    pub fn missing<T: Attribute>(name: &'static str) -> Self {
        let kind = <<T::Value as Attribute>::Kind as Kind>::NAME;
        let expected = if kind == "*" { "a value" } else { kind };
        Self::new(expected, "nothing").in_field(name)
    }

    #[cold] // error path
    #[inline(never)]
    #[doc(hidden)]
    pub fn new(
        expected: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
    ) -> Self {
        ReadError(Box::new(ReadFailure {
            steps: Vec::new(),
            expected: expected.into(),
            found: found.into(),
        }))
    }

    /// Returns the path of the attribute, such as `data.cart[3].quantity`; empty for a value on its
    /// own. A key of a map is shown as `*`.
    pub fn path(&self) -> String {
        join(self.0.steps.iter().rev())
    }

    /// Returns the form that was expected, such as `N in the range of u32`.
    pub fn expected_form(&self) -> &str {
        &self.0.expected
    }

    /// Returns a description of what was found: a type descriptor such as `S`, `nothing`,
    /// `a number out of range`, `malformed JSON at byte 17`.
    pub fn found(&self) -> &str {
        &self.0.found
    }

    /// Returns `true` if the bytes are not what DynamoDB sends: cut off, or not JSON.
    #[doc(hidden)]
    pub fn is_malformed(&self) -> bool {
        self.0.found.starts_with("malformed JSON")
    }

    #[cold] // error path
    #[inline(never)]
    #[doc(hidden)]
    pub fn in_field(mut self, name: &'static str) -> Self {
        self.0.steps.push(Segment::Name(Cow::Borrowed(name)));
        self
    }

    #[cold] // error path
    #[inline(never)]
    pub(crate) fn in_index(mut self, index: usize) -> Self {
        self.0.steps.push(Segment::Index(index));
        self
    }

    #[cold] // error path
    #[inline(never)]
    pub(crate) fn in_entry(mut self) -> Self {
        self.0.steps.push(Segment::Entry);
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.steps.is_empty() {
            write!(f, "attribute `{}`: ", self.path())?;
        }
        write!(f, "expected {}, found {}", self.0.expected, self.0.found)
    }
}

impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadError")
            .field("path", &self.path())
            .field("expected", &self.0.expected)
            .field("found", &self.0.found)
            .finish()
    }
}

impl std::error::Error for ReadError {}

/// A value that DynamoDB cannot hold: a NaN, an empty key, a number of too many digits.
///
/// ```
/// use dynamodel_wire as wire;
///
/// let e = wire::to_vec(&vec![1.0, f64::NAN]).unwrap_err();
/// assert_eq!(e.to_string(), "attribute `[1]`: NaN and infinities are not numbers to DynamoDB");
/// ```
#[derive(Clone)]
pub struct WriteError(Box<WriteFailure>);

#[derive(Clone)]
struct WriteFailure {
    /// The path, from the outermost step to the innermost, each step with its position in the
    /// bytes.
    steps: Vec<(usize, Segment)>,
    located: bool,
    problem: Cow<'static, str>,
    limit: Option<u64>,
    of_key: bool,
}

impl WriteError {
    /// Creates an error. `problem` is a sentence without its full stop and must not hold the value.
    #[cold] // error path
    #[inline(never)]
    pub fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        WriteError(Box::new(WriteFailure {
            steps: Vec::new(),
            located: false,
            problem: problem.into(),
            limit: None,
            of_key: false,
        }))
    }

    #[cold] // error path
    #[inline(never)]
    pub(crate) fn over_limit(problem: impl Into<Cow<'static, str>>, limit: u64) -> Self {
        let mut e = Self::new(problem);
        e.0.limit = Some(limit);
        e
    }

    /// Marks the error as one of a key: the value cannot be a key, whatever else it could be.
    #[doc(hidden)]
    pub fn of_key(mut self) -> Self {
        self.0.of_key = true;
        self
    }

    #[doc(hidden)]
    pub fn is_of_key(&self) -> bool {
        self.0.of_key
    }

    /// Returns the path of the attribute, such as `data.cart[3].quantity`; empty for a value on its
    /// own. A key of a map is shown as `*`.
    pub fn path(&self) -> String {
        join(self.0.steps.iter().map(|(_, step)| step))
    }

    /// Returns what is wrong with the value.
    pub fn problem(&self) -> &str {
        &self.0.problem
    }

    /// Returns the limit of DynamoDB that was exceeded, for instance 2048 bytes of a partition key.
    pub fn limit(&self) -> Option<u64> {
        self.0.limit
    }

    pub(crate) fn is_located(&self) -> bool {
        self.0.located
    }

    /// Sets the path, once: the steps with their positions in the bytes written.
    pub(crate) fn locate(&mut self, steps: Vec<(usize, Segment)>) {
        self.0.steps = steps;
        self.0.located = true;
    }

    /// Hides the step that was written at this position: it is a key of a map, so user data.
    #[cold] // error path
    #[inline(never)]
    pub(crate) fn hide(&mut self, place: usize) {
        for (at, step) in &mut self.0.steps {
            if *at == place && matches!(step, Segment::Name(_)) {
                *step = Segment::Entry;
            }
        }
    }

    /// Puts a path before the error's own, for values that were written separately.
    #[cold] // error path
    #[doc(hidden)]
    pub fn under(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.0.steps.insert(0, (0, Segment::Name(path.into())));
        self
    }

    /// Replaces the outermost step, for values that were written under another name (`:v0`).
    #[cold] // error path
    #[doc(hidden)]
    pub fn in_attribute(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        let root = (0, Segment::Name(path.into()));
        match self.0.steps.first_mut() {
            Some(first @ (_, Segment::Name(_) | Segment::Entry)) => *first = root,
            _ => self.0.steps.insert(0, root),
        }
        // The attribute is known, so that a writer that is at another one does not replace it.
        self.0.located = true;
        self
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.steps.is_empty() {
            write!(f, "attribute `{}`: ", self.path())?;
        }
        f.write_str(&self.0.problem)
    }
}

impl fmt::Debug for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteError")
            .field("path", &self.path())
            .field("problem", &self.0.problem)
            .field("limit", &self.0.limit)
            .finish()
    }
}

impl std::error::Error for WriteError {}
