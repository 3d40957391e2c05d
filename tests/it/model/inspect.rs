//! Tests that every operation shows its request as JSON, and that `Debug` shows everything but values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use dynamodel::{
    BatchGet, BatchWrite, Collection, Condition, Document, Entity, Projection, Table, all_of,
    transact_get,
};
use futures_util::StreamExt;

/// A value that must be in no output.
const MARKER: &str = "MARKER-7319";

#[derive(Debug, Clone, PartialEq, Default, Entity)]
#[dynamo(table = "secrets")]
#[dynamo(index(by_owner, partition = owner, sort = name))]
#[dynamo(index(by_text, partition = text, sort = name, shards = 2))]
struct Secret {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    name: String,
    owner: String,
    text: Option<String>,
    tags: BTreeSet<String>,
    list: Vec<String>,
    entries: BTreeMap<String, String>,
    doc: Doc,
    #[dynamo(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Doc {
    text: String,
}

fn marked() -> Secret {
    Secret {
        id: MARKER.into(),
        name: MARKER.into(),
        owner: MARKER.into(),
        text: Some(MARKER.into()),
        tags: [MARKER.to_owned()].into(),
        list: vec![MARKER.into()],
        entries: BTreeMap::from([(MARKER.into(), MARKER.into())]),
        doc: Doc {
            text: MARKER.into(),
        },
        version: 1,
    }
}

fn condition() -> Condition<Secret> {
    Condition::<Secret>::of(|s| {
        all_of([
            s.text.eq(MARKER) | s.text.ne(MARKER),
            s.text.between(MARKER, MARKER),
            s.text.in_([MARKER]),
            s.text.begins_with(MARKER),
            s.tags.contains(MARKER),
            s.entries.key(MARKER).eq(s.doc.at(|d| d.text)),
            s.list.index(1).lt(MARKER),
            s.list.size().gt(3),
        ])
    })
}

const SHOWN: &str = "(#n0 = :v0 OR #n0 <> :v1) AND #n0 BETWEEN :v2 AND :v3 AND #n0 IN (:v4) AND begins_with(#n0,:v5) AND contains(#n1,:v6) AND #n2.#n3 = #n4.#n0 AND #n5[1] < :v7 AND size(#n5) > :v8 with #n0=text, #n1=tags, #n2=entries, #n4=doc, #n5=list";

#[track_caller]
fn check<T: Debug>(
    operation: T,
    json: impl FnOnce(T) -> Result<String, dynamodel::Error>,
    shown: &[&str],
) {
    for text in [format!("{operation:?}"), format!("{operation:#?}")] {
        assert!(!text.contains("MARKER") && !text.contains("7319"), "{text}");
    }
    let text = format!("{operation:?}");
    for part in shown {
        assert!(text.contains(part), "{part} in {text}");
    }
    // The request as JSON is complete, with its values.
    let json = json(operation).unwrap();
    assert!(json.contains(MARKER), "{json}");
    let request: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(request["TableName"], "secrets");
}

