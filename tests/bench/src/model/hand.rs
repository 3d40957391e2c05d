//! Conversions as people write them by hand around the SDK, and the table and key definitions of modyne.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use modyne::keys::{Key, KeyDefinition, PrimaryKey, PrimaryKeyDefinition};

use super::{Address, Origin, Part, Status, TABLE};

/// An attribute's type, read by taking the value out of the item rather than cloning it.
pub trait Value: Sized {
    fn to_value(&self) -> AttributeValue;
    fn from_value(value: Option<AttributeValue>) -> Option<Self>;

    fn is_absent(&self) -> bool {
        false
    }
}

impl Value for String {
    fn to_value(&self) -> AttributeValue {
        AttributeValue::S(self.clone())
    }
    fn from_value(value: Option<AttributeValue>) -> Option<Self> {
        match value? {
            AttributeValue::S(text) => Some(text),
            _ => None,
        }
    }
}

impl Value for bool {
    fn to_value(&self) -> AttributeValue {
        AttributeValue::Bool(*self)
    }
    fn from_value(value: Option<AttributeValue>) -> Option<Self> {
        value?.as_bool().ok().copied()
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Value for $number {
            fn to_value(&self) -> AttributeValue {
                AttributeValue::N(self.to_string())
            }
            fn from_value(value: Option<AttributeValue>) -> Option<Self> {
                value?.as_n().ok()?.parse().ok()
            }
        }
    )*};
}
numbers!(u32 u64 i64 f64);

impl Value for Status {
    fn to_value(&self) -> AttributeValue {
        let text = match self {
            Status::Pending => "Pending",
            Status::Paid => "Paid",
            Status::Shipped => "Shipped",
            Status::Delivered => "Delivered",
        };
        AttributeValue::S(text.to_owned())
    }
    fn from_value(value: Option<AttributeValue>) -> Option<Self> {
        match value?.as_s().ok()?.as_str() {
            "Pending" => Some(Status::Pending),
            "Paid" => Some(Status::Paid),
            "Shipped" => Some(Status::Shipped),
            "Delivered" => Some(Status::Delivered),
            _ => None,
        }
    }
}

impl<T: Value> Value for Option<T> {
    fn to_value(&self) -> AttributeValue {
        self.as_ref()
            .map_or(AttributeValue::Null(true), T::to_value)
    }
    fn from_value(value: Option<AttributeValue>) -> Option<Self> {
        match value {
            None | Some(AttributeValue::Null(_)) => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Value> Value for Vec<T> {
    fn to_value(&self) -> AttributeValue {
        AttributeValue::L(self.iter().map(T::to_value).collect())
    }
    fn from_value(value: Option<AttributeValue>) -> Option<Self> {
        match value? {
            AttributeValue::L(list) => list.into_iter().map(|v| T::from_value(Some(v))).collect(),
            _ => None,
        }
    }
}

macro_rules! documents {
    ($($name:ident { $($field:ident)* })*) => {$(
        impl Value for $name {
            fn to_value(&self) -> AttributeValue {
                AttributeValue::M(HashMap::from([
                    $((stringify!($field).to_owned(), self.$field.to_value()),)*
                ]))
            }
            fn from_value(value: Option<AttributeValue>) -> Option<Self> {
                match value? {
                    AttributeValue::M(mut map) => Some($name {
                        $($field: Value::from_value(map.remove(stringify!($field)))?,)*
                    }),
                    _ => None,
                }
            }
        }
    )*};
}
documents! {
    Part { sku label sizes origin }
    Origin { country batch }
    Address { street city zip }
}

/// The table in modyne's terms.
#[derive(Debug)]
pub struct Shop(pub aws_sdk_dynamodb::Client);

impl modyne::Table for Shop {
    type PrimaryKey = PkSk;
    type IndexKeys = ();

    fn table_name(&self) -> &str {
        TABLE
    }
    fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.0
    }
}

/// The key in modyne's terms.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PkSk {
    pub pk: String,
    pub sk: String,
}

impl PrimaryKey for PkSk {
    const PRIMARY_KEY_DEFINITION: PrimaryKeyDefinition = PrimaryKeyDefinition {
        hash_key: "pk",
        range_key: Some("sk"),
    };
}

impl Key for PkSk {
    const DEFINITION: KeyDefinition =
        <Self as PrimaryKey>::PRIMARY_KEY_DEFINITION.into_key_definition();
}
