//! The fast path from outside. That everything works on it is shown by the whole suite, and with
//! `DYNAMODEL_TEST_PATH=raw` or `plain` that everything works without it.

mod connections;
mod processes;
mod server;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use dynamodel::{BatchGet, BatchWrite, Db, Entity, Transaction, transact_get};
use dynamodel_tests::faults::{self, Fault};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "notes")]
struct Note {
    #[dynamo(partition)]
    id: String,
    text: String,
    #[dynamo(version)]
    version: u64,
}

fn note(id: &str) -> Note {
    Note {
        id: id.to_owned(),
        text: "text".to_owned(),
        version: 0,
    }
}

/// A database on the fast path, with this client of the engine or endpoint under test.
async fn on_fast_path(configure: impl FnOnce(Builder) -> Builder) -> Db {
    let config = configure(dynamodel_tests::config().await);
    let db = Db::builder().client(Client::from_conf(config.build()));
    let db = db.table_prefix(dynamodel_tests::prefix()).build();
    db.create_table::<Note>().await.unwrap();
    db
}

#[tokio::test]
async fn every_kind_of_request_takes_the_fast_path() {
    let db = on_fast_path(|config| config).await;
    assert!(
        db.transport_status().fast_path().is_open(),
        "{:?}",
        db.transport_status().fast_path()
    );
    let a = note("a").create().send(&db).await.unwrap();
    let a = a.put().send(&db).await.unwrap();
    Note::update("a")
        .apply(|n| n.text.set("new"))
        .send(&db)
        .await
        .unwrap();
    let found = Note::get("a").send(&db).await.unwrap().unwrap();
    assert_eq!((found.version, &*found.text), (a.version + 1, "new"));
    assert_eq!(Note::query("a").all(&db).await.unwrap().len(), 1);
    assert_eq!(Note::scan().all(&db).await.unwrap().len(), 1);
    let keys = [Note::key("a"), Note::key("b")];
    let batch = BatchGet::new(keys).send(&db).await.unwrap();
    assert_eq!(batch.iter().flatten().count(), 1);
    let mut transaction = Transaction::new();
    transaction.put(note("b").create());
    transaction.send(&db).await.unwrap();
    BatchWrite::new()
        .put(note("c").put().unversioned())
        .send(&db)
        .await
        .unwrap();
    let gets = (Note::get("b"), Note::get("c"));
    let (b, c) = transact_get(gets).send(&db).await.unwrap();
    assert!(b.is_some() && c.is_some());
    Note::delete("a").send(&db).await.unwrap();

    let status = db.transport_status().fast_path();
    assert_eq!((status.succeeded(), status.fell_back()), (11, 0));
    assert_eq!(status.ineligible_because(), None);
}

#[tokio::test]
async fn refused_condition_is_a_final_response() {
    let db = on_fast_path(|config| config).await;
    let stored = note("a").create().send(&db).await.unwrap();
    let e = note("a").create().send(&db).await.unwrap_err();
    assert!(e.is_conflict());
    assert_eq!((e.attempts(), e.is_ambiguous()), (1, false));
    assert_eq!(e.current::<Note>(), Some(stored));
    let status = db.transport_status().fast_path();
    assert_eq!((status.succeeded(), status.fell_back()), (2, 0));
    assert!(status.is_open());
}

#[tokio::test]
async fn client_with_interceptors_is_not_for_the_fast_path() {
    #[derive(Debug)]
    struct Mine;
    #[dyn_dispatch_hint]
    impl Intercept for Mine {
        fn name(&self) -> &'static str {
            "Mine"
        }
    }
    let db = on_fast_path(|config| config.interceptor(Mine)).await;
    note("a").create().send(&db).await.unwrap();
    let status = db.transport_status().fast_path();
    assert_eq!(
        status.ineligible_because(),
        Some("the client has interceptors")
    );
    assert_eq!((status.succeeded(), status.fell_back()), (0, 0));
}

#[tokio::test]
async fn fast_path_is_open_unless_it_is_turned_off() {
    let client = Client::from_conf(dynamodel_tests::config().await.build());
    assert!(
        Db::new(client.clone())
            .transport_status()
            .fast_path()
            .is_open()
    );
    let db = Db::builder().client(client).fast_path(false).build();
    let why = db
        .transport_status()
        .fast_path()
        .ineligible_because()
        .unwrap();
    assert!(why.contains("turned off"), "{why}");
    assert!(
        !Db::builder()
            .build()
            .transport_status()
            .fast_path()
            .is_open()
    );
}

/// The write is done, its answer is lost, and the second attempt finds the first one's item.
#[tokio::test]
async fn lost_response_of_the_fast_path_makes_a_conflict_ambiguous() {
    let (db, faults) = faults::db().await;
    let db = Db::builder().client(db.client().clone());
    let db = db.table_prefix(dynamodel_tests::prefix()).build();
    db.create_table::<Note>().await.unwrap();
    note("a").create().send(&db).await.unwrap();
    faults.next("PutItem", [Fault::DropResponse]);
    let e = note("b").create().send(&db).await.unwrap_err();
    assert!(e.is_conflict() && e.is_ambiguous());
    assert_eq!(e.attempts(), 2);
    assert_eq!(faults.sent("PutItem").len(), 3);
    assert_eq!(db.transport_status().fast_path().fell_back(), 1);
}
