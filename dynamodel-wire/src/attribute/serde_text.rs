//! [`Json`](json::Json) and [`MsgPack`](msgpack::MsgPack): any serde type as text or bytes.

mod doubt;
#[cfg(feature = "json")]
pub(super) mod json;
#[cfg(feature = "msgpack")]
pub(super) mod msgpack;

/// Implements the methods and conversions that both wrappers have beside
/// [`Attribute`](crate::Attribute).
macro_rules! wrapper {
    ($name:ident) => {
        impl<T> $name<T> {
            /// Returns the value.
            pub fn into_inner(self) -> T {
                self.0
            }
        }

        impl<T> std::ops::Deref for $name<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T> std::ops::DerefMut for $name<T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }

        impl<T> From<T> for $name<T> {
            fn from(value: T) -> Self {
                $name(value)
            }
        }

        impl<T: Serialize + DeserializeOwned> ValueFor<$name<T>> for T {
            fn write_value(&self, w: &mut Writer) {
                write(self, w);
            }
        }
        impl<T: Serialize + DeserializeOwned> SetValue<$name<T>> for T {
            fn write_value(&self, w: &mut Writer) {
                write(self, w);
            }
        }
        impl<T: Serialize + DeserializeOwned> SetValue<Option<$name<T>>> for T {
            fn write_value(&self, w: &mut Writer) {
                write(self, w);
            }
        }
    };
}
use wrapper;
