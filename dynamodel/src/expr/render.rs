//! Expressions as text: the one place where `#n0` and `:v0` are made.

use std::fmt;

use super::ast::{ActionNode, Function, Node, Operand, Place, Source, Step, Value, Verb};
use crate::error::{Error, Limit};
use crate::wire::{WriteError, Writer};

/// DynamoDB's limits on one expression.
const MAX_EXPRESSION_BYTES: usize = 4096;
const MAX_OPERATORS: usize = 300;
const MAX_IN_OPERANDS: usize = 100;

/// The body of a request: its members, and the names and values that its expressions use.
pub(crate) struct Body {
    w: Writer,
    names: Vec<Name>,
    values: Vec<u8>,
    value_count: usize,
    operators: usize,
    /// The place that was rendered last: values belong to it.
    subject: Option<Place>,
    /// Room for the text of an expression.
    text: String,
    error: Option<Error>,
}

type Name = std::borrow::Cow<'static, str>;

impl Body {
    /// A body that begins with the table's name.
    pub(crate) fn new(table: &str, capacity: usize) -> Self {
        let mut w = Writer::with_capacity(capacity);
        w.raw(b"{\"TableName\":\"");
        w.text(table);
        w.raw(b"\"");
        Body {
            w,
            names: Vec::new(),
            values: Vec::new(),
            value_count: 0,
            operators: 0,
            subject: None,
            text: String::new(),
            error: None,
        }
    }

    /// A body that begins with a member of another name and value, for what a batch asks of a table.
    pub(crate) fn beginning_with(name: &str, json: &[u8]) -> Self {
        let mut body = Self::new("", 0);
        let mut w = Writer::with_capacity(name.len() + json.len() + 256);
        w.raw(b"{\"");
        w.raw(name.as_bytes());
        w.raw(b"\":");
        w.raw(json);
        body.w = w;
        body
    }

    /// A second body that goes on from here.
    ///
    /// # Errors
    /// When something in this one is wrong; then that is gone from it.
    pub(crate) fn copy(&mut self) -> Result<Self, Error> {
        if let Some(e) = self.error.take() {
            return Err(e);
        }
        Ok(Body {
            w: self.w.copy(),
            names: self.names.clone(),
            values: self.values.clone(),
            value_count: self.value_count,
            operators: self.operators,
            subject: self.subject.clone(),
            text: String::new(),
            error: None,
        })
    }

    /// A member that is JSON already.
    pub(crate) fn member(&mut self, name: &str, json: &[u8]) {
        self.member_with(name, |w| w.raw(json));
    }

    /// A member whose value is written in place.
    pub(crate) fn member_with(&mut self, name: &str, write: impl FnOnce(&mut Writer)) {
        self.w.raw(b",\"");
        self.w.raw(name.as_bytes());
        self.w.raw(b"\":");
        write(&mut self.w);
    }

    /// A member that is text without anything to escape.
    pub(crate) fn word(&mut self, name: &str, word: &str) {
        self.member_with(name, |w| {
            w.raw(b"\"");
            w.raw(word.as_bytes());
            w.raw(b"\"");
        });
    }

    /// A member that is a condition, filter or key condition.
    pub(crate) fn condition(&mut self, member: &'static str, node: Option<&Node>) {
        let Some(node) = node.filter(|n| !matches!(n, Node::Const(true))) else {
            return;
        };
        self.expression(member, |body, text| body.node(node, false, text));
    }

    /// A member that is a projection of these attributes.
    pub(crate) fn projection(&mut self, attributes: impl IntoIterator<Item = &'static str>) {
        let mut attributes = attributes.into_iter().peekable();
        if attributes.peek().is_none() {
            return;
        }
        self.expression("ProjectionExpression", |body, text| {
            for (i, name) in attributes.enumerate() {
                if i > 0 {
                    text.push(',');
                }
                body.name(Name::Borrowed(name), text);
            }
        });
    }

