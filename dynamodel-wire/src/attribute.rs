//! [`Attribute`]: the storage of a Rust type in one DynamoDB attribute.

mod address;
mod binary;
pub mod borrowed;
pub mod container;
mod duration;
mod external;
pub mod generated_id;
mod map;
mod number;
pub mod rest;
#[cfg_attr(not(feature = "serde"), path = "attribute/serde_missing.rs")]
#[doc(hidden)]
pub mod serde;
#[cfg(any(feature = "json", feature = "msgpack"))]
mod serde_text;
mod set;
#[doc(hidden)]
pub mod stored;
pub mod template_part;
mod text;
pub mod time;
mod value;
pub mod version;

mod wrapper;

pub use binary::Binary;
pub use map::MapKey;
#[cfg(feature = "json")]
pub use serde_text::json::Json;
#[cfg(feature = "msgpack")]
pub use serde_text::msgpack::MsgPack;
pub use value::{AmountFor, SetValue, ValueFor};

use crate::{ReadError, Reader, Writer};

/// A type that is stored in one DynamoDB attribute.
///
/// Implemented for the standard library's types; `#[derive(Document)]` implements it for structs
/// and enums. An implementation by hand is two associated types and two methods.
///
/// # Types
///
/// | Rust | DynamoDB |
/// |---|---|
/// | `String`, `Box<str>`, `Arc<str>`, `Rc<str>`, `Cow<'static, str>`, `char` | S |
/// | `u8` .. `u128`, `usize`, `i8` .. `i128`, `isize`, `NonZeroU8` .. | N; at most 38 significant digits |
/// | `f32`, `f64` | N; finite; no key |
/// | `Duration` | N: seconds, with up to nine decimals |
/// | `SystemTime` | N: seconds since 1970, with up to nine decimals, negative before |
/// | `IpAddr`, `Ipv4Addr`, `Ipv6Addr`, `SocketAddr`, `SocketAddrV4`, `SocketAddrV6` | S: `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]:80` |
/// | `bool` | BOOL |
/// | [`Binary`] | B |
/// | `Vec<T>`, `VecDeque<T>`, `Box<[T]>`, `[T; N]`, tuples of up to 12 | L; `None` inside is NULL |
/// | `BTreeMap<K, V>`, `HashMap<K, V>` with a [`MapKey`] | M; `None` inside is NULL |
/// | `BTreeSet<T>`, `HashSet<T>` of S, N or B | SS, NS or BS; the empty set is absent |
/// | `Option<T>` | as `T`; `None` is absent, and NULL reads as `None` |
/// | `Option<Option<T>>` | as `T`; `None` is absent, `Some(None)` is NULL, also in a list or map, where every element is there |
/// | `Box<T>`, `Arc<T>`, `Rc<T>` | as `T` |
/// | `aws_sdk_dynamodb::types::AttributeValue` | any type |
///
/// By feature, which is named as the crate:
///
/// | feature | Rust | DynamoDB |
/// |---|---|---|
/// | `chrono` | `DateTime<Utc>`, `DateTime<FixedOffset>` | S: `2026-01-02T03:04:05.123456789Z`; the offset is not kept |
/// | | `NaiveDate`, `NaiveDateTime`, `NaiveTime` | S: `2026-01-02`, `2026-01-02T03:04:05.123456789`, `03:04:05.123456789` |
/// | | `TimeDelta` (`Duration`) | N: seconds, with up to nine decimals |
/// | `time` | `OffsetDateTime`, `UtcDateTime` | S: `2026-01-02T03:04:05.123456789Z`; the offset is not kept |
/// | | `Date`, `PrimitiveDateTime`, `Time` | S: `2026-01-02`, `2026-01-02T03:04:05.123456789`, `03:04:05.123456789` |
/// | | `Duration` | N: seconds, with up to nine decimals |
/// | `jiff` | `Timestamp` | S: `2026-01-02T03:04:05.123456789Z` |
/// | | `civil::Date`, `civil::DateTime`, `civil::Time` | S: `2026-01-02`, `2026-01-02T03:04:05.123456789`, `03:04:05.123456789` |
/// | | `SignedDuration` | N: seconds, with up to nine decimals |
/// | `uuid` | `Uuid` | S: hyphenated, in lower case |
/// | `ulid` | `Ulid` | S: 26 characters, in upper case |
/// | `rust_decimal` | `Decimal` | N, exact |
/// | `bigdecimal` | `BigDecimal` | N, exact; at most 38 significant digits |
/// | `bytes` | `Bytes` | B |
/// | `indexmap` | `IndexMap<K, V>`, `IndexSet<T>` | as `HashMap` and `HashSet`; DynamoDB keeps no order |
/// | `url` | `Url` | S: normalized |
/// | `smol_str` | `SmolStr` | S |
/// | `json` | `serde_json::Value` | M, L, S, N, BOOL or NULL, by its form |
/// | | `Json<T>` | S: the JSON text of any serde type |
/// | `msgpack` | `MsgPack<T>` | B: the MessagePack bytes of any serde type |
/// | `serde` | a field marked `#[dynamo(serde)]`, of any serde type | by its form |
///
/// Times have a fixed width, so that they sort as text: as keys and in conditions, text order is
/// time order. Times in the years 0000 to 9999 (UTC) can be stored; others are refused. Stored text
/// has to have exactly the form above, so that a key that was read is written back as the same key.
/// Text of another form, written by another program, is read through `#[dynamo(serde)]` or
/// `#[dynamo(with = ..)]`. In a `ttl` field these types are stored in the form that DynamoDB's Time
/// to Live reads, as N of seconds.
///
/// # Example
///
/// A colour that is stored as text, `"#ff8000"`:
///
/// ```
/// use dynamodel_wire::{ReadError, Reader, Writer};
/// use dynamodel_wire::{Attribute, kind};
///
/// #[derive(Debug, PartialEq)]
/// struct Rgb(u8, u8, u8);
///
/// impl Attribute for Rgb {
///     type Value = Rgb;
///     type Kind = kind::S;
///     fn write(&self, w: &mut Writer) {
///         w.string(&format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2));
///     }
///     fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
///         let text = r.string()?;
///         let hex = text.strip_prefix('#').filter(|h| h.len() == 6);
///         let rgb = hex.and_then(|h| u32::from_str_radix(h, 16).ok());
///         let rgb = rgb.ok_or_else(|| ReadError::expected("a colour such as #ff8000"))?;
///         Ok(Rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8))
///     }
/// }
///
/// let bytes = dynamodel_wire::to_vec(&Rgb(255, 128, 0))?;
/// assert_eq!(bytes, br##"{"S":"#ff8000"}"##);
/// assert_eq!(dynamodel_wire::from_slice::<Rgb>(&bytes)?, Rgb(255, 128, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a DynamoDB attribute",
    label = "not an attribute type",
    note = "derive `Document` for a type of your own; for a foreign type use `#[dynamo(with = module)]`, `#[dynamo(from = T, into = T)]` or, with the feature of that name, `#[dynamo(serde)]`"
)]
pub trait Attribute: Sized {
    /// The type of the values that this attribute is compared with and set to: `T` for `Option<T>`
    /// and `Box<T>`, else `Self`.
    type Value: Attribute;

