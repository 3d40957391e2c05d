//! Conditions that are joined from other conditions.

use super::Condition;
use super::ast::Node;

/// Holds if all of the conditions hold. Without any it always holds; used alone, it then adds
/// nothing to the request.
///
/// ```
/// use dynamodel::{Entity, all_of};
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "posts")]
/// # struct Post { #[dynamo(partition)] id: u64, title: String }
/// let words = ["fast", "typed"];
/// let posts = Post::scan().filter(|p| all_of(words.map(|w| p.title.contains(w))));
/// # drop(posts);
/// ```
pub fn all_of<E>(conditions: impl IntoIterator<Item = Condition<E>>) -> Condition<E> {
    Condition::from_node(Node::and(conditions.into_iter().map(Condition::into_node)))
}

/// Holds if at least one of the conditions holds. Without any it never holds: a read finds nothing,
/// a write is refused with a failed condition.
///
/// ```
/// use dynamodel::{Entity, any_of};
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "posts")]
/// # struct Post { #[dynamo(partition)] id: u64, author: String }
/// let authors = vec!["ann", "bob"];
/// let posts = Post::scan().filter(|p| any_of(authors.iter().map(|a| p.author.begins_with(a))));
/// # drop(posts);
/// ```
pub fn any_of<E>(conditions: impl IntoIterator<Item = Condition<E>>) -> Condition<E> {
    Condition::from_node(Node::or(conditions.into_iter().map(Condition::into_node)))
}

/// Returns the condition of an optional value. For `None` it always holds, so that with `&` it adds
/// nothing. With `|`, use [`any_of`] of an `Option` of a condition.
///
/// ```
/// use dynamodel::{Entity, maybe};
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "posts")]
/// # struct Post { #[dynamo(partition)] id: u64, author: String, likes: u32 }
/// fn search(author: Option<&str>, at_least: Option<u32>) -> dynamodel::Scan<Post> {
///     Post::scan().filter(|p| {
///         maybe(author, |a| p.author.eq(a)) & maybe(at_least, |n| p.likes.ge(n))
///     })
/// }
/// # drop(search(None, Some(3)));
/// ```
pub fn maybe<T, E>(value: Option<T>, condition: impl FnOnce(T) -> Condition<E>) -> Condition<E> {
    value.map_or_else(|| Condition::from_node(Node::Const(true)), condition)
}
