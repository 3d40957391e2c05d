//! Updates from a difference: the diff of two values, applied to the first, gives the second.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{Binary, Db, Document, Entity, Update};
use dynamodel_tests::{db, is_embedded};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Defines an entity with these fields, with or without a version.
macro_rules! rich {
    ($name:ident, $table:literal, $(#[$mark:meta])?) => {
        #[derive(Debug, Clone, PartialEq, Entity)]
        #[dynamo(table = $table)]
        struct $name {
            #[dynamo(partition)]
            id: String,
            text: Option<String>,
            #[dynamo(rename = "N")]
            n: i64,
            flag: bool,
            bytes: Option<Binary>,
            tags: BTreeSet<String>,
            nums: HashSet<u32>,
            list: Vec<Item>,
            plain: Vec<Option<u32>>,
            map: HashMap<String, u32>,
            docs: BTreeMap<String, Item>,
            doc: Nested,
            optional: Option<Box<Nested>>,
            choice: Choice,
            #[dynamo(default)]
            late: Nested,
            #[dynamo(default = preset())]
            preset: BTreeSet<String>,
            $(#[$mark])?
            version: u64,
            #[dynamo(created_at)]
            created: Option<u64>,
            #[dynamo(updated_at)]
            updated: Option<u64>,
            #[dynamo(write_token)]
            token: Option<String>,
        }
    };
}
rich!(Versioned, "versioned", #[dynamo(version)]);
rich!(Unversioned, "unversioned",);

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Item {
    name: String,
    count: u32,
    tags: BTreeSet<String>,
    inner: Option<Box<Item>>,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Nested {
    title: Option<String>,
    items: Vec<Item>,
    names: BTreeMap<String, String>,
    #[dynamo(default)]
    deep: Item,
}

#[derive(Debug, Clone, PartialEq, Document)]
enum Choice {
    Nothing,
    One { item: Item },
    Two { a: u32, b: Option<String> },
}

fn preset() -> BTreeSet<String> {
    ["p".to_owned(), "q".to_owned()].into()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a".to_owned()),
        Just("\"b\"\\.#".to_owned()),
        "[x-z]{0,40}"
    ]
}

fn tags() -> impl Strategy<Value = BTreeSet<String>> {
    prop::collection::btree_set("[a-d]", 0..4)
}

fn item() -> impl Strategy<Value = Item> {
    let leaf = (text(), 0..3_u32, tags()).prop_map(|(name, count, tags)| Item {
        name,
        count,
        tags,
        inner: None,
    });
    leaf.prop_recursive(2, 4, 1, |inner| {
        (inner.clone(), inner).prop_map(|(outer, inner)| Item {
            inner: Some(Box::new(inner)),
            ..outer
        })
    })
}

fn nested() -> impl Strategy<Value = Nested> {
    let names = prop::collection::btree_map("[a-c]{1,2}", text(), 0..4);
    let title = prop::option::of(text());
    (title, prop::collection::vec(item(), 0..4), names, item()).prop_map(
        |(title, items, names, deep)| Nested {
            title,
            items,
            names,
            deep,
        },
    )
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Nothing),
        item().prop_map(|item| Choice::One { item }),
        (0..2_u32, prop::option::of(text())).prop_map(|(a, b)| Choice::Two { a, b }),
    ]
}

fn rich() -> impl Strategy<Value = Versioned> {
    let scalars = (
        prop::option::of(text()),
        0..3_i64,
        any::<bool>(),
        prop::option::of(prop::collection::vec(any::<u8>(), 1..5)),
    );
    let sets = (tags(), prop::collection::hash_set(0..4_u32, 0..4), tags());
    let lists = (
        prop::collection::vec(item(), 0..5),
        prop::collection::vec(prop::option::of(0..3_u32), 0..8),
    );
    let maps = (
        prop::collection::hash_map("[a-d.]{1,2}", 0..3_u32, 0..6),
        prop::collection::btree_map("[a-c]", item(), 0..4),
    );
    let documents = (nested(), prop::option::of(nested()), choice(), nested());
    (scalars, sets, lists, maps, documents).prop_map(
        |((text, n, flag, bytes), (tags, nums, preset), lists, maps, documents)| Versioned {
            id: String::new(),
            text,
            n,
            flag,
            bytes: bytes.map(Binary::from),
            tags,
            nums,
            list: lists.0,
            plain: lists.1,
            map: maps.0,
            docs: maps.1,
            doc: documents.0,
            optional: documents.1.map(Box::new),
            choice: documents.2,
            late: documents.3,
            preset,
            version: 0,
            created: None,
            updated: None,
            token: None,
        },
    )
}

/// A value, and another one that differs from it in some fields, completely or in small steps.
#[derive(Debug, Clone)]
struct Case {
    before: Versioned,
    after: Versioned,
    /// `true` if the first value is stored without the attributes that have defaults.
    bare: bool,
}

fn case() -> impl Strategy<Value = Case> {
    (rich(), rich(), any::<u32>(), 0..6_usize, any::<bool>()).prop_map(
        |(before, other, mask, steps, bare)| {
            let mut before = before;
            if bare {
                before.late = Nested::default();
                before.preset = preset();
            } else {
                before.preset.insert("r".into());
            }
            let mut after = before.clone();
            macro_rules! take {
                ($($bit:literal $field:ident)*) => {
                    $(if mask >> $bit & 1 == 1 { after.$field = other.$field.clone(); })*
                };
            }
            take!(0 text 1 n 2 flag 3 bytes 4 tags 5 nums 6 list 7 plain 8 map 9 docs 10 doc
                11 optional 12 choice 13 late 14 preset);
            for step in 0..steps {
                small_step(&mut after, mask >> 15, step);
            }
            // An empty set is not stored, and would be read as the default.
            after.preset.insert("r".into());
            Case {
                before,
                after,
                bare,
            }
        },
    )
}

/// Changes a part of the value.
fn small_step(v: &mut Versioned, random: u32, step: usize) {
    let at = |len: usize| (random as usize >> step) % len.max(1);
    match (random as usize + step) % 14 {
        0 => v.list.push(Item::default()),
        1 => v.list.insert(0, Item::default()),
        2 if !v.list.is_empty() => drop(v.list.remove(at(v.list.len()))),
        3 => {
            let at = at(v.list.len());
            if let Some(item) = v.list.get_mut(at) {
                item.count += 1;
                item.tags.insert("new".into());
            }
        }
        4 => v.plain.extend([Some(9), None]),
        5 if v.plain.len() > 1 => drop(v.plain.drain(..1)),
        6 => drop(v.tags.insert("new".into())),
        7 => drop(v.tags.pop_first()),
        8 => drop(v.doc.names.insert("new.name".into(), "\"quoted\"".into())),
        9 => drop(v.doc.names.pop_last()),
        10 => v.late.deep.count += 1,
        11 => drop(v.preset.insert("new".into())),
        12 => v.doc.items.iter_mut().for_each(|item| item.name.push('!')),
        _ => {
            if let Some(nested) = &mut v.optional {
                nested.deep.inner = Some(Box::default());
            }
        }
    }
}

/// Stores the first value, reads it, changes it and saves the diff; the second value must then be
/// stored.
macro_rules! property {
    ($name:ident, $entity:ident, $seed:literal, $has_other_writer:literal, $of:expr) => {
        #[test]
        fn $name() {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let db = &runtime.block_on(async {
                let db = db().await;
                db.create_table::<$entity>().await.unwrap();
                db
            });
            let cases = match (is_embedded(), $has_other_writer) {
                (true, false) => 300,
                (true, true) => 100,
                (false, false) => 60,
                (false, true) => 20,
            };
            let config = Config {
                cases,
                failure_persistence: None,
                max_shrink_iters: 200,
                ..Config::default()
            };
            let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[$seed; 32]);
            let count = std::cell::Cell::new(0);
            let mut runner = TestRunner::new_with_rng(config, rng);
            let result = runner.run(&case(), |case| {
                count.set(count.get() + 1);
                runtime.block_on(async {
                    let id = format!("case-{}", count.get());
                    let stored: $entity = $of(case.before.clone(), &id);
                    let mut changed: $entity = $of(case.after.clone(), &id);
                    let created = stored.create().send(db).await.unwrap();
                    if case.bare {
                        let update = db
                            .client()
                            .update_item()
                            .table_name(&*db.table_name::<$entity>());
                        let update = update.key("id", AttributeValue::S(id.clone()));
                        update
                            .update_expression("REMOVE late, preset")
                            .send()
                            .await
                            .unwrap();
                    }
                    let loaded = $entity::get(&id)
                        .consistent()
                        .send(db)
                        .await
                        .unwrap()
                        .unwrap();
                    prop_assert_eq!(&loaded, &created);
                    changed.version = loaded.version;
                    changed.created = loaded.created;
                    let diff = loaded.diff(&changed);
                    let others = match $has_other_writer {
                        true => others(&case.before, &case.after, case.bare),
                        false => Vec::new(),
                    };
                    for other in &others {
                        other.write(db, &db.table_name::<$entity>(), &id).await;
                    }
                    let json = diff.to_json().unwrap();
                    let unchanged = diff.is_unchanged();
                    diff.send(db)
                        .await
                        .map_err(|e| TestCaseError::fail(format!("{e}: {json}")))?;
                    let now = $entity::get(&id)
                        .consistent()
                        .send(db)
                        .await
                        .unwrap()
                        .unwrap();
                    let raw = db
                        .client()
                        .get_item()
                        .table_name(&*db.table_name::<$entity>())
                        .key("id", AttributeValue::S(id.clone()))
                        .consistent_read(true)
                        .send()
                        .await
                        .unwrap()
                        .item
                        .unwrap();
                    for other in &others {
                        prop_assert!(other.is_in(&raw), "{:?} is gone: {}", other.path, json);
                    }
                    if $has_other_writer {
                        changed.map.insert("other".into(), 77);
                        changed.docs.insert("other".into(), Item::default());
                        changed.doc.names.insert("other".into(), "kept".into());
                    }
                    // Attributes that every update writes.
                    if unchanged && !$has_other_writer {
                        prop_assert_eq!(now, loaded);
                        return Ok(());
                    }
                    prop_assert!(unchanged || now.token != loaded.token);
                    prop_assert!(now.updated >= loaded.updated);
                    changed.version = now.version;
                    changed.updated = now.updated;
                    changed.token = now.token.clone();
                    prop_assert_eq!(&now, &changed, "{}", json);
                    prop_assert!(changed.diff(&now).is_unchanged());
                    Ok(())
                })
            });
            if let Err(e) = result {
                panic!("{e}");
            }
        }
    };
}
fn versioned(v: Versioned, id: &str) -> Versioned {
    Versioned {
        id: id.to_owned(),
        ..v
    }
}

