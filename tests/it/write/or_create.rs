//! Writes that create the item where none is stored: `update` and `modify` with `or_create`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

use dynamodel::{Action, Db, Document, Entity, Error, Table, Transaction};
use dynamodel_tests::db;

use crate::raw;

#[derive(Debug, Clone, PartialEq, Default, Entity)]
#[dynamo(table = "pages")]
struct Page {
    #[dynamo(partition)]
    url: String,
    title: String,
    views: u64,
    likes: Option<i64>,
    tags: BTreeSet<String>,
    log: Vec<String>,
    notes: Option<Vec<String>>,
    meta: Meta,
    counts: BTreeMap<String, u32>,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Meta {
    author: String,
    edits: u64,
}

fn page(url: &str) -> Page {
    Page {
        url: url.into(),
        title: "Title".into(),
        views: 5,
        log: vec!["made".into()],
        meta: Meta {
            author: "ann".into(),
            edits: 1,
        },
        ..Page::default()
    }
}

async fn pages() -> Db {
    let db = db().await;
    db.create_table::<Page>().await.unwrap();
    db
}

async fn stored(db: &Db, url: &str) -> Option<Page> {
    Page::get(url).consistent().send(db).await.unwrap()
}

type Paths = <Page as dynamodel::expr::Fields>::Fields<dynamodel::expr::InUpdate<Page>>;

/// Checks that the actions make the same of a new item as of the entity created before, that an item
/// without missing attributes is changed as without `or_create`, and that both hold in a transaction.
async fn check(db: &Db, entity: Page, actions: impl Fn(&Paths) -> Vec<Action<Page>>) {
    let update = |url: &str| Page::update(url).apply(|p| actions(&p));
    let at = |url: &str| Page {
        url: url.into(),
        ..entity.clone()
    };
    for url in ["expected", "alone", "together"] {
        Page::delete(url).send(db).await.unwrap();
    }
    at("expected").create().send(db).await.unwrap();
    let upsert = |url: &str| update(url).or_create(at(url));
    // On a new item, then on the one that was made.
    for _ in 0..2 {
        update("expected").send(db).await.unwrap();
        let expected = stored(db, "expected").await.unwrap();
        upsert("alone").send(db).await.unwrap();
        let mut tx = Transaction::new();
        tx.update(upsert("together"));
        tx.send(db).await.unwrap();
        for url in ["alone", "together"] {
            let made = stored(db, url).await.unwrap();
            let expected = Page {
                url: url.into(),
                ..expected.clone()
            };
            assert_eq!(made, expected, "{:?}", update(url));
        }
    }
}

#[tokio::test]
async fn new_item_is_entity_with_actions_applied() {
    let db = &pages().await;
    let full = || Page {
        likes: Some(3),
        notes: Some(vec!["first".into()]),
        ..page("x")
    };
    check(db, full(), |_| Vec::new()).await;
    check(db, full(), |p| vec![p.title.set("Other"), p.views.add(1)]).await;
    check(db, full(), |p| vec![p.views.subtract(2), p.likes.add(-4)]).await;
    check(db, full(), |p| {
        vec![p.views.increment(2), p.likes.decrement(9)]
    })
    .await;
    check(db, full(), |p| {
        vec![p.log.append(["a"]), p.notes.prepend(["b"])]
    })
    .await;
    check(db, full(), |p| {
        vec![
            p.log.append_or_create(["a"]),
            p.notes.prepend_or_create(["b"]),
        ]
    })
    .await;
    check(db, full(), |p| {
        vec![p.log.set_from(p.log.concat(&p.notes)), p.likes.remove()]
    })
    .await;
    check(db, full(), |p| vec![p.tags.insert(["new"])]).await;
    check(db, full(), |p| vec![p.tags.delete(["gone"])]).await;
    check(db, full(), |p| {
        vec![
            p.meta.set(Meta::default()),
            p.counts.set(BTreeMap::from([("a".to_owned(), 1)])),
        ]
    })
    .await;
    check(db, full(), |p| {
        vec![p.views.set_from(p.meta.at(|m| m.edits).or(0_u64))]
    })
    .await;
    // Without a value in the entity, the actions start as they do on a missing attribute.
    check(db, page("x"), |p| vec![p.likes.add(1)]).await;
    check(db, page("x"), |p| vec![p.likes.increment_from(10, 1)]).await;
    check(db, page("x"), |p| vec![p.notes.append_or_create(["a"])]).await;
    check(db, page("x"), |p| vec![p.likes.set_if_absent(4)]).await;
    check(db, page("x"), |p| {
        vec![p.likes.set_from(p.likes.or(7).plus(1))]
    })
    .await;
    // Elements that the actions insert anyway, and those that they delete again.
    let tagged = || Page {
        tags: BTreeSet::from(["a".into()]),
        ..page("x")
    };
    check(db, tagged(), |p| vec![p.tags.insert(["a", "b"])]).await;
    check(db, tagged(), |p| vec![p.tags.delete(["a", "b"])]).await;
    check(db, tagged(), |p| {
        vec![p.tags.set(BTreeSet::from(["c".to_owned()]))]
    })
    .await;
}

#[tokio::test]
async fn counter_counts_from_first_request() {
    let db = &pages().await;
    for n in 6..9 {
        let count = Page::update("/").apply(|p| p.views.add(1));
        let page = count.or_create(page("/")).returning_new().send(db).await;
        assert_eq!(page.unwrap().views, n);
    }
    // An action with a start of its own says what a new item begins with.
    let count = Page::update("/new").apply(|p| p.views.increment_from(100, 1));
    let made = count.or_create(page("/new")).returning_new().send(db).await;
    assert_eq!(made.unwrap().views, 101);
}

#[tokio::test]
async fn missing_optional_attributes_are_filled_in() {
    let db = &pages().await;
    page("/").create().send(db).await.unwrap();
    let upsert = Page::update("/").apply(|p| p.views.add(1)).or_create(Page {
        likes: Some(2),
        title: "Not this".into(),
        ..page("/")
    });
    upsert.send(db).await.unwrap();
    let expected = Page {
        likes: Some(2),
        views: 6,
        ..page("/")
    };
    assert_eq!(stored(db, "/").await, Some(expected));
}

#[tokio::test]
async fn condition_is_demanded_of_existing_item_only() {
    let db = &pages().await;
    let upsert = || {
        Page::update("/")
            .apply(|p| p.views.add(1))
            .when(|p| p.views.lt(7))
            .or_create(page("/"))
    };
    upsert().send(db).await.unwrap();
    upsert().send(db).await.unwrap();
    let e = upsert().send(db).await.unwrap_err();
    assert!(e.is_condition_failed() && !e.is_not_found(), "{e}");
    assert_eq!(e.current::<Page>().map(|p| p.views), Some(7));
    let mut tx = Transaction::new();
    let handle = tx.update(upsert());
    let e = tx.send(db).await.unwrap_err();
    assert!(e.reason(handle).unwrap().is_condition_failed(), "{e}");
    // The demand for an item comes back.
    Page::delete("/").send(db).await.unwrap();
    let e = upsert().must_exist().send(db).await.unwrap_err();
    assert!(e.is_not_found(), "{e}");
}

#[track_caller]
fn check_refused(update: dynamodel::Update<Page>, named: &str) {
    let e: Error = update.to_json().unwrap_err();
    assert!(
        e.is_invalid_request() && e.to_string().contains(named),
        "{e}"
    );
    let mut tx = Transaction::new();
    tx.update(update);
    assert!(tx.to_json().unwrap_err().is_invalid_request());
}

#[tokio::test]
async fn what_one_request_cannot_create_is_refused_before_sending() {
    let update = || Page::update("/").or_create(page("/"));
    check_refused(
        Page::update("/").or_create(page("/other")),
        "another primary key",
    );
    check_refused(
        update().apply(|p| p.meta.at(|m| m.edits).set(2)),
        "`meta.edits`",
    );
    check_refused(
        update().apply(|p| p.counts.key("secret").set(2)),
        "`counts.*`",
    );
    check_refused(update().apply(|p| p.log.index(0).set("x")), "`log[0]`");
    let tagged = || {
        Page::update("/").or_create(Page {
            tags: BTreeSet::from(["a".into()]),
            ..page("/")
        })
    };
    check_refused(tagged().apply(|p| p.tags.insert(["b"])), "`tags`");
    check_refused(tagged().apply(|p| p.tags.delete(["b"])), "`tags`");
    let huge = Page {
        title: "x".repeat(410_000),
        ..page("/")
    };
    let e = Page::update("/").or_create(huge).to_json().unwrap_err();
    assert!(e.is_limit_exceeded(), "{e}");
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "topics")]
struct Topic {
    #[dynamo(partition)]
    name: String,
    readers: BTreeSet<String>,
    note: Option<String>,
    #[dynamo(default)]
    hits: u32,
    #[dynamo(ttl)]
    expires: Option<u64>,
    #[dynamo(version)]
    version: u64,
    #[dynamo(created_at)]
    created: u64,
}

