//! Random items, and random conditions as a tree that can be evaluated and can be written with paths.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::expr::{Fields, InCondition};
use dynamodel::{AttributeType, Condition};
use fastrand::Rng;

use super::Probe;

type Paths = <Probe as Fields>::Fields<InCondition<Probe>>;

/// An item whose attributes are present, missing, NULL or of another type.
pub(super) fn item(rng: &mut Rng, id: String) -> HashMap<String, AttributeValue> {
    let mut item = HashMap::from([("id".to_owned(), AttributeValue::S(id))]);
    for name in [
        "s", "t", "n", "m", "b", "flag", "list", "tags", "nums", "doc",
    ] {
        let of = match rng.u8(0..10) {
            0..2 => continue,
            2 => rng
                .choice(["s", "n", "b", "flag", "list", "tags", "nums", "doc", "null"])
                .unwrap(),
            _ => name,
        };
        item.insert(name.to_owned(), value(rng, of));
    }
    item
}

fn value(rng: &mut Rng, of: &str) -> AttributeValue {
    match of {
        "s" | "t" | "name" => AttributeValue::S(text(rng)),
        "n" | "m" | "x" => AttributeValue::N(number(rng).to_string()),
        "b" => AttributeValue::B(Blob::new(bytes(rng))),
        "flag" => AttributeValue::Bool(rng.bool()),
        "list" => {
            let len = rng.usize(0..4);
            let element = |rng: &mut Rng| {
                let of = rng.choice(["n", "n", "n", "s"]).unwrap();
                value(rng, of)
            };
            AttributeValue::L((0..len).map(|_| element(rng)).collect())
        }
        "tags" => AttributeValue::Ss(distinct(rng, text)),
        "nums" => AttributeValue::Ns(distinct(rng, |rng| number(rng).to_string())),
        "doc" => {
            let mut doc = HashMap::new();
            for name in ["x", "name"] {
                match rng.u8(0..6) {
                    0 => {}
                    1 => drop(doc.insert(name.to_owned(), AttributeValue::Null(true))),
                    _ => drop(doc.insert(name.to_owned(), value(rng, name))),
                }
            }
            AttributeValue::M(doc)
        }
        _ => AttributeValue::Null(true),
    }
}

fn distinct(rng: &mut Rng, element: impl Fn(&mut Rng) -> String) -> Vec<String> {
    let elements = (0..rng.usize(1..4)).map(|_| element(rng));
    let set: std::collections::BTreeSet<String> = elements.filter(|e| !e.is_empty()).collect();
    if set.is_empty() {
        vec!["1".to_owned()]
    } else {
        set.into_iter().collect()
    }
}

/// Texts of few letters, so that prefixes and equal texts are common.
fn text(rng: &mut Rng) -> String {
    (0..rng.usize(0..4))
        .map(|_| *rng.choice(&['a', 'b']).unwrap())
        .collect()
}

fn number(rng: &mut Rng) -> i64 {
    rng.i64(-3..6)
}

fn bytes(rng: &mut Rng) -> Vec<u8> {
    (0..rng.usize(1..4)).map(|_| rng.u8(0..3)).collect()
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    fn random(rng: &mut Rng) -> Self {
        *rng.choice(&[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge])
            .unwrap()
    }
}

/// A path, as the names and positions from the item down.
pub(super) type At = &'static [&'static str];

const STRINGS: [At; 3] = [&["s"], &["t"], &["doc", "name"]];
const NUMBERS: [At; 4] = [&["n"], &["m"], &["doc", "x"], &["list", "1"]];
const SIZED: [At; 6] = [&["s"], &["b"], &["list"], &["tags"], &["nums"], &["doc"]];
const ANY: [At; 8] = [
    &["s"],
    &["n"],
    &["flag"],
    &["list"],
    &["tags"],
    &["doc"],
    &["doc", "x"],
    &["list", "1"],
];
const TYPES: [AttributeType; 9] = [
    AttributeType::S,
    AttributeType::N,
    AttributeType::B,
    AttributeType::Bool,
    AttributeType::Null,
    AttributeType::L,
    AttributeType::M,
    AttributeType::Ss,
    AttributeType::Ns,
];

