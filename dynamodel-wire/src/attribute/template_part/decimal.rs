//! Decimal numbers as text of fixed width.

use crate::decimal::MAX_DIGITS;
use crate::{Decimal, WriteError};

/// Byte length of the text: a digit for the sign, three for the magnitude, then all significant
/// digits.
pub(crate) const WIDTH: usize = 4 + MAX_DIGITS as usize;

/// Added to the magnitude, which is between -129 and 126.
const BIAS: i64 = 200;

/// Appends the text of a number: of two numbers, the lesser one has the lesser text. Of a number
/// below zero each digit is its difference to nine.
pub(crate) fn write(text: &str, out: &mut String) -> Result<(), WriteError> {
    let number = Decimal::parse(text).and_then(Decimal::check_range);
    let number = number.map_err(|_| {
        WriteError::new("a number in a key has at most 38 digits, between 1e-130 and 9.99e125")
            .of_key()
    })?;
    let missing = MAX_DIGITS.saturating_sub(number.significant);
    let digits = number.digits.saturating_mul(10_u128.pow(missing));
    let magnitude = match number.digits {
        0 => 0,
        _ => BIAS + i64::from(number.significant) + number.exponent,
    };
    let unsigned = format!("{magnitude:03}{digits:038}");
    if number.is_negative() {
        out.push('0');
        out.push_str(&complement(&unsigned));
    } else {
        out.push('1');
        out.push_str(&unsigned);
    }
    Ok(())
}

/// Returns the number of a text, in the notation of DynamoDB, or `None` if no number has it.
pub(crate) fn read(text: &str) -> Option<String> {
    if text.len() != WIDTH || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (sign, unsigned) = match text.split_at(1) {
        ("1", rest) => ("", rest.to_owned()),
        ("0", rest) => ("-", complement(rest)),
        _ => return None,
    };
    let (magnitude, digits) = unsigned.split_at(3);
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return (magnitude == "000" && sign.is_empty()).then(|| "0".to_owned());
    }
    let length = i64::try_from(digits.len()).ok()?;
    let exponent = magnitude.parse::<i64>().ok()? - BIAS - length;
    let number = format!("{sign}{digits}E{exponent}");
    // Accepts only the text that the number itself has.
    let mut again = String::with_capacity(WIDTH);
    write(&number, &mut again).ok()?;
    (again == text).then_some(number)
}

fn complement(digits: &str) -> String {
    // In range: each byte is a digit.
    let other = |digit: u8| char::from(b'9' - digit.min(b'9') + b'0');
    digits.bytes().map(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_their_texts_and_read_back() {
        let numbers = [
            "-9.9E125",
            "-100",
            "-99.5",
            "-1.55",
            "-1.5",
            "-1",
            "-0.1",
            "-1E-130",
            "0",
            "1E-130",
            "0.1",
            "1",
            "1.5",
            "1.55",
            "99.5",
            "100",
            "12345678901234567890",
            "9.9E125",
        ];
        let text = |number: &str| {
            let mut out = String::new();
            write(number, &mut out).unwrap();
            out
        };
        let texts: Vec<String> = numbers.iter().map(|n| text(n)).collect();
        assert!(texts.is_sorted());
        for (number, shown) in numbers.iter().zip(&texts) {
            assert_eq!(shown.len(), WIDTH);
            let back = read(shown).unwrap();
            let (a, b) = (Decimal::parse(number), Decimal::parse(&back));
            assert!(a.unwrap().compare(b.unwrap()).is_eq(), "{number} {back}");
        }
        assert_eq!(text("1.50"), text("15E-1"));
        assert_eq!(text("-0"), text("0"));
        assert!(write("1E126", &mut String::new()).is_err());
    }

    #[test]
    fn other_texts_are_no_numbers() {
        let zero = format!("1{}", "0".repeat(WIDTH - 1));
        assert_eq!(read(&zero).as_deref(), Some("0"));
        for other in [
            format!("0{}", "9".repeat(WIDTH - 1)),
            format!("2{}", "0".repeat(WIDTH - 1)),
            format!("1200{}", "0".repeat(WIDTH - 4)),
            format!("12010{}", "9".repeat(WIDTH - 5)),
            zero.replace('1', "x"),
            "1".to_owned(),
        ] {
            assert_eq!(read(&other), None, "{other}");
        }
    }
}
