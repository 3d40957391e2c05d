//! What a write returns, as type parameters of the operations.

use super::response::{Single, nothing, single};
use crate::entity::Entity;
use crate::wire::ReadError;

/// A put returns the entity as it is stored now.
#[derive(Debug)]
pub enum Stored {}
/// A write returns the item as it was before.
#[derive(Debug)]
pub enum Old {}
/// An update returns the item as it is after.
#[derive(Debug)]
pub enum New {}

/// What an update or delete of entity `E` returns.
pub trait Returned<E>: Send + Sync + 'static {
    /// The type of the output.
    type Output: Send + Sync + 'static;
    #[doc(hidden)]
    const PARAMETER: Option<&'static str>;
    #[doc(hidden)]
    fn decode(body: &[u8]) -> Result<Single<Self::Output>, ReadError>;
    /// The output when a retry found that this very write had been done: `item` is what it left.
    #[doc(hidden)]
    fn of_own_write(item: &[u8]) -> Option<Result<Self::Output, ReadError>>;
}

impl<E: Entity> Returned<E> for () {
    type Output = ();
    const PARAMETER: Option<&'static str> = None;
    fn decode(body: &[u8]) -> Result<Single<()>, ReadError> {
        nothing(body)
    }
    fn of_own_write(_: &[u8]) -> Option<Result<(), ReadError>> {
        Some(Ok(()))
    }
}

impl<E: Entity> Returned<E> for New {
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

impl<E: Entity> Returned<E> for Old {
    type Output = Option<E>;
    const PARAMETER: Option<&'static str> = Some("ALL_OLD");
    fn decode(body: &[u8]) -> Result<Single<Option<E>>, ReadError> {
        single(body)
    }
    fn of_own_write(_: &[u8]) -> Option<Result<Option<E>, ReadError>> {
        None
    }
}

/// What a put of entity `E` returns.
pub trait PutReturned<E>: Send + Sync + 'static {
    /// The type of the output.
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

impl<E: Entity> PutReturned<E> for Stored {
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

impl<E: Entity> PutReturned<E> for Old {
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
