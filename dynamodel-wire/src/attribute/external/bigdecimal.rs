//! Types of the crate `bigdecimal`.

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;

use crate::attribute::template_part::{Nature, decimal};
use crate::{Attribute, FixedWidth, TemplatePart, kind};
use crate::{ReadError, Reader, WriteError, Writer};

/// N, exact. A number of more than DynamoDB's 38 significant digits, or outside of its range of
/// 1e-130 to 9.99e125, is refused. Zeros at the end of the decimals are not kept: 1.50 reads as
/// 1.5, which is equal.
impl Attribute for BigDecimal {
    type Value = Self;
    type Kind = kind::N;

    fn write(&self, w: &mut Writer) {
        let (digits, scale) = self.as_bigint_and_scale();
        if scale == 0 {
            return w.number_text(&digits.to_string());
        }
        match scale.checked_neg() {
            Some(exponent) => w.number_text(&format!("{digits}E{exponent}")),
            None => w.fail(WriteError::new(
                "the number is beyond DynamoDB's range of 1e-130 to 9.99e125",
            )),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let number = crate::Decimal::parse(r.number()?)
            .map_err(|_| ReadError::new("N", "a number out of range"))?;
        Ok(of_number(number))
    }
}

fn of_number(number: crate::Decimal) -> BigDecimal {
    let digits = BigInt::from(number.digits);
    let digits = if number.negative { -digits } else { digits };
    BigDecimal::new(digits, -number.exponent)
}

/// A digit for the sign, three for the power of ten, then 38 digits.
impl TemplatePart for BigDecimal {
    const NATURE: Nature = Nature::Decimal;
    const WIDTH: Option<usize> = Some(decimal::WIDTH);

    fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
        let (digits, scale) = self.as_bigint_and_scale();
        // A scale that cannot be negated is far beyond the range, as the text that stands for it.
        let exponent = scale.checked_neg().unwrap_or(i64::MAX);
        decimal::write(&format!("{digits}E{exponent}"), out)
    }

    fn read_part(text: &str) -> Option<Self> {
        crate::Decimal::parse(&decimal::read(text)?)
            .ok()
            .map(of_number)
    }

    fn write_plain(&self, out: &mut String) -> Result<(), WriteError> {
        // The check of the range comes first: it bounds the number of zeros.
        self.write_part(&mut String::with_capacity(decimal::WIDTH))?;
        out.push_str(&self.normalized().to_plain_string());
        Ok(())
    }

    fn read_plain(text: &str) -> Option<Self> {
        let value = crate::Decimal::parse(text).ok().map(of_number)?;
        let mut again = String::new();
        value.write_plain(&mut again).ok()?;
        (again == text).then_some(value)
    }
}
impl FixedWidth for BigDecimal {}
