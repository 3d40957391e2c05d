//! [`Path`]: a typed attribute path, and its steps into documents, lists and maps.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::ast::{Parent, Place, Step};
use super::scope::{EnterableIn, Inner, UsableIn};
use super::{Fields, Prefix, Token};
use crate::wire::container::{EntryKey, ListOf, MapOf};
use crate::wire::{Attribute, ValueOf};

/// The path of an attribute in an item, typed by the field `K` and the place of use `Sc`.
///
/// The closures of `when`, `filter` and `apply` get the entity's paths as the members of its
/// `…Fields` struct. Methods on a path create a [`Condition`](super::Condition) or an
/// [`Action`](super::Action); nothing is sent.
///
/// Paths lead into nested values to any depth: [`at`](Self::at) into a document,
/// [`index`](Self::index) into a list, [`key`](Self::key) into a map. They look through `Option`
/// and `Box`.
///
/// ```
/// # use std::collections::HashMap;
/// # use dynamodel::{Document, Entity};
/// #[derive(Debug, Entity)]
/// #[dynamo(table = "orders")]
/// struct Order {
///     #[dynamo(partition)]
///     id: u64,
///     lines: Vec<Line>,
///     address: Option<Address>,
///     prices: HashMap<String, u64>,
/// }
/// #[derive(Debug, Document)]
/// struct Line { sku: String, quantity: u32 }
/// #[derive(Debug, Document)]
/// struct Address { city: String }
///
/// let update = Order::update(7)
///     .apply(|o| (
///         o.lines.index(0).at(|l| l.quantity).set(3),
///         o.prices.key("apple").remove(),
///     ))
///     .when(|o| o.address.at(|a| a.city).eq("Oslo"));
/// let json = update.to_json()?;
/// assert!(json.contains(r#""UpdateExpression":"SET #n0[0].#n1 = :v0 REMOVE #n2.#n3""#));
/// assert!(json.contains(r##""ConditionExpression":"attribute_exists(#n4) AND #n5.#n6 = :v1""##));
/// # Ok::<(), dynamodel::Error>(())
/// ```
pub struct Path<K, Sc> {
    place: Place,
    _use: PhantomData<fn() -> (K, Sc)>,
}

impl<K, Sc> Clone for Path<K, Sc> {
    fn clone(&self) -> Self {
        Path {
            place: self.place.clone(),
            _use: PhantomData,
        }
    }
}

impl<K, Sc> fmt::Debug for Path<K, Sc> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.place)
    }
}

/// An element of a list or an entry of a map, as the field of a [`Path`].
#[derive(Debug)]
pub struct Inside<T>(PhantomData<fn() -> T>);

impl<T: Attribute> Token for Inside<T> {
    type Type = T;
    const NAME: &'static str = "*";
    type Uses = Inner;
}

impl<K: Token, Sc> Path<K, Sc> {
    pub(crate) fn new(parent: Option<&Arc<Parent>>) -> Self {
        Path {
            place: Place::below(parent, Step::Attribute(K::NAME)),
            _use: PhantomData,
        }
    }

    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    fn as_parent(&self) -> Arc<Parent> {
        self.place().into_parent(K::Type::absent().is_some())
    }

    fn inside<T>(&self, step: Step) -> Path<Inside<T>, Sc> {
        Path {
            place: Place::below(Some(&self.as_parent()), step),
            _use: PhantomData,
        }
    }

    /// Returns a path inside a document: the closure gets the document's own paths and chooses one.
    ///
    /// ```text
    /// s.data.at(|d| d.current_page).set("/cart")
    /// ```
    ///
    /// An enum whose variants have data has a member for each variant, with the paths of its fields,
    /// and `variant`, the name of the stored variant:
    ///
    /// ```
    /// # use dynamodel::{Document, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "orders")]
    /// # struct Order { #[dynamo(partition)] id: u64, payment: Payment }
    /// #[derive(Debug, Document)]
    /// enum Payment {
    ///     Invoice,
    ///     Card { last_digits: String, expires: u32 },
    /// }
    ///
    /// let open = Order::scan().filter(|o| {
    ///     o.payment.at(|p| p.variant).eq("Invoice") | o.payment.at(|p| p.card.expires).lt(2030)
    /// });
    /// # drop(open);
    /// ```
    ///
    /// Of a document that holds a part of a key template, updates change everything else. A part of
    /// an index key is set if the other parts of that key are known, and otherwise refused when the
    /// update is sent; so is a part of the primary key.
    ///
    /// DynamoDB changes a part of a document only if the document exists: an update of a path in a
    /// document that the item does not have is refused with a `ValidationException`.
    pub fn at<R>(&self, choose: impl FnOnce(<ValueOf<K::Type> as Fields>::Fields<Sc>) -> R) -> R
    where
        K: EnterableIn<Sc>,
        ValueOf<K::Type>: Fields,
    {
        let prefix = Prefix(Some(self.as_parent()));
        choose(ValueOf::<K::Type>::fields(&prefix))
    }

    /// Returns the path of a list's element at `index`, from 0.
    ///
    /// Setting an element past the end appends it; removing one moves the elements behind it.
    pub fn index(&self, index: usize) -> Path<Inside<<ValueOf<K::Type> as ListOf>::Element>, Sc>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: ListOf,
    {
        self.inside(Step::Element(index))
    }

    /// Returns the path of a map's entry with this key.
    pub fn key(
        &self,
        key: impl EntryKey<<ValueOf<K::Type> as MapOf>::Key>,
    ) -> Path<Inside<<ValueOf<K::Type> as MapOf>::Entry>, Sc>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: MapOf,
    {
        self.inside(Step::Entry(key.entry_key()))
    }
}
