//! A check for `None` that writes nothing.

use std::fmt::Display;

use serde::ser::{Serialize, Serializer};

use super::error::Unwritable;
use super::refuse::{refuse, refuse_compounds};

/// Returns `true` if the value serializes as `None`.
pub(super) fn is_none<T: Serialize>(value: &T) -> bool {
    value.serialize(Probe).is_ok()
}

/// Succeeds on `None`, and stops at anything else.
struct Probe;

type Is = Result<(), Unwritable>;

impl Serializer for Probe {
    type Ok = ();
    type Error = Unwritable;
    refuse_compounds!((), Unwritable::Custom);

    fn serialize_none(self) -> Is {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Is {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Is {
        value.serialize(self)
    }

    refuse! {
        (), Unwritable::Custom;
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_unit_struct(&'static str);
        serialize_unit();
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    /// Stops without making the text, which is not needed.
    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Is {
        Err(Unwritable::Custom)
    }
}
