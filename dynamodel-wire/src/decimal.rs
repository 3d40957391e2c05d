//! DynamoDB's numbers: decimal text of up to 38 significant digits.

/// The largest number of significant digits that DynamoDB keeps.
pub(crate) const MAX_DIGITS: u32 = 38;
const MAX_MAGNITUDE: i64 = 125;
const MIN_MAGNITUDE: i64 = -130;

/// `digits * 10^exponent`; `digits` does not end in a zero unless it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct Decimal {
    pub(crate) negative: bool,
    pub(crate) digits: u128,
    pub(crate) exponent: i64,
    /// The number of digits in `digits`; 0 for zero.
    pub(crate) significant: u32,
}

/// The reason why a text is not a number of DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub enum NotDecimal {
    Malformed,
    TooManyDigits,
    OutOfRange,
}

impl Decimal {
    /// Returns `true` for numbers below zero; zero has no sign.
    #[doc(hidden)]
    pub fn is_negative(self) -> bool {
        self.negative && self.digits != 0
    }

    /// Returns the digits and the power of ten that they are multiplied with.
    #[doc(hidden)]
    pub fn parts(self) -> (u128, i64) {
        (self.digits, self.exponent)
    }

    /// Returns the text that all forms of one number share. Hashes of it are stored (shards,
    /// cursors), so it never changes.
    #[doc(hidden)]
    pub fn canonical_text(self) -> String {
        let sign = if self.is_negative() { "-" } else { "" };
        format!("{sign}{}e{}", self.digits, self.exponent)
    }

    /// Parses `[+-]digits[.digits][e[+-]digits]`. Zeros at either end do not count as digits.
    #[doc(hidden)]
    pub fn parse(text: &str) -> Result<Decimal, NotDecimal> {
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mut value = Decimal {
            negative,
            digits: 0,
            exponent: 0,
            significant: 0,
        };
        let (mut seen, mut fraction, mut zeros) = (false, false, 0u32);
        let mut rest = unsigned.iter();
        while let Some(&byte) = rest.next() {
            match byte {
                b'0'..=b'9' => {
                    seen = true;
                    value.exponent -= i64::from(fraction);
                    value.push(byte - b'0', &mut zeros)?;
                }
                b'.' if !fraction => fraction = true,
                b'e' | b'E' if seen => {
                    value.exponent += exponent(rest.as_slice())?;
                    rest = [].iter();
                }
                _ => return Err(NotDecimal::Malformed),
            }
        }
        if !seen {
            return Err(NotDecimal::Malformed);
        }
        value.exponent = if value.digits == 0 {
            0
        } else {
            value.exponent + i64::from(zeros)
        };
        Ok(value)
    }

    /// Appends a digit. Zeros are only counted until a digit follows them.
    fn push(&mut self, digit: u8, zeros: &mut u32) -> Result<(), NotDecimal> {
        if digit == 0 {
            if self.digits != 0 {
                *zeros = zeros.saturating_add(1);
            }
            return Ok(());
        }
        self.significant = self.significant.saturating_add(*zeros).saturating_add(1);
        if self.significant > MAX_DIGITS {
            return Err(NotDecimal::TooManyDigits);
        }
        self.digits = self.digits * 10u128.pow(*zeros + 1) + u128::from(digit);
        *zeros = 0;
        Ok(())
    }

    /// Returns the number if DynamoDB's range includes it.
    #[doc(hidden)]
    pub fn check_range(self) -> Result<Decimal, NotDecimal> {
        let magnitude = i64::from(self.significant) - 1 + self.exponent;
        if self.digits == 0 || (MIN_MAGNITUDE..=MAX_MAGNITUDE).contains(&magnitude) {
            Ok(self)
        } else {
            Err(NotDecimal::OutOfRange)
        }
    }

    /// Compares two numbers by value.
    #[doc(hidden)]
    pub fn compare(self, other: Decimal) -> std::cmp::Ordering {
        use std::cmp::Ordering;
        let sign = |d: Decimal| match (d.digits, d.negative) {
            (0, _) => 0_i8,
            (_, true) => -1,
            (_, false) => 1,
        };
        let magnitude = |d: Decimal| i64::from(d.significant) + d.exponent;
        // Digits of numbers of one magnitude, extended to the same length, compare as the numbers
        // do.
        let aligned = |d: Decimal| {
            let missing = MAX_DIGITS.saturating_sub(d.significant);
            d.digits.saturating_mul(10_u128.pow(missing))
        };
        let order = sign(self).cmp(&sign(other));
        if order != Ordering::Equal || self.digits == 0 {
            return order;
        }
        let order = (magnitude(self).cmp(&magnitude(other)))
            .then_with(|| aligned(self).cmp(&aligned(other)));
        if self.negative {
            order.reverse()
        } else {
            order
        }
    }

