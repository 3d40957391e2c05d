//! Projections of parts of documents: what is requested, and what is read.

use std::collections::{BTreeMap, HashMap};

use dynamodel::{BatchGet, Db, Document, Entity, Projection, transact_get};
use dynamodel_tests::db;

use crate::raw;

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Props {
    id: u32,
    #[dynamo(rename = "the.name")]
    name: String,
    history: Vec<Event>,
    size: Option<Size>,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Size {
    width: u32,
    height: Option<u32>,
    unit: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Event {
    at: u64,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_kind, partition = kind, sort = rank, shards = 2))]
struct Thing {
    #[dynamo(partition)]
    key: String,
    kind: String,
    rank: u32,
    props: Props,
    maybe: Option<Box<Props>>,
    events: Vec<Event>,
    by_name: BTreeMap<String, Event>,
    by_number: HashMap<u32, Event>,
    plain: Size,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Size)]
struct Width {
    width: Option<u32>,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Props)]
struct PropsPart {
    id: u32,
    name: String,
    size: Option<Width>,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Event)]
struct At {
    at: u64,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Size)]
struct Optional {
    height: Option<u32>,
    unit: Option<String>,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Thing)]
struct ThingPart {
    key: String,
    props: PropsPart,
    maybe: Option<Box<PropsPart>>,
    events: Vec<At>,
    by_name: BTreeMap<String, At>,
    by_number: HashMap<u32, At>,
    plain: Optional,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Props)]
struct PropsView<'a> {
    name: &'a str,
    size: Option<SizeView>,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Size)]
struct SizeView {
    width: u32,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Thing)]
struct ThingView<'a> {
    props: PropsView<'a>,
    plain: SizeView,
}

fn event(at: u64) -> Event {
    Event {
        at,
        text: "long ".repeat(20),
    }
}

fn thing(key: &str, rank: u32) -> Thing {
    let props = |id| Props {
        id,
        name: format!("name {id}"),
        history: vec![event(1), event(2)],
        size: Some(Size {
            width: 4,
            height: None,
            unit: Some("m".into()),
        }),
    };
    Thing {
        key: key.into(),
        kind: "k".into(),
        rank,
        props: props(1),
        maybe: Some(Box::new(props(2))),
        events: vec![event(3)],
        by_name: BTreeMap::from([("a".into(), event(4))]),
        by_number: HashMap::from([(5, event(5))]),
        plain: Size::default(),
    }
}

fn part(thing: &Thing) -> ThingPart {
    let props = |props: &Props| PropsPart {
        id: props.id,
        name: props.name.clone(),
        size: props.size.as_ref().map(|size| Width {
            width: Some(size.width),
        }),
    };
    let at = |event: &Event| At { at: event.at };
    ThingPart {
        key: thing.key.clone(),
        props: props(&thing.props),
        maybe: thing.maybe.as_deref().map(props).map(Box::new),
        events: thing.events.iter().map(at).collect(),
        by_name: thing
            .by_name
            .iter()
            .map(|(k, e)| (k.clone(), at(e)))
            .collect(),
        by_number: thing.by_number.iter().map(|(k, e)| (*k, at(e))).collect(),
        plain: Optional {
            height: thing.plain.height,
            unit: thing.plain.unit.clone(),
        },
    }
}

async fn things() -> (Db, Vec<Thing>) {
    let db = db().await;
    db.create_table::<Thing>().await.unwrap();
    let mut bare = thing("c", 3);
    bare.maybe = None;
    bare.props.size = None;
    let things = vec![thing("a", 1), thing("b", 2), bare];
    for thing in &things {
        thing.clone().create().send(&db).await.unwrap();
    }
    (db, things)
}

/// Returns the paths of the request's projection, by their names.
fn paths(request: &str) -> Vec<String> {
    let request: serde_json::Value = serde_json::from_str(request).unwrap();
    let names = &request["ExpressionAttributeNames"];
    let expression = request["ProjectionExpression"].as_str().unwrap();
    let name = |placeholder: &str| names[placeholder].as_str().unwrap().to_owned();
    let path = |path: &str| path.split('.').map(name).collect::<Vec<_>>().join("/");
    expression.split(',').map(path).collect()
}