#[tokio::test]
async fn empty_item_is_created_with_what_the_library_fills() {
    let db = &db().await;
    db.create_table::<Topic>().await.unwrap();
    let e = Topic::update("rust")
        .apply(|t| t.hits.add(1))
        .send(db)
        .await;
    assert!(e.unwrap_err().is_not_found());
    let hit = || {
        Topic::update("rust")
            .apply(|t| t.hits.add(1))
            .or_create_empty()
    };
    hit().send(db).await.unwrap();
    let mut tx = Transaction::new();
    tx.update(hit());
    tx.send(db).await.unwrap();
    let topic = Topic::get("rust")
        .consistent()
        .send(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((topic.hits, topic.version), (2, 2));
    assert!(topic.created > 1_700_000_000);
    Topic::update("go")
        .or_create_empty()
        .send(db)
        .await
        .unwrap();
    assert_eq!(Topic::scan().all(db).await.unwrap().len(), 2);
}

#[derive(Table)]
#[dynamo(name = "desk", partition = "pk", sort = "sk")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
struct Desk;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Desk, key(partition = "TASK#{id}", sort = "TASK"))]
#[dynamo(index(gsi1 as by_state, partition = "STATE#{state}", sort = "{rank}#{owner}"))]
struct Task {
    id: String,
    state: Option<String>,
    rank: u32,
    owner: Option<String>,
    title: String,
}

