//! Values from and to the SDK's maps and DynamoDB JSON, without a request.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::read::ItemJson;
use dynamodel::{BatchGet, Binary, Document, Entity, Key, Projection, Table};
use dynamodel_tests::db;

use crate::entities::{Device, Session, SessionData, SessionSummary, session};
use crate::raw;

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = SessionData)]
struct CurrentPage {
    current_page: String,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Session)]
struct SessionView<'a> {
    user_id: &'a str,
    user_agent: Option<&'a str>,
    data: DataView<'a>,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = SessionData)]
struct DataView<'a> {
    current_page: &'a str,
}

fn full() -> Session {
    Session {
        tags: BTreeSet::from(["a".into(), "b".into()]),
        user_agent: Some("curl \"8\"\n".into()),
        device: Device::Desktop,
        version: 3,
        ..session("u", "s")
    }
}

#[tokio::test]
async fn entity_as_map_is_the_stored_item() {
    let db = db().await;
    db.create_table::<Session>().await.unwrap();
    let stored = full().put().unversioned().send(&db).await.unwrap();
    let key = r#"{"user_id":{"S":"u"},"session_id":{"S":"s"}}"#;
    let item = raw::get::<Session>(&db, key).await.unwrap();
    assert_eq!(Session::from_item(item.clone()).unwrap(), stored);
    let mut map = stored.to_item().unwrap();
    // The order of a set is the engine's.
    map.insert("tags".into(), item["tags"].clone());
    assert_eq!(map, item);
    let json = stored.to_dynamo_json().unwrap();
    assert_eq!(Session::from_dynamo_json(&json).unwrap(), stored);
    let summary = SessionSummary::from_item(item.clone()).unwrap();
    assert_eq!(summary.last_accessed, 1_000);
    assert_eq!(SessionSummary::from_dynamo_json(&json).unwrap(), summary);
    let key = Key::<Session>::from_item(&item).unwrap();
    assert_eq!(key, stored.key_of());
    let found = BatchGet::new([key]).send(&db).await.unwrap();
    assert_eq!(found, [Some(stored)]);
}

#[test]
fn documents_and_their_projections_are_maps() {
    let data = full().data;
    let map = data.to_item().unwrap();
    assert_eq!(SessionData::from_item(map.clone()).unwrap(), data);
    let part = CurrentPage::from_item(map).unwrap();
    assert_eq!(part.current_page, "/");
    let json = data.to_dynamo_json().unwrap();
    assert_eq!(CurrentPage::from_dynamo_json(&json).unwrap(), part);
    let view = DataView::from_dynamo_json(&json).unwrap();
    assert_eq!(view, DataView { current_page: "/" });
}

#[test]
fn borrowed_projection_of_json_borrows_from_it() {
    let json = full().to_dynamo_json().unwrap();
    let error = SessionView::from_dynamo_json(&json).unwrap_err();
    assert_eq!(error.attribute_path().as_deref(), Some("user_agent"));
    assert!(error.to_string().contains("escapes"), "{error}");
    let item = ItemJson::new(&json).unwrap();
    let view = item.view::<SessionView<'_>>().unwrap();
    assert_eq!(view.user_agent, Some("curl \"8\"\n"));
    assert!(!format!("{item:?}").contains("curl"));

    let plain = session("u", "s").to_dynamo_json().unwrap();
    let view = SessionView::from_dynamo_json(&plain).unwrap();
    assert!(plain.as_ptr_range().contains(&view.user_id.as_ptr()));
    let older = list_all_types(&plain);
    let item = ItemJson::new(&older).unwrap();
    assert_eq!(item.view::<SessionView<'_>>().unwrap(), view);
}

/// Returns the item as serializers write it that list all types of each value.
fn list_all_types(json: &[u8]) -> Vec<u8> {
    fn of_all(value: &serde_json::Value) -> serde_json::Value {
        let mut all = serde_json::Map::new();
        for tag in ["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"] {
            all.insert(tag.into(), serde_json::Value::Null);
        }
        for (tag, content) in value.as_object().unwrap() {
            let content = match tag.as_str() {
                "M" => map(content),
                "L" => content.as_array().unwrap().iter().map(of_all).collect(),
                _ => content.clone(),
            };
            all.insert(tag.clone(), content);
        }
        all.into()
    }
    fn map(content: &serde_json::Value) -> serde_json::Value {
        let entries = content.as_object().unwrap().iter();
        let entries = entries.map(|(name, v)| (name.clone(), of_all(v)));
        serde_json::Value::Object(entries.collect())
    }
    let item = serde_json::from_slice(json).unwrap();
    serde_json::to_vec(&map(&item)).unwrap()
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "all-types")]
struct AllTypes {
    #[dynamo(partition)]
    id: Binary,
    flag: bool,
    none: Option<String>,
    numbers: BTreeSet<u32>,
    list: Vec<Option<f64>>,
    map: HashMap<String, String>,
    #[dynamo(rest)]
    rest: BTreeMap<String, AttributeValue>,
}

