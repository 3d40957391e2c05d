//! Numbers.

use super::Reader;
use crate::wire::decimal::{Decimal, NotDecimal};
use crate::wire::error::ReadError;
use crate::wire::integer::Integer;
use crate::wire::tag::Tag;

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
        let start = self.at;
        if self.literal(b"{\"N\":\"") {
            let negative = self.peek() == b'-';
            self.at += usize::from(negative);
            let first = self.at;
            let mut magnitude = 0u64;
            while let Some(digit) = self.bytes().get(self.at).map(|b| b.wrapping_sub(b'0'))
                && digit < 10
            {
                magnitude = magnitude.wrapping_mul(10).wrapping_add(u64::from(digit));
                self.at += 1;
            }
            // Nineteen digits always fit into 64 bits.
            if (1..20).contains(&(self.at - first))
                && self.literal(b"\"}")
                && let Some(value) = I::from_parts(negative, magnitude)
            {
                return Ok(value);
            }
        }
        self.at = start;
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
        let mut mantissa = 0;
        let whole = digits(rest, &mut mantissa);
        let rest = rest.get(whole..)?;
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => {
                let fraction = digits(rest, &mut mantissa);
                (fraction, rest.get(fraction..)?)
            }
            _ => (0, rest),
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
    pub(in crate::wire) fn number_text(
        &mut self,
        expected: &'static str,
    ) -> Result<&'a str, ReadError> {
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

/// How many digits the bytes begin with. Adds them to the number, which wraps around.
#[inline(always)]
fn digits(bytes: &[u8], number: &mut u64) -> usize {
    let mut count = 0;
    while let Some(digit) = bytes.get(count).map(|b| b.wrapping_sub(b'0'))
        && digit < 10
    {
        *number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    count
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