fn unversioned(v: Versioned, id: &str) -> Unversioned {
    Unversioned {
        id: id.to_owned(),
        text: v.text,
        n: v.n,
        flag: v.flag,
        bytes: v.bytes,
        tags: v.tags,
        nums: v.nums,
        list: v.list,
        plain: v.plain,
        map: v.map,
        docs: v.docs,
        doc: v.doc,
        optional: v.optional,
        choice: v.choice,
        late: v.late,
        preset: v.preset,
        version: 0,
        created: None,
        updated: None,
        token: None,
    }
}

property!(
    versioned_diff_saves_any_change,
    Versioned,
    1,
    false,
    versioned
);
property!(
    unversioned_diff_saves_any_change,
    Unversioned,
    2,
    false,
    unversioned
);
property!(
    versioned_diff_keeps_what_another_writer_stored,
    Versioned,
    3,
    true,
    versioned
);
property!(
    unversioned_diff_keeps_what_another_writer_stored,
    Unversioned,
    4,
    true,
    unversioned
);

/// Value that another program stores between the read and the diff.
struct Other {
    path: Vec<String>,
    value: AttributeValue,
}

impl Other {
    fn new(path: &[&str], value: AttributeValue) -> Self {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        Other { path, value }
    }

    /// Attribute that the struct at this path does not know.
    fn unknown(path: &[&str]) -> Self {
        let kept = AttributeValue::S("kept".into());
        Other::new(&[path, &["of another"]].concat(), kept)
    }

