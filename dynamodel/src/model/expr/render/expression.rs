//! Rendering of conditions, actions and their operands.

use super::{Body, MAX_IN_OPERANDS, Name};
use crate::error::{Error, Limit};
use crate::model::expr::ast::{ActionNode, Function, Node, Operand, Place, Source, Step, Verb};

impl Body {
    pub(super) fn place(&mut self, place: &Place, text: &mut String) {
        self.subject = Some(place.clone());
        self.steps(place, text);
    }

    fn steps(&mut self, place: &Place, text: &mut String) {
        if let Some(parent) = &place.parent {
            self.steps(parent, text);
        }
        let name = match &place.step {
            Step::Attribute(name) => Name::Borrowed(*name),
            Step::Entry(key) => Name::Owned(key.to_string()),
            Step::Element(index) => {
                text.push('[');
                text.push_str(itoa::Buffer::new().format(*index));
                return text.push(']');
            }
        };
        if place.parent.is_some() {
            text.push('.');
        }
        self.name(name, text);
    }

    fn operand(&mut self, operand: &Operand, text: &mut String) {
        match operand {
            Operand::Path(place) => self.place(place, text),
            Operand::Value(value) => self.value(value, text),
            Operand::Size(place) => {
                self.operators += 1;
                text.push_str("size(");
                self.place(place, text);
                text.push(')');
            }
        }
    }

    /// Renders a condition. `inner` is `true` for a node beside others, so that AND and OR need
    /// parentheses.
    pub(super) fn node(&mut self, node: &Node, inner: bool, text: &mut String) {
        // NOT, AND, OR, BETWEEN and IN count as operators, like comparators and functions.
        self.operators += 1;
        if let Some(place) = node.repeats() {
            self.fail(Error::invalid_request(format!(
                "a condition compares `{place}` with itself, which DynamoDB refuses; give another attribute or a value"
            )));
        }
        match node {
            Node::Const(holds) => self.constant(*holds, text),
            Node::Compare(a, comparator, b) => {
                self.operand(a, text);
                text.push_str(comparator.text());
                self.operand(b, text);
            }
            Node::Between(value, low, high) => {
                self.operand(value, text);
                text.push_str(" BETWEEN ");
                self.operand(low, text);
                text.push_str(" AND ");
                self.operand(high, text);
            }
            Node::In(value, list) => {
                if list.len() > MAX_IN_OPERANDS {
                    return self.fail(Error::limit(Limit::InOperands));
                }
                self.operand(value, text);
                text.push_str(" IN (");
                for (i, o) in list.iter().enumerate() {
                    if i > 0 {
                        text.push(',');
                    }
                    self.operand(o, text);
                }
                text.push(')');
            }
            Node::Call(function, place, argument) => {
                text.push_str(function.text());
                text.push('(');
                self.place(place, text);
                if let Some(argument) = argument {
                    text.push(',');
                    self.operand(argument, text);
                }
                text.push(')');
            }
            Node::And(nodes) => self.joined(nodes, " AND ", inner, text),
            Node::Or(nodes) => self.joined(nodes, " OR ", inner, text),
            Node::Not(node) => {
                text.push_str("NOT ");
                self.node(node, true, text);
            }
        }
    }

    /// Renders a constant. DynamoDB has none, so an attribute is tested to exist or (and) not to
    /// exist.
    fn constant(&mut self, holds: bool, text: &mut String) {
        self.operators += 2;
        let any = Place::root("_");
        let join = if holds { " OR " } else { " AND " };
        for (function, join) in [(Function::Exists, join), (Function::NotExists, "")] {
            text.push_str(function.text());
            text.push('(');
            self.place(&any, text);
            text.push(')');
            text.push_str(join);
        }
    }

    fn joined(&mut self, nodes: &[Node], by: &str, inner: bool, text: &mut String) {
        self.operators += nodes.len().saturating_sub(2);
        if inner {
            text.push('(');
        }
        for (i, node) in nodes.iter().enumerate() {
            if i > 0 {
                text.push_str(by);
            }
            self.node(node, true, text);
        }
        if inner {
            text.push(')');
        }
    }

    pub(super) fn action(&mut self, action: &ActionNode, text: &mut String) {
        self.place(&action.place, text);
        match &action.verb {
            Verb::Remove => {}
            Verb::Add(value) | Verb::Delete(value) => {
                text.push(' ');
                self.value(value, text);
            }
            Verb::Set(source) => {
                text.push_str(" = ");
                self.source(source, text);
            }
        }
    }

    pub(super) fn source(&mut self, source: &Source, text: &mut String) {
        match source {
            Source::Value(value) => return self.value(value, text),
            Source::Path(place) => return self.place(place, text),
            Source::IfAbsent(place, other) => {
                text.push_str("if_not_exists(");
                self.place(place, text);
                text.push(',');
                self.source(other, text);
                text.push(')');
            }
            Source::Concat(first, second) => {
                text.push_str("list_append(");
                self.source(first, text);
                text.push(',');
                self.source(second, text);
                text.push(')');
            }
            Source::Plus(a, b) => self.arithmetic(a, " + ", b, text),
            Source::Minus(a, b) => self.arithmetic(a, " - ", b, text),
        }
        self.operators += 1;
    }

    fn arithmetic(&mut self, a: &Source, sign: &str, b: &Source, text: &mut String) {
        self.source(a, text);
        text.push_str(sign);
        self.source(b, text);
    }
}

impl Verb {
    /// Returns `true` if the action joins two lists (`list_append`).
    pub(crate) fn joins_lists(&self) -> bool {
        matches!(self, Verb::Set(Source::Concat(..)))
    }

    pub(super) fn clause(&self) -> &'static str {
        match self {
            Verb::Set(_) => "SET",
            Verb::Remove => "REMOVE",
            Verb::Add(_) => "ADD",
            Verb::Delete(_) => "DELETE",
        }
    }
}