    /// The DynamoDB data type, one of the markers in [`kind`].
    type Kind: kind::Kind;

    /// `true` if each value that is read is written again as the same key. Of other types, which
    /// read several forms of a value, a key is compared with what is written when it is read.
    #[doc(hidden)]
    const IS_EXACT: bool = false;

    /// Writes the attribute value, for instance `{"S":"text"}`: exactly one call of a value method
    /// of [`Writer`].
    ///
    /// A value that DynamoDB cannot hold is reported by [`Writer::fail`]; the operation then ends
    /// with an error before anything is sent.
    fn write(&self, w: &mut Writer);

    /// Reads the attribute value.
    ///
    /// # Errors
    /// When the stored value is of another kind or out of range. The error names the expected form,
    /// never the value that was found.
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError>;

    /// Returns `true` if the attribute is left out of the item, as `None` and empty sets are.
    #[inline(always)] // a constant for most types: the check disappears
    fn is_absent(&self) -> bool {
        false
    }

    /// Returns the value of a missing attribute, or `None` if the attribute has to be there.
    #[inline(always)] // a constant for most types: the check disappears
    fn absent() -> Option<Self> {
        None
    }
}

/// The value type behind an attribute type: `T` for `Option<T>`.
pub type ValueOf<T> = <T as Attribute>::Value;

/// The DynamoDB data type of an attribute's value, looking through `Option`.
pub type KindOf<T> = <<T as Attribute>::Value as Attribute>::Kind;

