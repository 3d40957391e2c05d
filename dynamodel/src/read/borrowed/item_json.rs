//! [`ItemJson`]: the JSON of one item, from which projections borrow.

use std::borrow::Cow;
use std::fmt;

use super::BorrowedProjection;
use crate::error::Error;
use crate::model::conversion::{check_type_of, named};
use crate::wire::{self, Escapes, ReadError, Reader};

/// The DynamoDB JSON of one item, from which projections with a lifetime borrow all their text: of a
/// stream record or a line of an export.
///
/// The projection's own `from_dynamo_json` borrows from the bytes, and so refuses a `&str` whose JSON
/// has escapes, such as quotes and line ends. These are unescaped once here. The JSON may also list
/// all types of each value, see [`wire::one_type_json`].
///
/// ```
/// use dynamodel::{Entity, Projection};
/// use dynamodel::read::ItemJson;
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "visits")]
/// # struct Visit { #[dynamo(partition)] page: String, agent: Option<String>, at: u64 }
/// #[derive(Debug, Projection)]
/// #[dynamo(of = Visit)]
/// struct VisitView<'a> {
///     page: &'a str,
///     agent: Option<&'a str>,
/// }
///
/// let image = br#"{"page":{"S":"/"},"at":{"N":"7"},"agent":{"S":"a \"b\""}}"#;
/// let item = ItemJson::new(image)?;
/// let visit: VisitView<'_> = item.view::<VisitView>()?;
/// assert_eq!(visit.agent, Some("a \"b\""));
///
/// let visit = VisitView::from_dynamo_json(br#"{"page":{"S":"/"}}"#)?; // without escapes
/// assert_eq!((visit.page, visit.agent), ("/", None));
/// # Ok::<(), dynamodel::Error>(())
/// ```
pub struct ItemJson<'j> {
    json: Cow<'j, [u8]>,
    escapes: Escapes,
}

/// Shows the number of bytes, and no value.
impl fmt::Debug for ItemJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemJson")
            .field("bytes", &self.json.len())
            .finish()
    }
}

impl<'j> ItemJson<'j> {
    /// Takes the JSON of an item. Costs a pass over it.
    ///
    /// # Errors
    /// [`is_unreadable`](Error::is_unreadable) when the bytes are not an item.
    pub fn new(json: &'j [u8]) -> Result<Self, Error> {
        let json = wire::one_type_json(json)?;
        let escapes = Escapes::of(Reader::new(&json)?.whole_text())?;
        Ok(ItemJson { json, escapes })
    }

    /// Reads a projection, which borrows from the item. It names its own type, as
    /// [`Query::borrowed`](crate::Query::borrowed) does.
    ///
    /// # Errors
    /// [`is_unreadable`](Error::is_unreadable) when an attribute is missing or of another form, or
    /// the item is one of another entity.
    pub fn view<P: BorrowedProjection>(&self) -> Result<P::At<'_>, Error> {
        let read = || {
            let text = Reader::new(&self.json)?.whole_text();
            let mut r = Reader::of_page(text, &self.escapes);
            read_checked::<P>(&mut r)
        };
        read().map_err(|error| named(Error::read(error), P::schema()))
    }
}

/// Reads a projection of an item that is not one of another entity.
pub(crate) fn read_checked<'a, P: BorrowedProjection>(
    r: &mut Reader<'a>,
) -> Result<P::At<'a>, ReadError> {
    check_type_of(P::schema(), r)?;
    P::read_borrowed(r)
}
