//! Typed data modeling for Amazon DynamoDB, checked by the compiler.

extern crate self as dynamodel;

mod attribute;
pub mod wire;

pub use attribute::{Attribute, Binary, KindOf, MapKey, SetValue, ValueFor, ValueOf, kind};
