//! Updates of attributes in documents, lists and maps that the item may be without.

use std::collections::{BTreeMap, BTreeSet};

use dynamodel::{Action, Db, Document, Entity, Transaction, Update};
use dynamodel_tests::db;

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Colors {
    front: String,
    back: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Prefs {
    theme: String,
    size: u32,
    tags: BTreeSet<String>,
    recent: Vec<String>,
    colors: Option<Colors>,
}

#[derive(Debug, Clone, PartialEq, Default, Entity)]
#[dynamo(table = "profiles")]
struct Profile {
    #[dynamo(partition)]
    id: String,
    prefs: Option<Prefs>,
    home: Prefs,
    limits: Option<BTreeMap<String, u32>>,
    seen: u64,
    #[dynamo(version)]
    version: u64,
}

fn prefs() -> Prefs {
    Prefs {
        theme: "light".into(),
        size: 12,
        tags: BTreeSet::from(["old".into()]),
        recent: vec!["first".into()],
        colors: None,
    }
}

async fn profiles(prefs: Option<Prefs>) -> Db {
    let db = db().await;
    db.create_table::<Profile>().await.unwrap();
    let profile = Profile {
        id: "p".into(),
        prefs,
        ..Profile::default()
    };
    profile.create().send(&db).await.unwrap();
    db
}

async fn stored(db: &Db, id: &str) -> Profile {
    Profile::get(id)
        .consistent()
        .send(db)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn missing_parent_is_named_with_its_remedy() {
    let db = &profiles(None).await;
    let cases: [(Update<Profile>, &str, &[&str]); 4] = [
        (
            Profile::update("p").apply(|p| (p.prefs.at(|f| f.theme).set("dark"), p.seen.add(1))),
            "prefs.theme",
            &["`prefs`", "or_create_parent"],
        ),
        // A document that every item has is not the one.
        (
            Profile::update("p")
                .apply(|p| (p.home.at(|h| h.size).set(1), p.prefs.at(|f| f.size).set(1))),
            "prefs.size",
            &["`prefs`"],
        ),
        (
            Profile::update("p").apply(|p| p.limits.key("secret").set(1)),
            "limits.*",
            &["`limits`"],
        ),
        (
            Profile::update("p").apply(|p| p.home.at(|h| h.colors.at(|c| c.front)).set("red")),
            "home.colors.front",
            &["`home.colors`"],
        ),
    ];
    for (update, path, named) in cases {
        let mut tx = Transaction::new();
        tx.update(update.clone());
        let together = tx.send(db).await.unwrap_err();
        let alone = update.send(db).await.unwrap_err();
        assert_eq!(alone.code(), Some("ValidationException"));
        for e in [alone, together] {
            assert_eq!(e.attribute_path().as_deref(), Some(path), "{e}");
            let text = e.to_string();
            assert!(named.iter().all(|name| text.contains(name)), "{text}");
            assert!(
                !text.contains("secret") && !text.contains("`home` "),
                "{text}"
            );
        }
    }
    assert_eq!(stored(db, "p").await.seen, 0);
    // Another refusal of an update with a nested attribute is not explained so.
    let other = Profile::update("p")
        .apply(|p| (p.home.at(|h| h.size).set(1), p.limits.set_from(&p.limits)));
    let e = other.send(db).await.unwrap_err();
    assert_eq!(e.attribute_path(), None, "{e}");
}

type Paths = <Profile as dynamodel::expr::Fields>::Fields<dynamodel::expr::InUpdate<Profile>>;

/// Checks that an item without the parent becomes what one with the given parent becomes, and that
/// the parent is kept where it is there.
async fn check(actions: impl Fn(&Paths) -> Vec<Action<Profile>>) {
    let expected = {
        let db = profiles(Some(prefs())).await;
        Profile::update("p")
            .apply(|p| actions(&p))
            .send(&db)
            .await
            .unwrap();
        stored(&db, "p").await
    };
    for before in [None, Some(prefs())] {
        let db = profiles(before).await;
        let update = Profile::update("p").apply(|p| actions(&p));
        let update = update.or_create_parent(|p| p.prefs.set(prefs()));
        update.send(&db).await.unwrap();
        assert_eq!(stored(&db, "p").await, expected);
    }
}

#[tokio::test]
async fn actions_apply_to_created_parent() {
    check(|p| vec![p.prefs.at(|f| f.theme).set("dark"), p.seen.add(1)]).await;
    check(|p| vec![p.prefs.at(|f| f.size).add(3)]).await;
    check(|p| {
        vec![
            p.prefs.at(|f| f.size).increment(3),
            p.prefs.at(|f| f.theme).set("x"),
        ]
    })
    .await;
    check(|p| vec![p.prefs.at(|f| f.size).decrement(2)]).await;
    check(|p| vec![p.prefs.at(|f| f.tags).insert(["new"])]).await;
    check(|p| vec![p.prefs.at(|f| f.tags).delete(["old"])]).await;
    check(|p| vec![p.prefs.at(|f| f.tags).remove()]).await;
    check(|p| vec![p.prefs.at(|f| f.recent).append(["a", "b"])]).await;
    check(|p| vec![p.prefs.at(|f| f.recent).prepend(["a"])]).await;
    check(|p| vec![p.prefs.at(|f| f.recent.index(0)).set("a")]).await;
    check(|p| vec![p.prefs.at(|f| f.recent.index(0)).remove()]).await;
    check(|p| vec![p.prefs.at(|f| f.theme.set_from(f.theme.or("x")))]).await;
    check(|p| vec![p.prefs.at(|f| f.colors).set(Colors::default())]).await;
    check(|p| vec![p.seen.add(1)]).await;
}

#[tokio::test]
async fn parents_in_parents_are_created_together() {
    let db = &profiles(None).await;
    let update = || {
        Profile::update("p")
            .apply(|p| {
                (
                    p.prefs.at(|f| f.colors.at(|c| c.back)).set("blue"),
                    p.limits.key("a").set(1),
                )
            })
            .or_create_parent(|p| p.prefs.at(|f| f.colors).set(Colors::default()))
            .or_create_parent(|p| (p.prefs.set(prefs()), p.limits.set(BTreeMap::new())))
    };
    let made = update().returning_new().send(db).await.unwrap();
    let colors = Colors {
        back: Some("blue".into()),
        ..Colors::default()
    };
    let expected = Prefs {
        colors: Some(colors),
        ..prefs()
    };
    assert_eq!(made.prefs.as_ref(), Some(&expected));
    assert_eq!(made.limits, Some(BTreeMap::from([("a".into(), 1)])));
    assert_eq!(made.version, 2);
    // Only the inner parent is missing.
    let without = Profile::update("p").apply(|p| p.prefs.at(|f| f.colors).remove());
    without.send(db).await.unwrap();
    let old = update().returning_old().send(db).await.unwrap().unwrap();
    assert_eq!(old.prefs, Some(prefs()));
    assert_eq!(stored(db, "p").await.prefs, Some(expected));
}

#[tokio::test]
async fn condition_and_item_are_demanded_with_created_parent() {
    let db = &profiles(None).await;
    let update = |id: &str| {
        let update = Profile::update(id).apply(|p| p.prefs.at(|f| f.theme).set("dark"));
        update.or_create_parent(|p| p.prefs.set(prefs()))
    };
    let e = update("p")
        .when(|p| p.seen.gt(5))
        .send(db)
        .await
        .unwrap_err();
    assert!(e.is_condition_failed() && !e.is_not_found(), "{e}");
    let e = update("missing").send(db).await.unwrap_err();
    assert!(e.is_not_found(), "{e}");
    let versioned = Profile::update("p").apply(|p| p.prefs.at(|f| f.theme).set("dark"));
    let versioned = versioned
        .at_version(7)
        .or_create_parent(|p| p.prefs.set(prefs()));
    assert!(versioned.send(db).await.unwrap_err().is_conflict());
    assert_eq!(stored(db, "p").await.prefs, None);
    let other = Profile::update("p").apply(|p| p.prefs.at(|f| f.theme).set("dark"));
    let e = other
        .or_create_parent(|p| p.limits.remove())
        .send(db)
        .await
        .unwrap_err();
    assert!(e.is_invalid_request() && e.attempts() == 0, "{e}");
    // The action needs what the given value does not have.
    let unable = Profile::update("p").apply(|p| p.prefs.at(|f| f.colors.at(|c| c.back)).set("x"));
    let e = unable
        .or_create_parent(|p| p.prefs.set(prefs()))
        .send(db)
        .await
        .unwrap_err();
    assert!(
        e.is_invalid_request() && e.to_string().contains("prefs.colors.back"),
        "{e}"
    );
}

#[tokio::test]
async fn writers_of_missing_parent_do_not_lose_each_other() {
    let db = &profiles(None).await;
    let update = |n: u32| {
        Profile::update("p")
            .apply(move |p| p.limits.key(format!("k{n}")).set(n))
            .or_create_parent(|p| p.limits.set(BTreeMap::new()))
            .send(db)
    };
    for result in futures_util::future::join_all((0..12).map(update)).await {
        result.unwrap();
    }
    let limits = stored(db, "p").await.limits.unwrap();
    assert_eq!(limits.len(), 12);
}