    async fn write(&self, db: &Db, table: &str, id: &str) {
        self.write_at(db, table, AttributeValue::S(id.to_owned()))
            .await;
    }

    async fn write_to_page(&self, db: &Db, table: &str) {
        self.write_at(db, table, AttributeValue::N("1".into()))
            .await;
    }

    async fn write_at(&self, db: &Db, table: &str, id: AttributeValue) {
        let mut update = db.client().update_item().table_name(table);
        let mut expression = Vec::new();
        for (i, name) in self.path.iter().enumerate() {
            update = update.expression_attribute_names(format!("#n{i}"), name);
            expression.push(format!("#n{i}"));
        }
        let update = update.key("id", id);
        let update = update.update_expression(format!("SET {} = :v", expression.join(".")));
        let update = update.expression_attribute_values(":v", self.value.clone());
        update.send().await.unwrap();
    }

    fn is_in(&self, item: &HashMap<String, AttributeValue>) -> bool {
        let Some((last, path)) = self.path.split_last() else {
            return false;
        };
        let mut map = item;
        for name in path {
            match map.get(name) {
                Some(AttributeValue::M(inner)) => map = inner,
                _ => return false,
            }
        }
        map.get(last) == Some(&self.value)
    }
}

/// Returns what another writer can store in documents and maps that both values have, and that no
/// default stands for.
fn others(before: &Versioned, after: &Versioned, is_bare: bool) -> Vec<Other> {
    let text = || AttributeValue::S("kept".into());
    let item = HashMap::from([
        ("name".to_owned(), AttributeValue::S(String::new())),
        ("count".to_owned(), AttributeValue::N("0".into())),
    ]);
    let mut others = vec![
        Other::unknown(&[]),
        Other::new(&["map", "other"], AttributeValue::N("77".into())),
        Other::new(&["docs", "other"], AttributeValue::M(item)),
        Other::new(&["doc", "names", "other"], text()),
    ];
    let of_item = |others: &mut Vec<Other>, path: &[&str], before: &Item, after: &Item| {
        others.push(Other::unknown(path));
        if before.inner.is_some() && after.inner.is_some() {
            others.push(Other::unknown(&[path, &["inner"]].concat()));
        }
    };
    for (name, before) in &before.docs {
        if let Some(after) = after.docs.get(name) {
            of_item(&mut others, &["docs", name], before, after);
        }
    }
    let of_nested = |others: &mut Vec<Other>, name: &str, before: &Nested, after: &Nested| {
        others.push(Other::unknown(&[name]));
        if before.deep != Item::default() {
            of_item(others, &[name, "deep"], &before.deep, &after.deep);
        }
    };
    of_nested(&mut others, "doc", &before.doc, &after.doc);
    if let (Some(before), Some(after)) = (&before.optional, &after.optional) {
        of_nested(&mut others, "optional", before, after);
    }
    if !is_bare && before.late != Nested::default() {
        of_nested(&mut others, "late", &before.late, &after.late);
    }
    others
}

