//! Reference evaluator of conditions: DynamoDB's semantics in a few lines.

use std::cmp::Ordering;
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::AttributeType;

use super::generate::{At, Cond, Op};

type Item = HashMap<String, AttributeValue>;

/// A value that a condition compares.
#[derive(PartialEq)]
enum Operand<'a> {
    Text(&'a str),
    Number(i64),
    Bytes(&'a [u8]),
    Flag(bool),
    /// A value that is equal to no operand.
    Other,
}

impl Cond {
    pub(super) fn holds(&self, item: &Item) -> bool {
        use Cond::*;
        let value = |at: &At| operand(find(item, at)?);
        let sized = |at: &At| Some(self::Operand::Number(size(find(item, at)?)?));
        match self {
            Text(at, op, with) => compare(value(at), *op, Some(Operand::Text(with))),
            TextPath(at, op, other) | NumberPath(at, op, other) => {
                compare_paths(item, at, *op, other)
            }
            TextBetween(at, low, high) => {
                compare(value(at), Op::Ge, Some(Operand::Text(low)))
                    && compare(value(at), Op::Le, Some(Operand::Text(high)))
            }
            TextIn(at, of) => of
                .iter()
                .any(|t| compare(value(at), Op::Eq, Some(Operand::Text(t)))),
            Begins(at, prefix) => {
                matches!(value(at), Some(Operand::Text(t)) if t.starts_with(prefix))
            }
            BeginsPath(at, other) => match (find(item, at), find(item, other)) {
                (Some(AttributeValue::S(a)), Some(AttributeValue::S(b))) => a.starts_with(b),
                (Some(AttributeValue::B(a)), Some(AttributeValue::B(b))) => {
                    a.as_ref().starts_with(b.as_ref())
                }
                _ => false,
            },
            ContainsTextPath(at, other) => contains(find(item, at), find(item, other)),
            ContainsNumberPath(at) => contains(item.get("nums"), find(item, at)),
            ContainsElementPath(at) => contains(item.get("list"), find(item, at)),
            ContainsText(at, part) => match find(item, at) {
                Some(AttributeValue::S(t)) => t.contains(part),
                Some(AttributeValue::Ss(set)) => set.contains(part),
                Some(AttributeValue::L(list)) => list
                    .iter()
                    .any(|e| matches!(e, AttributeValue::S(t) if t == part)),
                _ => false,
            },
            Number(at, op, with) => compare(value(at), *op, Some(Operand::Number(*with))),
            NumberSize(at, op, of) => compare(value(at), *op, sized(of)),
            NumberBetween(at, low, high) => {
                compare(value(at), Op::Ge, Some(Operand::Number(*low)))
                    && compare(value(at), Op::Le, Some(Operand::Number(*high)))
            }
            NumberIn(at, of) => of
                .iter()
                .any(|n| compare(value(at), Op::Eq, Some(Operand::Number(*n)))),
            Size(at, op, with) => compare(sized(at), *op, Some(Operand::Number(*with))),
            SizePath(at, op, other) => compare(sized(at), *op, sized(other)),
            SizeBetween(at, low, high) => {
                compare(sized(at), Op::Ge, Some(Operand::Number(*low)))
                    && compare(sized(at), Op::Le, Some(Operand::Number(*high)))
            }
            Bytes(op, with) => compare(value(&(&["b"] as At)), *op, Some(Operand::Bytes(with))),
            Flag(equal, with) => {
                let op = if *equal { Op::Eq } else { Op::Ne };
                compare(value(&(&["flag"] as At)), op, Some(Operand::Flag(*with)))
            }
            ContainsTag(tag) => Cond::ContainsText(&["tags"], tag.clone()).holds(item),
            ContainsNumber(n) => contains_number(item, "nums", *n),
            ContainsElement(n) => contains_number(item, "list", *n),
            Exists(at) => find(item, at).is_some(),
            NotExists(at) => find(item, at).is_none(),
            Type(at, of) => find(item, at).is_some_and(|v| type_of(v) == *of),
            All(inner) => inner.iter().all(|c| c.holds(item)),
            Any(inner) => inner.iter().any(|c| c.holds(item)),
            Not(inner) => !inner.holds(item),
        }
    }
}

fn contains(whole: Option<&AttributeValue>, part: Option<&AttributeValue>) -> bool {
    let (Some(whole), Some(part)) = (whole, part) else {
        return false;
    };
    match (whole, part) {
        (AttributeValue::S(a), AttributeValue::S(b)) => a.contains(b.as_str()),
        (AttributeValue::B(a), AttributeValue::B(b)) => {
            let (a, b) = (a.as_ref(), b.as_ref());
            a.windows(b.len()).any(|w| w == b)
        }
        (AttributeValue::Ss(set), AttributeValue::S(b))
        | (AttributeValue::Ns(set), AttributeValue::N(b)) => set.contains(b),
        (AttributeValue::L(list), part) => list.iter().any(|e| same(e, part)),
        _ => false,
    }
}

fn contains_number(item: &Item, name: &str, n: i64) -> bool {
    let is_n = |text: &String| text.parse() == Ok(n);
    match item.get(name) {
        Some(AttributeValue::Ns(set)) => set.iter().any(is_n),
        Some(AttributeValue::L(list)) => list
            .iter()
            .any(|e| matches!(e, AttributeValue::N(t) if is_n(t))),
        _ => false,
    }
}

/// Returns the value at a path, or `None` if a step does not exist.
fn find<'a>(item: &'a Item, at: &At) -> Option<&'a AttributeValue> {
    let (first, rest) = at.split_first()?;
    rest.iter()
        .try_fold(item.get(*first)?, |value, step| match value {
            AttributeValue::M(map) => map.get(*step),
            AttributeValue::L(list) => list.get(step.parse::<usize>().ok()?),
            _ => None,
        })
}

