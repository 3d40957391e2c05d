//! Which item a key or an item is: one text of bytes for all forms of one key.

use crate::schema::KeySchema;
use crate::wire::{Decimal, ReadError, Reader, Tag};

/// The values of the key attributes in an item or key, in a form that is equal for equal keys: the
/// number 1 and the number 1.0 are one key to DynamoDB.
pub(crate) fn identity(item: &[u8], key: &KeySchema) -> Result<Vec<u8>, ReadError> {
    // A primary key has one or two attributes. What follows them in the item does not matter.
    let mut values: [Option<Reader<'_>>; 2] = [None, None];
    let mut missing = key.attributes().count();
    let mut r = Reader::new(item)?;
    let mut more = r.begin_map()?;
    while more && missing > 0 {
        let name = r.map_key()?;
        let position = key.attributes().position(|attribute| attribute == name);
        if let Some(value) = position.and_then(|i| values.get_mut(i)) {
            missing -= usize::from(value.replace(r.clone()).is_none());
        }
        r.skip_value()?;
        more = r.end_entry()?;
    }
    if missing > 0 {
        return Err(ReadError::expected("the attributes of the primary key"));
    }
    let mut identity = Vec::with_capacity(96);
    for mut value in values.into_iter().flatten() {
        append(&mut identity, &mut value)?;
    }
    Ok(identity)
}

/// Appends the length and the text of a value.
fn append(identity: &mut Vec<u8>, r: &mut Reader<'_>) -> Result<(), ReadError> {
    let mut part = |descriptor: u8, text: &[u8]| {
        identity.extend_from_slice(&text.len().to_be_bytes());
        identity.push(descriptor);
        identity.extend_from_slice(text);
    };
    match r.kind()? {
        Tag::S => part(b'S', r.string()?.as_bytes()),
        Tag::B => part(b'B', &r.binary()?),
        Tag::N => {
            let n = Decimal::parse(r.number()?)
                .map_err(|_| ReadError::expected("a number of DynamoDB"))?;
            let sign = if n.negative && n.digits != 0 { "-" } else { "" };
            part(
                b'N',
                format!("{sign}{}e{}", n.digits, n.exponent).as_bytes(),
            );
        }
        _ => return Err(ReadError::expected("a key of type S, N or B")),
    }
    Ok(())
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