/// A small entity, whose requests are compared as text.
#[derive(Debug, Clone, PartialEq, Default, Entity)]
#[dynamo(table = "pages")]
struct Page {
    #[dynamo(partition)]
    id: u32,
    text: String,
    note: Option<String>,
    tags: BTreeSet<String>,
    lines: Vec<Line>,
    names: BTreeMap<String, String>,
    #[dynamo(version)]
    version: u64,
    #[dynamo(skip)]
    cached: u32,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Line {
    text: String,
    count: u32,
}

fn page() -> Page {
    let line = |text: &str| Line {
        text: text.into(),
        count: 1,
    };
    Page {
        id: 1,
        text: "x".repeat(5_000),
        note: Some("note".into()),
        tags: ["a".to_owned(), "b".to_owned()].into(),
        lines: vec![
            line(&"one ".repeat(20)),
            line(&"two ".repeat(20)),
            line(&"three ".repeat(20)),
        ],
        names: BTreeMap::from([
            ("en".into(), "page ".repeat(20)),
            ("no".into(), "side".into()),
        ]),
        version: 3,
        cached: 0,
    }
}

fn expression(update: &Update<Page>) -> String {
    let json: serde_json::Value = serde_json::from_str(&update.to_json().unwrap()).unwrap();
    assert_eq!(
        json["ConditionExpression"]
            .as_str()
            .map(|c| c.starts_with("attribute_exists(")),
        Some(true)
    );
    let mut text = json["UpdateExpression"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let names = json["ExpressionAttributeNames"].as_object().unwrap();
    for (placeholder, name) in names {
        text = text.replace(placeholder, name.as_str().unwrap());
    }
    text
}

/// A diff renders the smallest actions for a change.
#[test]
fn diff_renders_smallest_actions() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Page), expected: &str) {
        let mut changed = page();
        change(&mut changed);
        let update = page().diff(&changed);
        let version = " ADD version :v";
        let found = expression(&update);
        assert_eq!(found.split(version).next().unwrap(), expected, "{update:?}");
        assert!(update.to_json().unwrap().len() < 800);
    }
    check(|p| p.text = "new".into(), "SET text = :v0");
    check(|p| p.note = None, "REMOVE note");
    check(|p| p.names.clear(), "REMOVE names.en, names.no");
    check(
        |p| drop(p.names.insert("de".into(), "Seite".into())),
        "SET names.de = :v0",
    );
    check(|p| drop(p.names.remove("no")), "REMOVE names.no");
    check(|p| p.lines[1].count = 2, "SET lines[1].count = :v0");
    check(
        |p| p.lines.push(Line::default()),
        "SET lines = list_append(lines,:v0)",
    );
    check(
        |p| p.lines.insert(0, Line::default()),
        "SET lines = list_append(:v0,lines)",
    );
    check(|p| drop(p.lines.remove(1)), "REMOVE lines[1]");
    check(|p| drop(p.lines.pop()), "REMOVE lines[2]");
    check(
        |p| {
            p.lines[2].count = 5;
            p.lines.push(Line::default());
        },
        "SET lines[2].count = :v0, lines[3] = :v1",
    );
    check(|p| p.tags.clear(), "REMOVE tags");
    let tags = |p: &mut Page, insert: &[&str], remove: &[&str]| {
        p.tags.extend(insert.iter().map(|t| (*t).to_owned()));
        p.tags.retain(|t| !remove.contains(&t.as_str()));
    };
    let mut changed = page();
    tags(&mut changed, &["c"], &[]);
    assert_eq!(
        expression(&page().diff(&changed)),
        "ADD tags :v0, version :v1"
    );
    tags(&mut changed, &[], &["c", "a"]);
    assert!(expression(&page().diff(&changed)).ends_with("DELETE tags :v1"));
    tags(&mut changed, &["d"], &[]);
    assert!(expression(&page().diff(&changed)).starts_with("SET tags = :v0"));

    // Without a check of the version, another write may have moved the elements of the list, so the
    // whole list is set.
    let mut changed = page();
    changed.lines[1].count = 2;
    changed.note = None;
    let update = page()
        .diff(&changed)
        .apply(|p| p.text.set("more"))
        .unversioned();
    assert!(expression(&update).starts_with("SET lines = :v0, text = :v1 REMOVE note"));
    assert!(
        !update
            .to_json()
            .unwrap()
            .contains("ConditionExpression\":\"attribute_exists(#n3) AND")
    );
}

