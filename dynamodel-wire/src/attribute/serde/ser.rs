//! The serializer: a serde type to DynamoDB JSON.

use std::cell::Cell;

use serde::ser::{self, Serialize};

use super::error::Unwritable;
use super::key::KeySerializer;
use crate::Writer;

type Written = Result<(), Unwritable>;

/// Treatment of parts that some types write and cannot read: numbers of 128 bits, and keys of maps
/// that are no text. Types with an internal tag, untagged ones and those with `flatten` are read from
/// a copy that serde makes, which holds neither.
pub(super) enum Doubtful {
    /// They are written, and the cell becomes `true`.
    Noted(Cell<bool>),
    Refused,
}

impl Doubtful {
    fn meet(&self) -> Result<(), Unwritable> {
        match self {
            Doubtful::Noted(is_met) => {
                is_met.set(true);
                Ok(())
            }
            Doubtful::Refused => Err(Unwritable::Doubtful),
        }
    }
}

/// Writes one value.
struct Serializer<'w> {
    w: &'w mut Writer,
    doubtful: &'w Doubtful,
}

impl<'w> Serializer<'w> {
    /// Writes `{"M":{"variant":` and `open` behind it.
    fn variant(&mut self, variant: &'static str, open: &[u8]) {
        self.w.raw(b"{\"M\":{");
        self.w.member(variant);
        self.w.raw(open);
    }

    fn compound(self, close: &'static [u8]) -> Compound<'w> {
        Compound {
            w: self.w,
            doubtful: self.doubtful,
            close,
            key: None,
        }
    }
}

/// Writes a value. An error gets the path of the value's start, unless something inside of the
/// value reported one itself: the end of the bytes may be the key of a map, which is user data.
pub(super) fn write<T: Serialize + ?Sized>(
    value: &T,
    w: &mut Writer,
    doubtful: &Doubtful,
) -> Written {
    let start = w.len();
    let written = value.serialize(Serializer { w, doubtful });
    written.inspect_err(|error| {
        w.truncate(start);
        w.fail((*error).into());
    })
}

macro_rules! scalars {
    ($($method:ident($type:ty) = $write:ident;)*) => {$(
        fn $method(self, value: $type) -> Written {
            self.w.$write(value);
            Ok(())
        }
    )*};
}

impl<'w> ser::Serializer for Serializer<'w> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Compound<'w>;
    type SerializeTuple = Compound<'w>;
    type SerializeTupleStruct = Compound<'w>;
    type SerializeTupleVariant = Compound<'w>;
    type SerializeMap = Compound<'w>;
    type SerializeStruct = Compound<'w>;
    type SerializeStructVariant = Compound<'w>;

    scalars! {
        serialize_bool(bool) = bool;
        serialize_i8(i8) = integer;
        serialize_i16(i16) = integer;
        serialize_i32(i32) = integer;
        serialize_i64(i64) = integer;
        serialize_u8(u8) = integer;
        serialize_u16(u16) = integer;
        serialize_u32(u32) = integer;
        serialize_u64(u64) = integer;
        serialize_f32(f32) = float32;
        serialize_f64(f64) = float;
        serialize_str(&str) = string;
        serialize_bytes(&[u8]) = binary;
    }

    fn serialize_i128(self, value: i128) -> Written {
        self.doubtful.meet()?;
        self.w.integer(value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Written {
        self.doubtful.meet()?;
        self.w.integer(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Written {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_none(self) -> Written {
        self.w.null();
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        self.w.null();
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        self.variant(variant, b"");
        write(value, self.w, self.doubtful)?;
        self.w.raw(b"}}");
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'w>, Unwritable> {
        self.w.raw(b"{\"L\":[");
        Ok(self.compound(b"]}"))
    }

    fn serialize_tuple(self, len: usize) -> Result<Compound<'w>, Unwritable> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Compound<'w>, Unwritable> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'w>, Unwritable> {
        self.variant(variant, b"{\"L\":[");
        Ok(self.compound(b"]}}}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'w>, Unwritable> {
        self.w.raw(b"{\"M\":{");
        Ok(self.compound(b"}}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'w>, Unwritable> {
        if name == JSON_NUMBER {
            return Ok(self.compound(b""));
        }
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'w>, Unwritable> {
        self.variant(variant, b"{\"M\":{");
        Ok(self.compound(b"}}}}"))
    }
}

/// The name of the struct and of its one field by which `serde_json`, with its feature
/// `arbitrary_precision`, passes the text of a number.
const JSON_NUMBER: &str = "$serde_json::private::Number";

/// Writes the elements, entries or fields of a container that is open.
pub(super) struct Compound<'w> {
    w: &'w mut Writer,
    doubtful: &'w Doubtful,
    close: &'static [u8],
    /// The key whose value comes next.
    key: Option<String>,
}

impl Compound<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.w.comma();
        write(value, self.w, self.doubtful)
    }

    fn entry<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Unwritable> {
        let (mut written, places) = (Ok(()), self.doubtful);
        self.w
            .entry_with(key, |w| written = write(value, w, places));
        written
    }

    fn field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        if name == JSON_NUMBER {
            let text = value.serialize(KeySerializer)?;
            self.w.number_text(text.as_str());
            return Ok(());
        }
        self.w.member(name);
        write(value, self.w, self.doubtful)
    }

    fn close(self) -> Written {
        self.w.raw(self.close);
        Ok(())
    }
}

macro_rules! sequences {
    ($($trait:ident: $method:ident;)*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = Unwritable;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
                self.element(value)
            }

            fn end(self) -> Written {
                self.close()
            }
        }
    )*};
}
sequences! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

macro_rules! structs {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = Unwritable;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Unwritable> {
                self.field(name, value)
            }

            fn end(self) -> Written {
                self.close()
            }
        }
    )*};
}
structs!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        let key = key.serialize(KeySerializer).and_then(|key| {
            if !key.is_text() {
                self.doubtful.meet()?;
            }
            Ok(key)
        });
        match key {
            Ok(key) => self.key = Some(key.into_string()),
            Err(error) => {
                self.w.entry_with("", |w| w.fail(error.into()));
                return Err(error);
            }
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        // A value without a key is a bug in the type's `Serialize`.
        let key = self.key.take().ok_or(Unwritable::Custom)?;
        self.entry(&key, value)
    }

    fn end(self) -> Written {
        self.close()
    }
}
