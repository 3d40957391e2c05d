//! Return values of writes, as type parameters of the operations.

use std::fmt;
use std::marker::PhantomData;

use crate::client::response::{Single, attributes, nothing, single};
use crate::error::{Error, UnreadableItem};
use crate::model::entity::{HasPartial, Item};
use crate::model::expr::ast::Place;
use crate::model::expr::{Fields, InCondition, Path, Prefix, Token};
use crate::wire::{Attribute, ValueOf};
use crate::wire::{ReadError, Reader};

/// Return value of a put: the entity as it is stored now.
#[derive(Debug)]
pub enum Stored {}
/// Return value of a write: the item as it was before.
#[derive(Debug)]
pub enum Old {}
/// Return value of an update: the item as it is after the update.
#[derive(Debug)]
pub enum New {}

/// Return value of an update: the changed attributes as they are after the update.
#[derive(Debug)]
pub enum UpdatedNew {}
/// Return value of an update: the changed attributes as they were before.
#[derive(Debug)]
pub enum UpdatedOld {}

/// Return value of a write that is asked to be [lenient](crate::Delete::lenient): `Err` with the raw
/// attributes for an item that cannot be read.
#[derive(Debug)]
pub struct Lenient<R>(PhantomData<fn() -> R>);

/// Return values of an update or delete of entity `E`.
pub trait Returned<E>: Send + Sync + 'static {
    /// Type of the output.
    type Output: Send + Sync + 'static;
    #[doc(hidden)]
    const PARAMETER: Option<&'static str>;
    #[doc(hidden)]
    fn decode(body: &[u8]) -> Result<Single<Self::Output>, ReadError>;
    /// Returns the output when a retry finds that an earlier attempt of this call wrote the item:
    /// `item` is the item that the attempt left.
    #[doc(hidden)]
    fn of_own_write(item: &[u8]) -> Option<Result<Self::Output, ReadError>>;
    /// Returns the output of a write that has nothing to do, if the output needs no response.
    #[doc(hidden)]
    fn of_nothing() -> Option<Self::Output> {
        None
    }
}

impl<E: Item> Returned<E> for () {
    type Output = ();
    const PARAMETER: Option<&'static str> = None;
    fn decode(body: &[u8]) -> Result<Single<()>, ReadError> {
        nothing(body)
    }
    fn of_own_write(_: &[u8]) -> Option<Result<(), ReadError>> {
        Some(Ok(()))
    }
    fn of_nothing() -> Option<()> {
        Some(())
    }
}

impl<E: Item> Returned<E> for New {
    type Output = E;
    const PARAMETER: Option<&'static str> = Some("ALL_NEW");
    fn decode(body: &[u8]) -> Result<Single<E>, ReadError> {
        let Single { item, capacity } = single::<E>(body)?;
        let item = item.ok_or_else(|| ReadError::expected("the updated attributes"))?;
        Ok(Single { item, capacity })
    }
    fn of_own_write(item: &[u8]) -> Option<Result<E, ReadError>> {
        Some(crate::wire::read_item(item, E::read_item))
    }
}

impl<E: Item> Returned<E> for Old {
    type Output = Option<E>;
    const PARAMETER: Option<&'static str> = Some("ALL_OLD");
    fn decode(body: &[u8]) -> Result<Single<Option<E>>, ReadError> {
        single(body)
    }
    fn of_own_write(_: &[u8]) -> Option<Result<Option<E>, ReadError>> {
        None
    }
}

impl<E: Item, R: ReturnedItem<E>> Returned<E> for Lenient<R> {
    type Output = Result<R::Output, UnreadableItem>;
    const PARAMETER: Option<&'static str> = R::PARAMETER;
    fn decode(body: &[u8]) -> Result<Single<Self::Output>, ReadError> {
        match R::decode(body) {
            Ok(Single { item, capacity }) => Ok(Single {
                item: Ok(item),
                capacity,
            }),
            Err(error) => Ok(unreadable(error, body)?.map(Err)),
        }
    }
    fn of_own_write(item: &[u8]) -> Option<Result<Self::Output, ReadError>> {
        let output = R::of_own_write(item)?;
        Some(Ok(output.map_err(|e| UnreadableItem::new(e, item))))
    }
}