#[test]
fn diff_of_different_keys_is_refused() {
    let other = Page { id: 2, ..page() };
    let e = page().diff(&other).to_json().unwrap_err();
    assert!(
        e.is_invalid_request() && e.to_string().contains("primary key"),
        "{e}"
    );
    let big = Page {
        text: "x".repeat(420_000),
        ..page()
    };
    assert!(page().diff(&big).to_json().unwrap_err().is_limit_exceeded());
    assert!(page().diff(&page()).is_unchanged());
    assert!(!page().diff(&other).is_unchanged());
    assert!(!Page::update(1).is_unchanged());
    let more = page().diff(&page()).apply(|p| p.note.set("more"));
    assert!(!more.is_unchanged());
    // Attributes that the library writes, and fields that are not stored, count as unchanged.
    let kept = Page {
        version: 9,
        cached: 5,
        ..page()
    };
    assert!(page().diff(&kept).is_unchanged());
}

/// If one expression cannot hold all changed parts, the diff replaces maps as they were shown.
#[tokio::test]
async fn diff_of_many_changes_replaces_map_only_if_nothing_else_is_in_it() {
    let db = table().await;
    let mut loaded = Page {
        version: 0,
        ..page()
    };
    loaded.names = (0..900)
        .map(|i| (format!("name-{i}"), "a long value of this name".into()))
        .collect();
    let loaded = loaded.create().send(&db).await.unwrap();
    let mut changed = loaded.clone();
    changed
        .names
        .values_mut()
        .step_by(2)
        .for_each(|v| *v = "x".into());
    changed.note = None;
    let diff = loaded.diff(&changed);
    assert!(expression(&diff).starts_with("SET names = :v0 REMOVE note"));
    let stored = diff.clone().returning_new().send(&db).await.unwrap();
    let expected = Page {
        version: 2,
        ..changed.clone()
    };
    assert_eq!(stored, expected);

    let other = AttributeValue::S("1".into());
    let other = Other::new(&["names", "unknown"], other);
    let few = Page {
        names: stored
            .names
            .keys()
            .map(|name| (name.clone(), "y".into()))
            .collect(),
        ..stored.clone()
    };
    let again = stored.diff(&few);
    other.write_to_page(&db, &db.table_name::<Page>()).await;
    let error = again.send(&db).await.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
}

