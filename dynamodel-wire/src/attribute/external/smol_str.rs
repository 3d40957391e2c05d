//! Types of the crate `smol_str`.

use std::borrow::Cow;

use smol_str::SmolStr;

use crate::attribute::template_part::Nature;
use crate::{Attribute, MapKey, SetValue, TemplatePart, ValueFor, kind};
use crate::{ReadError, Reader, WriteError, Writer};

/// S, unchanged. Keys sort in the order of the text's bytes.
impl Attribute for SmolStr {
    type Value = Self;
    type Kind = kind::S;
    const IS_EXACT: bool = true;

    fn write(&self, w: &mut Writer) {
        w.string(self);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.string().map(SmolStr::from)
    }
}

impl MapKey for SmolStr {
    fn to_key(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }

    fn from_key(key: Cow<'_, str>) -> Option<Self> {
        Some(SmolStr::from(key))
    }
}

impl TemplatePart for SmolStr {
    const NATURE: Nature = Nature::Text;
    fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
        out.push_str(self);
        Ok(())
    }

    fn read_part(text: &str) -> Option<Self> {
        Some(SmolStr::new(text))
    }
}

macro_rules! operands {
    ($($operand:ty),*) => {$(
        impl ValueFor<SmolStr> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.string(self);
            }
        }
        impl SetValue<SmolStr> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.string(self);
            }
        }
        impl SetValue<Option<SmolStr>> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.string(self);
            }
        }
    )*};
}
operands!(&str, String, &String);

impl crate::attribute::container::EntryKey<SmolStr> for &str {
    fn entry_key(&self) -> std::sync::Arc<str> {
        (*self).into()
    }
}
