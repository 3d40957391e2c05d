//! Which item a key or an item is: one text of bytes for all forms of one key.

use crate::schema::KeySchema;
use crate::wire::{Decimal, ReadError, Reader, Tag};

/// The values of the key attributes in an item or key, in a form that is equal for equal keys: the
/// number 1 and the number 1.0 are one key to DynamoDB.
pub(crate) fn identity(item: &[u8], key: &KeySchema) -> Result<Vec<u8>, ReadError> {
    let mut parts: Vec<Option<Vec<u8>>> = vec![None; key.attributes().count()];
    let mut r = Reader::new(item)?;
    r.members(|name, r| match key.attributes().position(|a| a == name) {
        Some(i) => {
            if let Some(part) = parts.get_mut(i) {
                *part = Some(value(r)?);
            }
            Ok(())
        }
        None => r.skip_value(),
    })?;
    r.finish()?;
    let mut identity = Vec::with_capacity(64);
    for part in parts {
        let part = part.ok_or_else(|| ReadError::expected("the attributes of the primary key"))?;
        identity.extend_from_slice(&part.len().to_be_bytes());
        identity.extend_from_slice(&part);
    }
    Ok(identity)
}

fn value(r: &mut Reader<'_>) -> Result<Vec<u8>, ReadError> {
    Ok(match r.kind()? {
        Tag::S => [b"S", r.string()?.as_bytes()].concat(),
        Tag::B => [b"B", r.binary()?.as_slice()].concat(),
        Tag::N => {
            let n = Decimal::parse(r.number()?)
                .map_err(|_| ReadError::expected("a number of DynamoDB"))?;
            let sign = if n.negative && n.digits != 0 { "-" } else { "" };
            format!("N{sign}{}e{}", n.digits, n.exponent).into_bytes()
        }
        _ => return Err(ReadError::expected("a key of type S, N or B")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: KeySchema = KeySchema {
        partition: &["p"],
        sort: &["s"],
    };

    fn of(json: &str) -> Vec<u8> {
        identity(json.as_bytes(), &KEY).unwrap()
    }

    #[test]
    fn forms_of_one_key_are_equal() {
        let a = of(r#"{"p":{"S":"é"},"s":{"N":"100"}}"#);
        assert_eq!(
            a,
            of(r#"{"x":{"L":[]},"s":{"N":"1E2"},"p":{"S":"\u00e9"}}"#)
        );
        assert_eq!(a, of(r#"{"s":{"N":"100.0"},"p":{"S":"é"}}"#));
        assert_ne!(a, of(r#"{"p":{"S":"é"},"s":{"N":"-100"}}"#));
        assert_ne!(a, of(r#"{"p":{"S":"é"},"s":{"S":"100"}}"#));
        assert_eq!(
            of(r#"{"p":{"B":"AA=="},"s":{"N":"-0"}}"#),
            of(r#"{"p":{"B":"AA=="},"s":{"N":"0"}}"#)
        );
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(
            of(r#"{"p":{"S":"ab"},"s":{"S":"c"}}"#),
            of(r#"{"p":{"S":"a"},"s":{"S":"bc"}}"#)
        );
        assert!(identity(br#"{"p":{"S":"a"}}"#, &KEY).is_err());
    }
}