fn task(id: &str) -> Task {
    Task {
        id: id.into(),
        state: Some("open".into()),
        rank: 3,
        owner: None,
        title: "title".into(),
    }
}

#[tokio::test]
async fn index_keys_of_created_item_follow_its_parts() {
    let db = &db().await;
    db.create_table::<Desk>().await.unwrap();
    let touch = |id: &str, entity: Task| {
        let update = Task::update(id).apply(|t| t.title.set("new"));
        update.or_create(entity)
    };
    let owned = |id: &str| Task {
        owner: Some("ann".into()),
        ..task(id)
    };
    // The parts are all set, or all filled in.
    let set = Task::update("a").apply(|t| t.by_state.set("done", 4, "bob"));
    set.or_create(task("a")).send(db).await.unwrap();
    touch("b", task("b")).send(db).await.unwrap();
    let alone = Task::update("c").apply(|t| t.state.set("done"));
    alone.or_create(task("c")).send(db).await.unwrap();
    for (id, pk, sk) in [
        ("a", "STATE#done", Some("0000000004#bob")),
        ("b", "STATE#open", None),
        ("c", "STATE#done", None),
    ] {
        let key = format!(r#"{{"pk":{{"S":"TASK#{id}"}},"sk":{{"S":"TASK"}}}}"#);
        let item = raw::get::<Task>(db, &key).await.unwrap();
        assert_eq!(item["_type"].as_s().unwrap(), "Task");
        assert_eq!(item["gsi1pk"].as_s().unwrap(), pk);
        assert_eq!(item.get("gsi1sk").map(|v| &**v.as_s().unwrap()), sk);
        assert!(Task::get(id).send(db).await.unwrap().is_some());
    }
    // An existing item may have the other parts, and then neither key would be right.
    let e = touch("d", owned("d")).send(db).await.unwrap_err();
    assert!(
        e.is_invalid_request() && e.to_string().contains("`owner`"),
        "{e}"
    );
    // A part that is assumed is that of the created item.
    use dynamodel::expr::Part;
    let assume = |owner: &'static str| {
        let update = Task::update("e");
        update.apply(|t| {
            t.by_state
                .set_assuming(Part::Set("done"), Part::Set(1), Part::Is(owner))
        })
    };
    let e = assume("bob")
        .or_create(owned("e"))
        .send(db)
        .await
        .unwrap_err();
    assert!(
        e.is_invalid_request() && e.to_string().contains("`owner`"),
        "{e}"
    );
    for _ in 0..2 {
        assume("ann").or_create(owned("e")).send(db).await.unwrap();
    }
    let found = Task::by_state("done").all(db).await.unwrap();
    assert!(found.iter().any(|t| t.id == "e" && t.rank == 1));
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "docs")]
struct Doc {
    #[dynamo(partition)]
    id: String,
    lines: Vec<u32>,
    #[dynamo(skip)]
    cached: u32,
    #[dynamo(version)]
    version: u64,
}

fn doc(id: &str) -> Doc {
    Doc {
        id: id.into(),
        lines: Vec::new(),
        cached: 7,
        version: 0,
    }
}

