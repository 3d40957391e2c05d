//! Numbers.

use super::Reader;
use crate::decimal::{Decimal, NotDecimal};
use crate::error::ReadError;
use crate::integer::Integer;
use crate::tag::Tag;

impl<'a> Reader<'a> {
    /// Reads `{"N":".."}` as the decimal text that is stored.
    ///
    /// # Errors
    /// When the value is not an N, or its text is not a number.
    pub fn number(&mut self) -> Result<&'a str, ReadError> {
        let text = self.number_text("N")?;
        match Decimal::parse(text) {
            Ok(_) => Ok(text),
            Err(reason) => Err(ReadError::new("N", describe(reason))),
        }
    }

    /// Reads `{"N":".."}` as an integer. Any form of the number is taken, `1E+2` for instance, as
    /// long as it is integral.
    ///
    /// # Errors
    /// When the value is not an N, or the number is not in the integer type's range.
    #[inline(always)]
    pub fn integer<I: Integer>(&mut self) -> Result<I, ReadError> {
        if let Some(rest) = self.bytes().get(self.at..)
            && let Some(rest) = rest.strip_prefix(b"{\"N\":\"")
        {
            let negative = rest.first() == Some(&b'-');
            let start = usize::from(negative);
            let (count, magnitude) = digits(rest.get(start..).unwrap_or_default());
            let end = start + count;
            // Nineteen digits always fit into 64 bits.
            if (1..20).contains(&count)
                && rest.get(end..end + 2) == Some(b"\"}")
                && let Some(value) = I::from_parts(negative, magnitude)
            {
                self.at += end + 8;
                return Ok(value);
            }
        }
        self.integer_slow()
    }

    #[cold]
    #[inline(never)]
    fn integer_slow<I: Integer>(&mut self) -> Result<I, ReadError> {
        let text = self.number_text(I::EXPECTED)?;
        let wrong = |found| ReadError::new(I::EXPECTED, found);
        let value = Decimal::parse(text).map_err(|reason| wrong(describe(reason)))?;
        if value.exponent < 0 {
            return Err(wrong("a number with a fraction"));
        }
        let integer = value
            .scaled(0)
            .and_then(|magnitude| I::from_wide(value.negative, magnitude));
        integer.ok_or_else(|| wrong("a number out of range"))
    }

    /// Reads `{"N":".."}` as an `f64`. A number of more digits is rounded to the nearest one.
    ///
    /// # Errors
    /// When the value is not an N.
    #[inline]
    pub fn float(&mut self) -> Result<f64, ReadError> {
        if let Some(value) = self.short_decimal() {
            return Ok(value);
        }
        let text = self.number_text("N")?;
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            parsed => Err(not_finite(parsed.is_ok(), "N in the range of f64")),
        }
    }

    /// A number of so few digits that it and the power of ten below it are exact in an `f64`: then one
    /// division rounds right. Nothing is consumed when it is another one.
    #[inline(never)]
    fn short_decimal(&mut self) -> Option<f64> {
        const TENS: [f64; 16] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
        ];
        let rest = self.bytes().get(self.at..)?.strip_prefix(b"{\"N\":\"")?;
        let (negative, rest) = match rest {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, rest),
        };
        let (whole, number) = digits(rest);
        let rest = rest.get(whole..)?;
        let (fraction, mantissa, rest) = match rest {
            [b'.', rest @ ..] => {
                let (fraction, below) = digits(rest);
                let shifted = number.wrapping_mul(*INTEGER_TENS.get(fraction)?);
                (fraction, shifted.wrapping_add(below), rest.get(fraction..)?)
            }
            _ => (0, number, rest),
        };
        // Fifteen digits always fit into the 53 bits of an `f64`.
        if whole == 0 || whole + fraction > 15 || !rest.starts_with(b"\"}") {
            return None;
        }
        self.at = self.text.len() - rest.len() + 2;
        let value = mantissa as f64 / TENS.get(fraction)?;
        Some(if negative { -value } else { value })
    }

    /// Reads `{"N":".."}` as an `f32`. A number of more digits is rounded to the nearest one.
    ///
    /// # Errors
    /// When the value is not an N, or beyond the range of `f32`.
    #[inline]
    pub fn float32(&mut self) -> Result<f32, ReadError> {
        let text = self.number_text("N in the range of f32")?;
        match text.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(value),
            parsed => Err(not_finite(parsed.is_ok(), "N in the range of f32")),
        }
    }

    /// The text of a number, made of the characters of numbers but otherwise unchecked.
    #[inline(always)]
    pub(crate) fn number_text(&mut self, expected: &'static str) -> Result<&'a str, ReadError> {
        if !self.literal(b"{\"N\":\"") {
            self.open_as(Tag::N, expected)?;
            self.byte(b'"')?;
        }
        let start = self.at;
        while let b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E' = self.peek() {
            self.at += 1;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if self.peek() != b'"' {
            return Err(self.not_a_number(expected));
        }
        self.at += 1;
        self.close_value()?;
        Ok(text)
    }

    /// A well-formed string that is no number, or something worse.
    #[cold]
    #[inline(never)]
    fn not_a_number(&mut self, expected: &'static str) -> ReadError {
        match self.string_body() {
            Ok(_) => ReadError::new(expected, "a malformed number"),
            Err(e) => e,
        }
    }
}

