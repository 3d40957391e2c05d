//! The untyped expression tree, which the typed API builds and the renderer reads.

use std::fmt;
use std::sync::Arc;

use crate::wire::{WriteError, Writer};

/// The place of an attribute: a name, and inside documents the path to it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) parent: Option<Arc<Parent>>,
    pub(crate) step: Step,
}

/// A place that others are inside of. Conditions consist of many places, so that only parents have
/// the flag.
pub(crate) struct Parent {
    place: Place,
    /// `true` for a parent that an item can be without, by its type.
    pub(crate) may_be_absent: bool,
}

impl std::ops::Deref for Parent {
    type Target = Place;
    fn deref(&self) -> &Place {
        &self.place
    }
}

/// The last step of a [`Place`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// An attribute that the schema names.
    Attribute(&'static str),
    /// An entry of a map. The key is user data, so errors do not show it.
    Entry(Arc<str>),
    /// An element of a list.
    Element(usize),
}

impl Place {
    pub(crate) fn root(name: &'static str) -> Self {
        Place {
            parent: None,
            step: Step::Attribute(name),
        }
    }

    /// Returns the place at the end of a path of names.
    pub(crate) fn of_names(names: &[&'static str]) -> Option<Self> {
        names.iter().fold(None, |parent: Option<Place>, name| {
            Some(Place {
                parent: parent.map(|parent| parent.into_parent(false)),
                step: Step::Attribute(name),
            })
        })
    }

    /// Returns the place of a top-level attribute, or of a step below `parent`.
    pub(crate) fn below(parent: Option<&Arc<Parent>>, step: Step) -> Self {
        Place {
            parent: parent.cloned(),
            step,
        }
    }

    /// Returns the place as a parent of others.
    pub(crate) fn into_parent(self, may_be_absent: bool) -> Arc<Parent> {
        let is_inside = matches!(self.step, Step::Entry(_) | Step::Element(_));
        Arc::new(Parent {
            may_be_absent: may_be_absent || is_inside,
            place: self,
        })
    }

    /// Returns the parents, from the nearest one up.
    pub(crate) fn parents(&self) -> impl Iterator<Item = &Parent> {
        std::iter::successors(self.parent.as_deref(), |place| place.parent.as_deref())
    }

    /// Returns `true` for a place inside a document, `false` for a top-level attribute.
    pub(crate) fn is_nested(&self) -> bool {
        self.parent.is_some()
    }

    /// Returns the steps from the top-level attribute down.
    pub(crate) fn steps(&self) -> Vec<&Step> {
        let mut steps = vec![&self.step];
        let mut at = self.parent.as_deref();
        while let Some(place) = at {
            steps.push(&place.step);
            at = place.parent.as_deref();
        }
        steps.reverse();
        steps
    }

    /// Returns the name of the top-level attribute.
    pub(crate) fn top(&self) -> &'static str {
        let mut at = self;
        while let Some(parent) = &at.parent {
            at = parent;
        }
        match at.step {
            Step::Attribute(name) => name,
            Step::Entry(_) | Step::Element(_) => "",
        }
    }

    /// Returns `true` if the places are the same or one lies inside the other: DynamoDB refuses
    /// such a pair in one update.
    pub(crate) fn overlaps(&self, other: &Place) -> bool {
        if self.parent.is_none() && other.parent.is_none() {
            return self.step == other.step;
        }
        self.steps()
            .iter()
            .zip(other.steps())
            .all(|(a, b)| **a == *b)
    }
}

