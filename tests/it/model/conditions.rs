//! Conditions and filters: every form, combined and reused, against a reference evaluator.

mod generate;
mod reference;

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{
    AttributeType, Binary, Condition, Db, Document, Entity, Projection, all_of, any_of, maybe,
};
use dynamodel_tests::{db, is_embedded};

use generate::Cond;

/// An entity with an attribute of every kind.
#[derive(Debug, Clone, PartialEq, Default, Entity)]
#[dynamo(table = "probes")]
pub(crate) struct Probe {
    #[dynamo(partition)]
    pub id: String,
    pub s: Option<String>,
    pub t: Option<String>,
    pub n: Option<i64>,
    pub m: Option<i64>,
    pub b: Option<Binary>,
    pub flag: Option<bool>,
    pub list: Option<Vec<i64>>,
    pub tags: BTreeSet<String>,
    pub nums: BTreeSet<i64>,
    pub doc: Option<Doc>,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
pub(crate) struct Doc {
    pub x: Option<i64>,
    pub name: Option<String>,
}

#[derive(Debug, Projection)]
#[dynamo(of = Probe)]
pub(crate) struct ProbeId {
    pub id: String,
}

fn full(id: &str) -> Probe {
    Probe {
        id: id.into(),
        s: Some("hello world".into()),
        t: Some("hello".into()),
        n: Some(5),
        m: Some(7),
        b: Some(Binary::from([1, 2, 3])),
        flag: Some(true),
        list: Some(vec![5, 6]),
        tags: ["x".to_owned(), "y".to_owned()].into(),
        nums: [1, 2, 3].into(),
        doc: Some(Doc {
            x: Some(9),
            name: Some("nine".into()),
        }),
    }
}

fn of(
    condition: impl FnOnce(
        <Probe as dynamodel::expr::Fields>::Fields<dynamodel::expr::InCondition<Probe>>,
    ) -> Condition<Probe>,
) -> Condition<Probe> {
    Condition::<Probe>::of(condition)
}

/// Returns the sorted ids of the probes that a filter finds.
async fn found(db: &Db, condition: Condition<Probe>) -> Vec<String> {
    let scan = Probe::scan().filter(|_| condition).consistent();
    let found = scan.select::<ProbeId>().all(db).await.unwrap();
    let mut ids: Vec<String> = found.into_iter().map(|p| p.id).collect();
    ids.sort();
    ids
}

/// Tests every form, both as a filter and as the condition of a write, on an item that has all
/// attributes and on one that has none.
#[tokio::test]
async fn condition_of_every_form_holds_as_expected() {
    let db = db().await;
    db.create_table::<Probe>().await.unwrap();
    full("full").create().send(&db).await.unwrap();
    let empty = Probe {
        id: "empty".into(),
        ..Probe::default()
    };
    empty.create().send(&db).await.unwrap();

    type Of = fn(&Probe_) -> Condition<Probe>;
    type Probe_ = <Probe as dynamodel::expr::Fields>::Fields<dynamodel::expr::InCondition<Probe>>;
    // Name, condition, result for the full item, result for the empty item.
    let forms: &[(&str, Of, bool, bool)] = &[
        ("eq", |p| p.n.eq(5), true, false),
        ("eq text", |p| p.t.eq("hello"), true, false),
        ("eq owned", |p| p.t.eq("hello".to_owned()), true, false),
        ("eq binary", |p| p.b.eq([1, 2, 3]), true, false),
        ("eq set", |p| p.tags.eq(["y", "x"]), true, false),
        ("eq list", |p| p.list.eq([5, 6]), true, false),
        (
            "eq document",
            |p| {
                p.doc.eq(Doc {
                    x: Some(9),
                    name: Some("nine".into()),
                })
            },
            true,
            false,
        ),
        ("ne", |p| p.n.ne(5), false, true),
        (
            "begins with another",
            |p| p.s.begins_with(&p.t),
            true,
            false,
        ),
        (
            "begins with a longer one",
            |p| p.t.begins_with(&p.s),
            false,
            false,
        ),
        (
            "begins with a nested one",
            |p| p.s.begins_with(p.doc.at(|d| d.name)),
            false,
            false,
        ),
        ("contains another", |p| p.s.contains(&p.t), true, false),
        (
            "a list contains another",
            |p| p.list.contains(&p.n),
            true,
            false,
        ),
        (
            "a list lacks another",
            |p| p.list.contains(&p.m),
            false,
            false,
        ),
        (
            "a set lacks another",
            |p| p.tags.contains(&p.t),
            false,
            false,
        ),
        (
            "a set of numbers lacks another",
            |p| p.nums.contains(&p.n),
            false,
            false,
        ),
        ("lt", |p| p.n.lt(6), true, false),
        ("le", |p| p.n.le(5), true, false),
        ("gt", |p| p.n.gt(5), false, false),
        ("ge", |p| p.n.ge(5), true, false),
        ("between", |p| p.n.between(4, 5), true, false),
        ("between paths", |p| p.n.between(0, &p.m), true, false),
        ("in", |p| p.n.in_([1, 5]), true, false),
        ("in nothing", |p| p.n.in_(Vec::<i64>::new()), false, false),
        ("in 100", |p| p.n.in_(-94..6), true, false),
        ("begins_with", |p| p.s.begins_with("hello"), true, false),
        (
            "begins_with bytes",
            |p| p.b.begins_with([1, 2]),
            true,
            false,
        ),
        ("contains text", |p| p.s.contains("o w"), true, false),
        ("contains bytes", |p| p.b.contains([2, 3]), true, false),
        ("contains in set", |p| p.tags.contains("y"), true, false),
        ("contains in numbers", |p| p.nums.contains(4), false, false),
        ("contains in list", |p| p.list.contains(6), true, false),
        ("size of text", |p| p.s.size().eq(11), true, false),
        ("size of binary", |p| p.b.size().lt(4_usize), true, false),
        ("size of list", |p| p.list.size().ge(2_u8), true, false),
        (
            "size of set",
            |p| p.nums.size().gt(p.tags.size()),
            true,
            false,
        ),
        ("size of map", |p| p.doc.size().le(2), true, false),
        ("size ne", |p| p.tags.size().ne(2), false, true),
        ("size between", |p| p.nums.size().between(3, 4), true, false),
        ("size in", |p| p.nums.size().in_([1, 3]), true, false),
        (
            "size and number",
            |p| p.nums.size().lt(&p.n) & p.n.gt(p.nums.size()),
            true,
            false,
        ),
        ("paths eq", |p| p.s.eq(&p.t), false, false),
        ("paths ne", |p| p.s.ne(&p.t), true, true),
        ("paths lt", |p| p.n.lt(&p.m), true, false),
        ("paths le", |p| p.m.le(p.doc.at(|d| d.x)), true, false),
        ("paths gt", |p| p.s.gt(&p.t), true, false),
        ("paths ge", |p| p.list.index(1).ge(&p.n), true, false),
        ("exists", |p| p.n.exists() & p.id.exists(), true, false),
        ("not_exists", |p| p.n.not_exists(), false, true),
        ("is_type", |p| p.n.is_type(AttributeType::N), true, false),
        (
            "is_type set",
            |p| p.tags.is_type(AttributeType::Ss),
            true,
            false,
        ),
        (
            "is another type",
            |p| p.n.is_type(AttributeType::S),
            false,
            false,
        ),
        ("bool", |p| p.flag.eq(true), true, false),
        (
            "nested",
            |p| p.doc.at(|d| d.x.eq(9) & d.name.begins_with("n")),
            true,
            false,
        ),
        (
            "element",
            |p| p.list.index(0).eq(5) & p.list.index(7).not_exists(),
            true,
            false,
        ),
        ("not", |p| !p.n.eq(5), false, true),
        ("not not", |p| !!p.n.eq(5), true, false),
        (
            "and or",
            |p| (p.n.eq(1) | p.n.eq(5)) & !(p.m.eq(1) & p.m.eq(2)),
            true,
            false,
        ),
        (
            "all of",
            |p| all_of([p.n.eq(5), p.m.eq(7), p.flag.eq(true)]),
            true,
            false,
        ),
        ("any of", |p| any_of((0..9).map(|n| p.n.eq(n))), true, false),
        ("all of nothing", |_| all_of([]), true, true),
        ("any of nothing", |_| any_of([]), false, false),
        ("not any of nothing", |_| !any_of([]), true, true),
        (
            "folded",
            |p| p.n.eq(5) & all_of([]) | any_of([]),
            true,
            false,
        ),
        ("never and", |p| p.n.exists() & any_of([]), false, false),
        ("always or", |p| p.n.eq(1) | all_of([]), true, true),
        ("maybe some", |p| maybe(Some(5), |n| p.n.eq(n)), true, false),
        (
            "maybe none",
            |p| maybe(None::<i64>, |n| p.n.eq(n)) & p.id.exists(),
            true,
            true,
        ),
    ];
    for (name, form, of_full, of_empty) in forms {
        let condition = Condition::<Probe>::of(|p| form(&p));
        let filter = found(&db, condition.clone()).await;
        let expected: Vec<&str> = [(of_empty, "empty"), (of_full, "full")]
            .into_iter()
            .filter_map(|(holds, id)| holds.then_some(id))
            .collect();
        assert_eq!(filter, expected, "filter {name}: {condition:?}");
        for (id, holds) in [("full", of_full), ("empty", of_empty)] {
            let write = Probe::update(id)
                .when(|_| condition.clone())
                .send(&db)
                .await;
            match write {
                Ok(()) => assert!(holds, "{name} of {id}"),
                Err(e) => {
                    assert!(e.is_condition_failed(), "{name} of {id}: {e}");
                    assert!(!holds, "{name} of {id}");
                    let current = e.current::<Probe>().unwrap();
                    assert_eq!(current.id, *id);
                }
            }
        }
    }
}

/// Functions can build conditions for both reads and writes.
#[tokio::test]
async fn condition_function_serves_filters_and_writes() {
    fn heavy(at_least: i64) -> Condition<Probe> {
        Condition::<Probe>::of(|p| p.n.ge(at_least) & p.list.size().gt(1))
    }
    let db = db().await;
    db.create_table::<Probe>().await.unwrap();
    for (id, n) in [("a", 1), ("b", 5), ("c", 9)] {
        let probe = Probe {
            n: Some(n),
            ..full(id)
        };
        probe.create().send(&db).await.unwrap();
    }
    assert_eq!(found(&db, heavy(5)).await, ["b", "c"]);
    assert_eq!(found(&db, !heavy(5)).await, ["a"]);
    let twice = Probe::scan().filter(|_| heavy(2)).filter(|p| p.n.lt(9));
    assert_eq!(twice.count(&db).await.unwrap(), 1);
    let deleted = Probe::delete("a").when(|_| heavy(5)).send(&db).await;
    assert!(deleted.unwrap_err().is_condition_failed());
    Probe::delete("b")
        .when(|p| heavy(5) & p.m.eq(7))
        .send(&db)
        .await
        .unwrap();
    let put = full("c").put().when(|_| heavy(100)).send(&db).await;
    assert!(put.unwrap_err().is_condition_failed());

    // A condition built for a write may name the key; as a filter of a query by that key it is refused
    // before sending.
    let smuggled = Condition::<Probe>::of(|p| p.id.eq("c"));
    let query = Probe::query("c").filter(|_| smuggled).all(&db).await;
    assert!(query.unwrap_err().is_invalid_request());
}

/// A condition over a limit is not sent; DynamoDB accepts one at the limit.
#[tokio::test]
async fn condition_over_limit_is_refused_before_sending() {
    let db = db().await;
    db.create_table::<Probe>().await.unwrap();
    full("full").create().send(&db).await.unwrap();
    let send = async |condition: Condition<Probe>| {
        let update = Probe::update("full").when(|_| condition);
        let json = update.to_json();
        let sent = update.send(&db).await;
        assert_eq!(
            json.is_err(),
            sent.as_ref().is_err_and(|e| e.is_limit_exceeded())
        );
        sent
    };

    let e = send(of(|p| p.n.in_(0..101))).await.unwrap_err();
    assert!(e.to_string().contains("100"), "{e}");

    // Each of the n conditions is two functions, OR and NOT, and AND joins them: 5n - 1 operators. With
    // k more comparisons, the number is 5n - 1 + 2k, and the update demands by 2 more that the item
    // exists.
    let operators = |n, k| {
        let negated = (0..n).map(|_| of(|p| !(p.n.not_exists() | p.m.not_exists())));
        all_of(negated.chain((0..k).map(|_| of(|p| p.n.gt(0)))))
    };
    send(operators(59, 2)).await.unwrap(); // 300
    let e = send(operators(60, 0)).await.unwrap_err(); // 301
    assert!(e.is_limit_exceeded());
    assert!(e.to_string().contains("300"), "{e}");

    // Each range takes about 38 bytes.
    let ranges = |n| any_of((0..n).map(|i| of(|p| p.doc.at(|d| d.x).between(i, i + 9))));
    send(ranges(100)).await.unwrap();
    let e = send(ranges(130)).await.unwrap_err();
    assert!(e.to_string().contains("4 KB"), "{e}");
}

/// DynamoDB refuses to compare an attribute with itself; the library refuses it before sending.
#[tokio::test]
async fn comparison_of_attribute_with_itself_is_refused() {
    let db = db().await;
    db.create_table::<Probe>().await.unwrap();
    full("full").create().send(&db).await.unwrap();
    type Of = fn(&Probe_) -> Condition<Probe>;
    type Probe_ = <Probe as dynamodel::expr::Fields>::Fields<dynamodel::expr::InCondition<Probe>>;
    let forms: &[(Of, &str)] = &[
        (|p| p.n.eq(&p.n), "n = n"),
        (|p| p.n.between(1, &p.n), "n BETWEEN :one AND n"),
        (|p| p.s.begins_with(&p.s), "begins_with(s, s)"),
        (|p| p.s.contains(&p.s), "contains(s, s)"),
        (
            |p| p.doc.at(|d| d.x).ne(p.doc.at(|d| d.x)),
            "doc.x <> doc.x",
        ),
    ];
    for (form, text) in forms {
        let scan = Probe::scan().filter(|_| of(|p| form(&p)));
        let e = scan.to_json().unwrap_err();
        assert!(e.is_invalid_request(), "{text}: {e}");
        assert!(e.to_string().contains("itself"), "{text}: {e}");
        if is_embedded() {
            continue;
        }
        let mut raw = db.client().scan().table_name(&*db.table_name::<Probe>());
        if text.contains(":one") {
            raw = raw.expression_attribute_values(":one", AttributeValue::N("1".into()));
        }
        let refused = raw.filter_expression(*text).send().await.unwrap_err();
        let refused = format!("{:?}", refused.into_service_error());
        assert!(refused.contains("distinct"), "{text}: {refused}");
    }
    // Sizes are not attributes, and an attribute may stand between two others.
    let same = of(|p| p.s.size().le(p.s.size()));
    assert_eq!(found(&db, same).await, ["full"]);
    assert_eq!(found(&db, of(|p| p.m.between(&p.n, 9))).await, ["full"]);
}

/// Random conditions on random items, some of whose attributes are missing or of another type, find the
/// same items as the reference evaluator.
#[tokio::test]
async fn random_conditions_match_reference_evaluator() {
    let (items, conditions) = if is_embedded() { (60, 600) } else { (25, 80) };
    let db = db().await;
    db.create_table::<Probe>().await.unwrap();
    let mut rng = fastrand::Rng::with_seed(20_260_101);
    let items: Vec<HashMap<String, AttributeValue>> = (0..items)
        .map(|i| generate::item(&mut rng, format!("{i:03}")))
        .collect();
    for item in &items {
        let put = db
            .client()
            .put_item()
            .table_name(&*db.table_name::<Probe>());
        put.set_item(Some(item.clone())).send().await.unwrap();
    }
    let mut matches = 0;
    for round in 0..conditions {
        let condition = Cond::random(&mut rng, 3);
        let expected: Vec<&str> = items
            .iter()
            .filter(|item| condition.holds(item))
            .map(|item| item["id"].as_s().unwrap().as_str())
            .collect();
        matches += expected.len();
        let typed = Condition::<Probe>::of(|p| condition.typed(&p));
        let shown = format!("round {round}: {condition:?} as {typed:?}");
        assert_eq!(found(&db, typed.clone()).await, expected, "{shown}");
        // The same condition on a write of one of the items.
        let item = rng.choice(&items).unwrap();
        let id = item["id"].as_s().unwrap();
        let write = Probe::update(id).when(|_| typed).send(&db).await;
        match write {
            Ok(()) => assert!(condition.holds(item), "{shown} of {id}"),
            Err(e) => {
                assert!(e.is_condition_failed(), "{shown} of {id}: {e}");
                assert!(!condition.holds(item), "{shown} of {id}");
            }
        }
    }
    // The test proves something only if the generator produces both kinds of conditions.
    let all = items.len() * conditions;
    assert!(
        matches > all / 10 && matches < all * 9 / 10,
        "{matches} of {all}"
    );
}
