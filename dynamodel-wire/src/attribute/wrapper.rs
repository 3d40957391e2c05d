//! `Option` and the pointers `Box`, `Arc` and `Rc`.

use std::rc::Rc;
use std::sync::Arc;

use crate::attribute::kind::Kind;
use crate::{Attribute, kind};
use crate::{ReadError, Reader, Writer};

impl<T: Attribute> Attribute for Option<T> {
    type Value = T::Value;
    type Kind = kind::Optional;

    #[inline(always)] // part of the loop over an item's attributes
    fn write(&self, w: &mut Writer) {
        match self {
            Some(value) => value.write(w),
            None => w.null(),
        }
    }

    #[inline(always)] // part of the loop over an item's attributes
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        if r.is_null() {
            r.null()?;
            // Of an `Option` in an `Option`, NULL is the inner `None`.
            return Ok(if T::Kind::IS_OPTIONAL {
                T::absent()
            } else {
                None
            });
        }
        T::read(r).map(Some)
    }

    #[inline(always)] // part of the loop over an item's attributes
    fn is_absent(&self) -> bool {
        match self {
            // `Some(None)` is NULL.
            Some(value) => !T::Kind::IS_OPTIONAL && value.is_absent(),
            None => true,
        }
    }

    #[inline(always)] // a constant for most types: the check disappears
    fn absent() -> Option<Self> {
        Some(None)
    }
}

macro_rules! pointers {
    ($($pointer:ident),*) => {$(
        impl<T: Attribute> Attribute for $pointer<T> {
            type Value = T::Value;
            type Kind = T::Kind;

            #[inline(always)] // forwards to the value's own, which is inlined
            fn write(&self, w: &mut Writer) {
                T::write(self, w);
            }

            #[inline(always)] // forwards to the value's own, which is inlined
            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                T::read(r).map($pointer::new)
            }

            #[inline(always)] // forwards to the value's own, which is inlined
            fn is_absent(&self) -> bool {
                T::is_absent(self)
            }

            #[inline(always)] // forwards to the value's own, which is inlined
            fn absent() -> Option<Self> {
                T::absent().map($pointer::new)
            }
        }
    )*};
}
pointers!(Box, Arc, Rc);
