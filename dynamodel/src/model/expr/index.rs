//! Updates that set the parts of an index key together.

use std::fmt;
use std::marker::PhantomData;

use super::ast::{ActionNode, Assumed, Place, Source, Value, Verb};
use super::{Actions, IntoActions};
use crate::wire::SetValue;

/// A part of an index key in `set_assuming`: it changes, or it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<V> {
    /// The part is set to this value.
    Set(V),
    /// The part has this value and keeps it. The update only happens if that is true.
    Is(V),
}

/// The actions that set the parts of an index key, created by the member of the index in `apply`.
#[must_use = "an action does nothing until it is given to `apply`"]
pub struct IndexAction<E> {
    actions: Vec<ActionNode>,
    assumed: Vec<Assumed>,
    _entity: PhantomData<fn() -> E>,
}

impl<E> fmt::Debug for IndexAction<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed = self.actions.iter().map(|a| a.place.to_string());
        f.debug_tuple("IndexAction")
            .field(&changed.collect::<Vec<_>>())
            .finish()
    }
}

impl<E> IndexAction<E> {
    #[doc(hidden)]
    pub fn start() -> Self {
        IndexAction {
            actions: Vec::new(),
            assumed: Vec::new(),
            _entity: PhantomData,
        }
    }

    #[doc(hidden)]
    pub fn set<T>(mut self, names: &[&'static str], value: impl SetValue<T>) -> Self {
        let verb = match written(&value) {
            Some(value) => Verb::Set(Source::Value(value)),
            None => Verb::Remove,
        };
        if let Some(place) = Place::of_names(names) {
            self.actions.push(ActionNode { place, verb });
        }
        self
    }

    #[doc(hidden)]
    pub fn part<T, V: SetValue<T>>(mut self, names: &[&'static str], part: Part<V>) -> Self {
        match part {
            Part::Set(value) => self.set::<T>(names, value),
            Part::Is(value) => {
                let value = written(&value);
                if let Some(place) = Place::of_names(names) {
                    self.assumed.push(Assumed {
                        place,
                        value,
                        or_absent: false,
                    });
                }
                self
            }
        }
    }
}

/// Returns the value in its wire form, or `None` if setting it removes the attribute.
fn written<T>(value: &impl SetValue<T>) -> Option<Value> {
    (!value.is_removal()).then(|| Value::write(|w| value.write_value(w)))
}

impl<E> IntoActions<E> for IndexAction<E> {
    fn collect_into(self, actions: &mut Actions) {
        actions.0.extend(self.actions);
        actions.1.extend(self.assumed);
    }
}