/// Return values that are whole items.
pub trait ReturnedItem<E>: Returned<E> {}
impl<E: Item> ReturnedItem<E> for Old {}
impl<E: Item> ReturnedItem<E> for New {}

/// Returns the item of a response that an entity cannot be read from.
///
/// # Errors
/// The entity's error, if there is no item either.
#[cold]
fn unreadable(error: ReadError, body: &[u8]) -> Result<Single<UnreadableItem>, ReadError> {
    let Ok(Single {
        item: Some(item),
        capacity,
    }) = attributes(body)
    else {
        return Err(error);
    };
    Ok(Single {
        item: UnreadableItem::new(error, item),
        capacity,
    })
}

impl<E: Item> Returned<E> for UpdatedNew {
    type Output = Partial<E>;
    const PARAMETER: Option<&'static str> = Some("UPDATED_NEW");
    fn decode(body: &[u8]) -> Result<Single<Partial<E>>, ReadError> {
        Partial::decode(body)
    }
    fn of_own_write(item: &[u8]) -> Option<Result<Partial<E>, ReadError>> {
        Some(Ok(Partial::from_item(item)))
    }
}

impl<E: Item> Returned<E> for UpdatedOld {
    type Output = Partial<E>;
    const PARAMETER: Option<&'static str> = Some("UPDATED_OLD");
    fn decode(body: &[u8]) -> Result<Single<Partial<E>>, ReadError> {
        Partial::decode(body)
    }
    fn of_own_write(_: &[u8]) -> Option<Result<Partial<E>, ReadError>> {
        None
    }
}

/// Some attributes of an item, returned by an update that asks for what it changed.
///
/// [`get`](Self::get) reads one of them by its path. Of a changed document DynamoDB returns only the
/// changed parts, so the path leads to the part.
pub struct Partial<E> {
    item: Vec<u8>,
    _entity: PhantomData<fn() -> E>,
}

impl<E: Item> Partial<E> {
    fn decode(body: &[u8]) -> Result<Single<Self>, ReadError> {
        let Single { item, capacity } = attributes(body)?;
        let item = Self::from_item(item.unwrap_or(b"{}"));
        Ok(Single { item, capacity })
    }

    fn from_item(item: &[u8]) -> Self {
        Partial {
            item: item.to_vec(),
            _entity: PhantomData,
        }
    }

    /// Returns all attributes at once, as the struct that `#[dynamo(partial)]` on the entity
    /// generates: for an entity `Session` a `SessionPartial`, with every field an `Option`.
    ///
    /// The field of a document of which only a part was returned is `None`, because its type cannot
    /// hold a part; [`get`](Self::get) reads the part by its path.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// #[derive(Debug, Entity)]
    /// #[dynamo(table = "pages", partial)]
    /// struct Page {
    ///     #[dynamo(partition)]
    ///     url: String,
    ///     views: u64,
    ///     title: Option<String>,
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// # Page { url: "/".into(), views: 1, title: None }.create().send(&db).await?;
    /// let update = Page::update("/").apply(|p| p.views.add(1)).returning_updated_new();
    /// let page: PagePartial = update.send(&db).await?.into_fields()?;
    /// assert_eq!(page.views, Some(2));
    /// assert_eq!(page.title, None); // not changed
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`is_unreadable`](Error::is_unreadable) when an attribute is not of its field's type.
    pub fn into_fields<P>(self) -> Result<P, Error>
    where
        // With `E::Partial` as the output, an entity without it would be an unknown method.
        E: HasPartial<Partial = P>,
    {
        Ok(crate::wire::read_item(&self.item, E::read_partial)?)
    }

    /// Returns the value at a path; `None` when DynamoDB did not return it.
    ///
    /// Of a list, DynamoDB returns the changed elements one after the other, without their
    /// positions: `index(0)` is the first changed element.
    ///
    /// ```
    /// # use dynamodel::{Db, Document, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "pages")]
    /// # struct Page { #[dynamo(partition)] url: String, counts: Counts }
    /// # #[derive(Debug, Document)]
    /// # struct Counts { views: u64, likes: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// # Page { url: "/".into(), counts: Counts { views: 1, likes: 1 } }.create().send(&db).await?;
    /// let update = Page::update("/").apply(|p| p.counts.at(|c| c.views).increment(1));
    /// let page = update.returning_updated_new().send(&db).await?;
    /// assert_eq!(page.get(|p| p.counts.at(|c| c.views))?, Some(2));
    /// assert_eq!(page.get(|p| p.counts.at(|c| c.likes))?, None); // not returned
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`is_unreadable`](Error::is_unreadable) when the value is not of the path's type.
    pub fn get<K: Token>(
        &self,
        path: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Path<K, InCondition<E>>,
    ) -> Result<Option<ValueOf<K::Type>>, Error> {
        let place = path(E::fields(&Prefix::ROOT)).place();
        let value = crate::write::diff::value_at(&self.item, &place)?;
        let Some(value) = value else { return Ok(None) };
        Ok(Option::read(&mut Reader::of_text(value))?)
    }
}

