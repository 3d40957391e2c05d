//! Values that DynamoDB refuses, refused before anything is sent, with the attribute named.

use std::collections::BTreeSet;

use dynamodel::{BatchWrite, Db, Entity, Error, Table, Transaction, Update};
use dynamodel_tests::db;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "members")]
#[dynamo(index(by_mail, partition = mail, sort = name))]
struct Member {
    #[dynamo(partition)]
    id: String,
    mail: String,
    name: Option<String>,
    tags: BTreeSet<String>,
    ids: BTreeSet<i64>,
    points: u64,
}

fn member() -> Member {
    Member {
        id: "a".into(),
        mail: "a@x".into(),
        name: Some("Ada".into()),
        tags: BTreeSet::new(),
        ids: BTreeSet::new(),
        points: 5,
    }
}

async fn members() -> Db {
    let db = db().await;
    db.create_table::<Member>().await.unwrap();
    member().create().send(&db).await.unwrap();
    db
}

#[track_caller]
fn check_refused(e: &Error, path: &str) {
    assert_eq!(e.attribute_path().as_deref(), Some(path), "{e}");
    assert_eq!((e.attempts(), e.code()), (0, None), "{e}");
}

#[tokio::test]
async fn index_key_that_update_sets_is_checked_before_sending() {
    let db = &members().await;
    let long = "x".repeat(2049);
    let updates: [(Update<Member>, &str); 6] = [
        (Member::update("a").apply(|m| m.mail.set("")), "mail"),
        (Member::update("a").apply(|m| m.mail.set(&long)), "mail"),
        (Member::update("a").apply(|m| m.name.set("")), "name"),
        (
            Member::update("a").apply(|m| m.name.set(Some("x".repeat(1025)))),
            "name",
        ),
        (
            Member::update("a").apply(|m| m.name.set_if_absent("")),
            "name",
        ),
        (
            Member::update("a")
                .apply(|m| m.mail.set(""))
                .or_create(member()),
            "mail",
        ),
    ];
    for (update, path) in updates {
        let mut tx = Transaction::new();
        tx.update(update.clone());
        let together = tx.send(db).await.unwrap_err();
        let alone = update.send(db).await.unwrap_err();
        for e in [alone, together] {
            assert!(e.is_invalid_key(), "{e}");
            check_refused(&e, path);
        }
    }
    let fits =
        Member::update("a").apply(|m| (m.mail.set("x".repeat(2048)), m.name.set("x".repeat(1024))));
    fits.send(db).await.unwrap();
    Member::update("a")
        .apply(|m| m.name.set(None))
        .send(db)
        .await
        .unwrap();
}

#[tokio::test]
async fn element_that_is_given_twice_is_refused_before_sending() {
    let db = &members().await;
    for update in [
        Member::update("a").apply(|m| m.tags.insert(["x", "y", "x"])),
        Member::update("a").apply(|m| m.tags.delete(["x", "x"])),
    ] {
        let e = update.send(db).await.unwrap_err();
        assert!(e.is_invalid_value(), "{e}");
        check_refused(&e, "tags");
    }
    let e = Member::update("a")
        .apply(|m| m.ids.insert([1, 2, 1]))
        .send(db)
        .await;
    check_refused(&e.unwrap_err(), "ids");
    let fits = Member::update("a").apply(|m| (m.tags.insert(["x", "X"]), m.ids.insert([1, -1])));
    fits.send(db).await.unwrap();
}

#[tokio::test]
async fn unsigned_number_changes_by_signed_one() {
    let db = &members().await;
    let points = || async {
        Member::get("a")
            .consistent()
            .send(db)
            .await
            .unwrap()
            .unwrap()
            .points
    };
    let delta: i64 = -2;
    Member::update("a")
        .apply(|m| m.points.add(delta))
        .send(db)
        .await
        .unwrap();
    assert_eq!(points().await, 3);
    Member::update("a")
        .apply(|m| m.points.increment(delta))
        .send(db)
        .await
        .unwrap();
    assert_eq!(points().await, 1);
    Member::update("a")
        .apply(|m| m.points.subtract(-4_i32))
        .send(db)
        .await
        .unwrap();
    assert_eq!(points().await, 5);
    let sum = Member::update("a").apply(|m| m.points.set_from(m.points.or(0).minus(delta)));
    sum.send(db).await.unwrap();
    assert_eq!(points().await, 7);
    // A literal needs no type, and the condition keeps the number readable.
    let take = Member::update("a")
        .apply(|m| m.points.add(-8))
        .when(|m| m.points.ge(8));
    assert!(take.send(db).await.unwrap_err().is_condition_failed());
    Member::update("a")
        .apply(|m| m.points.add(1))
        .send(db)
        .await
        .unwrap();
    Member::update("a")
        .apply(|m| m.points.add(5_000_000_000_u64))
        .send(db)
        .await
        .unwrap();
    assert_eq!(points().await, 5_000_000_008);
}

#[derive(Table)]
#[dynamo(name = "desk", partition = "pk", sort = "sk")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
struct Desk;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Desk, key(partition = "T#{a}#{b}", sort = "S#{c}#{d}"))]
#[dynamo(index(gsi1 as by_state, partition = "G#{e}#{f}", sort = "H#{g}#{h}"))]
struct Task {
    a: String,
    b: String,
    c: String,
    d: String,
    e: String,
    f: String,
    g: String,
    h: String,
}

fn task(part: usize, text: &str) -> Task {
    let mut parts = ["a", "b", "c", "d", "e", "f", "g", "h"].map(str::to_owned);
    parts[part] = text.into();
    let [a, b, c, d, e, f, g, h] = parts;
    Task {
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
    }
}

/// Whichever way a key is written, the error names the attribute that the part belongs to.
#[tokio::test]
async fn refused_template_part_names_its_own_attribute() {
    let db = &db().await;
    db.create_table::<Desk>().await.unwrap();
    for (part, path) in [(0, "pk"), (2, "sk"), (4, "gsi1pk"), (6, "gsi1sk")] {
        let broken = || task(part, "x#y");
        let mut tx = Transaction::new();
        tx.put(broken().create());
        let mut errors = vec![
            broken().put().send(db).await.unwrap_err(),
            BatchWrite::new().put(broken()).send(db).await.unwrap_err(),
            tx.send(db).await.unwrap_err(),
        ];
        if part < 4 {
            let key = || broken().key_of();
            let Task { a, b, c, d, .. } = broken();
            errors.push(Task::get(&*a, &*b, &*c, &*d).send(db).await.unwrap_err());
            errors.push(
                dynamodel::BatchGet::new([key()])
                    .send(db)
                    .await
                    .unwrap_err(),
            );
        } else {
            let Task { e, f, g, h, .. } = broken();
            let update = Task::update("a", "b", "c", "d").apply(|t| t.by_state.set(e, f, g, h));
            errors.push(update.send(db).await.unwrap_err());
        }
        for e in errors {
            assert!(e.is_invalid_key(), "{e}");
            check_refused(&e, path);
        }
    }
    // A text that is too long for its attribute.
    let long = "x".repeat(1100);
    for (part, path) in [(3, "sk"), (7, "gsi1sk")] {
        check_refused(&task(part, &long).put().send(db).await.unwrap_err(), path);
    }
}
