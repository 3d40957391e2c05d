//! Keys of maps: text, and types with one text for each value.

use std::borrow::Cow;

use serde::de::{self, IntoDeserializer, Visitor, value::CowStrDeserializer};
use serde::forward_to_deserialize_any;
use serde::ser::{Serialize, Serializer};

use super::error::{Unreadable, Unwritable};
use super::refuse::{refuse, refuse_compounds};
use crate::ReadError;

/// Makes the text of a key.
pub(super) struct KeySerializer;

/// The text of a key.
pub(super) enum KeyText {
    Text(String),
    /// The text of a number or a boolean.
    Other(String),
}

impl KeyText {
    /// Returns `true` for the key of a type that is text itself.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, KeyText::Text(_))
    }

    pub(super) fn as_str(&self) -> &str {
        let (KeyText::Text(text) | KeyText::Other(text)) = self;
        text
    }

    pub(super) fn into_string(self) -> String {
        let (KeyText::Text(text) | KeyText::Other(text)) = self;
        text
    }
}

type Text = Result<KeyText, Unwritable>;

macro_rules! displayed {
    ($form:ident: $($method:ident($type:ty);)*) => {$(
        fn $method(self, value: $type) -> Text {
            Ok(KeyText::$form(value.to_string()))
        }
    )*};
}

impl Serializer for KeySerializer {
    type Ok = KeyText;
    type Error = Unwritable;
    refuse_compounds!(KeyText, Unwritable::Key);

    displayed! {
        Other:
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
    }

    displayed! {
        Text:
        serialize_char(char);
        serialize_str(&str);
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Text {
        Ok(KeyText::Text(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Text {
        value.serialize(self)
    }

    refuse! {
        KeyText, Unwritable::Key;
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Text {
        Err(Unwritable::Key)
    }
}

/// Reads a key from its text.
pub(super) struct KeyDeserializer<'de>(pub(super) Cow<'de, str>);

macro_rules! parsed {
    ($($method:ident = $visit:ident($type:ty, $expected:literal);)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            match self.0.parse::<$type>() {
                // Refuses `+1` and `01`: each key has exactly one text.
                Ok(value) if value.to_string() == self.0 => visitor.$visit(value),
                _ => Err(ReadError::new($expected, "other text").into()),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for KeyDeserializer<'de> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    parsed! {
        deserialize_bool = visit_bool(bool, "a key that is true or false");
        deserialize_i8 = visit_i8(i8, "a key in the range of i8");
        deserialize_i16 = visit_i16(i16, "a key in the range of i16");
        deserialize_i32 = visit_i32(i32, "a key in the range of i32");
        deserialize_i64 = visit_i64(i64, "a key in the range of i64");
        deserialize_i128 = visit_i128(i128, "a key in the range of i128");
        deserialize_u8 = visit_u8(u8, "a key in the range of u8");
        deserialize_u16 = visit_u16(u16, "a key in the range of u16");
        deserialize_u32 = visit_u32(u32, "a key in the range of u32");
        deserialize_u64 = visit_u64(u64, "a key in the range of u64");
        deserialize_u128 = visit_u128(u128, "a key in the range of u128");
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let variant: CowStrDeserializer<'de, Unreadable> = self.0.into_deserializer();
        visitor.visit_enum(variant)
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}
