//! Many concurrent tasks: the unique items stay consistent, whatever the order of the requests.

use std::collections::BTreeMap;

use dynamodel::{Db, Entity, Error};
use dynamodel_tests::chaos::Chaos;
use dynamodel_tests::db;

use super::{Account, Guarded, User, account, broken, check, user};
use crate::raw;

async fn all(tasks: impl IntoIterator<Item = impl Future<Output = ()> + Send + 'static>) {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_creates_wins_unique_value() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    let won = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    all((0..50).map(|n| {
        let (db, won) = (db.clone(), won.clone());
        async move {
            match account(&format!("a{n}"), "ada@x").create().send(&db).await {
                Ok(a) => won.lock().unwrap().push(a.id),
                Err(e) => assert!(e.is_unique_violation(), "{e}"),
            }
        }
    }))
    .await;
    let won = won.lock().unwrap().clone();
    assert_eq!(won.len(), 1, "{won:?}");
    assert_eq!(check::<Account>(&db).await, 2);
    assert!(
        Account::get(won[0].as_str())
            .send(&db)
            .await
            .unwrap()
            .is_some()
    );
}

/// Tasks keep changing the values of items to those of others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_value_changes_keep_unique_items_consistent() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    for n in 0..6 {
        account(&format!("a{n}"), &format!("{n}@x"))
            .create()
            .send(&db)
            .await
            .unwrap();
    }
    all((0..8_u64).map(|task| {
        let db = db.clone();
        async move {
            let mut dice = fastrand::Rng::with_seed(task);
            for _ in 0..25 {
                let id = format!("a{}", dice.u8(..6));
                let email = format!("{}@x", dice.u8(..8));
                let done = match dice.u8(..3) {
                    0 => {
                        Account::update(id)
                            .apply(|a| a.email.set(email))
                            .send(&db)
                            .await
                    }
                    1 => {
                        let change = |a: &mut Account| {
                            a.email = email.clone();
                            a.handle = a.handle.is_none().then(|| email.clone());
                            Ok(())
                        };
                        Account::get(id).modify(&db, change).await.map(|_| ())
                    }
                    _ => {
                        Account::update(id)
                            .apply(|a| a.handle.set(email))
                            .send(&db)
                            .await
                    }
                };
                if let Err(e) = done {
                    assert!(e.is_unique_violation(), "{e}");
                }
            }
        }
    }))
    .await;
    check::<Account>(&db).await;
    assert_eq!(Account::scan().count(&db).await.unwrap(), 6);
}

/// One random operation of a task under faults.
async fn step(db: &Db, dice: &mut fastrand::Rng) -> Result<(), Error> {
    let id = u32::from(dice.u8(..5));
    let email = format!("{}@x", dice.u8(..6));
    let expires = dice.bool().then(|| 4_000_000_000 + dice.u64(..9));
    let mut new = user(id, &email);
    new.expires = expires;
    match dice.u8(..8) {
        0 | 1 => new.create().send(db).await.map(|_| ()),
        2 => new.put().send(db).await.map(|_| ()),
        3 => new.replace().send(db).await.map(|_| ()),
        4 => User::delete(id).send(db).await,
        5 => {
            User::update(id)
                .apply(|u| u.expires.set(expires))
                .must_exist()
                .send(db)
                .await
        }
        6 => {
            User::update(id)
                .apply(|u| u.name.set("n"))
                .must_exist()
                .send(db)
                .await
        }
        _ => {
            User::update(id)
                .apply(|u| u.email.set(email))
                .must_exist()
                .send(db)
                .await
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unique_items_stay_consistent_under_faults() {
    for seed in [1, 20_261_123] {
        let (db, chaos) = Chaos::db(seed, 0.02).await;
        db.create_table::<Guarded>().await.unwrap();
        chaos.storm();
        let told = std::sync::Arc::new(std::sync::Mutex::new(BTreeMap::<_, u32>::new()));
        all((0..6_u64).map(|task| {
            let (db, told) = (db.clone(), told.clone());
            async move {
                let mut dice = fastrand::Rng::with_seed(seed ^ task << 7);
                for _ in 0..35 {
                    let what = match step(&db, &mut dice).await {
                        Ok(()) => "done",
                        Err(e) if e.is_unique_violation() => "taken",
                        Err(e) if e.is_condition_failed() => "condition",
                        Err(_) => "fault",
                    };
                    *told.lock().unwrap().entry(what).or_default() += 1;
                }
            }
        }))
        .await;
        chaos.calm();
        check::<User>(&db).await;
        let told = told.lock().unwrap().clone();
        for what in ["done", "taken", "condition"] {
            assert!(told.get(what).is_some_and(|n| *n > 5), "{told:?}");
        }
    }
}

/// The checker detects each kind of damage.
#[tokio::test]
async fn checker_detects_each_kind_of_damage() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    account("a", "a@x").create().send(&db).await.unwrap();
    account("b", "b@x").create().send(&db).await.unwrap();
    let items = raw::all::<Account>(&db).await;
    assert!(broken::<Account>(&items).is_empty());
    for i in 0..items.len() {
        let mut less = items.clone();
        less.remove(i);
        assert_eq!(broken::<Account>(&less).len(), 1);
    }
    let mut twice = items.clone();
    let is_b = |i: &&mut raw::Item| i["id"].as_s().is_ok_and(|id| id == "b");
    let b = twice.iter_mut().find(is_b).unwrap();
    b.insert(
        "email".into(),
        raw::item(r#"{"e":{"S":"a@x"}}"#)["e"].clone(),
    );
    assert_eq!(broken::<Account>(&twice).len(), 3);
}
