//! Items that borrow their text from the page that contains them: [`BorrowedProjection`],
//! [`BorrowedRead`] and [`BorrowedPage`].

pub(crate) mod item_json;
mod page;
mod read;

use crate::model::schema::EntitySchema;
pub use crate::wire::{BorrowedField, BorrowedFrom, BorrowedText};
use crate::wire::{Fetched, KeyPlace};
pub use item_json::ItemJson;
pub use page::{BorrowedItems, BorrowedPage};
pub use read::{BorrowedPages, BorrowedRead};

use crate::wire::{ReadError, Reader};

/// Some attributes of an entity, whose text is borrowed from the page that contains them: nothing
/// is copied and, for a struct of texts and numbers, nothing is allocated.
///
/// Implemented by [`#[derive(Projection)]`](derive@crate::Projection) for a struct with a lifetime.
/// [`Query::borrowed`](crate::Query::borrowed) and [`Scan::borrowed`](crate::Scan::borrowed) read
/// such structs about twice as fast as owned items;
/// [`CollectionQuery::borrowed`](crate::CollectionQuery::borrowed) reads an enum of such structs,
/// one for each entity of a collection.
///
/// A field has the type of the entity's field, or borrows:
///
/// | stored | field |
/// |---|---|
/// | S: `String`, a unit enum, a time as text .. | `&'a str`, `Cow<'a, str>` |
/// | `Option<T>`, and whatever may be missing | `Option` of the borrowed form |
/// | `Vec<T>`, `[T; N]` .. | `Vec` of the borrowed form |
/// | `BTreeSet<String>`, `HashSet<String>` | `BTreeSet<&'a str>`, `HashSet<&'a str>` |
/// | `BTreeMap<String, T>`, `HashMap<String, T>` | the map with `&'a str` keys |
/// | a document | a struct that derives `Projection` of it, with the same lifetime |
///
/// Numbers and booleans have the entity's types; with `#[dynamo(default)]` a field may be missing.
/// Text with escapes in its JSON (quotes, line ends) is borrowed too: it is unescaped once for the
/// page. Binary is base64 in the page, so it is owned: `Binary`. The items of a sharded index come
/// in the order of the index too, each borrowed from the response of its shard.
///
/// ```
/// use dynamodel::{Db, Document, Entity, Projection};
/// # #[derive(Debug, Clone, PartialEq, Document)]
/// # struct Place { country: String, city: String }
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "visits")]
/// # struct Visit { #[dynamo(partition)] page: String, #[dynamo(sort)] at: u64, agent: Option<String>, place: Place }
/// #[derive(Debug, Projection)]
/// #[dynamo(of = Visit)]
/// struct VisitView<'a> {
///     page: &'a str,
///     at: u64,
///     agent: Option<&'a str>,
///     place: PlaceView<'a>,
/// }
///
/// #[derive(Debug, Projection)]
/// #[dynamo(of = Place)]
/// struct PlaceView<'a> {
///     country: &'a str,
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Visit>().await?;
/// # let place = Place { country: "PT".into(), city: "Porto".into() };
/// # for at in 1..=3 { Visit { page: "/".into(), at, agent: None, place: place.clone() }.create().send(&db).await?; }
///
/// let mut from_portugal = 0;
/// Visit::scan()
///     .borrowed::<VisitView>()
///     .each(&db, |visit| from_portugal += u32::from(visit.place.country == "PT"))
///     .await?;
/// assert_eq!(from_portugal, 3);
///
/// let page = Visit::query("/").borrowed::<VisitView>().page(&db).await?;
/// let visits: Vec<VisitView<'_>> = page.items()?;
/// assert_eq!(visits[2].at, 3);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not borrow from a page",
    label = "not a projection with a lifetime",
    note = "derive it for a struct with a lifetime: `#[derive(Projection)] #[dynamo(of = Entity)] struct View<'a> {{ name: &'a str, .. }}`; owned structs are read with `.select::<P>()`"
)]
pub trait BorrowedProjection {
    /// Entity or document that the struct is a part of, or the collection that the enum is an item
    /// of.
    type Of;
    /// The struct or enum, borrowing for `'a`.
    type At<'a>;
    /// Names of the attributes to fetch.
    const ATTRIBUTES: &'static [&'static str];
    /// The attributes, each with the parts of it to fetch; empty for all.
    #[doc(hidden)]
    const FETCHED: &'static [Fetched];
    /// The places of the fields in the key of a shared table.
    #[doc(hidden)]
    const PLACES: &'static [Option<KeyPlace>] = &[];
    /// The schema of the entity that the struct is a part of; `None` of a document or collection.
    #[doc(hidden)]
    fn schema() -> Option<&'static EntitySchema> {
        None
    }
    #[doc(hidden)]
    fn read_borrowed<'a>(r: &mut Reader<'a>) -> Result<Self::At<'a>, ReadError>;
}
