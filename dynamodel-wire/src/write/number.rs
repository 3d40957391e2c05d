//! Writing of numbers.

use super::Writer;
use crate::decimal::{Decimal, NotDecimal};
use crate::error::WriteError;
use crate::integer::{Integer, too_many_digits};

impl Writer {
    /// Writes `{"N":".."}`. Fails for a 128-bit integer of more than 38 significant digits.
    #[inline(always)] // part of writing each number
    pub fn integer<I: Integer>(&mut self, value: I) {
        match value.digits(&mut itoa::Buffer::new()) {
            Ok(digits) => self.tagged(b"{\"N\":\"", digits.as_bytes()),
            Err(e) => self.fail(e),
        }
    }

    /// Writes `{"N":".."}` with the fewest digits that read back as the same `f64`.
    ///
    /// Fails for NaN, infinities and numbers outside of DynamoDB's range: 1e-130 to 9.99..e125, and
    /// zero.
    #[inline]
    pub fn float(&mut self, value: f64) {
        if !in_range(value) {
            return self.fail(float_error(value));
        }
        let mut digits = zmij::Buffer::new();
        self.tagged(b"{\"N\":\"", digits.format_finite(value).as_bytes());
    }

    /// Writes `{"N":".."}` with the fewest digits that read back as the same `f32`.
    ///
    /// Fails for NaN and infinities.
    #[inline]
    pub fn float32(&mut self, value: f32) {
        if !value.is_finite() {
            return self.fail(float_error(value.into()));
        }
        let mut digits = zmij::Buffer::new();
        self.tagged(b"{\"N\":\"", digits.format_finite(value).as_bytes());
    }

    /// Writes `{"N":".."}` from decimal text such as `-12.5` or `1e10`.
    ///
    /// Fails when the text is not such a number, has more than 38 significant digits or is outside
    /// of DynamoDB's range: 1e-130 to 9.99..e125, and zero.
    pub fn number_text(&mut self, text: &str) {
        match Decimal::parse(text).and_then(Decimal::check_range) {
            Ok(_) => {
                self.tagged(b"{\"N\":\"", text.as_bytes());
            }
            Err(NotDecimal::Malformed) => {
                self.fail(WriteError::new("the text is not a decimal number"))
            }
            Err(NotDecimal::TooManyDigits) => self.fail(too_many_digits()),
            Err(NotDecimal::OutOfRange) => self.fail(out_of_range()),
        }
    }
}

#[inline(always)] // part of writing each number
fn in_range(value: f64) -> bool {
    let magnitude = value.abs();
    (1e-130..1e126).contains(&magnitude) || magnitude == 0.0
}

#[cold] // error path
fn float_error(value: f64) -> WriteError {
    if value.is_finite() {
        out_of_range()
    } else {
        WriteError::new("NaN and infinities are not numbers to DynamoDB")
    }
}

#[cold] // error path
fn out_of_range() -> WriteError {
    WriteError::new("the number is beyond DynamoDB's range of 1e-130 to 9.99e125")
}
