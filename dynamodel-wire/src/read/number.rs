//! Reading of numbers.

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

    /// Reads `{"N":".."}` as an integer. Any form of the number is accepted, `1E+2` for instance,
    /// as long as it is integral.
    ///
    /// # Errors
    /// When the value is not an N, or the number is not in the integer type's range.
    #[inline(always)] // part of reading each number
    pub fn integer<I: Integer>(&mut self) -> Result<I, ReadError> {
        if let Some(rest) = self.bytes().get(self.at..)
            && let Some(rest) = rest.strip_prefix(b"{\"N\":\"")
        {
            let negative = rest.first() == Some(&b'-');
            let start = usize::from(negative);
            // In bounds: a sign was found before `start`.
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

    #[cold] // rare: other forms of numbers, numbers beyond 19 digits, errors
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

    /// Reads `{"N":".."}` as an `f64`, rounded to the nearest one if the number has more digits.
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

    /// Reads a number of so few digits that its digits and its power of ten are exact in an `f64`:
    /// one division then rounds correctly. Consumes nothing when the number is another one.
    #[inline(never)] // large: one copy serves all fields
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

    /// Reads `{"N":".."}` as an `f32`, rounded to the nearest one if the number has more digits.
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

    /// Reads the text of a number: only characters of numbers, otherwise unchecked.
    #[inline(always)] // part of reading each number
    pub(crate) fn number_text(&mut self, expected: &'static str) -> Result<&'a str, ReadError> {
        if !self.literal(b"{\"N\":\"") {
            self.open_as(Tag::N, expected)?;
            self.byte(b'"')?;
        }
        let start = self.at;
        while let b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E' = self.peek() {
            self.at += 1;
        }
        // In bounds: the reader never passes the end of the text.
        let text = self.text.get(start..self.at).unwrap_or_default();
        if self.peek() != b'"' {
            return Err(self.not_a_number(expected));
        }
        self.at += 1;
        self.close_value()?;
        Ok(text)
    }

    /// Creates the error of a well-formed string that is no number, or of malformed JSON.
    #[cold] // error path
    #[inline(never)]
    fn not_a_number(&mut self, expected: &'static str) -> ReadError {
        match self.string_body() {
            Ok(_) => ReadError::new(expected, "a malformed number"),
            Err(e) => e,
        }
    }
}

/// Returns the count of digits at the start of the bytes and the number that they make, which wraps
/// around.
#[inline(always)] // part of reading each number
fn digits(bytes: &[u8]) -> (usize, u64) {
    match bytes.first_chunk() {
        Some(word) => match digits_of(word) {
            (8, number) => more_digits(bytes, number),
            few => few,
        },
        None => few_digits(bytes, 0),
    }
}

/// Continues [`digits`] when the first eight bytes are digits, which make `number`.
#[inline(never)] // rare: numbers of eight digits and more
fn more_digits(bytes: &[u8], mut number: u64) -> (usize, u64) {
    let (words, _) = bytes.as_chunks();
    let mut count = 8;
    for word in words.iter().skip(1) {
        let (more, below) = digits_of(word);
        // In bounds: a word has at most eight digits.
        let ten = INTEGER_TENS.get(more).copied().unwrap_or_default();
        number = number.wrapping_mul(ten).wrapping_add(below);
        count += more;
        if more < 8 {
            return (count, number);
        }
    }
    // In bounds: the words end at `count` at the latest.
    let (more, number) = few_digits(bytes.get(count..).unwrap_or_default(), number);
    (count + more, number)
}

/// Continues `number` with the digits at the start of the bytes, one at a time, and counts them.
#[cold] // rare: only within the last eight bytes of a text
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

/// Returns the count of digits at the start of eight bytes and the number that they make. Compares
/// all bytes at once, because a branch on the count would be mispredicted.
#[inline(always)] // part of reading each number
fn digits_of(word: &[u8; 8]) -> (usize, u64) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let values = u64::from_le_bytes(*word) ^ (EACH * u64::from(b'0'));
    // Sets the highest bit of each byte that is more than 9.
    let above = (values & (EACH * 0x7f)) + EACH * (0x80 - 10);
    let others = (above | values) & (EACH * 0x80);
    let count = others.trailing_zeros() / 8;
    // Moves the digits to the end, behind zeros. Without digits, the shift by 64 bits gives none:
    // 0.
    let digits = values.checked_shl(64 - 8 * count).unwrap_or_default();
    let pairs = (digits.wrapping_mul(10 * 256 + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 * 65_536 + 1) >> 16) & 0x0000_ffff_0000_ffff;
    let eight = fours.wrapping_mul((10_000 << 32) + 1) >> 32;
    (count as usize, eight)
}

#[cold] // error path
fn describe(reason: NotDecimal) -> &'static str {
    match reason {
        NotDecimal::Malformed => "a malformed number",
        NotDecimal::TooManyDigits | NotDecimal::OutOfRange => "a number out of range",
    }
}

#[cold] // error path
#[inline(never)]
fn not_finite(parsed: bool, expected: &'static str) -> ReadError {
    let found = if parsed {
        "a number out of range"
    } else {
        "a malformed number"
    };
    ReadError::new(expected, found)
}
