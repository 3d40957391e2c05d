//! Network addresses.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::str::FromStr;

use crate::attribute::template_part::Nature;
use crate::{Attribute, MapKey, TemplatePart, kind};
use crate::{ReadError, Reader, WriteError, Writer};

macro_rules! addresses {
    ($($ty:ident)*) => {$(
        /// S, in the form that `Display` gives it. Keys sort in the order of the text, which is not
        /// that of the addresses. Stored text of another form is an error on read.
        impl Attribute for $ty {
            type Value = Self;
            type Kind = kind::S;

            fn write(&self, w: &mut Writer) {
                w.string(&self.to_string());
            }

            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                let address = parse(&r.string()?);
                address.ok_or_else(|| ReadError::new("S of a network address", "other text"))
            }
        }

        impl MapKey for $ty {
            fn to_key(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }

            fn from_key(key: Cow<'_, str>) -> Option<Self> {
                parse(&key)
            }
        }

        impl TemplatePart for $ty {
            const NATURE: Nature = Nature::Text;
            fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
                out.push_str(&self.to_string());
                Ok(())
            }

            fn read_part(text: &str) -> Option<Self> {
                parse(text)
            }
        }
    )*};
}
addresses!(IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6);

/// Parses the one text that an address is stored as: a key read in another form would be written back
/// as another key.
fn parse<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>()
        .ok()
        .filter(|address| address.to_string() == text)
}
