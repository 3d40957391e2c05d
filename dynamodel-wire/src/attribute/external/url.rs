//! Types of the crate `url`.

use std::borrow::Cow;

use url::Url;

use crate::attribute::template_part::Nature;
use crate::{Attribute, MapKey, TemplatePart, kind};
use crate::{ReadError, Reader, WriteError, Writer};

/// S, as the crate normalizes it: `https://example.com/`. Keys sort in the order of the text.
///
/// Plain text is not an operand, since `https://example.com` would never equal the stored text.
/// Stored text of another form is an error on read.
impl Attribute for Url {
    type Value = Self;
    type Kind = kind::S;

    fn write(&self, w: &mut Writer) {
        w.string(self.as_str());
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let url = parse(&r.string()?);
        url.ok_or_else(|| ReadError::new("S of a normalized URL", "other text"))
    }
}

impl MapKey for Url {
    fn to_key(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.as_str())
    }

    fn from_key(key: Cow<'_, str>) -> Option<Self> {
        parse(&key)
    }
}

impl TemplatePart for Url {
    const NATURE: Nature = Nature::Text;
    fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
        out.push_str(self.as_str());
        Ok(())
    }

    fn read_part(text: &str) -> Option<Self> {
        parse(text)
    }
}

/// Parses the one text that a URL is stored as: a key read in another form would be written back as
/// another key.
fn parse(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| url.as_str() == text)
}
