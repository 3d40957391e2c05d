//! Refusals of serializers that accept single words only: everything that has parts.

/// The associated types and methods of a [`Serializer`](serde::Serializer) with `Ok = $ok` that refuses
/// every value with parts, with the error `$error`.
macro_rules! refuse_compounds {
    ($ok:ty, $error:expr) => {
        type SerializeSeq = serde::ser::Impossible<$ok, Unwritable>;
        type SerializeTuple = serde::ser::Impossible<$ok, Unwritable>;
        type SerializeTupleStruct = serde::ser::Impossible<$ok, Unwritable>;
        type SerializeTupleVariant = serde::ser::Impossible<$ok, Unwritable>;
        type SerializeMap = serde::ser::Impossible<$ok, Unwritable>;
        type SerializeStruct = serde::ser::Impossible<$ok, Unwritable>;
        type SerializeStructVariant = serde::ser::Impossible<$ok, Unwritable>;

        fn serialize_newtype_variant<T: serde::Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<$ok, Unwritable> {
            Err($error)
        }

        fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Unwritable> {
            Err($error)
        }

        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unwritable> {
            Err($error)
        }

        fn serialize_tuple_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleStruct, Unwritable> {
            Err($error)
        }

        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleVariant, Unwritable> {
            Err($error)
        }

        fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unwritable> {
            Err($error)
        }

        fn serialize_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStruct, Unwritable> {
            Err($error)
        }

        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStructVariant, Unwritable> {
            Err($error)
        }
    };
}

/// Methods of a [`Serializer`](serde::Serializer) with `Ok = $ok` that refuse a value of one type each.
macro_rules! refuse {
    ($ok:ty, $error:expr; $($method:ident($($type:ty),*);)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<$ok, Unwritable> {
            Err($error)
        }
    )*};
}

pub(super) use {refuse, refuse_compounds};