/// How many digits the bytes begin with, and the number that they make, which wraps around.
#[inline(always)]
fn digits(bytes: &[u8]) -> (usize, u64) {
    match bytes.first_chunk() {
        Some(word) => match digits_of(word) {
            (8, number) => more_digits(bytes, number),
            few => few,
        },
        None => few_digits(bytes, 0),
    }
}

/// The same, when eight digits are known that make this number.
#[inline(never)]
fn more_digits(bytes: &[u8], mut number: u64) -> (usize, u64) {
    let (words, _) = bytes.as_chunks();
    let mut count = 8;
    for word in words.iter().skip(1) {
        let (more, below) = digits_of(word);
        let ten = INTEGER_TENS.get(more).copied().unwrap_or_default();
        number = number.wrapping_mul(ten).wrapping_add(below);
        count += more;
        if more < 8 {
            return (count, number);
        }
    }
    let (more, number) = few_digits(bytes.get(count..).unwrap_or_default(), number);
    (count + more, number)
}

/// How many digits the bytes begin with, one after the other, and what they make of the number.
#[cold]
#[inline(never)]
fn few_digits(bytes: &[u8], mut number: u64) -> (usize, u64) {
    let mut count = 0;
    while let Some(digit) = bytes.get(count).map(|b| b.wrapping_sub(b'0'))
        && digit < 10
    {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    (count, number)
}

const INTEGER_TENS: [u64; 16] = {
    let mut tens = [1; 16];
    let mut n = 1;
    while n < tens.len() {
        tens[n] = 10 * tens[n - 1];
        n += 1;
    }
    tens
};

/// How many of eight bytes are digits before another one comes, and the number that they make. All are
/// looked at at once: how many there are cannot be foretold.
#[inline(always)]
fn digits_of(word: &[u8; 8]) -> (usize, u64) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let values = u64::from_le_bytes(*word) ^ (EACH * u64::from(b'0'));
    // The highest bit of each byte that is more than 9.
    let above = (values & (EACH * 0x7f)) + EACH * (0x80 - 10);
    let others = (above | values) & (EACH * 0x80);
    let count = others.trailing_zeros() / 8;
    // The digits move to the end, behind zeros.
    let digits = values.checked_shl(64 - 8 * count).unwrap_or_default();
    let pairs = (digits.wrapping_mul(10 * 256 + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 * 65_536 + 1) >> 16) & 0x0000_ffff_0000_ffff;
    let eight = fours.wrapping_mul((10_000 << 32) + 1) >> 32;
    (count as usize, eight)
}

#[cold]
fn describe(reason: NotDecimal) -> &'static str {
    match reason {
        NotDecimal::Malformed => "a malformed number",
        NotDecimal::TooManyDigits | NotDecimal::OutOfRange => "a number out of range",
    }
}

#[cold]
#[inline(never)]
fn not_finite(parsed: bool, expected: &'static str) -> ReadError {
    let found = if parsed {
        "a number out of range"
    } else {
        "a malformed number"
    };
    ReadError::new(expected, found)
}