/// Writes the path as the schema names it; map keys are shown as `*`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.steps().into_iter().enumerate() {
            match step {
                Step::Attribute(name) if i == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Entry(_) if i == 0 => f.write_str("*")?,
                Step::Entry(_) => f.write_str(".*")?,
                Step::Element(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A value in its wire form.
#[derive(Clone)]
pub(crate) enum Value {
    Json(Vec<u8>),
    /// A value that DynamoDB cannot hold; reported when the operation is sent.
    Invalid(WriteError),
}

/// Hides the value, which is not for logs.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl Value {
    pub(crate) fn write(write: impl FnOnce(&mut Writer)) -> Self {
        let mut w = Writer::with_capacity(32);
        write(&mut w);
        match w.finish() {
            Ok(json) => Value::Json(json),
            Err(e) => Value::Invalid(e),
        }
    }
}

#[derive(Clone)]
pub(crate) enum Operand {
    Path(Place),
    Size(Place),
    Value(Value),
}

impl Operand {
    /// Returns the place if the other operand is the same place.
    fn repeated<'a>(&'a self, other: &Operand) -> Option<&'a Place> {
        match (self, other) {
            (Operand::Path(a), Operand::Path(b)) => (a.steps() == b.steps()).then_some(a),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Comparator {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Comparator::Eq => " = ",
            Comparator::Ne => " <> ",
            Comparator::Lt => " < ",
            Comparator::Le => " <= ",
            Comparator::Gt => " > ",
            Comparator::Ge => " >= ",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Exists,
    NotExists,
    Type,
    BeginsWith,
    Contains,
}

impl Function {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Function::Exists => "attribute_exists",
            Function::NotExists => "attribute_not_exists",
            Function::Type => "attribute_type",
            Function::BeginsWith => "begins_with",
            Function::Contains => "contains",
        }
    }
}

/// A condition, filter or key condition.
#[derive(Clone)]
pub(crate) enum Node {
    /// A constant. Joins and negations fold it away, so that it only occurs alone.
    Const(bool),
    Compare(Operand, Comparator, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Call(Function, Place, Option<Operand>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
}

impl Node {
    /// Joins conditions that all have to hold. Returns `None` when there are none, or when they
    /// always hold.
    pub(crate) fn all(nodes: Vec<Node>) -> Option<Node> {
        match Node::and(nodes) {
            Node::Const(true) => None,
            node => Some(node),
        }
    }

    /// Adds a condition that has to hold too.
    pub(crate) fn also(before: Option<Node>, node: Node) -> Option<Node> {
        match (before, node) {
            (None, Node::Const(true)) => None,
            (None, node) => Some(node),
            (Some(before), node) => Node::all(vec![before, node]),
        }
    }

    /// Returns a condition that holds if all of these hold; without any, it always holds.
    pub(crate) fn and(nodes: impl IntoIterator<Item = Node>) -> Node {
        let mut nodes = nodes.into_iter();
        let first = match (nodes.next(), nodes.next()) {
            (None, _) => return Node::Const(true),
            (Some(only), None) => return only,
            (Some(first), Some(second)) => [first, second],
        };
        let mut joined = Vec::new();
        for node in first.into_iter().chain(nodes) {
            match node {
                Node::Const(true) => {}
                Node::Const(false) => return node,
                Node::And(inner) => joined.extend(inner),
                node => joined.push(node),
            }
        }
        Self::joined(joined, Node::And, true)
    }

    /// Returns a condition that holds if at least one of these holds; without any, it never holds.
    pub(crate) fn or(nodes: impl IntoIterator<Item = Node>) -> Node {
        let mut joined = Vec::new();
        for node in nodes {
            match node {
                Node::Const(false) => {}
                Node::Const(true) => return node,
                Node::Or(inner) => joined.extend(inner),
                node => joined.push(node),
            }
        }
        Self::joined(joined, Node::Or, false)
    }

    fn joined(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node, of_none: bool) -> Node {
        if nodes.len() > 1 {
            return join(nodes);
        }
        nodes.pop().unwrap_or(Node::Const(of_none))
    }

    /// Returns the negation of the condition.
    pub(crate) fn negated(self) -> Node {
        match self {
            Node::Const(holds) => Node::Const(!holds),
            Node::Not(inner) => *inner,
            node => Node::Not(Box::new(node)),
        }
    }

    /// Returns `attribute = value` on a top-level attribute.
    pub(crate) fn equals(name: &'static str, value: Value) -> Node {
        Node::Compare(
            Operand::Path(Place::root(name)),
            Comparator::Eq,
            Operand::Value(value),
        )
    }

    pub(crate) fn exists(name: &'static str) -> Node {
        Node::Call(Function::Exists, Place::root(name), None)
    }

    pub(crate) fn not_exists(name: &'static str) -> Node {
        Node::Call(Function::NotExists, Place::root(name), None)
    }

    /// Returns the place that this node compares with itself; nested nodes are not searched.
    pub(crate) fn repeats(&self) -> Option<&Place> {
        match self {
            Node::Compare(a, _, b) => a.repeated(b),
            Node::Between(a, low, high) => a.repeated(low).or_else(|| a.repeated(high)),
            Node::In(a, list) => list.iter().find_map(|o| a.repeated(o)),
            Node::Call(_, place, Some(Operand::Path(argument))) => {
                (place.steps() == argument.steps()).then_some(place)
            }
            Node::Const(_) | Node::Call(..) | Node::And(_) | Node::Or(_) | Node::Not(_) => None,
        }
    }

    /// Calls `visit` with every place that the condition reads.
    pub(crate) fn places<'a>(&'a self, visit: &mut dyn FnMut(&'a Place)) {
        let operand = |o: &'a Operand, visit: &mut dyn FnMut(&'a Place)| match o {
            Operand::Path(p) | Operand::Size(p) => visit(p),
            Operand::Value(_) => {}
        };
        match self {
            Node::Const(_) => {}
            Node::Compare(a, _, b) => {
                operand(a, visit);
                operand(b, visit);
            }
            Node::Between(a, b, c) => [a, b, c].into_iter().for_each(|o| operand(o, visit)),
            Node::In(a, list) => {
                operand(a, visit);
                list.iter().for_each(|o| operand(o, visit));
            }
            Node::Call(_, place, argument) => {
                visit(place);
                if let Some(o) = argument {
                    operand(o, visit);
                }
            }
            Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|n| n.places(visit)),
            Node::Not(node) => node.places(visit),
        }
    }
}

