//! Types of the crate `rust_decimal`.

use rust_decimal::Decimal;

use crate::{Attribute, kind};
use crate::{ReadError, Reader, Writer};

/// N, exact. Zeros at the end of the decimals are not kept: 1.50 reads as 1.5, which is equal. A
/// stored number that the type cannot hold exactly is an error.
impl Attribute for Decimal {
    type Value = Self;
    type Kind = kind::N;

    fn write(&self, w: &mut Writer) {
        w.number_text(&self.normalize().to_string());
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let number = crate::Decimal::parse(r.number()?).ok();
        number.and_then(exact).ok_or_else(|| {
            ReadError::new(
                "N that rust_decimal::Decimal holds exactly",
                "a number out of range",
            )
        })
    }
}

fn exact(number: crate::Decimal) -> Option<Decimal> {
    let places = u32::try_from(-number.exponent).unwrap_or(0);
    let digits = i128::try_from(number.scaled(places.into())?).ok()?;
    let digits = if number.negative { -digits } else { digits };
    Decimal::try_from_i128_with_scale(digits, places).ok()
}