/// DynamoDB's data types as marker types, with a trait for each operation on them.
pub mod kind {
    /// A DynamoDB data type.
    pub trait Kind: 'static {
        /// DynamoDB's descriptor of the type: `S`, `N`, `B`, `SS` ..; `*` if it is not fixed.
        const NAME: &'static str;
        /// `true` for the kind of `Option`.
        #[doc(hidden)]
        const IS_OPTIONAL: bool = false;
    }

    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {$(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub enum $name {}
            impl Kind for $name {
                const NAME: &'static str = $text;
            }
        )*};
    }
    kinds! {
        /// A string.
        S = "S";
        /// A number.
        N = "N";
        /// A number of a floating-point type: no key, because NaN is no number of DynamoDB and
        /// rounding would change the key.
        Float = "N";
        /// Binary.
        B = "B";
        /// A boolean.
        Bool = "BOOL";
        /// A list.
        L = "L";
        /// A map.
        M = "M";
        /// A set of strings.
        Ss = "SS";
        /// A set of numbers.
        Ns = "NS";
        /// A set of binaries.
        Bs = "BS";
        /// A kind that is not known from the type, for instance behind `#[dynamo(with = ..)]`.
        Any = "*";
    }

    /// The kind of `Option<T>`: the attribute may be missing, so it cannot be a primary key.
    #[derive(Debug, Clone, Copy)]
    pub enum Optional {}
    impl Kind for Optional {
        const NAME: &'static str = "*";
        const IS_OPTIONAL: bool = true;
    }

    macro_rules! capability {
        ($(#[$attr:meta])* $name:ident: $($kind:ty),*) => {
            $(#[$attr])*
            pub trait $name: Kind {}
            $(impl $name for $kind {})*
        };
    }
    capability! {
        /// Kinds that a primary key attribute can have: `S`, `N` and `B`, never optional.
        #[diagnostic::on_unimplemented(
            message = "an attribute of kind `{Self}` cannot be a key",
            label = "not a key type",
            note = "a key attribute is a string, a number or binary; `Option` and floating-point numbers cannot be primary keys"
        )]
        KeyKind: S, N, B
    }
    capability! {
        /// Kinds that an attribute of a secondary index key can have.
        #[diagnostic::on_unimplemented(
            message = "an attribute of kind `{Self}` cannot be the key of an index",
            label = "not a key type",
            note = "an index key attribute is a string, a number or binary, or an `Option` of these (a sparse index)"
        )]
        IndexKeyKind: S, N, B
    }
    capability! {
        /// Kinds that a unique attribute can have: `S`, `N` and `B`, or an `Option` of these.
        #[diagnostic::on_unimplemented(
            message = "an attribute of kind `{Self}` cannot be unique",
            label = "not a key type",
            note = "the value becomes part of the key of a unique item, so it is a string, an integer or decimal, or binary, or an `Option` of these"
        )]
        UniqueKind: S, N, B
    }
    capability! {
        /// Kinds of the partition key of a table that holds unique items.
        #[diagnostic::on_unimplemented(
            message = "a table whose partition key is of kind `{Self}` cannot hold the unique items of unique attributes",
            label = "not a string",
            note = "a unique item's key is text that begins with `_unique#`: use a string as the partition key (a number can be stored as text by `#[dynamo(with = ..)]`), or a shared table with a key template"
        )]
        GuardKeyKind: S
    }
    capability! {
        /// Kinds with an order: `lt`, `le`, `gt`, `ge` and `between`.
        #[diagnostic::on_unimplemented(
            message = "an attribute of kind `{Self}` has no order",
            label = "cannot be compared with lt, le, gt, ge or between",
            note = "only strings, numbers and binary are ordered in DynamoDB"
        )]
        Ordered: S, N, Float, B, Any
    }
    capability! {
        /// Kinds with `begins_with`.
        #[diagnostic::on_unimplemented(
            message = "`begins_with` does not apply to an attribute of kind `{Self}`",
            label = "`begins_with` needs a string or binary attribute",
            note = "compare a number with `between`, `ge` or `lt`"
        )]
        BeginsWith: S, B, Any
    }
    capability! {
        /// Kinds with `size`.
        #[diagnostic::on_unimplemented(
            message = "an attribute of kind `{Self}` has no size",
            label = "`size` needs a string, binary, a list, a map or a set",
            note = "numbers and booleans are compared themselves"
        )]
        Measured: S, B, L, M, Ss, Ns, Bs, Any
    }
    capability! {
        /// Kinds with arithmetic: `add`, `increment`, `decrement`.
        #[diagnostic::on_unimplemented(
            message = "an attribute of kind `{Self}` cannot be counted up or down",
            label = "this needs a number",
            note = "`add` on a set is called `insert`, on a list `append`"
        )]
        Number: N, Float
    }
    capability! {
        /// Kinds of attributes that may be absent from an item: `Option`s and sets.
        #[diagnostic::on_unimplemented(
            message = "an attribute of kind `{Self}` may not be absent",
            label = "an item without this attribute could not be read",
            note = "make the field an `Option`, or give it a value for items without the attribute by `#[dynamo(default)]`"
        )]
        Vanishing: Optional, Ss, Ns, Bs
    }
    capability! {
        /// Kinds with `concat`.
        #[diagnostic::on_unimplemented(
            message = "an attribute of kind `{Self}` is not a list",
            label = "`concat` needs a list",
            note = "a set grows by `insert`"
        )]
        List: L
    }

    /// Kinds whose values can be elements of a DynamoDB set.
    #[diagnostic::on_unimplemented(
        message = "an attribute of kind `{Self}` cannot be an element of a DynamoDB set",
        label = "not a set element",
        note = "a set holds strings, numbers or binaries; store anything else in a `Vec`"
    )]
    pub trait SetElement: Kind {
        /// The kind of the set.
        type Set: Kind;
    }
    impl SetElement for S {
        type Set = Ss;
    }
    impl SetElement for N {
        type Set = Ns;
    }
    impl SetElement for Float {
        type Set = Ns;
    }
    impl SetElement for B {
        type Set = Bs;
    }
}