impl<E> Clone for Partial<E> {
    fn clone(&self) -> Self {
        Partial {
            item: self.item.clone(),
            _entity: PhantomData,
        }
    }
}

/// Shows the names of the attributes, but not their values.
impl<E: Item> fmt::Debug for Partial<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = E::ITEM_SCHEMA.attributes.iter().map(|a| a.name);
        let is_there = |name: &&'static str| {
            Place::of_names(&[*name]).is_some_and(|place| {
                matches!(
                    crate::write::diff::value_at(&self.item, &place),
                    Ok(Some(_))
                )
            })
        };
        f.debug_tuple("Partial")
            .field(&names.filter(is_there).collect::<Vec<_>>())
            .finish()
    }
}

/// Return values of a put of entity `E`.
pub trait PutReturned<E>: Send + Sync + 'static {
    /// Type of the output.
    type Output: Send + Sync + 'static;
    #[doc(hidden)]
    const PARAMETER: Option<&'static str>;
    #[doc(hidden)]
    type Reply: Send + Sync + 'static;
    #[doc(hidden)]
    fn decode(body: &[u8]) -> Result<Single<Self::Reply>, ReadError>;
    #[doc(hidden)]
    fn output(entity: E, reply: Self::Reply) -> Self::Output;
    #[doc(hidden)]
    fn of_own_write(entity: E) -> Option<Self::Output>;
}

impl<E: Item> PutReturned<E> for Stored {
    type Output = E;
    const PARAMETER: Option<&'static str> = None;
    type Reply = ();
    fn decode(body: &[u8]) -> Result<Single<()>, ReadError> {
        nothing(body)
    }
    fn output(entity: E, (): ()) -> E {
        entity
    }
    fn of_own_write(entity: E) -> Option<E> {
        Some(entity)
    }
}

impl<E: Item> PutReturned<E> for Old {
    type Output = Option<E>;
    const PARAMETER: Option<&'static str> = Some("ALL_OLD");
    type Reply = Option<E>;
    fn decode(body: &[u8]) -> Result<Single<Option<E>>, ReadError> {
        single(body)
    }
    fn output(_: E, old: Option<E>) -> Option<E> {
        old
    }
    fn of_own_write(_: E) -> Option<Option<E>> {
        None
    }
}

impl<E: Item> PutReturned<E> for Lenient<Old> {
    type Output = Result<Option<E>, UnreadableItem>;
    const PARAMETER: Option<&'static str> = Some("ALL_OLD");
    type Reply = Self::Output;
    fn decode(body: &[u8]) -> Result<Single<Self::Reply>, ReadError> {
        <Self as Returned<E>>::decode(body)
    }
    fn output(_: E, old: Self::Reply) -> Self::Output {
        old
    }
    fn of_own_write(_: E) -> Option<Self::Output> {
        None
    }
}