fn operand(value: &AttributeValue) -> Option<Operand<'_>> {
    Some(match value {
        AttributeValue::S(t) => Operand::Text(t),
        AttributeValue::N(t) => Operand::Number(t.parse().ok()?),
        AttributeValue::B(b) => Operand::Bytes(b.as_ref()),
        AttributeValue::Bool(b) => Operand::Flag(*b),
        _ => Operand::Other,
    })
}

/// Compares two values. Values of any type are equal or unequal; only text, numbers and bytes of one
/// type have an order.
fn compare_paths(item: &Item, a: &At, op: Op, b: &At) -> bool {
    let (a, b) = (find(item, a), find(item, b));
    match (a, b, op) {
        (Some(a), Some(b), Op::Eq) => same(a, b),
        (Some(a), Some(b), Op::Ne) => !same(a, b),
        _ => compare(a.and_then(operand), op, b.and_then(operand)),
    }
}

fn same(a: &AttributeValue, b: &AttributeValue) -> bool {
    match (a, b) {
        (AttributeValue::Ss(a), AttributeValue::Ss(b))
        | (AttributeValue::Ns(a), AttributeValue::Ns(b)) => {
            let (mut a, mut b) = (a.clone(), b.clone());
            a.sort();
            b.sort();
            a == b
        }
        _ => a == b,
    }
}

fn compare(a: Option<Operand<'_>>, op: Op, b: Option<Operand<'_>>) -> bool {
    use Operand::*;
    let order = match (&a, &b) {
        (Some(Text(a)), Some(Text(b))) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Some(Number(a)), Some(Number(b))) => Some(a.cmp(b)),
        (Some(Bytes(a)), Some(Bytes(b))) => Some(a.cmp(b)),
        (Some(Flag(a)), Some(Flag(b))) if matches!(op, Op::Eq | Op::Ne) => Some(a.cmp(b)),
        _ => None,
    };
    match op {
        Op::Eq => order == Some(Ordering::Equal),
        // `<>` also holds if an operand is missing, or if the types differ.
        Op::Ne => order != Some(Ordering::Equal),
        Op::Lt => order == Some(Ordering::Less),
        Op::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Op::Gt => order == Some(Ordering::Greater),
        Op::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

fn size(value: &AttributeValue) -> Option<i64> {
    let size = match value {
        AttributeValue::S(t) => t.encode_utf16().count(),
        AttributeValue::B(b) => b.as_ref().len(),
        AttributeValue::L(l) => l.len(),
        AttributeValue::M(m) => m.len(),
        AttributeValue::Ss(s) | AttributeValue::Ns(s) => s.len(),
        _ => return None,
    };
    i64::try_from(size).ok()
}

fn type_of(value: &AttributeValue) -> AttributeType {
    match value {
        AttributeValue::S(_) => AttributeType::S,
        AttributeValue::N(_) => AttributeType::N,
        AttributeValue::B(_) => AttributeType::B,
        AttributeValue::Bool(_) => AttributeType::Bool,
        AttributeValue::Null(_) => AttributeType::Null,
        AttributeValue::L(_) => AttributeType::L,
        AttributeValue::M(_) => AttributeType::M,
        AttributeValue::Ss(_) => AttributeType::Ss,
        AttributeValue::Ns(_) => AttributeType::Ns,
        _ => AttributeType::Bs,
    }
}
