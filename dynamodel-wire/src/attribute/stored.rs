//! [`StoredAs`]: a field that is stored in another form than its own type's.

use crate::Attribute;

use super::Writer;

/// The stored form of a field of type `T`, for `#[dynamo(with = ..)]`, `serde`, `from`, `into`
/// and `ttl`.
///
/// The derive implements it for a newtype of its own.
pub trait StoredAs<T>: Attribute {
    /// Writes the field in this form.
    fn write_stored(value: &T, w: &mut Writer);

    /// Returns `true` if the attribute is left out.
    #[inline(always)] // a constant for most types: the check disappears
    fn stored_is_absent(value: &T) -> bool {
        let _ = value;
        false
    }

    /// Returns the field of the form that was read.
    fn into_value(self) -> T;
}