/// A value that an update assumes: it becomes part of the condition.
#[derive(Clone)]
pub(crate) struct Assumed {
    pub(crate) place: Place,
    /// The assumed value; `None` for an absent attribute.
    pub(crate) value: Option<Value>,
    /// `true` if the attribute may be absent as well.
    pub(crate) or_absent: bool,
}

impl Assumed {
    pub(crate) fn node(&self) -> Node {
        let place = || self.place.clone();
        let absent = || Node::Call(Function::NotExists, place(), None);
        let Some(value) = &self.value else {
            return absent();
        };
        let value = Operand::Value(value.clone());
        let equal = Node::Compare(Operand::Path(place()), Comparator::Eq, value);
        match self.or_absent {
            true => Node::Or(vec![absent(), equal]),
            false => equal,
        }
    }
}

/// One action of an update.
#[derive(Clone)]
pub(crate) struct ActionNode {
    pub(crate) place: Place,
    pub(crate) verb: Verb,
}

#[derive(Clone)]
pub(crate) enum Verb {
    Set(Source),
    Remove,
    Add(Value),
    Delete(Value),
}

/// The source of a SET action.
#[derive(Clone)]
pub(crate) enum Source {
    Value(Value),
    Path(Place),
    /// `if_not_exists(path, source)`
    IfAbsent(Place, Box<Source>),
    Plus(Box<Source>, Box<Source>),
    Minus(Box<Source>, Box<Source>),
    /// `list_append(source, source)`
    Concat(Box<Source>, Box<Source>),
}

impl Source {
    /// Returns the attribute or, while it is missing, the value.
    pub(crate) fn or(place: Place, value: Value) -> Source {
        Source::IfAbsent(place, Box::new(Source::Value(value)))
    }

    pub(crate) fn plus(self, other: Source) -> Source {
        Source::Plus(Box::new(self), Box::new(other))
    }

    pub(crate) fn minus(self, other: Source) -> Source {
        Source::Minus(Box::new(self), Box::new(other))
    }

    pub(crate) fn concat(self, other: Source) -> Source {
        Source::Concat(Box::new(self), Box::new(other))
    }
}
