//! `#[dynamo(rest)]`: attributes that the struct does not know are read, kept and written back.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{BatchGet, BatchWrite, Collection, Db, Document, Entity, Table, Transaction};
use dynamodel_tests::db;
use futures_util::TryStreamExt;
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::raw;

type Rest = HashMap<String, AttributeValue>;

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: &str) -> AttributeValue {
    AttributeValue::N(number.to_owned())
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "rest-tenants", index(by_city, partition = city, shards = 4))]
struct Tenant {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    at: u32,
    name: String,
    nick: Option<String>,
    city: String,
    place: Place,
    plan: Plan,
    #[dynamo(version)]
    version: u64,
    #[dynamo(rest)]
    others: Rest,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Place {
    street: String,
    #[dynamo(rest)]
    more: BTreeMap<String, AttributeValue>,
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamo(tag = "kind")]
enum Plan {
    Free,
    Paid {
        price: u32,
        #[dynamo(rest)]
        more: Rest,
    },
    Partner(Partner),
    Nested(Inner),
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Partner {
    code: String,
    #[dynamo(rest)]
    more: Rest,
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamo(tag = "inner")]
enum Inner {
    Deep(Partner),
}

const STORED: &str = r#"{"id":{"S":"t"},"at":{"N":"1"},"name":{"S":"a"},"city":{"S":"Rome"},"version":{"N":"3"},
    "_by_city_shard":{"N":"2"},"quota":{"N":"12.50"},"flags":{"SS":["x","y"]},"gone":{"NULL":true},
    "deep":{"M":{"a":{"L":[{"B":"AAE="},{"M":{}}]},"b":{"BOOL":false}}},"na\"me":{"S":""},
    "place":{"M":{"street":{"S":"Via"},"zip":{"S":"00100"},"floor":{"N":"2"}}},
    "plan":{"M":{"kind":{"S":"Paid"},"price":{"N":"7"},"until":{"S":"June"}}}}"#;

/// Returns a database with one item that another program wrote.
async fn tenants() -> Db {
    let db = db().await;
    db.create_table::<Tenant>().await.unwrap();
    raw::put::<Tenant>(&db, STORED).await;
    db
}

async fn tenant(db: &Db) -> Tenant {
    let get = Tenant::get("t", 1_u32).consistent();
    get.send(db).await.unwrap().unwrap()
}

/// Asserts that the stored item is the one that another program wrote, with these attributes changed.
/// The version and the shard are the library's.
async fn check_stored(db: &Db, changed: &str) {
    let own = ["version", "_by_city_shard"];
    let mut expected = raw::item(STORED);
    expected.extend(raw::item(changed));
    expected.retain(|name, _| !own.contains(&&**name));
    let key = r#"{"id":{"S":"t"},"at":{"N":"1"}}"#;
    let mut stored = raw::get::<Tenant>(db, key).await.unwrap();
    stored.retain(|name, _| !own.contains(&&**name));
    for item in [&mut expected, &mut stored] {
        if let Some(AttributeValue::Ss(flags)) = item.get_mut("flags") {
            flags.sort();
        }
        if let Some(AttributeValue::N(quota)) = item.get_mut("quota") {
            assert_eq!(quota.parse::<f64>(), Ok(12.5));
            *quota = "12.5".to_owned();
        }
    }
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn rest_holds_exactly_the_unknown_attributes() {
    let db = tenants().await;
    let tenant = tenant(&db).await;
    let mut names: Vec<&str> = tenant.others.keys().map(|name| &**name).collect();
    names.sort_unstable();
    assert_eq!(names, ["deep", "flags", "gone", "na\"me", "quota"]);
    assert_eq!(tenant.others["gone"], AttributeValue::Null(true));
    assert_eq!(tenant.place.more["zip"], s("00100"));
    let Plan::Paid { price: 7, more } = tenant.plan else {
        panic!("{:?}", tenant.plan);
    };
    assert_eq!(more, Rest::from([("until".to_owned(), s("June"))]));
}

#[tokio::test]
async fn reads_of_all_kinds_keep_the_rest() {
    let db = tenants().await;
    let expected = tenant(&db).await;
    let all = [
        Tenant::query("t").all(&db).await.unwrap(),
        Tenant::scan().all(&db).await.unwrap(),
        Tenant::scan().stream(&db).try_collect().await.unwrap(),
        Tenant::by_city("Rome").all(&db).await.unwrap(),
        Tenant::query("t").page(&db).await.unwrap().items,
    ];
    for found in all {
        assert_eq!(found, std::slice::from_ref(&expected));
    }
    let found = BatchGet::new([Tenant::key("t", 1_u32)]).send(&db).await;
    assert_eq!(found.unwrap(), [Some(expected.clone())]);
    let update = Tenant::update("t", 1_u32).apply(|t| t.name.set("b"));
    let updated = update.returning_new().send(&db).await.unwrap();
    assert_eq!(updated.others, expected.others);
}

#[tokio::test]
async fn whole_writes_write_the_rest_back() {
    let db = tenants().await;
    let mut changed = tenant(&db).await;
    changed.name = "b".into();
    let changed = changed.put().send(&db).await.unwrap();
    check_stored(&db, r#"{"name":{"S":"b"}}"#).await;
    let mut changed = changed.replace().send(&db).await.unwrap();
    check_stored(&db, r#"{"name":{"S":"b"}}"#).await;
    changed.name = "c".into();
    let mut tx = Transaction::new();
    tx.put(changed.put());
    tx.send(&db).await.unwrap();
    check_stored(&db, r#"{"name":{"S":"c"}}"#).await;
    let mut changed = tenant(&db).await;
    changed.name = "d".into();
    let batch = BatchWrite::new().put(changed.put().unversioned());
    batch.send(&db).await.unwrap();
    check_stored(&db, r#"{"name":{"S":"d"}}"#).await;
}

#[tokio::test]
async fn diff_writes_only_the_changed_entries_of_rest() {
    let db = tenants().await;
    let loaded = tenant(&db).await;
    assert!(loaded.diff(&loaded.clone()).is_unchanged());
    let mut changed = loaded.clone();
    changed.others.remove("gone");
    changed.others.insert("quota".into(), n("12.5"));
    changed.others.insert("new".into(), s("value"));
    changed.place.more.insert("zip".into(), s("00200"));
    let json = loaded.diff(&changed).to_json().unwrap();
    for kept in ["deep", "flags", "street", "floor", "Via"] {
        assert!(!json.contains(kept), "{kept} in {json}");
    }
    // Another program changes what this one does not touch.
    let update = db.client().update_item();
    let update = update.table_name(&*db.table_name::<Tenant>());
    let update = update.set_key(Some(raw::item(r#"{"id":{"S":"t"},"at":{"N":"1"}}"#)));
    let update = update.update_expression("SET place.floor = :f, later = :f");
    let update = update.expression_attribute_values(":f", n("3"));
    update.send().await.unwrap();

    loaded.diff(&changed).send(&db).await.unwrap();
    let stored = tenant(&db).await;
    assert_eq!(stored.others.get("gone"), None);
    assert_eq!(stored.others["new"], s("value"));
    assert_eq!(stored.others["later"], n("3"));
    assert_eq!(stored.place.more["zip"], s("00200"));
    assert_eq!(stored.place.more["floor"], n("3"));
}

#[tokio::test]
async fn modify_keeps_the_rest() {
    let db = tenants().await;
    let get = Tenant::get("t", 1_u32);
    let modified = get.modify(&db, |t| {
        t.name = "b".into();
        t.others.insert("quota".into(), n("12.5"));
        Ok(())
    });
    assert_eq!(modified.await.unwrap().name, "b");
    check_stored(&db, r#"{"name":{"S":"b"}}"#).await;
}

#[tokio::test]
async fn variant_and_embedded_document_keep_the_rest_without_the_tag() {
    let db = tenants().await;
    let mut changed = tenant(&db).await;
    let more = Rest::from([("x".to_owned(), n("1"))]);
    let partner = || Partner {
        code: "c".into(),
        more: more.clone(),
    };
    for plan in [
        Plan::Free,
        Plan::Partner(partner()),
        Plan::Nested(Inner::Deep(partner())),
        Plan::Paid {
            price: 1,
            more: more.clone(),
        },
    ] {
        changed.plan = plan.clone();
        changed = changed.put().send(&db).await.unwrap();
        assert_eq!(tenant(&db).await.plan, plan);
    }
}

/// Asserts that the value is refused before it is sent, by an error that names the attribute.
#[track_caller]
fn check_refused(tenant: Tenant, name: &str) {
    let error = tenant.put().to_json().unwrap_err();
    assert!(error.is_invalid_value(), "{error}");
    assert_eq!(error.attribute_path().as_deref(), Some(name), "{error}");
    let text = format!("{error} {error:?}");
    assert!(text.contains("`rest` map"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn entry_of_a_known_name_is_refused() {
    let db = tenants().await;
    let loaded = tenant(&db).await;
    for name in ["id", "at", "name", "nick", "version", "_by_city_shard"] {
        let mut changed = loaded.clone();
        changed.others.insert(name.into(), s("secret"));
        check_refused(changed.clone(), name);
        let error = loaded.diff(&changed).send(&db).await.unwrap_err();
        assert!(error.is_invalid_value(), "{error}");
    }
    let mut changed = loaded.clone();
    changed.place.more.insert("street".into(), s("secret"));
    check_refused(changed, "place.street");
    let more = |name: &str| Rest::from([(name.to_owned(), s("secret"))]);
    let partner = |name: &str| Partner {
        code: "c".into(),
        more: more(name),
    };
    for (plan, name) in [
        (Plan::Partner(partner("kind")), "plan.kind"),
        (Plan::Partner(partner("code")), "plan.code"),
        (Plan::Nested(Inner::Deep(partner("kind"))), "plan.kind"),
        (Plan::Nested(Inner::Deep(partner("inner"))), "plan.inner"),
        (
            Plan::Paid {
                price: 1,
                more: more("kind"),
            },
            "plan.kind",
        ),
        (
            Plan::Paid {
                price: 1,
                more: more("price"),
            },
            "plan.price",
        ),
    ] {
        let changed = Tenant {
            plan,
            ..loaded.clone()
        };
        check_refused(changed, name);
    }
    check_stored(&db, "{}").await;
}

#[derive(Table)]
#[dynamo(name = "rest-app", partition = "pk", sort = "sk", ttl = "expires")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
#[dynamo(index(gsi2, partition = "gsi2pk"))]
struct App;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = App, key(partition = "USER#{user}", sort = "NOTE#{id}"))]
#[dynamo(index(gsi1 as by_tag, partition = "TAG#{tag}", sort = "{id}", shards = 2))]
struct Note {
    user: String,
    id: u32,
    tag: Option<String>,
    #[dynamo(rest)]
    rest: BTreeMap<String, AttributeValue>,
}

#[derive(Debug, PartialEq, Collection)]
enum UserItem {
    Note(Note),
}

#[tokio::test]
async fn attributes_of_a_shared_table_are_no_rest() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    let note = Note {
        user: "u".into(),
        id: 1,
        tag: Some("t".into()),
        rest: BTreeMap::from([
            ("expires".to_owned(), n("4000000000")),
            // A newer release has the entity in another index.
            ("gsi2pk".to_owned(), s("x")),
        ]),
    };
    note.clone().create().send(&db).await.unwrap();
    let read = Note::get("u", 1_u32).consistent().send(&db).await.unwrap();
    assert_eq!(read.as_ref(), Some(&note));
    let items = UserItem::query("u").all(&db).await.unwrap();
    assert_eq!(items, [UserItem::Note(note.clone())]);

    let before = raw::all::<Note>(&db).await;
    assert_eq!(before[0].len(), 10, "{before:?}");
    read.unwrap().put().send(&db).await.unwrap();
    assert_eq!(raw::all::<Note>(&db).await, before);

    for name in ["pk", "sk", "gsi1pk", "gsi1sk", "_type", "user"] {
        let mut refused = note.clone();
        refused.rest.insert(name.into(), s("secret"));
        let error = refused.put().to_json().unwrap_err();
        assert_eq!(error.attribute_path().as_deref(), Some(name), "{error}");
    }
    // Without a tag the item leaves the index: its key does not come back by the rest.
    let untagged = Note { tag: None, ..note };
    untagged.clone().put().send(&db).await.unwrap();
    let stored = raw::all::<Note>(&db).await;
    assert!(!stored[0].contains_key("gsi1pk"), "{stored:?}");
    assert_eq!(Note::scan().all(&db).await.unwrap(), [untagged]);
}

/// `rest` of a type that does not take every attribute.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "rest-counts")]
struct Counts {
    #[dynamo(partition)]
    id: String,
    #[dynamo(rest)]
    counts: BTreeMap<String, Option<u64>>,
}

#[tokio::test]
async fn rest_of_one_type_refuses_others_without_their_names() {
    let db = db().await;
    db.create_table::<Counts>().await.unwrap();
    let counts = Counts {
        id: "c".into(),
        counts: BTreeMap::from([("a".to_owned(), Some(1)), ("b".to_owned(), None)]),
    };
    counts.clone().put().send(&db).await.unwrap();
    let read = Counts::get("c").send(&db).await.unwrap();
    assert_eq!(read, Some(counts));
    raw::put::<Counts>(&db, r#"{"id":{"S":"c"},"hidden":{"S":"text"}}"#).await;
    let error = Counts::get("c").send(&db).await.unwrap_err();
    assert!(error.is_unreadable());
    assert!(!format!("{error} {error:?}").contains("hidden"), "{error}");
}

/// `T` is a parameter, and so is the type of the rest.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "rest-generic", new)]
struct Generic<T> {
    #[dynamo(partition)]
    id: String,
    #[dynamo(rest)]
    rest: BTreeMap<String, T>,
}

#[tokio::test]
async fn generic_rest_survives() {
    let db = db().await;
    db.create_table::<Generic<u32>>().await.unwrap();
    let mut value = Generic::<u32>::new("g");
    assert!(value.rest.is_empty());
    value.rest.insert("a".into(), 1);
    value.clone().create().send(&db).await.unwrap();
    let read = Generic::<u32>::get("g").send(&db).await.unwrap();
    assert_eq!(read, Some(value));
}

fn value() -> impl Strategy<Value = AttributeValue> {
    let leaf = prop_oneof![
        ".{0,8}".prop_map(AttributeValue::S),
        (-1_000_000_i64..1_000_000).prop_map(|i| AttributeValue::N(i.to_string())),
        vec(any::<u8>(), 0..8)
            .prop_map(|b| AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(b))),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null(true)),
        "[a-z]{1,4}".prop_map(|text| AttributeValue::Ss(vec![text])),
        (0_u32..99).prop_map(|i| AttributeValue::Ns(vec![i.to_string()])),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            hash_map(".{1,4}", inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

#[test]
fn random_rest_and_known_attributes_survive_put_and_get() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let db = runtime.block_on(async {
        let db = db().await;
        db.create_table::<Tenant>().await.unwrap();
        db
    });
    let known = [
        "id", "at", "name", "nick", "city", "place", "plan", "version",
    ];
    let entries = hash_map(".{1,12}", value(), 0..6).prop_filter("no known name", move |rest| {
        !rest.keys().any(|name| known.contains(&&**name))
    });
    let strategy = (
        entries,
        "[a-z]{0,3}",
        proptest::option::of(".{1,5}"),
        1_u32..9,
    );
    let mut runner = TestRunner::new(Config::with_cases(64));
    let outcome = runner.run(&strategy, |(others, name, nick, at)| {
        runtime.block_on(async {
            let tenant = Tenant {
                id: "p".into(),
                at,
                name,
                nick,
                city: "c".into(),
                place: Place {
                    street: "s".into(),
                    more: others
                        .clone()
                        .into_iter()
                        .filter(|(name, _)| name != "street")
                        .collect(),
                },
                plan: Plan::Free,
                version: 0,
                others,
            };
            let put = tenant.clone().put().unversioned();
            put.send(&db)
                .await
                .map_err(|e| TestCaseError::fail(e.to_string()))?;
            let get = Tenant::get("p", at).consistent();
            let mut read = get.send(&db).await.unwrap().unwrap();
            read.version = 0;
            prop_assert_eq!(read, tenant);
            Ok(())
        })
    });
    outcome.unwrap();
}
