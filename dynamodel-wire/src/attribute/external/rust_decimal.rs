//! Types of the crate `rust_decimal`.

use rust_decimal::Decimal;

use crate::attribute::template_part::{Nature, decimal};
use crate::{Attribute, FixedWidth, TemplatePart, kind};
use crate::{ReadError, Reader, WriteError, Writer};

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

/// A digit for the sign, three for the power of ten, then 38 digits.
impl TemplatePart for Decimal {
    const NATURE: Nature = Nature::Decimal;
    const WIDTH: Option<usize> = Some(decimal::WIDTH);

    fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
        decimal::write(&self.to_string(), out)
    }

    fn read_part(text: &str) -> Option<Self> {
        crate::Decimal::parse(&decimal::read(text)?)
            .ok()
            .and_then(exact)
    }

    fn write_plain(&self, out: &mut String) -> Result<(), WriteError> {
        out.push_str(&self.normalize().to_string());
        Ok(())
    }

    fn read_plain(text: &str) -> Option<Self> {
        let value = crate::Decimal::parse(text).ok().and_then(exact)?;
        (value.normalize().to_string() == text).then_some(value)
    }
}
impl FixedWidth for Decimal {}