#[derive(Debug, Clone)]
pub(super) enum Cond {
    Text(At, Op, String),
    TextPath(At, Op, At),
    TextBetween(At, String, String),
    TextIn(At, Vec<String>),
    Begins(At, String),
    BeginsPath(At, At),
    ContainsText(At, String),
    ContainsTextPath(At, At),
    Number(At, Op, i64),
    NumberPath(At, Op, At),
    NumberSize(At, Op, At),
    NumberBetween(At, i64, i64),
    NumberIn(At, Vec<i64>),
    Size(At, Op, i64),
    SizePath(At, Op, At),
    SizeBetween(At, i64, i64),
    Bytes(Op, Vec<u8>),
    Flag(bool, bool),
    ContainsTag(String),
    ContainsNumber(i64),
    ContainsElement(i64),
    ContainsNumberPath(At),
    ContainsElementPath(At),
    Exists(At),
    NotExists(At),
    Type(At, AttributeType),
    All(Vec<Cond>),
    Any(Vec<Cond>),
    Not(Box<Cond>),
}

impl Cond {
    pub(super) fn random(rng: &mut Rng, depth: u32) -> Self {
        if depth > 0 && rng.u8(0..3) > 0 {
            let inner = |rng: &mut Rng| {
                (0..rng.usize(0..4))
                    .map(|_| Cond::random(rng, depth - 1))
                    .collect()
            };
            return match rng.u8(0..3) {
                0 => Cond::All(inner(rng)),
                1 => Cond::Any(inner(rng)),
                _ => Cond::Not(Box::new(Cond::random(rng, depth - 1))),
            };
        }
        Cond::leaf(rng)
    }

    fn leaf(rng: &mut Rng) -> Self {
        let op = Op::random(rng);
        let (s, s2) = pair(rng, &STRINGS);
        let (n, n2) = pair(rng, &NUMBERS);
        let (z, z2) = pair(rng, &SIZED);
        let any = *rng.choice(&ANY).unwrap();
        match rng.u8(0..26) {
            0 => Cond::Text(s, op, text(rng)),
            1 => Cond::TextPath(s, op, s2),
            2 => {
                let mut bounds = [text(rng), text(rng)];
                bounds.sort();
                let [low, high] = bounds;
                Cond::TextBetween(s, low, high)
            }
            3 => Cond::TextIn(s, (0..rng.usize(0..3)).map(|_| text(rng)).collect()),
            4 => Cond::Begins(s, text(rng)),
            5 => Cond::ContainsText(s, text(rng)),
            6 => Cond::Number(n, op, number(rng)),
            7 => Cond::NumberPath(n, op, n2),
            8 => Cond::NumberSize(n, op, z),
            9 => {
                let low = number(rng);
                Cond::NumberBetween(n, low, low + rng.i64(0..4))
            }
            10 => Cond::NumberIn(n, (0..rng.usize(0..4)).map(|_| number(rng)).collect()),
            11 => Cond::Size(z, op, number(rng)),
            12 => Cond::SizePath(z, op, z2),
            13 => {
                let low = number(rng);
                Cond::SizeBetween(z, low, low + rng.i64(0..3))
            }
            14 => Cond::Bytes(op, bytes(rng)),
            15 => Cond::Flag(rng.bool(), rng.bool()),
            16 => Cond::ContainsTag(text(rng)),
            17 => Cond::ContainsNumber(number(rng)),
            18 => Cond::ContainsElement(number(rng)),
            19 => Cond::Exists(any),
            20 => Cond::NotExists(any),
            21 => Cond::BeginsPath(s, s2),
            22 => Cond::ContainsTextPath(s, s2),
            23 => Cond::ContainsNumberPath(n),
            24 => Cond::ContainsElementPath(n),
            _ => Cond::Type(any, *rng.choice(&TYPES).unwrap()),
        }
    }

