//! Stand-ins for `#[dynamo(serde)]` without the feature `serde`: a compile error that names the
//! feature.

use crate::{ReadError, Reader, Writer};

/// The type of a `#[dynamo(serde)]` field.
#[diagnostic::on_unimplemented(
    message = "`#[dynamo(serde)]` needs the feature `serde` of dynamodel",
    label = "the feature `serde` is off",
    note = "add it to the features of `dynamodel` in Cargo.toml; it is a default one"
)]
pub trait SerdeField: Sized {}

/// Writes a `#[dynamo(serde)]` field.
pub fn serde_write<T: SerdeField>(_: &T, _: &mut Writer) {}

/// Reads a `#[dynamo(serde)]` field.
///
/// # Errors
/// Always; no type implements the trait, so no code can call it.
pub fn serde_read<T: SerdeField>(_: &mut Reader<'_>) -> Result<T, ReadError> {
    Err(ReadError::expected("the feature `serde` of dynamodel"))
}

/// Returns `true` if a `#[dynamo(serde)]` field is left out.
pub fn serde_is_absent<T: SerdeField>(_: &T) -> bool {
    false
}

/// Returns the value of a missing `#[dynamo(serde)]` field.
pub fn serde_missing<T: SerdeField>() -> Option<T> {
    None
}
