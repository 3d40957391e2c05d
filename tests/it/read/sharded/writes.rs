//! Every kind of write puts an item into its shard.

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{BatchWrite, BulkWriter, Transaction};

use super::*;
use crate::raw;

/// Checks that the order is in the index, in the shard of its key.
async fn check(db: &Db, id: &str) {
    let key = format!("{{\"id\":{{\"S\":\"{id}\"}},\"line\":{{\"N\":\"1\"}}}}");
    let stored = raw::get::<Order>(db, &key).await.unwrap();
    let expected = shard(&[('S', id), ('N', "1e0")], 16);
    assert_eq!(
        stored["_by_status_shard"],
        AttributeValue::N(expected.to_string()),
        "{id}"
    );
    let found = Order::by_status("open").all(db).await.unwrap();
    assert!(found.iter().any(|o| o.id == id), "{id}");
}

#[tokio::test]
async fn every_write_sets_shard_attribute() {
    let db = orders([]).await;
    let update =
        |id: &str| Order::update(id, 1_u32).apply(|o| (o.status.set("open"), o.placed_at.set(5)));
    order("create", 1).create().send(&db).await.unwrap();
    order("put", 1).put().send(&db).await.unwrap();
    order("replace", 1).put().send(&db).await.unwrap();
    order("replace", 2).replace().send(&db).await.unwrap();
    let closed = |id| Order {
        status: None,
        ..order(id, 1)
    };
    let upsert = |id| update(id).or_create(closed(id));
    upsert("upsert").send(&db).await.unwrap();
    closed("update").create().send(&db).await.unwrap();
    update("update").send(&db).await.unwrap();
    closed("exists").create().send(&db).await.unwrap();
    update("exists").must_exist().send(&db).await.unwrap();
    let before = closed("diff").create().send(&db).await.unwrap();
    before.diff(&order("diff", 9)).send(&db).await.unwrap();
    let mut tx = Transaction::new();
    tx.put(order("tx-create", 1).create());
    tx.update(upsert("tx-update"));
    tx.send(&db).await.unwrap();
    let batch = BatchWrite::new()
        .put(order("batch", 1))
        .put(order("batch-2", 1));
    batch.send(&db).await.unwrap();
    let bulk = futures_util::stream::iter([order("bulk", 1)]);
    BulkWriter::new().load(&db, bulk).await.unwrap();
    for id in [
        "create",
        "put",
        "replace",
        "upsert",
        "update",
        "exists",
        "diff",
        "tx-create",
        "tx-update",
        "batch",
        "batch-2",
        "bulk",
    ] {
        check(&db, id).await;
    }
    assert_eq!(Order::by_status("open").count(&db).await.unwrap(), 12);
}

#[tokio::test]
async fn update_adds_shard_to_item_older_than_index() {
    let db = orders([]).await;
    let old = r#"{"id":{"S":"old"},"line":{"N":"1"},"status":{"S":"open"},"placed_at":{"N":"1"}}"#;
    raw::put::<Order>(&db, old).await;
    assert_eq!(Order::by_status("open").count(&db).await.unwrap(), 0);
    let touch = Order::update("old", 1_u32).apply(|o| o.note.set("seen"));
    touch.must_exist().send(&db).await.unwrap();
    check(&db, "old").await;
}

#[tokio::test]
async fn diff_without_changes_writes_no_shard() {
    let db = orders([order("a", 1)]).await;
    let same = || order("a", 1).diff(&order("a", 1));
    assert!(same().is_unchanged());
    assert!(!same().to_json().unwrap().contains("UpdateExpression"));
    same().send(&db).await.unwrap();
    let mut tx = Transaction::new();
    tx.update(same());
    tx.put(order("b", 2).create());
    tx.send(&db).await.unwrap();
    assert_eq!(Order::by_status("open").count(&db).await.unwrap(), 2);
}

#[tokio::test]
async fn item_without_index_key_is_not_in_sharded_index() {
    let db = orders([order("a", 1), order("b", 2)]).await;
    Order::update("a", 1_u32)
        .apply(|o| o.status.remove())
        .send(&db)
        .await
        .unwrap();
    let open = Order::by_status("open").all(&db).await.unwrap();
    assert_eq!(open, [order("b", 2)]);
    Order::update("a", 1_u32)
        .apply(|o| o.status.set("open"))
        .must_exist()
        .send(&db)
        .await
        .unwrap();
    assert_eq!(Order::by_status("open").count(&db).await.unwrap(), 2);
}