/// A map that a missing attribute stands for as well is not there to be changed by path.
#[tokio::test]
async fn diff_of_map_with_default_keeps_entries_that_it_was_not_shown() {
    #[derive(Debug, Clone, PartialEq, Entity)]
    #[dynamo(table = "harbours")]
    struct Harbour {
        #[dynamo(partition)]
        id: String,
        #[dynamo(default)]
        berths: BTreeMap<String, u32>,
    }
    let db = db().await;
    db.create_table::<Harbour>().await.unwrap();
    let harbour = |berths: &[(&str, u32)]| Harbour {
        id: "h".into(),
        berths: berths
            .iter()
            .map(|(name, n)| ((*name).into(), *n))
            .collect(),
    };
    let raw = db
        .client()
        .put_item()
        .table_name(&*db.table_name::<Harbour>());
    let absent = raw.item("id", AttributeValue::S("h".into()));
    absent.clone().send().await.unwrap();
    let north = || harbour(&[]).diff(&harbour(&[("north", 1)]));
    north().send(&db).await.unwrap();
    let stored = async || Harbour::get("h").consistent().send(&db).await.unwrap();
    assert_eq!(stored().await, Some(harbour(&[("north", 1)])));

    let empty = absent.item("berths", AttributeValue::M(HashMap::new()));
    empty.send().await.unwrap();
    north().send(&db).await.unwrap();
    assert_eq!(stored().await, Some(harbour(&[("north", 1)])));

    harbour(&[("south", 9)]).put().send(&db).await.unwrap();
    let error = north().send(&db).await.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
    assert_eq!(error.current::<Harbour>(), stored().await);
    assert_eq!(stored().await, Some(harbour(&[("south", 9)])));
}