#[test]
fn json_that_lists_all_types_reads_as_the_plain_one() {
    let value = AllTypes {
        id: Binary::from(vec![0, 255, 7]),
        flag: false,
        none: None,
        numbers: BTreeSet::from([1, 2]),
        list: vec![Some(1.5), None],
        map: HashMap::from([("k\"".into(), "v\\".into())]),
        rest: BTreeMap::from([("other".into(), AttributeValue::Null(true))]),
    };
    let json = value.to_dynamo_json().unwrap();
    let older = list_all_types(&json);
    assert_ne!(older, json);
    assert_eq!(AllTypes::from_dynamo_json(&older).unwrap(), value);
    let lower = String::from_utf8(older).unwrap();
    let lower = ["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]
        .iter()
        .fold(lower, |json, tag| {
            let lower = tag.to_lowercase();
            json.replace(&format!("\"{tag}\":"), &format!("\"{lower}\":"))
        });
    assert_eq!(AllTypes::from_dynamo_json(lower.as_bytes()).unwrap(), value);
    let key = Key::<AllTypes>::from_dynamo_json(lower.as_bytes()).unwrap();
    assert_eq!(key, value.key_of());
}

#[test]
fn error_of_an_item_names_entity_and_attribute_and_no_value() {
    let json = br#"{"user_id":{"S":"secret"},"session_id":{"S":"s"},"Token":{"N":"1"}}"#;
    for error in [
        Session::from_dynamo_json(json).unwrap_err(),
        Session::from_dynamo_json(&list_all_types(json)).unwrap_err(),
        Session::from_item(raw::item(std::str::from_utf8(json).unwrap())).unwrap_err(),
    ] {
        assert!(error.is_unreadable(), "{error}");
        assert_eq!(error.attribute_path().as_deref(), Some("Token"));
        assert_eq!(error.entity(), Some("Session"));
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
    let error = SessionSummary::from_dynamo_json(json).unwrap_err();
    assert_eq!(error.attribute_path().as_deref(), Some("last_accessed"));
    assert_eq!(error.entity(), Some("Session"));
    for json in ["", "{", "[]", r#"{"user_id":"secret"}"#, r#"{} {}"#] {
        let error = Session::from_dynamo_json(json.as_bytes()).unwrap_err();
        assert!(error.is_unreadable(), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
    let null = HashMap::from([("user_id".to_owned(), AttributeValue::Null(false))]);
    let error = Session::from_item(null).unwrap_err();
    assert!(error.is_invalid_value(), "{error}");
    assert_eq!(error.entity(), Some("Session"));
}

#[derive(Table)]
#[dynamo(name = "bridge-app", partition = "pk", sort = "sk")]
#[dynamo(index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = App, key(partition = "USER#{user}", sort = "AT#{at}#{day}#{paid}#{n}"))]
#[dynamo(index(gsi1 as by_note, partition = "NOTE#{note}"))]
struct Order {
    user: String,
    at: SystemTime,
    day: i16,
    paid: bool,
    n: u64,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = App, key(partition = "USER#{user}", sort = "PROFILE"))]
struct Profile {
    user: String,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Order)]
struct OrderUser {
    user: String,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Order)]
struct OrderView<'a> {
    user: &'a str,
}

fn order() -> Order {
    Order {
        user: "u\"1".into(),
        at: SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 5),
        day: -3,
        paid: true,
        n: 7,
        note: Some("x".into()),
    }
}

#[tokio::test]
async fn item_of_a_shared_table_has_and_needs_type_and_keys() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    let order = order();
    order.clone().create().send(&db).await.unwrap();
    let stored = raw::all::<Order>(&db).await.remove(0);
    assert_eq!(order.to_item().unwrap(), stored);
    assert_eq!(Order::from_item(stored.clone()).unwrap(), order);
    assert_eq!(OrderUser::from_item(stored.clone()).unwrap().user, "u\"1");

    let error = Profile::from_item(stored.clone()).unwrap_err();
    assert_eq!(error.attribute_path().as_deref(), Some("_type"), "{error}");
    let mut untyped = stored.clone();
    untyped.remove("_type");
    assert!(Order::from_item(untyped).unwrap_err().is_unreadable());
    let mut moved = stored.clone();
    moved.insert("sk".into(), AttributeValue::S("AT#7".into()));
    let error = Order::from_item(moved).unwrap_err();
    assert_eq!(error.attribute_path().as_deref(), Some("sk"));

    let profile = Profile { user: "u".into() }.to_dynamo_json().unwrap();
    let error = OrderUser::from_dynamo_json(&profile).unwrap_err();
    assert_eq!(error.attribute_path().as_deref(), Some("_type"));
    let error = OrderView::from_dynamo_json(&profile).unwrap_err();
    assert_eq!(error.attribute_path().as_deref(), Some("_type"));
    let item = ItemJson::new(&profile).unwrap();
    assert!(item.view::<OrderView<'_>>().unwrap_err().is_unreadable());
}