/// Checks that the task's index key ends with the shard; its fields do not contain the shard.
async fn check_task(db: &Db, user: &str) {
    let pk = format!("USER#{user}");
    let sk = "TASK#0000000007";
    let key = format!("{{\"pk\":{{\"S\":\"{pk}\"}},\"sk\":{{\"S\":\"{sk}\"}}}}");
    let stored = raw::get::<Task>(db, &key).await.unwrap();
    let expected = shard(&[('S', &pk), ('S', sk)], 16);
    let text = format!("STATE#open#{expected:03}");
    assert_eq!(stored["gsi1pk"], AttributeValue::S(text), "{user}");
    let found = Task::by_state("open").all(db).await.unwrap();
    assert!(found.iter().any(|t| t.user == user), "{user}");
}

#[tokio::test]
async fn every_write_sets_shard_in_shared_table_key() {
    let db = dynamodel_tests::db().await;
    db.create_table::<App>().await.unwrap();
    let none = |user| Task {
        state: None,
        ..task(user, 1)
    };
    let set = |user: &str| {
        Task::update(user, 7_u32).apply(|t| (t.by_state.set("open", 5, "title"), t.done.set(true)))
    };
    task("create", 1).create().send(&db).await.unwrap();
    task("put", 1).put().send(&db).await.unwrap();
    task("replace", 1).put().send(&db).await.unwrap();
    task("replace", 2).replace().send(&db).await.unwrap();
    none("update").create().send(&db).await.unwrap();
    set("update").send(&db).await.unwrap();
    let upsert = |user| set(user).or_create(none(user));
    upsert("upsert").send(&db).await.unwrap();
    none("exists").create().send(&db).await.unwrap();
    set("exists").must_exist().send(&db).await.unwrap();
    // The index's partition key has a single field, which can be set alone.
    none("alone").create().send(&db).await.unwrap();
    Task::update("alone", 7_u32)
        .apply(|t| t.state.set("open"))
        .send(&db)
        .await
        .unwrap();
    let before = none("diff").create().send(&db).await.unwrap();
    before.diff(&task("diff", 9)).send(&db).await.unwrap();
    let mut tx = Transaction::new();
    tx.put(task("tx-create", 1).create());
    tx.update(upsert("tx-update"));
    tx.send(&db).await.unwrap();
    BatchWrite::new()
        .put(task("batch", 1))
        .send(&db)
        .await
        .unwrap();
    for user in [
        "create",
        "put",
        "replace",
        "update",
        "upsert",
        "exists",
        "alone",
        "diff",
        "tx-create",
        "tx-update",
        "batch",
    ] {
        check_task(&db, user).await;
    }
    assert_eq!(Task::by_state("open").count(&db).await.unwrap(), 11);
    Task::update("alone", 7_u32)
        .apply(|t| t.state.remove())
        .send(&db)
        .await
        .unwrap();
    assert_eq!(Task::by_state("open").count(&db).await.unwrap(), 10);
}

/// No value can be mistaken for another value with a shard.
#[tokio::test]
async fn value_that_looks_like_shard_stays_distinct() {
    let db = dynamodel_tests::db().await;
    db.create_table::<App>().await.unwrap();
    let in_state = |user: &str, state: &str| Task {
        state: Some(state.to_owned()),
        ..task(user, 1)
    };
    let states = ["a", "a#003", "a#003#003", "a#"];
    for state in states {
        put(
            &db,
            (0..20).map(|n| in_state(&format!("{state}{n}"), state)),
        )
        .await;
    }
    for state in states {
        let found = Task::by_state(state).all(&db).await.unwrap();
        assert_eq!(found.len(), 20);
        assert!(found.iter().all(|t| t.state.as_deref() == Some(state)));
    }
}

#[tokio::test]
async fn table_is_created_and_compared_with_shards() {
    let db = orders([]).await;
    db.create_table::<Order>().await.unwrap();
    let info = db.describe_table::<Order>().await.unwrap();
    assert!(info.differences().is_empty(), "{:?}", info.differences());
    let more = db.describe_table::<Unsharded>().await.unwrap();
    let expected =
        "index `by_status` has partition key `status`, `_by_status_shard`, the entity `status`";
    assert_eq!(more.differences(), [expected]);
}

#[derive(Debug, Entity)]
#[dynamo(table = "orders")]
#[dynamo(index(by_status, partition = status, sort = placed_at))]
struct Unsharded {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    line: u32,
    status: String,
    placed_at: u64,
}

#[test]
fn diagram_shows_shards() {
    let picture = dynamodel::Model::of::<(Order, Task)>().to_string();
    assert!(
        picture.contains("status = {status}, _by_status_shard = {0..15}"),
        "{picture}"
    );
    assert!(picture.contains("Order::by_status(status)"), "{picture}");
    assert!(
        picture.contains("gsi1pk = STATE#{state}#{000..015}"),
        "{picture}"
    );
    let diagram = dynamodel::Model::of::<(Order,)>().to_mermaid();
    assert!(
        diagram.contains("N _by_status_shard \"{0..15}\""),
        "{diagram}"
    );
}