/// An entry of another writer survives whatever the lengths of values.
#[tokio::test]
async fn modify_keeps_unknown_attributes_whatever_their_lengths() {
    let db = table().await;
    let small = Page {
        id: 1,
        names: BTreeMap::from([("a".into(), "b".into())]),
        lines: vec![Line::default()],
        ..Page::default()
    };
    small.create().send(&db).await.unwrap();
    let table = db.table_name::<Page>();
    for path in [vec![], vec!["names"]] {
        Other::unknown(&path).write_to_page(&db, &table).await;
    }
    let update = db.client().update_item().table_name(&*table);
    let update = update.key("id", AttributeValue::N("1".into()));
    let update = update.expression_attribute_values(":v", AttributeValue::S("kept".into()));
    let update = update.expression_attribute_names("#l", "lines");
    let update = update.update_expression("SET #l[0].extra = :v");
    update.send().await.unwrap();
    let change = |p: &mut Page| {
        p.text = "t".into();
        p.names.insert("a".into(), "c".into());
        p.lines[0].count = 7;
        Ok(())
    };
    Page::get(1).modify(&db, change).await.unwrap();
    let raw = db
        .client()
        .get_item()
        .table_name(&*table)
        .consistent_read(true);
    let raw = raw.key("id", AttributeValue::N("1".into())).send().await;
    let raw = raw.unwrap().item.unwrap();
    for path in [vec![], vec!["names"]] {
        assert!(Other::unknown(&path).is_in(&raw), "{path:?}");
    }
    let line = raw["lines"].as_l().unwrap()[0].as_m().unwrap();
    assert_eq!(line["extra"].as_s().unwrap(), "kept");
    assert_eq!(line["count"].as_n().unwrap(), "7");
}

async fn table() -> Db {
    let db = db().await;
    db.create_table::<Page>().await.unwrap();
    db
}

#[tokio::test]
async fn diff_checks_version_and_own_conditions() {
    let db = &table().await;
    let loaded = Page {
        version: 0,
        ..page()
    }
    .create()
    .send(db)
    .await
    .unwrap();
    let mut changed = loaded.clone();
    changed.note = Some("mine".into());
    Page::update(1)
        .apply(|p| p.lines.index(0).remove())
        .send(db)
        .await
        .unwrap();

    let e = loaded.diff(&changed).send(db).await.unwrap_err();
    assert!(e.is_conflict(), "{e}");
    assert_eq!(e.current::<Page>().unwrap().version, 2);
    // An empty diff checks nothing, unless the call requests the item.
    loaded.diff(&loaded).send(db).await.unwrap();
    let e = loaded
        .diff(&loaded)
        .returning_new()
        .send(db)
        .await
        .unwrap_err();
    assert!(e.is_conflict(), "{e}");

    loaded.diff(&changed).unversioned().send(db).await.unwrap();
    let stored = Page::get(1).consistent().send(db).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.lines.len()), (3, 2));
    assert_eq!(stored.note.as_deref(), Some("mine"));
    let same = stored.diff(&stored).returning_new().send(db).await.unwrap();
    assert_eq!(same, stored);

    let e = stored
        .diff(&changed)
        .when(|p| p.note.eq("yours"))
        .send(db)
        .await
        .unwrap_err();
    assert!(e.is_condition_failed() && !e.is_conflict(), "{e}");
    Page::delete(1).send(db).await.unwrap();
    let changed = Page {
        note: None,
        ..stored.clone()
    };
    let e = stored.diff(&changed).send(db).await.unwrap_err();
    assert!(e.is_not_found(), "{e}");
    assert_eq!(Page::get(1).consistent().send(db).await.unwrap(), None);
}

/// Attributes that an older or newer program stored beside the entity's own ones are kept.
#[tokio::test]
async fn diff_keeps_unknown_attributes() {
    let db = &table().await;
    let loaded = Page {
        version: 0,
        ..page()
    }
    .create()
    .send(db)
    .await
    .unwrap();
    let update = db
        .client()
        .update_item()
        .table_name(&*db.table_name::<Page>());
    let update = update.key("id", AttributeValue::N("1".into()));
    let update = update.expression_attribute_values(":v", AttributeValue::S("kept".into()));
    update
        .expression_attribute_names("#l", "lines")
        .update_expression("SET extra = :v, #l[0].extra = :v")
        .send()
        .await
        .unwrap();
    let mut changed = loaded.clone();
    changed.lines[0].count = 8;
    changed.text = "short".into();
    loaded.diff(&changed).send(db).await.unwrap();
    let get = db.client().get_item().table_name(&*db.table_name::<Page>());
    let get = get
        .key("id", AttributeValue::N("1".into()))
        .consistent_read(true);
    let item = get.send().await.unwrap().item.unwrap();
    assert_eq!(item["extra"].as_s().unwrap(), "kept");
    let line = item["lines"].as_l().unwrap()[0].as_m().unwrap();
    assert_eq!(line["extra"].as_s().unwrap(), "kept");
    assert_eq!(line["count"].as_n().unwrap(), "8");
}