#[tokio::test]
async fn modify_creates_item_and_then_changes_it() {
    let db = &db().await;
    db.create_table::<Doc>().await.unwrap();
    let push = |n| {
        move |d: &mut Doc| {
            d.lines.push(n);
            Ok(())
        }
    };
    let e = Doc::get("a").modify(db, push(1)).await.unwrap_err();
    assert!(e.is_not_found(), "{e}");
    let made = Doc::get("a")
        .modify(db, push(1))
        .or_create(doc("a"))
        .await
        .unwrap();
    assert_eq!((&*made.lines, made.version, made.cached), (&[1][..], 1, 7));
    let next = Doc::get("a")
        .modify(db, push(2))
        .or_create(doc("a"))
        .await
        .unwrap();
    assert_eq!((&*next.lines, next.version), (&[1, 2][..], 2));

    let other = Doc::get("b").modify(db, push(1)).or_create(doc("c")).await;
    let e = other.unwrap_err();
    assert!(
        e.is_invalid_request() && e.to_string().contains("primary key"),
        "{e}"
    );
    let moved = Doc::get("b").modify(db, |d| {
        d.id = "c".into();
        Ok(())
    });
    let e = moved.or_create(doc("b")).await.unwrap_err();
    assert!(e.is_invalid_request(), "{e}");
    assert_eq!(Doc::scan().count(db).await.unwrap(), 1);
}

#[tokio::test]
async fn modify_starts_over_when_another_writer_creates_item() {
    let db = &db().await;
    db.create_table::<Doc>().await.unwrap();
    let tries = AtomicU32::new(0);
    let push = |d: &mut Doc| {
        tries.fetch_add(1, Ordering::Relaxed);
        d.lines.push(1);
        Ok(())
    };
    let tasks = (0..8).map(|_| Doc::get("a").modify(db, push).or_create(doc("a")));
    for result in futures_util::future::join_all(tasks).await {
        result.unwrap();
    }
    let stored = Doc::get("a").consistent().send(db).await.unwrap().unwrap();
    assert_eq!((stored.lines.len(), stored.version), (8, 8));
    assert!(tries.load(Ordering::Relaxed) >= 8);
}

/// Versions of other programs may begin at 0: a value that was read at 0 is written at 1.
#[tokio::test]
async fn item_at_stored_version_zero_is_written_at_one() {
    let db = &db().await;
    db.create_table::<Doc>().await.unwrap();
    let zero = r#"{"id":{"S":"a"},"lines":{"L":[]},"version":{"N":"0"}}"#;
    let read = || async { Doc::get("a").consistent().send(db).await.unwrap().unwrap() };
    for write in ["put", "replace", "remove", "update", "check"] {
        raw::put::<Doc>(db, zero).await;
        let item = read().await;
        match write {
            "put" => assert_eq!(item.put().send(db).await.unwrap().version, 1),
            "replace" => assert_eq!(item.replace().send(db).await.unwrap().version, 1),
            "remove" => item.remove().send(db).await.unwrap(),
            "update" => Doc::update("a").at_version(0).send(db).await.unwrap(),
            _ => {
                let mut tx = Transaction::new();
                tx.check(Doc::check("a").at_version(0));
                tx.put(doc("b").create());
                tx.send(db).await.unwrap();
            }
        }
    }
    // The written item is at 1, so a value at 0 is that of an earlier reading.
    raw::put::<Doc>(db, zero).await;
    let first = read().await;
    first.clone().put().send(db).await.unwrap();
    for late in [first.clone().put(), first.clone().replace()] {
        assert!(late.send(db).await.unwrap_err().is_conflict());
    }
    assert!(first.remove().send(db).await.unwrap_err().is_conflict());
    // A missing item has no version 0.
    Doc::delete("a").send(db).await.unwrap();
    assert!(doc("a").remove().send(db).await.unwrap_err().is_conflict());
    let e = Doc::update("a").at_version(0).send(db).await.unwrap_err();
    assert!(e.is_not_found(), "{e}");
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "aged")]
struct Aged {
    #[dynamo(partition)]
    id: String,
    n: u32,
    #[dynamo(version, default)]
    version: u64,
}

#[tokio::test]
async fn item_from_before_version_field_is_written_at_one() {
    let db = &db().await;
    db.create_table::<Aged>().await.unwrap();
    raw::put::<Aged>(db, r#"{"id":{"S":"a"},"n":{"N":"1"}}"#).await;
    let read = Aged::get("a").consistent().send(db).await.unwrap().unwrap();
    assert_eq!(read.version, 0);
    let e = read.clone().put().send(db).await.unwrap_err();
    assert!(
        e.to_string()
            .contains("`replace` takes it as one at version 0"),
        "{e}"
    );
    assert_eq!(read.clone().replace().send(db).await.unwrap().version, 1);
    assert!(read.put().send(db).await.unwrap_err().is_conflict());
}
