//! Text and booleans.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::{Attribute, kind};
use crate::{ReadError, Reader, Writer};

macro_rules! text {
    ($($text:ty),*) => {$(
        impl Attribute for $text {
            type Value = Self;
            type Kind = kind::S;
            const IS_EXACT: bool = true;

            #[inline(always)] // part of the loop over an item's attributes
            fn write(&self, w: &mut Writer) {
                w.string(self);
            }

            #[inline(always)] // part of the loop over an item's attributes
            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                Ok(r.owned_string()?.into())
            }
        }
    )*};
}
text!(String, Box<str>, Arc<str>, Rc<str>, Cow<'static, str>);

impl Attribute for char {
    type Value = Self;
    type Kind = kind::S;
    const IS_EXACT: bool = true;

    fn write(&self, w: &mut Writer) {
        w.string(self.encode_utf8(&mut [0; 4]));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let text = r.string()?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) => Ok(char),
            _ => Err(ReadError::new("S of one character", "another length")),
        }
    }
}

impl Attribute for bool {
    type Value = Self;
    type Kind = kind::Bool;

    #[inline(always)] // part of the loop over an item's attributes
    fn write(&self, w: &mut Writer) {
        w.bool(*self);
    }

    #[inline(always)] // part of the loop over an item's attributes
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.bool()
    }
}