    /// Returns the condition, written with typed paths.
    pub(super) fn typed(&self, p: &Paths) -> Condition<Probe> {
        use Cond::*;
        /// Evaluates `$body` with the typed path that belongs to a list of steps.
        macro_rules! with {
            ($p:ident, $at:expr, $path:ident => $body:expr; $($steps:pat => $which:expr,)*) => {
                match $at {
                    $($steps => { let $path = &$which; $body })*
                    other => unreachable!("{other:?} is none of these paths"),
                }
            };
        }
        macro_rules! text_at {
            ($at:expr, $path:ident => $body:expr) => {
                with!(p, $at, $path => $body;
                    ["s"] => p.s, ["t"] => p.t, ["doc", "name"] => p.doc.at(|d| d.name),)
            };
        }
        macro_rules! number_at {
            ($at:expr, $path:ident => $body:expr) => {
                with!(p, $at, $path => $body;
                    ["n"] => p.n, ["m"] => p.m, ["doc", "x"] => p.doc.at(|d| d.x),
                    ["list", "1"] => p.list.index(1),)
            };
        }
        macro_rules! sized_at {
            ($at:expr, $path:ident => $body:expr) => {
                with!(p, $at, $path => $body;
                    ["s"] => p.s, ["b"] => p.b, ["list"] => p.list, ["tags"] => p.tags,
                    ["nums"] => p.nums, ["doc"] => p.doc,)
            };
        }
        macro_rules! any_at {
            ($at:expr, $path:ident => $body:expr) => {
                with!(p, $at, $path => $body;
                    ["s"] => p.s, ["n"] => p.n, ["flag"] => p.flag, ["list"] => p.list,
                    ["tags"] => p.tags, ["doc"] => p.doc, ["doc", "x"] => p.doc.at(|d| d.x),
                    ["list", "1"] => p.list.index(1),)
            };
        }
        macro_rules! compare {
            ($op:expr, $path:expr, $operand:expr) => {
                match $op {
                    Op::Eq => $path.eq($operand),
                    Op::Ne => $path.ne($operand),
                    Op::Lt => $path.lt($operand),
                    Op::Le => $path.le($operand),
                    Op::Gt => $path.gt($operand),
                    Op::Ge => $path.ge($operand),
                }
            };
        }
        match self {
            Text(at, op, value) => text_at!(at, path => compare!(op, path, value)),
            TextPath(at, op, other) => {
                text_at!(at, path => text_at!(other, other => compare!(op, path, other)))
            }
            TextBetween(at, low, high) => text_at!(at, path => path.between(low, high)),
            TextIn(at, values) => text_at!(at, path => path.in_(values)),
            Begins(at, prefix) => text_at!(at, path => path.begins_with(prefix)),
            BeginsPath(at, other) => {
                text_at!(at, path => text_at!(other, other => path.begins_with(other)))
            }
            ContainsTextPath(at, other) => {
                text_at!(at, path => text_at!(other, other => path.contains(other)))
            }
            ContainsText(at, part) => text_at!(at, path => path.contains(part)),
            Number(at, op, value) => number_at!(at, path => compare!(op, path, value)),
            NumberPath(at, op, other) => {
                number_at!(at, path => number_at!(other, other => compare!(op, path, other)))
            }
            NumberSize(at, op, of) => {
                number_at!(at, path => sized_at!(of, of => compare!(op, path, of.size())))
            }
            NumberBetween(at, low, high) => number_at!(at, path => path.between(low, high)),
            NumberIn(at, values) => number_at!(at, path => path.in_(values)),
            Size(at, op, value) => sized_at!(at, path => compare!(op, path.size(), *value)),
            SizePath(at, op, other) => {
                sized_at!(at, path => sized_at!(other, other => compare!(op, path.size(), other.size())))
            }
            SizeBetween(at, low, high) => sized_at!(at, path => path.size().between(*low, *high)),
            Bytes(op, value) => compare!(op, p.b, value),
            Flag(true, value) => p.flag.eq(value),
            Flag(false, value) => p.flag.ne(value),
            ContainsTag(tag) => p.tags.contains(tag),
            ContainsNumber(n) => p.nums.contains(n),
            ContainsElement(n) => p.list.contains(n),
            ContainsNumberPath(at) => number_at!(at, part => p.nums.contains(part)),
            ContainsElementPath(at) => number_at!(at, part => p.list.contains(part)),
            Exists(at) => any_at!(at, path => path.exists()),
            NotExists(at) => any_at!(at, path => path.not_exists()),
            Type(at, of) => any_at!(at, path => path.is_type(*of)),
            All(inner) => dynamodel::all_of(inner.iter().map(|c| c.typed(p))),
            Any(inner) => dynamodel::any_of(inner.iter().map(|c| c.typed(p))),
            Not(inner) => !inner.typed(p),
        }
    }
}

/// Returns two different paths, because DynamoDB refuses to compare an attribute with itself.
fn pair(rng: &mut Rng, of: &[At]) -> (At, At) {
    let first = rng.usize(0..of.len());
    let second = (first + rng.usize(1..of.len())) % of.len();
    (of[first], of[second])
}
