//! Types of the crate `ulid`.

use std::borrow::Cow;

use ulid::{ULID_LEN, Ulid};

use crate::attribute::template_part::Nature;
use crate::{Attribute, FixedWidth, MapKey, TemplatePart, kind};
use crate::{ReadError, Reader, WriteError, Writer};

/// S of 26 characters in upper case: `01ARZ3NDEKTSV4RRFFQ69G5FAV`. Text order is the order of the
/// ULIDs, which is the order of time.
impl Attribute for Ulid {
    type Value = Self;
    type Kind = kind::S;

    fn write(&self, w: &mut Writer) {
        w.string(self.array_to_str(&mut [0; ULID_LEN]));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let ulid = parse(&r.string()?);
        ulid.ok_or_else(|| ReadError::new("S of a ULID in upper case", "other text"))
    }
}

impl MapKey for Ulid {
    fn to_key(&self) -> Cow<'_, str> {
        Cow::Owned(self.array_to_str(&mut [0; ULID_LEN]).to_owned())
    }

    fn from_key(key: Cow<'_, str>) -> Option<Self> {
        parse(&key)
    }
}

impl TemplatePart for Ulid {
    const NATURE: Nature = Nature::Text;
    const WIDTH: Option<usize> = Some(ULID_LEN);

    fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
        out.push_str(self.array_to_str(&mut [0; ULID_LEN]));
        Ok(())
    }

    fn read_part(text: &str) -> Option<Self> {
        parse(text)
    }
}
impl FixedWidth for Ulid {}

/// Parses the one text that a ULID is stored as: a key read in another form would be written back
/// as another key.
fn parse(text: &str) -> Option<Ulid> {
    let ulid = Ulid::from_string(text).ok()?;
    (*ulid.array_to_str(&mut [0; ULID_LEN]) == *text).then_some(ulid)
}
