//! Expressions as text: the only file that makes `#n0` and `:v0`.

mod expression;
mod shown;

use super::ast::{ActionNode, Node, Place, Value};
use crate::error::{Error, Limit};
use crate::wire::{Fetched, WriteError, Writer};

pub(crate) use self::shown::{debug_node, shown, shown_action, shown_source};

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
    /// The place that was rendered last, which names the next values in errors.
    subject: Option<Place>,
    /// A buffer for the text of an expression.
    text: String,
    error: Option<Error>,
}

type Name = std::borrow::Cow<'static, str>;

impl Body {
    /// Creates a body that begins with the table's name.
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

    /// Creates a body that begins with a member of another name and value, for a table's part of a
    /// batch.
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

    /// Creates a second body that continues from the same members.
    ///
    /// # Errors
    /// The first error of this body, which is removed from it.
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

    /// Writes a member that is JSON already.
    pub(crate) fn member(&mut self, name: &str, json: &[u8]) {
        self.member_with(name, |w| w.raw(json));
    }

    /// Writes a member whose value the function writes.
    pub(crate) fn member_with(&mut self, name: &str, write: impl FnOnce(&mut Writer)) {
        self.w.raw(b",\"");
        self.w.raw(name.as_bytes());
        self.w.raw(b"\":");
        write(&mut self.w);
    }

    /// Writes a member that is text without escapes.
    pub(crate) fn word(&mut self, name: &str, word: &str) {
        self.member_with(name, |w| {
            w.raw(b"\"");
            w.raw(word.as_bytes());
            w.raw(b"\"");
        });
    }

    /// Writes a member that is a condition, filter or key condition.
    pub(crate) fn condition(&mut self, member: &'static str, node: Option<&Node>) {
        let Some(node) = node.filter(|n| !matches!(n, Node::Const(true))) else {
            return;
        };
        self.expression(member, |body, text| body.node(node, false, text));
    }

    /// Writes a member that is a projection of these attributes.
    pub(crate) fn projection(&mut self, attributes: impl IntoIterator<Item = Fetched>) {
        let mut attributes = attributes.into_iter().peekable();
        if attributes.peek().is_none() {
            return;
        }
        self.expression("ProjectionExpression", |body, text| {
            for (i, attribute) in attributes.enumerate() {
                if i > 0 {
                    text.push(',');
                }
                match attribute.parts {
                    [] => body.name(Name::Borrowed(attribute.name), text),
                    _ => body.fetched(&mut Vec::new(), &attribute, text),
                }
            }
        });
    }

    /// Writes the path of a fetched attribute below this one, or the paths of its parts.
    fn fetched(&mut self, above: &mut Vec<&'static str>, fetched: &Fetched, text: &mut String) {
        above.push(fetched.name);
        if fetched.parts.is_empty() {
            for (i, name) in above.iter().enumerate() {
                if i > 0 {
                    text.push('.');
                }
                self.name(Name::Borrowed(name), text);
            }
        }
        for (i, part) in fetched.parts.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            self.fetched(above, part, text);
        }
        above.pop();
    }

    /// Writes the `UpdateExpression` of the user's actions and of those that every update adds by
    /// itself.
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

    /// Returns the finished body, with the names and values at its end.
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
}

/// Returns `true` if the actions fit into one expression, with those that every update adds by
/// itself.
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

/// Finds two actions on one attribute, or on a document and a part of it.
fn overlap<'a, A: Iterator<Item = &'a ActionNode>>(
    actions: &impl Fn() -> A,
) -> Option<(&'a ActionNode, &'a ActionNode)> {
    actions().enumerate().find_map(|(i, a)| {
        let mut before = actions().take(i);
        let b = before.find(|b| a.place.overlaps(&b.place))?;
        Some((b, a))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::expr::ast::{Comparator, Operand};

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