    /// Returns the number times `10^places` if that is an integer that fits.
    pub(crate) fn scaled(self, places: i64) -> Option<u128> {
        if self.digits == 0 {
            return Some(0);
        }
        let power = u32::try_from(self.exponent.checked_add(places)?).ok()?;
        self.digits.checked_mul(10u128.checked_pow(power)?)
    }
}

/// Parses the exponent after the `e`.
fn exponent(text: &[u8]) -> Result<i64, NotDecimal> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NotDecimal::Malformed);
    }
    let append = |n: i64, d: &u8| (n * 10 + i64::from(d - b'0')).min(1_000_000_000);
    let value = digits.iter().fold(0, append);
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_number() {
        let hundred = Decimal {
            negative: false,
            digits: 1,
            exponent: 2,
            significant: 1,
        };
        for text in [
            "100",
            "1E+2",
            "1e2",
            "+100",
            "100.0",
            "0.1e3",
            "00100.000",
            "1000e-1",
            "100.",
        ] {
            assert_eq!(Decimal::parse(text), Ok(hundred), "{text}");
        }
        let small = Decimal {
            negative: true,
            digits: 1203,
            exponent: -5,
            significant: 4,
        };
        assert_eq!(Decimal::parse("-0.01203"), Ok(small));
        assert_eq!(Decimal::parse("-.01203000"), Ok(small));
        assert_eq!(Decimal::parse("-0.000").map(|d| d.exponent), Ok(0));
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", "-", ".", "e5", "1e", "1e+", "1.2.3", "NaN", "inf", "0x1", "1_0", " 1", "--1",
            "1e1e1",
        ] {
            assert_eq!(Decimal::parse(text), Err(NotDecimal::Malformed), "{text}");
        }
    }

    #[test]
    fn digits_and_range_have_limits() {
        let nines = "9".repeat(38);
        assert!(Decimal::parse(&nines).is_ok());
        assert_eq!(
            Decimal::parse(&format!("{nines}9")),
            Err(NotDecimal::TooManyDigits)
        );
        assert!(Decimal::parse(&format!("{nines}{}", "0".repeat(60))).is_ok());
        let range = |text: &str| {
            Decimal::parse(text)
                .and_then(Decimal::check_range)
                .map(|_| ())
        };
        assert_eq!(range(&format!("{}.{}e125", "9", "9".repeat(37))), Ok(()));
        assert_eq!(range("1e126"), Err(NotDecimal::OutOfRange));
        assert_eq!(range("-1e-130"), Ok(()));
        assert_eq!(range("9e-131"), Err(NotDecimal::OutOfRange));
        assert_eq!(range("1e99999999999999999999"), Err(NotDecimal::OutOfRange));
        assert_eq!(range("0e99999999999999999999"), Ok(()));
    }

    #[test]
    fn numbers_compare_by_value() {
        let nines = "9".repeat(38);
        let ascending = [
            &format!("-{nines}"),
            "-1e2",
            "-99.9",
            "-1.5",
            "-1.49",
            "-1e-130",
            "0",
            "1e-130",
            "0.10",
            "0.1000001",
            "9",
            "10",
            "10.5",
            "11",
            &nines,
            "1e38",
            "1.0000000000000000000000000000000000001e38",
            "9e125",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                let (a, b) = (Decimal::parse(a).unwrap(), Decimal::parse(b).unwrap());
                assert_eq!(a.compare(b), i.cmp(&j));
            }
        }
        let (a, b) = (
            Decimal::parse("-0").unwrap(),
            Decimal::parse("0.0").unwrap(),
        );
        assert_eq!(a.compare(b), std::cmp::Ordering::Equal);
    }

    #[test]
    fn scaled_numbers_stay_exact() {
        let scaled = |text: &str, places| Decimal::parse(text).ok().and_then(|d| d.scaled(places));
        assert_eq!(scaled("1.5", 9), Some(1_500_000_000));
        assert_eq!(scaled("1.5", 0), None);
        assert_eq!(scaled("1e38", 0), Some(10u128.pow(38)));
        assert_eq!(scaled("1e39", 0), None);
    }
}