    /// The `UpdateExpression` of the actions: the user's, and what every update writes by itself.
    pub(crate) fn update(&mut self, actions: &[ActionNode], own: &[ActionNode]) {
        if actions.is_empty() && own.is_empty() {
            return;
        }
        let actions = || actions.iter().chain(own);
        if let Some((a, b)) = overlap(&actions) {
            self.fail(Error::overlapping(&a.place, &b.place));
            return;
        }
        self.expression("UpdateExpression", |body, text| {
            for clause in ["SET", "REMOVE", "ADD", "DELETE"] {
                let mut of_clause = actions().filter(|a| a.verb.clause() == clause).peekable();
                if of_clause.peek().is_none() {
                    continue;
                }
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(clause);
                for (i, action) in of_clause.enumerate() {
                    text.push_str(if i > 0 { ", " } else { " " });
                    body.action(action, text);
                }
            }
        });
    }

    /// The finished body, with the names and values at its end.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, Error> {
        if let Some(e) = self.error {
            return Err(e);
        }
        if !self.names.is_empty() {
            self.w.raw(b",\"ExpressionAttributeNames\":{");
            for (i, name) in self.names.iter().enumerate() {
                self.w.raw(if i > 0 { b",\"#n" } else { b"\"#n" });
                self.w.raw(itoa::Buffer::new().format(i).as_bytes());
                self.w.raw(b"\":\"");
                self.w.text(name);
                self.w.raw(b"\"");
            }
            self.w.raw(b"}");
        }
        if self.value_count > 0 {
            self.w.raw(b",\"ExpressionAttributeValues\":{");
            self.w.raw(&self.values);
            self.w.raw(b"}");
        }
        self.w.raw(b"}");
        self.w.finish().map_err(Error::write)
    }

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    fn expression(&mut self, member: &'static str, render: impl FnOnce(&mut Body, &mut String)) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        text.reserve(128);
        self.operators = 0;
        render(self, &mut text);
        if text.len() > MAX_EXPRESSION_BYTES {
            self.fail(Error::limit(Limit::ExpressionSize));
        }
        if self.operators > MAX_OPERATORS {
            self.fail(Error::limit(Limit::ExpressionOperators));
        }
        self.word(member, &text);
        self.text = text;
    }

    fn name(&mut self, name: Name, text: &mut String) {
        let index = self
            .names
            .iter()
            .position(|n| *n == name)
            .unwrap_or_else(|| {
                self.names.push(name);
                self.names.len() - 1
            });
        text.push_str("#n");
        text.push_str(itoa::Buffer::new().format(index));
    }

    fn value(&mut self, value: &Value, text: &mut String) {
        let json = match value {
            Value::Json(json) => json,
            Value::Invalid(e) => {
                let e = WriteError::clone(e);
                return self.fail(Error::write(match &self.subject {
                    Some(place) => e.under(place.to_string()),
                    None => e,
                }));
            }
        };
        let mut digits = itoa::Buffer::new();
        let number = digits.format(self.value_count);
        text.push_str(":v");
        text.push_str(number);
        match self.value_count {
            0 => self.values.reserve(128),
            _ => self.values.push(b','),
        }
        self.values.extend_from_slice(b"\":v");
        self.values.extend_from_slice(number.as_bytes());
        self.values.extend_from_slice(b"\":");
        self.values.extend_from_slice(json);
        self.value_count += 1;
    }

    fn place(&mut self, place: &Place, text: &mut String) {
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

    /// `inner`: the node stands beside others, so that AND and OR need parentheses.
    fn node(&mut self, node: &Node, inner: bool, text: &mut String) {
        // NOT, AND, OR, BETWEEN and IN count as comparators and functions do.
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

    /// DynamoDB has no constants: an attribute is never there and missing at once.
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

    fn action(&mut self, action: &ActionNode, text: &mut String) {
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

    fn source(&mut self, source: &Source, text: &mut String) {
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

/// Whether the actions fit into one expression, with what every update writes by itself.
pub(crate) fn fits(actions: &[ActionNode]) -> bool {
    const OWN: usize = 150;
    let mut body = Body::new("", 0);
    let mut text = String::new();
    for action in actions {
        text.push_str(", ");
        body.action(action, &mut text);
    }
    text.len() + OWN <= MAX_EXPRESSION_BYTES && body.operators < MAX_OPERATORS
}

impl Verb {
    /// Whether the action makes a list of lists.
    pub(crate) fn joins_lists(&self) -> bool {
        matches!(self, Verb::Set(Source::Concat(..)))
    }

    fn clause(&self) -> &'static str {
        match self {
            Verb::Set(_) => "SET",
            Verb::Remove => "REMOVE",
            Verb::Add(_) => "ADD",
            Verb::Delete(_) => "DELETE",
        }
    }
}

/// Two actions on one attribute, or on a document and a part of it.
fn overlap<'a, A: Iterator<Item = &'a ActionNode>>(
    actions: &impl Fn() -> A,
) -> Option<(&'a ActionNode, &'a ActionNode)> {
    actions().enumerate().find_map(|(i, a)| {
        let mut before = actions().take(i);
        let b = before.find(|b| a.place.overlaps(&b.place))?;
        Some((b, a))
    })
}

/// A condition for people: attribute names as they are, `:v0` for values.
pub(crate) fn shown(node: &Node) -> impl fmt::Display + '_ {
    Shown(move |body: &mut Body, text: &mut String| body.node(node, false, text))
}

/// An action for people.
pub(crate) fn shown_action(action: &ActionNode) -> impl fmt::Display + fmt::Debug + '_ {
    Shown(move |body: &mut Body, text: &mut String| {
        text.push_str(action.verb.clause());
        text.push(' ');
        body.action(action, text);
    })
}

/// What an action assigns, for people.
pub(crate) fn shown_source(source: &Source) -> impl fmt::Display + '_ {
    Shown(move |body: &mut Body, text: &mut String| body.source(source, text))
}

