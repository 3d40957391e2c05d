//! Types of the crate `uuid`.

use std::borrow::Cow;

use uuid::Uuid;

use crate::attribute::template_part::Nature;
use crate::{Attribute, FixedWidth, MapKey, TemplatePart, kind};
use crate::{ReadError, Reader, WriteError, Writer};

/// S, hyphenated and in lower case: `67e55044-10b1-426f-9247-bb680e5fe0c8`. Text order is the order
/// of the UUIDs, and for version 7 the order of time.
impl Attribute for Uuid {
    type Value = Self;
    type Kind = kind::S;

    fn write(&self, w: &mut Writer) {
        let mut text = Uuid::encode_buffer();
        w.string(self.hyphenated().encode_lower(&mut text));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let uuid = parse(&r.string()?);
        uuid.ok_or_else(|| ReadError::new("S of a hyphenated UUID in lower case", "other text"))
    }
}

impl MapKey for Uuid {
    fn to_key(&self) -> Cow<'_, str> {
        let mut text = Uuid::encode_buffer();
        Cow::Owned(self.hyphenated().encode_lower(&mut text).to_owned())
    }

    fn from_key(key: Cow<'_, str>) -> Option<Self> {
        parse(&key)
    }
}

impl TemplatePart for Uuid {
    const NATURE: Nature = Nature::Text;
    const WIDTH: Option<usize> = Some(uuid::fmt::Hyphenated::LENGTH);

    fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
        out.push_str(self.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        Ok(())
    }

    fn read_part(text: &str) -> Option<Self> {
        parse(text)
    }
}
impl FixedWidth for Uuid {}

/// Parses the one text that a UUID is stored as: a key read in another form would be written back
/// as another key.
fn parse(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    let mut canonical = Uuid::encode_buffer();
    (uuid.hyphenated().encode_lower(&mut canonical) == text).then_some(uuid)
}
