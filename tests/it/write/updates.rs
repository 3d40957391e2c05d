//! Updates: every action, refusals before sending, and returned values.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use dynamodel::{Action, Db, Document, Entity, Error, Partial, Update, value};
use dynamodel_tests::db;

#[derive(Debug, Clone, PartialEq, Default, Entity)]
#[dynamo(table = "stocks", partial)]
struct Stock {
    #[dynamo(partition)]
    id: String,
    count: u64,
    other: u64,
    optional: Option<u64>,
    title: String,
    note: Option<String>,
    list: Vec<u32>,
    more: Option<Vec<u32>>,
    tags: BTreeSet<String>,
    ids: BTreeSet<u32>,
    map: BTreeMap<String, u32>,
    doc: Doc,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Doc {
    n: u64,
    optional: Option<u64>,
    list: Vec<u32>,
    tags: BTreeSet<String>,
}

fn stock() -> Stock {
    Stock {
        id: "s".into(),
        count: 10,
        other: 3,
        title: "title".into(),
        list: vec![1, 2, 3],
        tags: tags(["a", "b"]),
        map: BTreeMap::from([("x".into(), 1)]),
        ..Stock::default()
    }
}

fn tags<const N: usize>(of: [&str; N]) -> BTreeSet<String> {
    of.map(str::to_owned).into()
}

type Paths = <Stock as dynamodel::expr::Fields>::Fields<dynamodel::expr::InUpdate<Stock>>;

/// Applies actions to the stored item, and checks that it then equals the item that the function
/// changes.
async fn check(
    db: &Db,
    name: &str,
    actions: impl Fn(&Paths) -> Vec<Action<Stock>>,
    expected: impl Fn(&mut Stock),
) {
    stock().put().send(db).await.unwrap();
    let update = Stock::update("s").apply(|s| actions(&s));
    let json = update.to_json().unwrap();
    let after = update.returning_new().send(db).await;
    let after = after.unwrap_or_else(|e| panic!("{name}: {e}: {json}"));
    let mut changed = stock();
    expected(&mut changed);
    assert_eq!(after, changed, "{name}: {json}");
    let stored = Stock::get("s").consistent().send(db).await.unwrap();
    assert_eq!(stored, Some(changed), "{name}");
}

async fn table() -> Db {
    let db = db().await;
    db.create_table::<Stock>().await.unwrap();
    db
}

#[tokio::test]
async fn set_and_remove_change_stored_item() {
    let db = &table().await;
    check(
        db,
        "set",
        |s| vec![s.title.set("new"), s.count.set(7)],
        |s| {
            s.title = "new".into();
            s.count = 7;
        },
    )
    .await;
    check(
        db,
        "some",
        |s| vec![s.note.set("n"), s.optional.set(Some(1))],
        |s| {
            s.note = Some("n".into());
            s.optional = Some(1);
        },
    )
    .await;
    check(
        db,
        "none",
        |s| vec![s.optional.set(1)],
        |s| s.optional = Some(1),
    )
    .await;
    check(
        db,
        "remove",
        |s| vec![s.note.set(None), s.optional.remove()],
        |_| {},
    )
    .await;
    check(
        db,
        "empty set",
        |s| vec![s.tags.set(tags([]))],
        |s| s.tags.clear(),
    )
    .await;
    check(
        db,
        "whole document",
        |s| {
            vec![s.doc.set(Doc {
                n: 4,
                ..Doc::default()
            })]
        },
        |s| s.doc.n = 4,
    )
    .await;
    check(
        db,
        "if absent",
        |s| {
            vec![
                s.count.set_if_absent(99),
                s.optional.set_if_absent(5),
                s.note.set_if_absent(None),
            ]
        },
        |s| s.optional = Some(5),
    )
    .await;
    check(
        db,
        "nothing",
        |s| vec![s.tags.insert([""; 0]), s.tags.delete([""; 0])],
        |_| {},
    )
    .await;
}

#[tokio::test]
async fn arithmetic_actions_change_numbers() {
    let db = &table().await;
    check(
        db,
        "numbers",
        |s| {
            vec![
                s.count.add(5),
                s.other.subtract(1),
                s.optional.add(2),
                s.doc.at(|d| d.n.increment(3)),
                s.doc.at(|d| d.optional.add(4)),
            ]
        },
        |s| {
            s.count = 15;
            s.other = 2;
            s.optional = Some(2);
            s.doc.n = 3;
            s.doc.optional = Some(4);
        },
    )
    .await;
    check(
        db,
        "add in a document twice",
        |s| vec![s.doc.at(|d| d.n.add(4))],
        |s| s.doc.n = 4,
    )
    .await;
    check(
        db,
        "by attributes",
        |s| vec![s.count.increment(&s.other), s.other.decrement(&s.other)],
        |s| {
            s.count = 13;
            s.other = 0;
        },
    )
    .await;
    check(
        db,
        "from",
        |s| {
            vec![
                s.optional.increment_from(10, 1),
                s.doc.at(|d| d.optional.decrement_from(10, 1)),
            ]
        },
        |s| {
            s.optional = Some(11);
            s.doc.optional = Some(9);
        },
    )
    .await;
    check(
        db,
        "from what is there",
        |s| vec![s.count.increment_from(99, 1)],
        |s| s.count = 11,
    )
    .await;
    check(
        db,
        "by a term",
        |s| vec![s.count.decrement(s.optional.or(4))],
        |s| s.count = 6,
    )
    .await;
}

#[tokio::test]
async fn set_from_copies_other_attributes() {
    let db = &table().await;
    check(
        db,
        "swap",
        |s| vec![s.count.set_from(&s.other), s.other.set_from(&s.count)],
        |s| {
            s.count = 3;
            s.other = 10;
        },
    )
    .await;
    check(
        db,
        "sum and default",
        |s| {
            vec![
                s.optional.set_from(s.count.plus(&s.other)),
                s.doc.at(|d| d.n.set_from(s.count.minus(1))),
                s.doc.at(|d| {
                    d.optional
                        .set_from(d.optional.or(7).plus(s.optional.or(&s.count)))
                }),
                s.note.set_from(s.note.or(&s.title)),
            ]
        },
        |s| {
            s.optional = Some(13);
            s.doc.n = 9;
            s.doc.optional = Some(17);
            s.note = Some("title".into());
        },
    )
    .await;
    check(
        db,
        "lists",
        |s| vec![s.more.set_from(s.list.concat(s.more.or([4])))],
        |s| s.more = Some(vec![1, 2, 3, 4]),
    )
    .await;
    check(
        db,
        "values before paths",
        |s| {
            vec![
                s.count.set_from(value(100).minus(&s.other)),
                s.optional.set_from(value(5).plus(s.optional.or(2))),
                s.doc
                    .at(|d| d.n.set_from(value(50_u64).minus(s.count.or(0)))),
                s.list.set_from(value([9, 8]).concat(&s.list)),
                s.title.set_from(value("constant")),
            ]
        },
        |s| {
            s.count = 97;
            s.optional = Some(7);
            s.doc.n = 40;
            s.list = vec![9, 8, 1, 2, 3];
            s.title = "constant".into();
        },
    )
    .await;
}

#[tokio::test]
async fn list_and_map_actions_change_elements() {
    let db = &table().await;
    check(
        db,
        "append",
        |s| vec![s.list.append([4, 5])],
        |s| s.list.extend([4, 5]),
    )
    .await;
    check(
        db,
        "prepend",
        |s| vec![s.list.prepend([0])],
        |s| s.list.insert(0, 0),
    )
    .await;
    check(
        db,
        "create",
        |s| vec![s.more.append_or_create([1]), s.list.append_or_create([4])],
        |s| {
            s.more = Some(vec![1]);
            s.list.push(4);
        },
    )
    .await;
    check(
        db,
        "create at the front",
        |s| vec![s.more.prepend_or_create([1]), s.list.prepend_or_create([0])],
        |s| {
            s.more = Some(vec![1]);
            s.list.insert(0, 0);
        },
    )
    .await;
    check(
        db,
        "elements",
        |s| {
            vec![
                s.list.index(0).set(9),
                s.list.index(1).remove(),
                s.list.index(99).set(4),
            ]
        },
        |s| s.list = vec![9, 3, 4],
    )
    .await;
    check(
        db,
        "entries",
        |s| {
            vec![
                s.map.key("x").remove(),
                s.map.key("odd \"name\".[0]").set(5),
                s.map.key("size").set_if_absent(6),
            ]
        },
        |s| s.map = BTreeMap::from([("odd \"name\".[0]".into(), 5), ("size".into(), 6)]),
    )
    .await;
}

#[tokio::test]
async fn set_actions_insert_and_delete_elements() {
    let db = &table().await;
    check(
        db,
        "insert",
        |s| vec![s.tags.insert(["c", "a"]), s.ids.insert([1, 2])],
        |s| {
            s.tags = tags(["a", "b", "c"]);
            s.ids = [1, 2].into();
        },
    )
    .await;
    check(
        db,
        "delete",
        |s| vec![s.tags.delete(["a", "z"])],
        |s| s.tags = tags(["b"]),
    )
    .await;
    check(
        db,
        "delete all",
        |s| vec![s.tags.delete(["a", "b"])],
        |s| s.tags.clear(),
    )
    .await;
    check(
        db,
        "inside a document",
        |s| vec![s.doc.at(|d| d.tags.insert(["x", "y"]))],
        |s| s.doc.tags = tags(["x", "y"]),
    )
    .await;
    Stock::update("s")
        .apply(|s| s.doc.at(|d| d.tags.delete(["x"])))
        .send(db)
        .await
        .unwrap();
    let stored = Stock::get("s")
        .consistent()
        .send(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.doc.tags, tags(["y"]));
}

#[tokio::test]
async fn tuples_and_collections_of_actions_apply_together() {
    let db = &table().await;
    stock().put().send(db).await.unwrap();
    let rename = Some("renamed");
    Stock::update("s")
        .apply(|s| {
            (
                rename.map(|title| s.title.set(title)),
                None::<&str>.map(|note| s.note.set(note)),
                (0..2)
                    .map(|i| s.list.index(i).increment(10))
                    .collect::<Vec<_>>(),
                [s.count.add(1), s.other.add(1)],
                (s.tags.insert(["c"]), (s.optional.set(1),)),
            )
        })
        .apply(|s| s.ids.insert([7]))
        .send(db)
        .await
        .unwrap();
    let stored = Stock::get("s")
        .consistent()
        .send(db)
        .await
        .unwrap()
        .unwrap();
    let expected = Stock {
        title: "renamed".into(),
        list: vec![11, 12, 3],
        count: 11,
        other: 4,
        tags: tags(["a", "b", "c"]),
        optional: Some(1),
        ids: [7].into(),
        ..stock()
    };
    assert_eq!(stored, expected);
}

/// Two actions overlap if they change one attribute, or a document and a part of it.
#[tokio::test]
async fn overlapping_actions_are_refused_before_sending() {
    let db = &table().await;
    let overlapping: [Update<Stock>; 7] = [
        Stock::update("s").apply(|s| (s.count.set(1), s.count.add(1))),
        Stock::update("s")
            .apply(|s| s.count.set(1))
            .apply(|s| s.count.increment(1)),
        Stock::update("s").apply(|s| (s.tags.remove(), s.tags.insert(["x"]))),
        Stock::update("s").apply(|s| (s.doc.set(Doc::default()), s.doc.at(|d| d.n).set(1))),
        Stock::update("s").apply(|s| (s.list.index(1).set(1), s.list.append([1]))),
        Stock::update("s").apply(|s| (s.map.key("x").set(1), s.map.key("x").remove())),
        Stock::update("s").apply(|s| (s.list.index(1).set(1), s.list.index(1).remove())),
    ];
    for update in overlapping {
        let shown = format!("{update:?}");
        let error = update.send(db).await.unwrap_err();
        assert!(error.is_invalid_request(), "{shown}: {error}");
        assert_eq!(error.attempts(), 0, "{shown}");
    }
    let e = Stock::update("s")
        .apply(|s| (s.doc.at(|d| d.n.set(1)), s.doc.set(Doc::default())))
        .to_json();
    let message = e.unwrap_err().to_string();
    assert!(
        message.contains("`doc.n`") && message.contains("`doc`"),
        "{message}"
    );
    // Actions on separate parts of a document do not overlap.
    check(
        db,
        "beside",
        |s| {
            vec![
                s.list.index(0).set(5),
                s.list.index(1).set(6),
                s.map.key("y").set(1),
                s.map.key("x").set(2),
            ]
        },
        |s| {
            s.list = vec![5, 6, 3];
            s.map = BTreeMap::from([("x".into(), 2), ("y".into(), 1)]);
        },
    )
    .await;
}

#[tokio::test]
async fn update_demands_item_unless_it_may_create_one() {
    let db = &table().await;
    let e = Stock::update("s")
        .apply(|s| s.count.add(1))
        .must_exist()
        .send(db)
        .await
        .unwrap_err();
    assert!(e.is_not_found(), "{e}");
    assert_eq!(Stock::get("s").send(db).await.unwrap(), None);

    let old = Stock::update("s").apply(|s| {
        (
            s.count.add(1),
            s.other.set(2),
            s.title.set("t"),
            s.list.set(Vec::<u32>::new()),
            s.map.set([("a", 1); 0]),
            s.doc.set(Doc::default()),
        )
    });
    let old = old.or_create(Stock {
        id: "s".into(),
        ..Stock::default()
    });
    assert_eq!(old.returning_old().send(db).await.unwrap(), None);
    let stored = Stock::get("s")
        .consistent()
        .send(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((stored.count, stored.other), (1, 2));
    let old = Stock::update("s")
        .apply(|s| s.count.add(1))
        .must_exist()
        .returning_old();
    assert_eq!(old.send(db).await.unwrap(), Some(stored));

    // DynamoDB's error tells which action does not fit the item.
    let e = Stock::update("s")
        .apply(|s| s.optional.increment(1))
        .send(db)
        .await
        .unwrap_err();
    assert_eq!(e.code(), Some("ValidationException"));
    let e = Stock::update("none")
        .apply(|s| s.doc.at(|d| d.n.set(1)))
        .send(db)
        .await
        .unwrap_err();
    assert!(e.is_not_found(), "{e}");
}

/// The actions of an update do not count as operators: their number is limited only by the 4 KB of the
/// expression.
#[tokio::test]
async fn update_over_expression_limit_is_refused() {
    let db = &table().await;
    stock().put().send(db).await.unwrap();
    let entries = |n: u32| {
        Stock::update("s").apply(|s| {
            (0..n)
                .map(|i| s.map.key(i.to_string()).set(i))
                .collect::<Vec<_>>()
        })
    };
    entries(200).send(db).await.unwrap();
    let e = entries(400).send(db).await.unwrap_err();
    assert!(e.is_limit_exceeded(), "{e}");
    let stored = Stock::get("s")
        .consistent()
        .send(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.map.len(), 201);
}

#[derive(Debug, Clone, PartialEq, Default, Entity)]
#[dynamo(table = "kept")]
struct Kept {
    #[dynamo(partition)]
    id: u32,
    n: u32,
    #[dynamo(version)]
    version: u64,
    #[dynamo(created_at)]
    created: Option<u64>,
    #[dynamo(updated_at)]
    updated: Option<u64>,
    #[dynamo(write_token)]
    token: Option<String>,
}

#[tokio::test]
async fn update_writes_version_times_and_token() {
    let db = &db().await;
    db.create_table::<Kept>().await.unwrap();
    let update = || Kept::update(1).apply(|k| k.n.add(1)).returning_new();
    let new = Kept {
        id: 1,
        n: 0,
        version: 9,
        ..Kept::default()
    };
    let first = update().or_create(new).send(db).await.unwrap();
    assert_eq!((first.n, first.version), (1, 1));
    assert!(first.token.is_some());
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert!(first.created.is_some_and(|t| t.abs_diff(now) < 60));
    assert_eq!(first.updated, first.created);

    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let second = update().at_version(1).send(db).await.unwrap();
    assert_eq!((second.n, second.version), (2, 2));
    assert_eq!(second.created, first.created);
    assert!(second.updated > first.updated);
    assert_ne!(second.token, first.token);

    let e = update().at_version(1).send(db).await.unwrap_err();
    assert!(e.is_conflict(), "{e}");
    assert_eq!(e.current::<Kept>(), Some(second));
    assert_eq!(
        update()
            .at_version(1)
            .unversioned()
            .send(db)
            .await
            .unwrap()
            .version,
        3
    );
}

#[tokio::test]
async fn update_returns_changed_attributes() -> Result<(), Error> {
    let db = &table().await;
    stock().put().send(db).await?;
    let update = || {
        Stock::update("s").apply(|s| {
            (
                s.count.add(1),
                s.note.set("n"),
                s.tags.insert(["c"]),
                s.doc.at(|d| d.n.add(2)),
                s.list.index(1).set(9),
            )
        })
    };
    let old: Partial<Stock> = update().returning_updated_old().send(db).await?;
    assert_eq!(old.get(|s| s.count)?, Some(10));
    assert_eq!(old.get(|s| s.note)?, None);
    assert_eq!(old.get(|s| s.tags)?, Some(tags(["a", "b"])));
    assert_eq!(old.get(|s| s.title)?, None);
    assert_eq!(old.get(|s| s.id)?, None);
    assert_eq!(old.get(|s| s.doc.at(|d| d.n))?, Some(0));

    let new = update().returning_updated_new().send(db).await?;
    assert_eq!(new.get(|s| s.count)?, Some(12));
    assert_eq!(new.get(|s| s.note)?.as_deref(), Some("n"));
    assert_eq!(new.get(|s| s.doc.at(|d| d.n))?, Some(4));
    assert_eq!(new.get(|s| s.doc.at(|d| d.optional))?, None);
    let fields: StockPartial = new.clone().into_fields()?;
    let expected = StockPartial {
        count: Some(12),
        ..fields.clone()
    };
    assert_eq!(fields, expected);
    assert_eq!(fields.note.as_deref(), Some("n"));
    assert_eq!((fields.title, fields.id), (None, None));
    // Of the document, one field is returned, which makes no document. DynamoDB Local returns all of it.
    if dynamodel_tests::is_embedded() {
        assert_eq!(fields.doc, None);
        assert!(new.get(|s| s.doc).unwrap_err().is_unreadable());
    }
    let shown = format!("{new:?}");
    assert!(
        shown.contains("\"count\"") && !shown.contains("title"),
        "{shown}"
    );

    // Return values of a whole document, and of an update that changes no attribute.
    let new = Stock::update("s")
        .apply(|s| s.doc.set(Doc::default()))
        .returning_updated_new();
    assert_eq!(new.send(db).await?.get(|s| s.doc)?, Some(Doc::default()));
    let gone = Stock::update("s")
        .apply(|s| s.note.remove())
        .returning_updated_new()
        .send(db)
        .await?;
    assert_eq!(gone.get(|s| s.note)?, None);
    assert_eq!(gone.get(|s| s.count)?, None);
    let measured = update().returning_updated_new().send_measured(db).await?;
    assert_eq!(measured.output.get(|s| s.count)?, Some(13));
    Ok(())
}

/// A form with many fields is saved by one update.
#[tokio::test]
async fn many_actions_are_one_update() {
    #[derive(Debug, Clone, PartialEq, Default, Entity)]
    #[dynamo(table = "forms")]
    struct Form {
        #[dynamo(partition)]
        id: u64,
        a: u32,
        b: u32,
        c: u32,
        d: u32,
        e: u32,
        f: u32,
        g: u32,
        h: u32,
        i: u32,
        j: u32,
        k: u32,
        l: u32,
        m: u32,
    }
    let db = &db().await;
    db.create_table::<Form>().await.unwrap();
    Form::default().create().send(db).await.unwrap();
    let flat = Form::update(0).apply(|s| {
        (
            s.a.set(1),
            s.b.set(1),
            s.c.set(1),
            s.d.set(1),
            s.e.set(1),
            s.f.set(1),
            s.g.set(1),
            s.h.set(1),
            s.i.set(1),
            s.j.set(1),
            s.k.set(1),
            s.l.set(1),
            s.m.set(1),
        )
    });
    assert_eq!(flat.to_json().unwrap().matches(" = :v").count(), 13);
    flat.send(db).await.unwrap();
    let nested = Form::update(0).apply(|s| ((s.a.set(2), (s.b.set(2), s.c.set(2))), s.m.set(2)));
    let form = nested.returning_new().send(db).await.unwrap();
    assert_eq!((form.a, form.b, form.c, form.l, form.m), (2, 2, 2, 1, 2));
}
