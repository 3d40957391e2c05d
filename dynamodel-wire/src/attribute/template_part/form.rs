//! Forms in which the text of a part stands in a template: `{n:plain}`, `{n:05}`, `{s:lower}`.

use super::TemplatePart;
use crate::WriteError;

/// The form of a part in a key template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `{n}`: the text that sorts as the values do.
    Sorted,
    /// `{n:plain}`: a number as it is written, without zeros before it. Does not keep the order.
    Plain,
    /// `{n:05}`: a natural number with zeros before it, of this many digits. Keeps the order.
    Padded(u8),
    /// `{s:lower}`: text in small letters. Sorts by these.
    Lower,
    /// `{s:upper}`: text in capitals. Sorts by these.
    Upper,
    /// `{s:escaped}`: text in which these characters are written as `%23`. Texts without them keep
    /// their order.
    Escaped(&'static str),
}

/// Material of a part's text, which decides the forms that fit.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Text of any characters.
    Text,
    /// An integer.
    Integer,
    /// A number with decimals.
    Decimal,
    /// A text of its own form, such as a time.
    Other,
}

impl Form {
    /// Returns `true` if parts of this nature have the form.
    #[doc(hidden)]
    pub const fn fits(self, nature: Nature) -> bool {
        match self {
            Form::Sorted => true,
            Form::Plain => matches!(nature, Nature::Integer | Nature::Decimal),
            Form::Padded(_) => matches!(nature, Nature::Integer),
            Form::Lower | Form::Upper | Form::Escaped(_) => matches!(nature, Nature::Text),
        }
    }

    /// Returns the byte length of the text in this form if fixed, given that of the ordered text.
    #[doc(hidden)]
    pub const fn width(self, ordered: Option<usize>) -> Option<usize> {
        match self {
            Form::Sorted | Form::Lower | Form::Upper => ordered,
            Form::Padded(digits) => Some(digits as usize),
            Form::Plain | Form::Escaped(_) => None,
        }
    }

    /// Appends the text of a value in this form.
    pub(super) fn write<T: TemplatePart>(
        self,
        value: &T,
        out: &mut String,
    ) -> Result<(), WriteError> {
        if let Form::Sorted = self {
            return value.write_part(out);
        }
        let start = out.len();
        value.write_plain(out)?;
        if let Form::Plain = self {
            return Ok(());
        }
        let plain = out.split_off(start);
        self.apply(&plain, out)
    }

    /// Appends a plain text in this form.
    #[doc(hidden)]
    pub fn apply(self, plain: &str, out: &mut String) -> Result<(), WriteError> {
        match self {
            Form::Sorted | Form::Plain => out.push_str(plain),
            Form::Padded(digits) => return pad(plain, digits, out),
            Form::Lower => out.push_str(&plain.to_lowercase()),
            Form::Upper => out.push_str(&plain.to_uppercase()),
            Form::Escaped(special) => escape(plain, special, out),
        }
        Ok(())
    }

    /// Returns the value of a text in this form, or `None` if no value has it.
    pub(super) fn read<T: TemplatePart>(self, text: &str) -> Option<T> {
        match self {
            Form::Sorted => T::read_part(text),
            Form::Plain | Form::Lower | Form::Upper => T::read_plain(text),
            Form::Padded(_) => match text.trim_start_matches('0') {
                "" => T::read_plain("0"),
                digits => T::read_plain(digits),
            },
            Form::Escaped(special) => {
                let plain = unescape(text)?;
                // Accepts only the text that is written: no escapes of other characters.
                let mut again = String::with_capacity(text.len());
                escape(&plain, special, &mut again);
                T::read_plain(&plain).filter(|_| again == text)
            }
        }
    }
}

fn pad(plain: &str, digits: u8, out: &mut String) -> Result<(), WriteError> {
    let digits = usize::from(digits);
    if plain.starts_with('-') {
        let problem = format!("a number below zero has no text of {digits} digits");
        return Err(WriteError::new(problem).of_key());
    }
    let Some(zeros) = digits.checked_sub(plain.len()) else {
        let problem = format!("the number has more than {digits} digits");
        return Err(WriteError::new(problem).of_key());
    };
    out.extend(std::iter::repeat_n('0', zeros));
    out.push_str(plain);
    Ok(())
}

fn escape(plain: &str, special: &str, out: &mut String) {
    for c in plain.chars() {
        if !special.contains(c) {
            out.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let (start, escapes) = match text.split_once('%') {
        Some((start, _)) => (start, text.get(start.len()..)?),
        None => return Some(text.to_owned()),
    };
    let mut bytes = start.as_bytes().to_vec();
    let mut rest = escapes.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                u8::try_from(digit(high)? * 16 + digit(low)?).ok()?
            }
            (b'%', _) => return None,
            (byte, _) => *byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<T: TemplatePart>(form: Form, value: &T) -> Option<String> {
        let mut out = "x".to_owned();
        form.write(value, &mut out).ok()?;
        out.strip_prefix('x').map(str::to_owned)
    }

    #[test]
    fn forms_have_exact_texts() {
        let of = |text: &str| Some(text.to_owned());
        assert_eq!(text(Form::Plain, &-7_i32), of("-7"));
        assert_eq!(text(Form::Padded(5), &7_i32), of("00007"));
        assert_eq!(text(Form::Padded(5), &99_999_i32), of("99999"));
        assert_eq!(text(Form::Padded(5), &100_000_i32), None);
        assert_eq!(text(Form::Padded(5), &-7_i32), None);
        assert_eq!(text(Form::Lower, &"AB\u{c9}9".to_owned()), of("ab\u{e9}9"));
        assert_eq!(text(Form::Upper, &"ab\u{e9}9".to_owned()), of("AB\u{c9}9"));
        let escaped = Form::Escaped("%#\u{b7}");
        assert_eq!(
            text(escaped, &"a#b%\u{b7}c/".to_owned()),
            of("a%23b%25%C2%B7c/")
        );
    }

    #[test]
    fn texts_of_forms_read_back() {
        assert_eq!(Form::Plain.read("-7"), Some(-7_i32));
        for other in ["+7", "07", "", "-0", "7.0"] {
            assert_eq!(Form::Plain.read::<i32>(other), None, "{other}");
        }
        assert_eq!(Form::Padded(3).read("000"), Some(0_u8));
        assert_eq!(Form::Padded(3).read("042"), Some(42_u8));
        let escaped = Form::Escaped("%#");
        assert_eq!(escaped.read("a%23%25b"), Some("a#%b".to_owned()));
        for other in ["%", "%2", "%zz", "%FF", "%61", "%2f", "#"] {
            assert_eq!(escaped.read::<String>(other), None, "{other}");
        }
    }
}