#[test]
fn request_names_parts_of_documents_by_their_stored_names() {
    let request = Thing::get("a").select::<ThingPart>().to_json().unwrap();
    let expected = [
        "key",
        "props/id",
        "props/the.name",
        "props/size/width",
        "maybe/id",
        "maybe/the.name",
        "maybe/size/width",
        "events",
        "by_name",
        "by_number",
        "plain/height",
        "plain/unit",
    ];
    assert_eq!(paths(&request), expected);
    let request = Thing::scan().borrowed::<ThingView>().to_json().unwrap();
    let expected = ["props/the.name", "props/size/width", "plain/width"];
    assert_eq!(paths(&request), expected);
}

#[tokio::test]
async fn parts_are_read_by_every_operation() {
    let (db, things) = things().await;
    let parts: Vec<ThingPart> = things.iter().map(part).collect();
    for (thing, part) in things.iter().zip(&parts) {
        let get = Thing::get(thing.key.as_str()).select::<ThingPart>();
        assert_eq!(get.send(&db).await.unwrap().as_ref(), Some(part));
        let query = Thing::query(thing.key.as_str()).select::<ThingPart>();
        assert_eq!(&query.first(&db).await.unwrap().unwrap(), part);
    }
    let merged = Thing::by_kind("k").select::<ThingPart>();
    assert_eq!(merged.clone().all(&db).await.unwrap(), parts);
    let page = merged.page_size(2).page(&db).await.unwrap();
    assert_eq!(page.items, parts[..2]);
    let mut scanned = Thing::scan().select::<ThingPart>().all(&db).await.unwrap();
    scanned.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(scanned, parts);
    let keys = ["a", "b", "c"].map(Thing::key);
    let batch = BatchGet::new(keys).select::<ThingPart>();
    let found: Vec<_> = batch.send(&db).await.unwrap();
    assert_eq!(found.into_iter().flatten().collect::<Vec<_>>(), parts);
    let gets = (Thing::get("a").select::<ThingPart>(), Thing::get("b"));
    let (one, whole) = transact_get(gets).send(&db).await.unwrap();
    assert_eq!(one.as_ref(), parts.first());
    assert_eq!(whole.as_ref(), things.get(1));
    let page = Thing::by_kind("k").borrowed::<ThingView>().page(&db).await;
    let page = page.unwrap();
    let views = page.items().unwrap();
    assert_eq!(views[0].props.name, "name 1");
    assert_eq!(views[0].props.size, Some(SizeView { width: 4 }));
    assert_eq!(
        (views[2].props.size.as_ref(), views[2].plain.width),
        (None, 0)
    );
}

/// A document that has none of the fetched attributes does not come with the item.
#[tokio::test]
async fn part_without_stored_attributes_reads_as_absent() {
    let (db, _) = things().await;
    let item = r#"{"key":{"S":"r"},"kind":{"S":"k"},"rank":{"N":"9"},
        "props":{"M":{"id":{"N":"1"},"the.name":{"S":"n"},"history":{"L":[]},"size":{"M":{"unit":{"S":"m"}}}}},
        "events":{"L":[]},"by_name":{"M":{}},"by_number":{"M":{}},"plain":{"M":{"width":{"N":"1"}}}}"#;
    raw::put::<Thing>(&db, item).await;
    let get = Thing::get("r").select::<ThingPart>();
    let read = get.send(&db).await.unwrap().unwrap();
    let nothing = Optional {
        height: None,
        unit: None,
    };
    assert_eq!(read.plain, nothing);
    assert!(matches!(
        read.props.size,
        None | Some(Width { width: None })
    ));

    let without = r#"{"key":{"S":"w"},"kind":{"S":"k"},"rank":{"N":"9"},"props":{"M":{"id":{"N":"1"}}},
        "events":{"L":[]},"by_name":{"M":{}},"by_number":{"M":{}},"plain":{"M":{}}}"#;
    raw::put::<Thing>(&db, without).await;
    let error = Thing::get("w").select::<ThingPart>().send(&db).await;
    let error = error.unwrap_err();
    assert!(error.is_unreadable(), "{error}");
    let path = error.attribute_path();
    assert_eq!(path.as_deref(), Some("props.the.name"), "{error}");
}