#[test]
fn debug_of_every_operation_hides_values() {
    assert_eq!(format!("{:?}", condition()), format!("Condition({SHOWN})"));

    let get = Secret::get(MARKER, MARKER).consistent();
    check(get, |o| o.to_json(), &["Get", "Secret", "id", "name"]);
    for put in [marked().create(), marked().put(), marked().replace()] {
        let put = put.when(|_| condition());
        check(put, |o| o.to_json(), &["Put", "Secret", SHOWN]);
    }
    let update = Secret::update(MARKER, MARKER)
        .apply(|s| {
            (
                s.text.set(MARKER),
                s.tags.insert([MARKER]),
                s.list.prepend_or_create([MARKER]),
                s.entries.key(MARKER).remove(),
                s.doc.at(|d| d.text.set_from(s.owner.or(MARKER))),
            )
        })
        .when(|_| condition())
        .at_version(3);
    let actions = [
        SHOWN,
        "SET #n0 = :v0 with #n0=text",
        "ADD #n0 :v0 with #n0=tags",
        "SET #n0 = list_append(:v0,if_not_exists(#n0,:v1)) with #n0=list",
        "REMOVE #n0.#n1 with #n0=entries",
        "SET #n0.#n1 = if_not_exists(#n2,:v0) with #n0=doc, #n1=text, #n2=owner",
    ];
    check(update.clone(), |o| o.to_json(), &actions);
    let update = update.returning_updated_new();
    check(update.clone(), |o| o.to_json(), &actions);

    let changed = Secret {
        list: vec![],
        text: None,
        entries: BTreeMap::from([(MARKER.into(), "x".into())]),
        ..marked()
    };
    let diff = marked().diff(&changed);
    check(
        diff,
        |o| o.to_json(),
        &["Update", "REMOVE #n0 with #n0=text", "with #n0=entries"],
    );

    let delete = Secret::delete(MARKER, MARKER).when(|_| condition());
    check(delete, |o| o.to_json(), &["Delete", "Secret", SHOWN]);
    let get = BatchGet::new([Secret::key(MARKER, MARKER)]);
    assert!(!format!("{get:?}").contains("MARKER"));
    assert!(get.to_json().unwrap()[0].contains(r#""RequestItems":{"secrets":{"Keys":"#));
    let write = BatchWrite::new().delete(Secret::key(MARKER, MARKER));
    assert!(!format!("{write:?}").contains("MARKER"));
    assert!(write.to_json().unwrap()[0].contains(r#""secrets":[{"DeleteRequest":"#));
    let gets = transact_get([Secret::get(MARKER, MARKER)]);
    assert!(!format!("{gets:?}").contains("MARKER"));
    assert!(
        gets.to_json()
            .unwrap()
            .contains(r#"{"TransactItems":[{"Get":{"TableName":"secrets""#)
    );
    let demand = Secret::check(MARKER, MARKER).when(|_| condition());
    check(demand, |o| o.to_json(), &["Check", "Secret", SHOWN]);
    let remove = marked().remove().when(|_| condition());
    check(remove, |o| o.to_json(), &["Remove", SHOWN]);
    let query = Secret::query(MARKER)
        .sort(|k| k.name.begins_with(MARKER))
        .filter(|_| condition());
    check(
        query,
        |o| o.to_json(),
        &["Query", SHOWN, "begins_with(#n1,:v1) with #n0=id, #n1=name"],
    );
    let query = Secret::by_owner(MARKER).filter(|_| condition());
    check(query, |o| o.to_json(), &["by_owner", SHOWN]);
    let scan = Secret::scan().filter(|_| condition());
    check(scan, |o| o.to_json(), &["Scan", SHOWN]);

    let check_ = Secret::check(MARKER, MARKER).when(|_| condition());
    let text = format!("{check_:?}");
    assert!(!text.contains("MARKER") && text.contains(SHOWN), "{text}");
}

/// Tests paths, terms and actions, which are built on the way to a request.
#[test]
fn debug_of_paths_and_actions_hides_values() {
    let shown = std::cell::RefCell::new(Vec::new());
    let show = |d: &dyn Debug| shown.borrow_mut().push(format!("{d:?}"));
    let update = Secret::update("a", "b").apply(|s| {
        let path = s.entries.key(MARKER);
        show(&s);
        show(&path);
        show(&path.or(MARKER));
        show(&s.list.size());
        show(&s.list.index(2));
        show(&path.set(MARKER));
        path.set(MARKER)
    });
    drop(update);
    let expected = [
        "SecretFields { .. }",
        "Path(entries.*)",
        "Term(if_not_exists(#n0.#n1,:v0) with #n0=entries)",
        "Size(list)",
        "Path(list[2])",
        "Action(SET #n0.#n1 = :v0 with #n0=entries)",
    ];
    assert_eq!(shown.into_inner(), expected);
}

/// Errors name attributes, but show no values.
#[tokio::test]
async fn error_messages_hide_values() {
    let db = dynamodel_tests::db().await;
    db.create_table::<Secret>().await.unwrap();
    marked().create().send(&db).await.unwrap();
    let other = Secret {
        id: "other".into(),
        ..marked()
    };
    let errors = [
        marked().create().send(&db).await.unwrap_err(),
        Secret::update(MARKER, MARKER)
            .when(|s| s.text.eq("no"))
            .send(&db)
            .await
            .unwrap_err(),
        Secret::update(MARKER, MARKER)
            .apply(|s| {
                (
                    s.entries.key(MARKER).set(MARKER),
                    s.entries.key(MARKER).remove(),
                )
            })
            .send(&db)
            .await
            .unwrap_err(),
        Secret::update(MARKER, MARKER)
            .when(|s| s.text.in_(vec![MARKER; 101]))
            .send(&db)
            .await
            .unwrap_err(),
        marked().diff(&other).send(&db).await.unwrap_err(),
    ];
    for e in errors {
        let text = format!("{e} {e:?}");
        assert!(!text.contains("MARKER"), "{text}");
    }
}

#[derive(Debug, Projection)]
#[dynamo(of = Secret)]
#[allow(dead_code, reason = "only what holds it is looked at")]
struct SecretView<'a> {
    name: &'a str,
    version: u64,
}

#[derive(Table)]
#[dynamo(name = "vault", partition = "pk", sort = "sk")]
struct Vault;

#[derive(Debug, Entity)]
#[dynamo(table = Vault, key(partition = "{owner}", sort = "NOTE#{id}"))]
struct Note {
    owner: String,
    id: String,
}

#[derive(Debug, Collection)]
#[allow(dead_code, reason = "only what holds it is looked at")]
enum InVault {
    Note(Note),
}

#[derive(Debug, Projection)]
#[dynamo(of = Note)]
#[allow(dead_code, reason = "only what holds it is looked at")]
struct NoteView<'a> {
    id: &'a str,
}

#[derive(Debug, Projection)]
#[dynamo(of = InVault)]
#[allow(dead_code, reason = "only what holds it is looked at")]
enum InVaultView<'a> {
    Note(NoteView<'a>),
}

/// Tests borrowed reads, their pages and cursors, and the iterators over their items.
#[tokio::test]
async fn debug_of_borrowed_reads_hides_values() {
    let db = dynamodel_tests::db().await;
    db.create_table::<Secret>().await.unwrap();
    db.create_table::<Vault>().await.unwrap();
    for n in 0..4 {
        let name = format!("{MARKER}-{n}");
        let secret = Secret {
            name,
            version: 0,
            ..marked()
        };
        secret.create().send(&db).await.unwrap();
        let (owner, id) = (MARKER.into(), format!("{MARKER}-{n}"));
        Note { owner, id }.create().send(&db).await.unwrap();
    }
    let reads = || {
        let query = Secret::query(MARKER).filter(|_| condition());
        [
            Secret::query(MARKER).page_size(1).borrowed::<SecretView>(),
            query.borrowed::<SecretView>(),
            Secret::by_text(MARKER)
                .page_size(1)
                .borrowed::<SecretView>(),
            Secret::scan().page_size(1).borrowed::<SecretView>(),
        ]
    };
    let shown = format!("{:?}", reads());
    assert!(
        shown.contains("entity: \"Secret\"") && shown.contains(SHOWN),
        "{shown}"
    );
    assert!(
        shown.contains("#n0=id") && shown.contains("by_text"),
        "{shown}"
    );
    let mut all = vec![shown];
    for read in reads() {
        let mut pages = read.pages(&db);
        all.push(format!("{pages:?}"));
        let page = pages.next().await.unwrap().unwrap();
        let mut items = page.iter();
        all.push(format!("{page:?} {pages:?} {:?} {items:?}", page.next()));
        items.next();
        all.push(format!("{items:?} {:?}", pages.cursor()));
    }
    for read in reads() {
        let page = read.page(&db).await.unwrap();
        all.push(format!("{page:#?} {:#?}", page.next()));
    }
    let of_vault = || {
        InVault::query(MARKER)
            .page_size(1)
            .borrowed::<InVaultView>()
    };
    let page = of_vault().page(&db).await.unwrap();
    all.push(format!("{:?} {page:?} {:?}", of_vault(), page.iter()));
    all.push(format!("{:?}", of_vault().pages(&db)));
    // The error for a cursor of another partition.
    let other = Secret::query("other").start_at(reads_cursor(&db).await);
    let e = other.borrowed::<SecretView>().page(&db).await.unwrap_err();
    assert!(e.is_invalid_cursor(), "{e}");
    all.push(format!("{e} {e:?}"));
    for text in all {
        assert!(!text.contains("MARKER") && !text.contains("7319"), "{text}");
    }
}

async fn reads_cursor(db: &dynamodel::Db) -> dynamodel::Cursor {
    let query = Secret::query(MARKER).page_size(1);
    let page = query.borrowed::<SecretView>().page(db).await.unwrap();
    page.next().expect("there are more")
}
