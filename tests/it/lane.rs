//! The verified lane from outside. That everything works on it is shown by the whole suite, and with
//! `DYNAMODEL_TEST_LANE=0` that everything works without it.

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

/// A database on the lane, with this client of the engine or endpoint under test.
async fn on_lane(configure: impl FnOnce(Builder) -> Builder) -> Db {
    let config = configure(dynamodel_tests::config().await);
    let db = Db::builder().client(Client::from_conf(config.build()));
    let db = db.table_prefix(dynamodel_tests::prefix()).build();
    db.create_table::<Note>().await.unwrap();
    db
}

#[tokio::test]
async fn every_kind_of_request_takes_the_lane() {
    let db = on_lane(|config| config).await;
    assert!(db.lane_status().is_open(), "{:?}", db.lane_status());
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

    let status = db.lane_status();
    assert_eq!((status.answered(), status.handed_over()), (11, 0));
    assert_eq!(status.obstacle(), None);
}

#[tokio::test]
async fn refusals_are_handed_over() {
    let db = on_lane(|config| config).await;
    let stored = note("a").create().send(&db).await.unwrap();
    let e = note("a").create().send(&db).await.unwrap_err();
    assert!(e.is_conflict());
    assert_eq!((e.attempts(), e.is_ambiguous()), (1, false));
    assert_eq!(e.current::<Note>(), Some(stored));
    let status = db.lane_status();
    assert_eq!((status.answered(), status.handed_over()), (1, 1));
    assert!(status.is_open());
}

#[tokio::test]
async fn a_client_with_interceptors_is_served_as_without_the_lane() {
    #[derive(Debug)]
    struct Mine;
    #[dyn_dispatch_hint]
    impl Intercept for Mine {
        fn name(&self) -> &'static str {
            "Mine"
        }
    }
    let db = on_lane(|config| config.interceptor(Mine)).await;
    note("a").create().send(&db).await.unwrap();
    let status = db.lane_status();
    assert_eq!(status.obstacle(), Some("the client has interceptors"));
    assert_eq!((status.answered(), status.handed_over()), (0, 0));
}

#[tokio::test]
async fn the_lane_is_open_unless_it_is_turned_off() {
    let client = Client::from_conf(dynamodel_tests::config().await.build());
    assert!(Db::new(client.clone()).lane_status().is_open());
    let db = Db::builder().client(client).verified_lane(false).build();
    let why = db.lane_status().obstacle().unwrap();
    assert!(why.contains("turned off"), "{why}");
    assert!(!Db::builder().build().lane_status().is_open());
}

/// The write is done, its answer is lost, and the second attempt finds the first one's item.
#[tokio::test]
async fn a_lost_answer_of_the_lane_makes_a_conflict_ambiguous() {
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
    assert_eq!(db.lane_status().handed_over(), 1);
}