#[test]
fn key_of_templates_is_taken_apart() {
    let order = order();
    let built = order.key_of();
    // A stream record has the key alone, and an image the whole item.
    let of_keys = Key::<Order>::from_item(&built.to_item().unwrap()).unwrap();
    let of_item = Key::<Order>::from_item(&order.to_item().unwrap()).unwrap();
    for key in [built.clone(), of_keys, of_item] {
        assert_eq!(key, built);
        assert_eq!(key.part(|k| k.user).unwrap(), order.user);
        assert_eq!(key.part(|k| k.at).unwrap(), order.at);
        assert_eq!(key.part(|k| k.day).unwrap(), order.day);
        assert!(key.part(|k| k.paid).unwrap());
        assert_eq!(key.part(|k| k.n).unwrap(), 7);
        let error = key.part(|k| k.note).unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
        assert!(!format!("{key:?} {error}").contains("u\"1"));
    }
    let profile = Profile { user: "u".into() }.key_of().to_item().unwrap();
    let error = Key::<Order>::from_item(&profile).unwrap_err();
    assert!(error.is_unreadable(), "{error}");
    assert_eq!(error.attribute_path().as_deref(), Some("sk"));
}

#[test]
fn key_of_an_own_table_is_checked() {
    let key = Session::key("u", "s");
    let json = key.to_dynamo_json().unwrap();
    let again = Key::<Session>::from_dynamo_json(&json).unwrap();
    assert_eq!(again, key);
    assert_eq!(again.part(|k| k.session_id).unwrap(), "s");
    assert!(again.part(|k| k.tenant).unwrap_err().is_invalid_request());
    for (json, attribute) in [
        (r#"{"user_id":{"S":"secret"}}"#, "session_id"),
        (
            r#"{"user_id":{"S":"secret"},"session_id":{"N":"1"}}"#,
            "session_id",
        ),
        (
            r#"{"user_id":{"BOOL":true},"session_id":{"S":"s"}}"#,
            "user_id",
        ),
        (r#"{"user_id":{"S":""},"session_id":{"S":"s"}}"#, "user_id"),
    ] {
        let error = Key::<Session>::from_dynamo_json(json.as_bytes()).unwrap_err();
        assert_eq!(
            error.attribute_path().as_deref(),
            Some(attribute),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

/// A customer is an item of its own, and part of other items.
#[derive(Debug, Clone, PartialEq, Entity, Document)]
#[dynamo(table = App, key(partition = "CUSTOMER#{id}", sort = "CUSTOMER"))]
struct Customer {
    id: String,
    name: String,
    #[dynamo(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = App, key(partition = "SALE#{id}", sort = "SALE"))]
struct Sale {
    id: u32,
    customer: Customer,
    others: Vec<Customer>,
    by: Seller,
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamo(tag = "who")]
enum Seller {
    Shop,
    Customer(Customer),
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Customer)]
struct CustomerName {
    name: String,
}

#[tokio::test]
async fn entity_is_a_document_too() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    let customer = Customer {
        id: "c".into(),
        name: "Ann".into(),
        version: 0,
    };
    let customer = customer.create().send(&db).await.unwrap();
    let sale = Sale {
        id: 1,
        customer: customer.clone(),
        others: vec![customer.clone()],
        by: Seller::Customer(customer.clone()),
    };
    sale.clone().create().send(&db).await.unwrap();
    let read = Sale::get(1_u32).consistent().send(&db).await.unwrap();
    assert_eq!(read, Some(sale.clone()));
    let found = BatchGet::new([Sale::key(1_u32)]).send(&db).await.unwrap();
    assert_eq!(found, [Some(sale.clone())]);
    Sale::update(1_u32)
        .apply(|s| s.customer.at(|c| c.name).set("Bob"))
        .when(|s| s.customer.at(|c| c.id).eq("c"))
        .send(&db)
        .await
        .unwrap();
    let read = Sale::get(1_u32).consistent().send(&db).await.unwrap();
    assert_eq!(read.unwrap().customer.name, "Bob");
    let again = Customer::from_item(customer.to_item().unwrap()).unwrap();
    assert_eq!(again, customer);
    let name = CustomerName::from_item(customer.to_item().unwrap()).unwrap();
    assert_eq!(name.name, "Ann");
    let by = Seller::Shop;
    assert_eq!(Seller::from_item(by.to_item().unwrap()).unwrap(), by);
}
