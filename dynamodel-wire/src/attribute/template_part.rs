//! [`TemplatePart`]: values as text inside key templates, in the order of the values.

#[cfg(any(feature = "bigdecimal", feature = "rust_decimal"))]
pub(crate) mod decimal;
mod form;
mod number;
mod time;

use std::borrow::Cow;
use std::sync::Arc;

pub use form::{Form, Nature};

use crate::{Attribute, Reader, WriteError, Writer};

/// A type whose values can stand in a key template such as `ORDER#{placed_at}#{order_id}`.
///
/// The text keeps the order: of two values, the lesser one has the lesser text. Implemented for:
///
/// | Rust | Text | Fixed width |
/// |---|---|---|
/// | `u8` .. `u128`, `usize` | decimal, zero-padded to the type's width | yes |
/// | `i8` .. `i128`, `isize` | the distance from the least value, zero-padded | yes |
/// | `bool` | `0` or `1` | yes |
/// | `SystemTime` | `2026-01-31T08:15:00.000000000Z`, in UTC, years 0 to 9999 | yes |
/// | `String`, `Box<str>`, `Arc<str>`, `Cow<'static, str>`, `char` | as it is | no |
/// | enums of `#[derive(Document)]` without data | the stored name | no |
/// | dates and times of chrono, time and jiff, by feature | as they are stored, with nine decimals and in UTC | yes |
/// | the `Decimal` of rust_decimal, `BigDecimal`, by feature | sign, power of ten and 38 digits | yes |
/// | `Uuid`, `Ulid`, by feature | as they are stored | yes |
/// | `SmolStr`, `Url`, by feature | as it is | no |
/// | `#[derive(Document)]` types that are `transparent` or `from`/`into` another type | as that type's | no |
///
/// A part without a fixed width ends where the literal after it begins. A value whose text contains
/// that literal is refused with `Error::is_invalid_key` of dynamodel, so that two
/// different keys never share one text; the last part of a template may contain anything.
///
/// A template gives a part another form where other programs read or write the keys:
///
/// | Form | Text | Order |
/// |---|---|---|
/// | `{n:plain}` | a number as it is written: `-7`, `12.5` | not kept: no ranges |
/// | `{n:05}` | a natural number of at most 5 digits, with zeros before it | kept, fixed width |
/// | `{s:lower}`, `{s:upper}` | text in small letters, in capitals | that of these texts |
/// | `{s:escaped}` | text with `%23` for `#`, for `%` and for the other delimiters of the template | kept among texts without these characters; others sort as their `%` |
///
/// ```
/// use dynamodel_wire::TemplatePart;
///
/// fn text<T: TemplatePart>(value: T) -> String {
///     let mut out = String::new();
///     value.write_part(&mut out).expect("a value in range");
///     out
/// }
/// assert_eq!(text(7_u16), "00007");
/// assert_eq!(text(-1_i8), "127");
/// assert_eq!(i8::read_part("127"), Some(-1));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key template",
    label = "not a part of a key",
    note = "parts are integers, `bool`, `char`, text, times, UUIDs, enums without data and transparent types of these",
    note = "an `Option` can be part of the template of an index key, where `None` leaves the item out of the index; a primary key is never without a part"
)]
pub trait TemplatePart: Sized {
    /// Byte length of the text if fixed, otherwise `None`.
    const WIDTH: Option<usize> = None;

    /// The forms that the part has.
    #[doc(hidden)]
    const NATURE: Nature = Nature::Other;

    /// Appends the text.
    ///
    /// # Errors
    /// When the value has no text, for instance a time after the year 9999.
    fn write_part(&self, out: &mut String) -> Result<(), WriteError>;

    /// Returns the value of this text, or `None` if no value has it.
    fn read_part(text: &str) -> Option<Self>;

    /// Appends the text that other forms are made of: a number as it is written.
    #[doc(hidden)]
    fn write_plain(&self, out: &mut String) -> Result<(), WriteError> {
        self.write_part(out)
    }

    /// Returns the value of this plain text, or `None` if no value has it.
    #[doc(hidden)]
    fn read_plain(text: &str) -> Option<Self> {
        Self::read_part(text)
    }
}

