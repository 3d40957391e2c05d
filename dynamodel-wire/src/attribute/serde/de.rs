//! The deserializer: DynamoDB JSON to a serde type.

use std::borrow::Cow;

use serde::de::value::CowStrDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use super::element::{visit_number, visit_set};
use super::error::Unreadable;
use super::key::KeyDeserializer;
use crate::{ReadError, Reader, Tag};

/// Reads one value.
pub(super) struct Deserializer<'r, 'de> {
    r: &'r mut Reader<'de>,
}

impl<'r, 'de> Deserializer<'r, 'de> {
    pub(super) fn new(r: &'r mut Reader<'de>) -> Self {
        Deserializer { r }
    }

    fn sequence<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let tag = self.r.kind()?;
        if let Tag::Ss | Tag::Ns | Tag::Bs = tag {
            return visit_set(tag, self.r, visitor);
        }
        let more = self.r.begin_list_value()?;
        let mut elements = Elements {
            r: self.r,
            more,
            index: 0,
        };
        let value = visitor.visit_seq(&mut elements)?;
        if elements.more {
            return Err(ReadError::new("a shorter L", "another length").into());
        }
        self.r.end_list_value()?;
        Ok(value)
    }

    /// Reads the fields of a struct: an M, or an L of the values in their order, as which some types
    /// serialize themselves.
    fn fields<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self.r.kind()? {
            Tag::L => self.sequence(visitor),
            _ => self.entries(fields, visitor),
        }
    }

    /// Reads an M. `fields` are the names of the type's fields.
    fn entries<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.r.begin_map_value()?;
        let more = self.r.begin_map()?;
        let mut entries = Entries {
            r: self.r,
            more,
            fields,
            field: None,
        };
        let value = visitor.visit_map(&mut entries)?;
        if entries.more {
            return Err(ReadError::new("an M of fewer entries", "more entries").into());
        }
        self.r.end_map_value()?;
        Ok(value)
    }
}

macro_rules! numbers {
    ($($method:ident = $visit:ident($read:ident);)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            visitor.$visit(self.r.$read()?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Deserializer<'_, 'de> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.r.kind()? {
            Tag::S => self.deserialize_str(visitor),
            Tag::N => visit_number(self.r.number()?, visitor),
            Tag::B => self.deserialize_bytes(visitor),
            Tag::Bool => self.deserialize_bool(visitor),
            Tag::Null => self.deserialize_unit(visitor),
            Tag::M => self.deserialize_map(visitor),
            Tag::L | Tag::Ss | Tag::Ns | Tag::Bs => self.sequence(visitor),
        }
    }

    numbers! {
        deserialize_bool = visit_bool(bool);
        deserialize_i8 = visit_i8(integer);
        deserialize_i16 = visit_i16(integer);
        deserialize_i32 = visit_i32(integer);
        deserialize_i64 = visit_i64(integer);
        deserialize_i128 = visit_i128(integer);
        deserialize_u8 = visit_u8(integer);
        deserialize_u16 = visit_u16(integer);
        deserialize_u32 = visit_u32(integer);
        deserialize_u64 = visit_u64(integer);
        deserialize_u128 = visit_u128(integer);
        deserialize_f32 = visit_f32(float32);
        deserialize_f64 = visit_f64(float);
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.r.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.r.kind()? {
            Tag::L => self.sequence(visitor),
            _ => visitor.visit_byte_buf(self.r.binary()?),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.r.is_null() {
            self.r.null()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.r.null()?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.sequence(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.sequence(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.sequence(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.entries(&[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.fields(fields, visitor)
    }

    /// Reads an enum: the text of a unit variant, or a map of one entry, the variant's name and its
    /// value.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let one = || ReadError::new("S, or M of one entry", "another number of entries");
        match self.r.kind()? {
            Tag::S => {
                let name: CowStrDeserializer<'de, Unreadable> =
                    self.r.string()?.into_deserializer();
                visitor.visit_enum(name)
            }
            Tag::M => {
                self.r.begin_map_value()?;
                if !self.r.begin_map()? {
                    return Err(one().into());
                }
                let name = self.r.map_key()?;
                let step = known(variants, &name);
                let variant = Variant { r: self.r, name };
                let value = visitor
                    .visit_enum(variant)
                    .map_err(|e| e.map(|e| in_step(e, step)))?;
                if self.r.end_entry()? {
                    return Err(one().into());
                }
                self.r.end_map_value()?;
                Ok(value)
            }
            other => Err(ReadError::new("S, or M of one entry", other.as_str()).into()),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.r.skip_value()?;
        visitor.visit_unit()
    }
}

/// Returns the name if it is one of the type's; other names are user data and never appear in
/// errors.
fn known(names: &'static [&'static str], name: &str) -> Option<&'static str> {
    names.iter().find(|known| **known == name).copied()
}

fn in_step(error: ReadError, name: Option<&'static str>) -> ReadError {
    match name {
        Some(name) => error.in_field(name),
        None => error.in_entry(),
    }
}

/// The elements of a list.
struct Elements<'r, 'de> {
    r: &'r mut Reader<'de>,
    more: bool,
    index: usize,
}

impl<'de> de::SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        if !self.more {
            return Ok(None);
        }
        let index = self.index;
        let element = seed.deserialize(Deserializer::new(self.r));
        let element = element.map_err(|e| e.map(|e| e.in_index(index)))?;
        self.index += 1;
        self.more = self.r.end_element()?;
        Ok(Some(element))
    }
}

/// The entries of a map, or the fields of a struct.
struct Entries<'r, 'de> {
    r: &'r mut Reader<'de>,
    more: bool,
    fields: &'static [&'static str],
    /// The field of the type whose value comes next; `None` for a name that the type does not have.
    field: Option<&'static str>,
}

impl<'de> de::MapAccess<'de> for Entries<'_, 'de> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        if !self.more {
            return Ok(None);
        }
        let key = self.r.map_key()?;
        self.field = known(self.fields, &key);
        let key = seed.deserialize(KeyDeserializer(key));
        key.map(Some).map_err(|e| e.map(ReadError::in_entry))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, Unreadable> {
        let field = self.field;
        let value = seed.deserialize(Deserializer::new(self.r));
        let value = value.map_err(|e| e.map(|e| in_step(e, field)))?;
        self.more = self.r.end_entry()?;
        Ok(value)
    }
}

/// A variant with data: the only entry of a map.
struct Variant<'r, 'de> {
    r: &'r mut Reader<'de>,
    name: Cow<'de, str>,
}

impl<'r, 'de> de::EnumAccess<'de> for Variant<'r, 'de> {
    type Error = Unreadable;
    type Variant = Deserializer<'r, 'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), Unreadable> {
        let name: CowStrDeserializer<'de, Unreadable> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Deserializer::new(self.r)))
    }
}

impl<'de> de::VariantAccess<'de> for Deserializer<'_, 'de> {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        Ok(self.r.null()?)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Unreadable> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        self.sequence(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.fields(fields, visitor)
    }
}
