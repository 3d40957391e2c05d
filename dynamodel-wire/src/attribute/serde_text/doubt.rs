//! A search for parts that some types write as text or bytes and cannot read again.

use std::fmt::{self, Display};

use serde::ser::{self, Serialize};

/// Returns `true` if the value has a part that its type may not read again: a number of 128 bits, a
/// key of a map that is no text, or a float that is no number. Types with an internal tag, untagged
/// ones and those with `flatten` are read from a copy that serde makes, which holds neither of the
/// first two, and JSON has no form for the last one.
pub(super) fn is_doubtful<T: Serialize>(value: &T) -> bool {
    value.serialize(Search { is_key: false }).is_err()
}

/// Stops at the first doubtful part, and writes nothing.
#[derive(Clone, Copy)]
struct Search {
    is_key: bool,
}

/// A doubtful part was found, or the value does not serialize.
#[derive(Debug)]
struct Found;

impl Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a doubtful part")
    }
}

impl std::error::Error for Found {}

impl ser::Error for Found {
    fn custom<T: Display>(_: T) -> Self {
        Found
    }
}

type Searched = Result<(), Found>;

impl Search {
    fn found_if(self, is_doubtful: bool) -> Searched {
        match is_doubtful {
            true => Err(Found),
            false => Ok(()),
        }
    }
}

macro_rules! scalars {
    ($($method:ident($type:ty) if |$search:ident, $value:ident| $is_doubtful:expr;)*) => {$(
        fn $method(self, $value: $type) -> Searched {
            let $search = self;
            $search.found_if($is_doubtful)
        }
    )*};
}

macro_rules! containers {
    ($($method:ident($($type:ty),*);)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<Self, Found> {
            self.found_if(self.is_key).map(|()| self)
        }
    )*};
}

impl ser::Serializer for Search {
    type Ok = ();
    type Error = Found;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    scalars! {
        serialize_bool(bool) if |search, _value| search.is_key;
        serialize_i8(i8) if |search, _value| search.is_key;
        serialize_i16(i16) if |search, _value| search.is_key;
        serialize_i32(i32) if |search, _value| search.is_key;
        serialize_i64(i64) if |search, _value| search.is_key;
        serialize_i128(i128) if |_search, _value| true;
        serialize_u8(u8) if |search, _value| search.is_key;
        serialize_u16(u16) if |search, _value| search.is_key;
        serialize_u32(u32) if |search, _value| search.is_key;
        serialize_u64(u64) if |search, _value| search.is_key;
        serialize_u128(u128) if |_search, _value| true;
        serialize_f32(f32) if |search, value| search.is_key || !value.is_finite();
        serialize_f64(f64) if |search, value| search.is_key || !value.is_finite();
        serialize_char(char) if |_search, _value| false;
        serialize_str(&str) if |_search, _value| false;
        serialize_bytes(&[u8]) if |search, _value| search.is_key;
        serialize_unit_struct(&'static str) if |search, _value| search.is_key;
    }

    containers! {
        serialize_seq(Option<usize>);
        serialize_tuple(usize);
        serialize_tuple_struct(&'static str, usize);
        serialize_tuple_variant(&'static str, u32, &'static str, usize);
        serialize_map(Option<usize>);
        serialize_struct(&'static str, usize);
        serialize_struct_variant(&'static str, u32, &'static str, usize);
    }

    fn serialize_none(self) -> Searched {
        self.found_if(self.is_key)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Searched {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Searched {
        self.found_if(self.is_key)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Searched {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Searched {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Searched {
        value.serialize(self)
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Searched {
        Ok(())
    }
}

macro_rules! parts {
    ($($trait:ident: $method:ident($($name:ty)?);)*) => {$(
        impl ser::$trait for Search {
            type Ok = ();
            type Error = Found;

            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $name,)? value: &T) -> Searched {
                value.serialize(*self)
            }

            fn end(self) -> Searched {
                Ok(())
            }
        }
    )*};
}
parts! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeStruct: serialize_field(&'static str);
    SerializeStructVariant: serialize_field(&'static str);
}

impl ser::SerializeMap for Search {
    type Ok = ();
    type Error = Found;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Searched {
        key.serialize(Search { is_key: true })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Searched {
        value.serialize(Search { is_key: false })
    }

    fn end(self) -> Searched {
        Ok(())
    }
}