/// Parts whose texts all have the same length, so that no literal has to mark their end.
#[diagnostic::on_unimplemented(
    message = "the text of `{Self}` has no fixed width in a key template",
    label = "nothing tells where this part ends",
    note = "put a literal such as `#` between the two parts; only integers, `bool`, times and UUIDs can stand directly before another part"
)]
pub trait FixedWidth: TemplatePart {}

/// Types of the fields of an index template: a part, or an `Option` of one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key template",
    label = "not a part of a key",
    note = "parts are integers, `bool`, `char`, text, times, UUIDs, enums without data, transparent types of these, and in an index an `Option` of these"
)]
pub trait IndexPart {
    type Part: TemplatePart;
    fn part(&self) -> Option<&Self::Part>;
}
impl<T: TemplatePart> IndexPart for T {
    type Part = T;
    fn part(&self) -> Option<&T> {
        Some(self)
    }
}
impl<T: TemplatePart> IndexPart for Option<T> {
    type Part = T;
    fn part(&self) -> Option<&T> {
        self.as_ref()
    }
}

/// Appends the text of a field in a form. Returns `false` if the field is `None`.
#[doc(hidden)]
pub fn write_part_text<T: IndexPart>(
    value: &T,
    form: Form,
    out: &mut String,
) -> Result<bool, WriteError> {
    let Some(part) = value.part() else {
        return Ok(false);
    };
    form.write(part, out)?;
    Ok(true)
}

/// Returns the value of a part's text in a form, or `None` if no value has it.
#[doc(hidden)]
pub fn read_part_text<T: TemplatePart>(text: &str, form: Form) -> Option<T> {
    form.read(text)
}

/// Returns `true` if a field's parts have the form.
#[doc(hidden)]
pub const fn has_form<T: IndexPart>(form: Form) -> bool {
    form.fits(<T::Part as TemplatePart>::NATURE)
}

/// Returns `true` if the values of a field are numbers.
#[doc(hidden)]
pub const fn is_number<T: IndexPart>() -> bool {
    Form::Plain.fits(<T::Part as TemplatePart>::NATURE)
}

/// Returns the byte length of the text of a field, if fixed.
#[doc(hidden)]
pub const fn width<T: IndexPart>() -> Option<usize> {
    <T::Part as TemplatePart>::WIDTH
}

macro_rules! text {
    ($($text:ty)*) => {$(
        impl TemplatePart for $text {
            const NATURE: Nature = Nature::Text;
            fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
                out.push_str(self);
                Ok(())
            }
            fn read_part(text: &str) -> Option<Self> {
                Some(text.to_owned().into())
            }
        }
    )*};
}
text!(String Box<str> Arc<str> Cow<'static, str>);

impl TemplatePart for char {
    const NATURE: Nature = Nature::Text;
    fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
        out.push(*self);
        Ok(())
    }
    fn read_part(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        chars.next().filter(|_| chars.next().is_none())
    }
}

impl TemplatePart for bool {
    const WIDTH: Option<usize> = Some(1);
    fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
        out.push(if *self { '1' } else { '0' });
        Ok(())
    }
    fn read_part(text: &str) -> Option<Self> {
        match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }
}
impl FixedWidth for bool {}

/// Appends the text of a value that is stored as an S.
#[doc(hidden)]
pub fn write_word<T: Attribute>(value: &T, out: &mut String) -> Result<(), WriteError> {
    let mut w = Writer::with_capacity(32);
    value.write(&mut w);
    let json = w.finish()?;
    let text = Reader::new(&json).and_then(|mut r| r.string().map(Cow::into_owned));
    let text = text.map_err(|_| WriteError::new("the value is not stored as text").of_key())?;
    out.push_str(&text);
    Ok(())
}

/// Returns the value that is stored as this S.
#[doc(hidden)]
pub fn read_word<T: Attribute>(text: &str) -> Option<T> {
    let mut w = Writer::with_capacity(text.len() + 8);
    w.string(text);
    let json = w.finish().ok()?;
    let read = Reader::new(&json).and_then(|mut r| T::read(&mut r));
    read.ok()
}
