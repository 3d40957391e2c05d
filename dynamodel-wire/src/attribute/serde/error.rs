//! Errors in the terms of serde, without the values that serde's messages may show.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};
use serde::ser;

use crate::{ReadError, WriteError};

/// The error of a type that was not read.
pub(super) struct Unreadable(Box<ReadError>);

impl From<ReadError> for Unreadable {
    fn from(error: ReadError) -> Self {
        Unreadable(Box::new(error))
    }
}

impl From<Unreadable> for ReadError {
    fn from(error: Unreadable) -> Self {
        *error.0
    }
}

impl Unreadable {
    /// Adds a step to the path.
    pub(super) fn map(self, step: impl FnOnce(ReadError) -> ReadError) -> Self {
        step(*self.0).into()
    }

    #[cold] // error path
    fn new(expected: impl Display, found: &'static str) -> Self {
        ReadError::new(expected.to_string(), found).into()
    }
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    /// Drops the message, which may show values.
    fn custom<T: Display>(_: T) -> Self {
        Self::new("a value that the type accepts", "another value")
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected, describe(unexpected))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected, "another value")
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(expected, "another length")
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(one_of(expected), "another variant")
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(one_of(expected), "another field")
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("a value", "nothing").map(|e| e.in_field(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("one value", "two").map(|e| e.in_field(field))
    }
}

fn one_of(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("one of {}", names.join(", "))
}

fn describe(unexpected: Unexpected<'_>) -> &'static str {
    match unexpected {
        Unexpected::Bool(_) => "BOOL",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "N",
        Unexpected::Char(_) | Unexpected::Str(_) => "S",
        Unexpected::Bytes(_) => "B",
        Unexpected::Unit | Unexpected::Option => "NULL",
        Unexpected::Seq => "L",
        Unexpected::Map => "M",
        Unexpected::UnitVariant => "a variant without a value",
        Unexpected::NewtypeVariant | Unexpected::TupleVariant | Unexpected::StructVariant => {
            "a variant with a value"
        }
        _ => "another value",
    }
}

/// The reason why a value was not written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unwritable {
    /// The value's own `Serialize` returned an error.
    Custom,
    /// The key of a map is not text and has no text form.
    Key,
    /// The type would not read the part again.
    Doubtful,
}

impl Unwritable {
    fn problem(self) -> &'static str {
        match self {
            Unwritable::Custom => "the value does not serialize",
            Unwritable::Key => {
                "the key of a map has to be text, an integer, a boolean or a variant without a value"
            }
            Unwritable::Doubtful => {
                "the type could not read this part again: under an internal tag, in an untagged enum and with `flatten`, serde reads no numbers of 128 bits and no keys of maps other than text; use smaller numbers, or text"
            }
        }
    }
}

impl From<Unwritable> for WriteError {
    fn from(error: Unwritable) -> Self {
        WriteError::new(error.problem())
    }
}

impl Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.problem())
    }
}

impl std::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    /// Drops the message, which may show values.
    fn custom<T: Display>(_: T) -> Self {
        Unwritable::Custom
    }
}
