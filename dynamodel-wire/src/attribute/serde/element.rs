//! Elements of DynamoDB sets, for types that read a set as a sequence.

use serde::de::value::SeqDeserializer;
use serde::de::{self, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::error::Unreadable;
use crate::{Attribute, Binary, kind};
use crate::{Decimal, ReadError, Reader, Tag, Writer};

/// One element of a set.
pub(super) enum Element {
    Text(String),
    Number(Number),
    Binary(Binary),
}

/// Reads a set as a sequence.
pub(super) fn visit_set<'de, V: Visitor<'de>>(
    set: Tag,
    r: &mut Reader<'de>,
    visitor: V,
) -> Result<V::Value, Unreadable> {
    let mut elements = Vec::new();
    match set {
        Tag::Ss => r.set(|text| elements.push(Element::Text(text)))?,
        Tag::Ns => r.set(|number| elements.push(Element::Number(number)))?,
        _ => r.set(|bytes| elements.push(Element::Binary(bytes)))?,
    }
    let mut sequence = SeqDeserializer::new(elements.into_iter());
    let value = visitor.visit_seq(&mut sequence)?;
    sequence.end()?;
    Ok(value)
}

/// The text of a number.
pub(super) struct Number(String);

impl Attribute for Number {
    type Value = Self;
    type Kind = kind::N;

    fn write(&self, w: &mut Writer) {
        w.number_text(&self.0);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.number().map(|text| Number(text.to_owned()))
    }
}

/// Passes a number to the visitor in the narrowest form that holds it: an integer of 64 bits, a float,
/// or an integer of 128 bits, which fewer types read. A float is written in its shortest form, so a
/// number that is the shortest form of a float is taken for one.
pub(super) fn visit_number<'de, V: Visitor<'de>>(
    text: &str,
    visitor: V,
) -> Result<V::Value, Unreadable> {
    let out_of_range = || ReadError::new("N", "a number out of range");
    let number = Decimal::parse(text).map_err(|_| out_of_range())?;
    let integer = number.scaled(0).filter(|_| number.exponent >= 0);
    let float = text.parse::<f64>().ok().filter(|value| value.is_finite());
    let Some(magnitude) = integer.and_then(|m| i128::try_from(m).ok()) else {
        return visitor.visit_f64(float.ok_or_else(out_of_range)?);
    };
    let value = if number.negative {
        -magnitude
    } else {
        magnitude
    };
    if let Ok(value) = u64::try_from(value) {
        visitor.visit_u64(value)
    } else if let Ok(value) = i64::try_from(value) {
        visitor.visit_i64(value)
    } else if let Some(float) = float.filter(|float| is_shortest(*float, value)) {
        visitor.visit_f64(float)
    } else {
        visitor.visit_i128(value)
    }
}

/// Returns `true` if the integer is the shortest decimal form of the float.
#[cold] // rare: numbers beyond 64 bits
fn is_shortest(float: f64, integer: i128) -> bool {
    format!("{float}").parse() == Ok(integer)
}

impl Element {
    /// Reads an integer of 128 bits, which [`visit_number`] may take for a float.
    fn wide<'de, V: Visitor<'de>, N: std::str::FromStr>(
        self,
        visitor: V,
        visit: impl FnOnce(V, N) -> Result<V::Value, Unreadable>,
    ) -> Result<V::Value, Unreadable> {
        let number = match &self {
            Element::Number(Number(text)) => text.parse().ok(),
            Element::Text(_) | Element::Binary(_) => None,
        };
        match number {
            Some(number) => visit(visitor, number),
            None => de::Deserializer::deserialize_any(self, visitor),
        }
    }
}

impl<'de> IntoDeserializer<'de, Unreadable> for Element {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Element {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self {
            Element::Text(text) => visitor.visit_string(text),
            Element::Number(Number(text)) => visit_number(&text, visitor),
            Element::Binary(bytes) => visitor.visit_byte_buf(bytes.into_vec()),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_some(self)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.wide(visitor, |visitor, value| visitor.visit_i128(value))
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.wide(visitor, |visitor, value| visitor.visit_u128(value))
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
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self {
            Element::Text(text) => {
                let text: de::value::StringDeserializer<Unreadable> = text.into_deserializer();
                text.deserialize_enum(name, variants, visitor)
            }
            other => other.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