#[tokio::test]
async fn modify_saves_what_changed() {
    let db = &table().await;
    Page {
        version: 0,
        ..page()
    }
    .create()
    .send(db)
    .await
    .unwrap();
    // A small change of a big item is sent as an update.
    let modified = Page::get(1)
        .modify(db, |p| {
            p.lines[0].count += 1;
            p.cached = 7;
            p.version = 77;
            Ok(())
        })
        .await
        .unwrap();
    let stored = Page::get(1).consistent().send(db).await.unwrap().unwrap();
    assert_eq!(
        (modified.version, modified.cached, modified.lines[0].count),
        (2, 7, 2)
    );
    assert_eq!(
        Page {
            cached: 0,
            ..modified
        },
        stored
    );
    // Without a change nothing is written.
    let same = Page::get(1).modify(db, |_| Ok(())).await.unwrap();
    assert_eq!(same, stored);
    // Everything changed.
    let small = Page {
        id: 1,
        text: "t".into(),
        version: 0,
        ..Page::default()
    };
    let modified = Page::get(1)
        .modify(db, |p| {
            *p = small.clone();
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(
        modified,
        Page {
            version: 3,
            ..small
        }
    );
    assert_eq!(
        Page::get(1).consistent().send(db).await.unwrap(),
        Some(modified)
    );
    let e = Page::get(1)
        .modify(db, |p| {
            p.id = 5;
            Ok(())
        })
        .await
        .unwrap_err();
    assert!(e.is_invalid_request(), "{e}");

    // Two concurrent calls: both changes are stored.
    let add = |tag: &'static str| {
        Page::get(1).modify(db, move |p| {
            p.tags.insert(tag.into());
            Ok(())
        })
    };
    let (a, b) = tokio::join!(add("a"), add("b"));
    a.unwrap();
    b.unwrap();
    let stored = Page::get(1).consistent().send(db).await.unwrap().unwrap();
    assert_eq!(stored.tags, ["a".to_owned(), "b".to_owned()].into());
    assert_eq!(stored.version, 5);
}

/// The times and the token that `modify` reports are the stored ones.
#[tokio::test]
async fn modify_reports_what_is_stored() {
    let db = &db().await;
    db.create_table::<Versioned>().await.unwrap();
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]),
    );
    let tree = rich().new_tree(&mut runner).unwrap();
    let first = Versioned {
        id: "m".into(),
        text: Some("x".repeat(3_000)),
        ..tree.current()
    };
    let first = first.create().send(db).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let modified = Versioned::get("m")
        .modify(db, |v| {
            v.n += 1;
            Ok(())
        })
        .await
        .unwrap();
    assert!(modified.updated > first.updated && modified.token != first.token);
    assert_eq!(modified.created, first.created);
    assert_eq!(
        Versioned::get("m").consistent().send(db).await.unwrap(),
        Some(modified)
    );
}

/// In a transaction, the diff of equal values checks that the item is unchanged.
#[tokio::test]
async fn transaction_checks_diff_of_equal_values() {
    let db = &table().await;
    let one = Page {
        version: 0,
        ..page()
    }
    .create()
    .send(db)
    .await
    .unwrap();
    let two = Page {
        id: 2,
        version: 0,
        ..page()
    }
    .create()
    .send(db)
    .await
    .unwrap();
    let changed = Page {
        note: None,
        ..two.clone()
    };
    let transfer = async || {
        let mut tx = dynamodel::Transaction::new();
        tx.update(one.diff(&one));
        tx.update(two.diff(&changed));
        tx.send(db).await
    };
    transfer().await.unwrap();
    let stored = Page::get(2).consistent().send(db).await.unwrap().unwrap();
    assert_eq!((stored.note, stored.version), (None, 2));
    assert_eq!(
        Page::get(1).consistent().send(db).await.unwrap(),
        Some(one.clone())
    );
    assert!(transfer().await.unwrap_err().is_transaction_canceled());
}
