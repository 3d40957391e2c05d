//! Types of the crate `bigdecimal`.

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;

use crate::{Attribute, kind};
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
        let digits = BigInt::from(number.digits);
        let digits = if number.negative { -digits } else { digits };
        Ok(BigDecimal::new(digits, -number.exponent))
    }
}
