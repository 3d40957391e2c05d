//! Types of `#[dynamo(id = ..)]` fields, whose values dynamodel makes.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::attribute::Attribute;

/// Types of a `#[dynamo(id = "uuid7")]` or `#[dynamo(id = "ulid")]` field: `String`, with their
/// features `uuid::Uuid` and `ulid::Ulid`, and `Option` of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold an id that dynamodel makes",
    label = "not a type of ids",
    note = "an `id` field is a `String`, a `uuid::Uuid` (feature `uuid`), a `ulid::Ulid` (feature `ulid`), or an `Option` of these"
)]
pub trait IdValue: Attribute {
    /// Returns `true` if no id was set yet: the empty text, or an id of zeros.
    fn is_unset(&self) -> bool;
    /// Converts the 128 bits of a UUID to this type.
    fn from_uuid(id: u128) -> Self;
    /// Converts the 128 bits of a ULID to this type.
    fn from_ulid(id: u128) -> Self;
}

impl IdValue for String {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }
    fn from_uuid(id: u128) -> Self {
        let hex = format!("{id:032x}");
        let mut text = String::with_capacity(36);
        for (i, digit) in hex.chars().enumerate() {
            if matches!(i, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            text.push(digit);
        }
        text
    }
    fn from_ulid(id: u128) -> Self {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let digit = |i: u32| {
            // In range: five bits are less than 32.
            let at = usize::try_from((id >> (5 * i)) & 31).unwrap_or_default();
            char::from(DIGITS[at])
        };
        (0..26).rev().map(digit).collect()
    }
}

#[cfg(feature = "uuid")]
impl IdValue for uuid::Uuid {
    fn is_unset(&self) -> bool {
        self.is_nil()
    }
    fn from_uuid(id: u128) -> Self {
        uuid::Uuid::from_u128(id)
    }
    fn from_ulid(id: u128) -> Self {
        uuid::Uuid::from_u128(id)
    }
}

#[cfg(feature = "ulid")]
impl IdValue for ulid::Ulid {
    fn is_unset(&self) -> bool {
        self.is_nil()
    }
    fn from_uuid(id: u128) -> Self {
        ulid::Ulid(id)
    }
    fn from_ulid(id: u128) -> Self {
        ulid::Ulid(id)
    }
}

impl<T: IdValue> IdValue for Option<T> {
    fn is_unset(&self) -> bool {
        self.as_ref().is_none_or(T::is_unset)
    }
    fn from_uuid(id: u128) -> Self {
        Some(T::from_uuid(id))
    }
    fn from_ulid(id: u128) -> Self {
        Some(T::from_ulid(id))
    }
}

/// Milliseconds since 1970, in 48 bits, above 80 random bits.
fn bits(now: SystemTime) -> Result<u128, getrandom::Error> {
    let millis = now.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let random = u128::from_ne_bytes(random) & ((1 << 80) - 1);
    Ok((millis & ((1 << 48) - 1)) << 80 | random)
}

/// Sets an id that is not set yet to a new UUID of version 7, [RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7).
#[doc(hidden)]
pub fn fill_uuid7<T: IdValue>(id: &mut T, now: SystemTime) -> Result<(), getrandom::Error> {
    if id.is_unset() {
        let version = 7 << 76 | 0b10 << 62;
        let room = 0xf << 76 | 0b11 << 62;
        *id = T::from_uuid(bits(now)? & !room | version);
    }
    Ok(())
}

/// Sets an id that is not set yet to a new [ULID](https://github.com/ulid/spec).
#[doc(hidden)]
pub fn fill_ulid<T: IdValue>(id: &mut T, now: SystemTime) -> Result<(), getrandom::Error> {
    if id.is_unset() {
        *id = T::from_ulid(bits(now)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_forms_and_sort_by_time() {
        let at = |millis| UNIX_EPOCH + std::time::Duration::from_millis(millis);
        let uuid = |millis| {
            let mut id = String::new();
            fill_uuid7(&mut id, at(millis)).unwrap();
            id
        };
        let ulid = |millis| {
            let mut id = String::new();
            fill_ulid(&mut id, at(millis)).unwrap();
            id
        };
        let id = uuid(0x0198_7654_3210);
        assert!(id.starts_with("01987654-3210-7") && id.len() == 36, "{id}");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        assert_ne!(uuid(5), uuid(5));
        assert!(uuid(5) < uuid(6) && ulid(5) < ulid(6));
        assert!(ulid(0).starts_with("0000000000") && ulid(0).len() == 26);
        assert_eq!(String::from_ulid(u128::MAX), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        let mut set = "mine".to_owned();
        fill_ulid(&mut set, at(1)).unwrap();
        assert_eq!(set, "mine");
    }
}
