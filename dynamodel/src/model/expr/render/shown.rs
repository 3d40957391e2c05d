//! Expressions in `Debug` output.

use std::fmt;

use super::{Body, Name};
use crate::model::expr::ast::{ActionNode, Node, Source};

/// Formats a condition for people: attribute names in full, `:v0` for values.
pub(crate) fn shown(node: &Node) -> impl fmt::Display + '_ {
    Shown(move |body: &mut Body, text: &mut String| body.node(node, false, text))
}

/// Formats an action for people.
pub(crate) fn shown_action(action: &ActionNode) -> impl fmt::Display + fmt::Debug + '_ {
    Shown(move |body: &mut Body, text: &mut String| {
        text.push_str(action.verb.clause());
        text.push(' ');
        body.action(action, text);
    })
}

/// Formats the source of a SET action for people.
pub(crate) fn shown_source(source: &Source) -> impl fmt::Display + '_ {
    Shown(move |body: &mut Body, text: &mut String| body.source(source, text))
}

struct Shown<F>(F);

impl<F: Fn(&mut Body, &mut String)> fmt::Display for Shown<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = Body::new("", 0);
        let mut text = String::new();
        (self.0)(&mut body, &mut text);
        // Map keys are user data, so placeholders are not replaced; the legend names all others.
        f.write_str(&text)?;
        let mut separator = " with ";
        for (i, name) in body.names.iter().enumerate() {
            if let Name::Borrowed(name) = name {
                write!(f, "{separator}#n{i}={name}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

impl<F: Fn(&mut Body, &mut String)> fmt::Debug for Shown<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Formats a condition for `Debug` output.
pub(crate) fn debug_node(node: Option<&Node>) -> impl std::fmt::Debug + '_ {
    std::fmt::from_fn(move |f| match node {
        Some(node) => write!(f, "{}", shown(node)),
        None => f.write_str("None"),
    })
}