struct Shown<F>(F);

impl<F: Fn(&mut Body, &mut String)> fmt::Display for Shown<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = Body::new("", 0);
        let mut text = String::new();
        (self.0)(&mut body, &mut text);
        // Map keys are the user's data, so placeholders stay placeholders; the legend names the rest.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::ast::Comparator;

    fn number(n: u32) -> Operand {
        Operand::Value(Value::Json(format!("{{\"N\":\"{n}\"}}").into_bytes()))
    }

    fn compare(name: &'static str, n: u32) -> Node {
        Node::Compare(Operand::Path(Place::root(name)), Comparator::Gt, number(n))
    }

    #[track_caller]
    fn check(node: Node, expression: &str) {
        let mut body = Body::new("t", 0);
        body.condition("FilterExpression", Some(&node));
        let json = String::from_utf8(body.finish().unwrap()).unwrap();
        let text = json.split("\"FilterExpression\":\"").nth(1).unwrap();
        assert_eq!(text.split('"').next().unwrap(), expression);
    }

    #[test]
    fn parentheses_keep_the_meaning() {
        let or = Node::Or(vec![compare("a", 1), compare("b", 2)]);
        check(or.clone(), "#n0 > :v0 OR #n1 > :v1");
        check(
            Node::And(vec![or.clone(), compare("a", 3)]),
            "(#n0 > :v0 OR #n1 > :v1) AND #n0 > :v2",
        );
        check(Node::Not(Box::new(or)), "NOT (#n0 > :v0 OR #n1 > :v1)");
    }

    #[test]
    fn names_are_shared_and_escaped() {
        let mut body = Body::new("t\"1", 0);
        body.condition("FilterExpression", Some(&compare("a\"b", 1)));
        let json = String::from_utf8(body.finish().unwrap()).unwrap();
        assert_eq!(
            json,
            r##"{"TableName":"t\"1","FilterExpression":"#n0 > :v0","ExpressionAttributeNames":{"#n0":"a\"b"},"ExpressionAttributeValues":{":v0":{"N":"1"}}}"##
        );
    }

    #[test]
    fn limits_are_errors_before_sending() {
        let many = Node::In(
            Operand::Path(Place::root("a")),
            (0..101).map(number).collect(),
        );
        let mut body = Body::new("t", 0);
        body.condition("FilterExpression", Some(&many));
        assert!(body.finish().unwrap_err().is_limit_exceeded());

        let wide = Node::Or((0..301).map(|i| compare("a", i)).collect());
        let mut body = Body::new("t", 0);
        body.condition("FilterExpression", Some(&wide));
        assert!(body.finish().unwrap_err().is_limit_exceeded());
    }
}
