//! Types of `version` and `write_token` fields.

use std::fmt;

use crate::attribute::{Attribute, kind};
use crate::{ReadError, Reader, Writer};

/// Types of a `#[dynamo(version)]` field: the integer types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a version",
    label = "not an integer",
    note = "a version field is an integer such as `u64`; 0 means not stored yet"
)]
pub trait VersionNumber: Attribute {
    /// Returns the version as `u64`.
    fn to_u64(&self) -> u64;
    /// Returns the version of this `u64`, at most the type's maximum.
    fn from_u64(version: u64) -> Self;
}

macro_rules! versions {
    ($($t:ty)*) => {$(
        impl VersionNumber for $t {
            fn to_u64(&self) -> u64 {
                u64::try_from(*self).unwrap_or(0)
            }
            fn from_u64(version: u64) -> Self {
                <$t>::try_from(version).unwrap_or(<$t>::MAX)
            }
        }
    )*};
}
versions!(u16 u32 u64 usize i32 i64);

/// The token of the last write of an item, for a `#[dynamo(write_token)]` field.
///
/// Each write puts a new random token of 128 bits into the item and keeps the token across the
/// retries of the call. When a retry meets a failed condition, the stored token tells whether an
/// earlier attempt of the same call wrote the item; the call then reports the success that it was.
/// The token is stored as a string of 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WriteToken(u128);

impl WriteToken {
    /// Returns a random token.
    #[doc(hidden)]
    pub fn random() -> Result<u128, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(u128::from_ne_bytes(bytes))
    }

    /// Returns the stored text of a token.
    #[doc(hidden)]
    pub fn text(token: u128) -> String {
        format!("{token:032x}")
    }
}

/// Hides the token, which is not for logs.
impl fmt::Debug for WriteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteToken(_)")
    }
}

impl Attribute for WriteToken {
    type Value = Self;
    type Kind = kind::S;
    fn write(&self, w: &mut Writer) {
        w.string(&Self::text(self.0));
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let text = r.string()?;
        u128::from_str_radix(&text, 16)
            .map(WriteToken)
            .map_err(|_| ReadError::expected("a write token of 32 hexadecimal digits"))
    }
    /// Returns the value for an item that was written without a token.
    fn absent() -> Option<Self> {
        Some(WriteToken(0))
    }
}

/// Types of a `#[dynamo(write_token)]` field: [`WriteToken`], `String` and `Option` of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a write token",
    label = "not a write token",
    note = "a `write_token` field is a `dynamodel::WriteToken` or a `String`"
)]
pub trait TokenValue: Attribute {
    /// Sets the field to the token.
    fn set(&mut self, token: u128);
}
impl TokenValue for WriteToken {
    fn set(&mut self, token: u128) {
        self.0 = token;
    }
}
impl TokenValue for String {
    fn set(&mut self, token: u128) {
        *self = WriteToken::text(token);
    }
}
impl<T: TokenValue + Default> TokenValue for Option<T> {
    fn set(&mut self, token: u128) {
        self.get_or_insert_default().set(token);
    }
}
