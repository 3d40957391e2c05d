//! Entities that share a table: stored form, reads, updates of index keys.

use dynamodel::expr::Part;
use dynamodel::{Document, Entity, Table};
use dynamodel_tests::db;

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", ttl = "expires", billing = on_demand)]
#[dynamo(stream = new_and_old_images)]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
#[dynamo(index(gsi2, partition = "gsi2pk"))]
#[dynamo(local_index(lsi1, sort = "lsi1sk"))]
pub(crate) struct App;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = App, key(partition = "USER#{user_id}", sort = "PROFILE"))]
#[dynamo(index(gsi2 as by_email, partition = "EMAIL#{email}"))]
pub(crate) struct User {
    pub(crate) user_id: String,
    pub(crate) email: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Document)]
pub(crate) enum Status {
    Open,
    Paid,
}

#[derive(Debug, Clone, PartialEq, Document)]
pub(crate) struct Address {
    pub(crate) zip: String,
    pub(crate) street: String,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = App, key(partition = "USER#{user_id}", sort = "ORDER#{placed_at}#{order_id}"))]
#[dynamo(index(gsi1 as by_status, partition = "STATUS#{status}", sort = "{priority}#{placed_at}"))]
#[dynamo(index(gsi2 as by_zip, partition = "ZIP#{address.zip}"))]
#[dynamo(local_index(lsi1 as by_total, sort = "TOTAL#{total}#{note}"))]
pub(crate) struct Order {
    pub(crate) user_id: String,
    pub(crate) placed_at: u64,
    pub(crate) order_id: String,
    pub(crate) status: Status,
    pub(crate) priority: i8,
    pub(crate) total: u32,
    pub(crate) note: Option<String>,
    pub(crate) address: Address,
    pub(crate) views: u64,
    #[dynamo(version)]
    pub(crate) version: u64,
}

fn user(user_id: &str) -> User {
    User {
        user_id: user_id.into(),
        email: format!("{user_id}@example.org"),
        name: "Ada".into(),
    }
}

fn order(user_id: &str, placed_at: u64, order_id: &str) -> Order {
    Order {
        user_id: user_id.into(),
        placed_at,
        order_id: order_id.into(),
        status: Status::Open,
        priority: 0,
        total: 100,
        note: None,
        address: Address {
            zip: "12345".into(),
            street: "Main".into(),
        },
        views: 0,
        version: 0,
    }
}

/// Returns an attribute of a stored order, as text.
async fn attribute(db: &dynamodel::Db, order_id: &str, name: &str) -> Option<String> {
    use aws_sdk_dynamodb::types::AttributeValue;
    let found = db
        .client()
        .scan()
        .table_name(&*db.table_name::<App>())
        .send()
        .await
        .unwrap();
    let mut items = found.items.unwrap().into_iter();
    let item = items.find(|i| i.get("order_id") == Some(&AttributeValue::S(order_id.into())));
    item.unwrap().get(name).map(|v| v.as_s().unwrap().clone())
}

#[tokio::test]
async fn items_are_written_with_their_keys_and_type() {
    let db = db().await;
    db.create_table::<Order>().await.unwrap();
    db.create_table::<App>().await.unwrap();
    assert!(
        db.describe_table::<User>()
            .await
            .unwrap()
            .differences()
            .is_empty()
    );
    let stored = order("u1", 7, "A").create().send(&db).await.unwrap();
    for (name, text) in [
        ("pk", Some("USER#u1")),
        ("sk", Some("ORDER#00000000000000000007#A")),
        ("gsi1pk", Some("STATUS#Open")),
        ("gsi1sk", Some("128#00000000000000000007")),
        ("gsi2pk", Some("ZIP#12345")),
        ("lsi1sk", None), // absent, because the note is part of this key and is `None`
        ("_type", Some("Order")),
        ("user_id", Some("u1")),
    ] {
        assert_eq!(attribute(&db, "A", name).await.as_deref(), text, "{name}");
    }
    let read = Order::get("u1", 7, "A")
        .consistent()
        .send(&db)
        .await
        .unwrap();
    assert_eq!(read, Some(stored.clone()));
    assert_eq!(stored.key_of(), Order::key("u1", 7, "A"));
    let mut again = stored.clone();
    again.status = Status::Paid;
    again.note = Some("gift".into());
    let again = again.replace().send(&db).await.unwrap();
    assert_eq!(attribute(&db, "A", "gsi1pk").await.unwrap(), "STATUS#Paid");
    assert_eq!(
        attribute(&db, "A", "lsi1sk").await.unwrap(),
        "TOTAL#0000000100#gift"
    );
    Order::get("u1", 7, "A")
        .modify(&db, |o| {
            o.priority = -1;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(
        attribute(&db, "A", "gsi1sk").await.unwrap(),
        "127#00000000000000000007"
    );
    assert!(again.remove().send(&db).await.unwrap_err().is_conflict());
}

#[tokio::test]
async fn query_returns_only_items_of_its_entity() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    user("u1").create().send(&db).await.unwrap();
    user("u2").create().send(&db).await.unwrap();
    for (user_id, placed_at, order_id) in [
        ("u1", 1, "A"),
        ("u1", 10, "A"),
        ("u1", 10, "B"),
        ("u1", 100, "AA"),
        ("u2", 1, "A"),
    ] {
        order(user_id, placed_at, order_id)
            .create()
            .send(&db)
            .await
            .unwrap();
    }
    let ids = |orders: Vec<Order>| -> Vec<(u64, String)> {
        orders
            .into_iter()
            .map(|o| (o.placed_at, o.order_id))
            .collect()
    };
    let all = Order::query("u1").all(&db).await.unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!(User::query("u1").all(&db).await.unwrap(), [user("u1")]);
    let of_10 = Order::query("u1")
        .sort(|k| k.placed_at.eq(10_u64))
        .all(&db)
        .await
        .unwrap();
    assert_eq!(ids(of_10), [(10, "A".to_owned()), (10, "B".to_owned())]);
    let b = Order::query("u1").sort(|k| k.placed_at.eq(10_u64).order_id.begins_with("B"));
    assert_eq!(ids(b.all(&db).await.unwrap()), [(10, "B".to_owned())]);
    let one = Order::query("u1").sort(|k| k.placed_at.eq(100_u64).order_id.eq("A"));
    assert!(one.all(&db).await.unwrap().is_empty());
    let count = async |query: dynamodel::Query<Order>| query.count(&db).await.unwrap();
    assert_eq!(
        count(Order::query("u1").sort(|k| k.placed_at.ge(10_u64))).await,
        3
    );
    assert_eq!(
        count(Order::query("u1").sort(|k| k.placed_at.gt(10_u64))).await,
        1
    );
    assert_eq!(
        count(Order::query("u1").sort(|k| k.placed_at.le(10_u64))).await,
        3
    );
    assert_eq!(
        count(Order::query("u1").sort(|k| k.placed_at.lt(10_u64))).await,
        1
    );
    assert_eq!(
        count(Order::query("u1").sort(|k| k.placed_at.between(1_u64, 10_u64))).await,
        3
    );
    let after_a = Order::query("u1").sort(|k| k.placed_at.eq(10_u64).order_id.gt("A"));
    assert_eq!(count(after_a).await, 1);
    let to_a = Order::query("u1").sort(|k| k.placed_at.eq(10_u64).order_id.lt("B"));
    assert_eq!(count(to_a).await, 1);
    let page = Order::query("u1").page_size(3).page(&db).await.unwrap();
    let rest = Order::query("u1")
        .start_at(page.next)
        .all(&db)
        .await
        .unwrap();
    assert_eq!(ids(rest), [(100, "AA".to_owned())]);
    assert_eq!(Order::scan().count(&db).await.unwrap(), 5);
    assert_eq!(User::scan().all(&db).await.unwrap().len(), 2);
    let by_email = User::by_email("u2@example.org").first(&db).await.unwrap();
    assert_eq!(by_email, Some(user("u2")));
}

#[tokio::test]
async fn item_of_other_type_is_unreadable() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    user("u1").create().send(&db).await.unwrap();
    db.client()
        .update_item()
        .table_name(&*db.table_name::<App>())
        .key(
            "pk",
            aws_sdk_dynamodb::types::AttributeValue::S("USER#u1".into()),
        )
        .key(
            "sk",
            aws_sdk_dynamodb::types::AttributeValue::S("PROFILE".into()),
        )
        .update_expression("SET #t = :t")
        .expression_attribute_names("#t", "_type")
        .expression_attribute_values(
            ":t",
            aws_sdk_dynamodb::types::AttributeValue::S("Secret".into()),
        )
        .send()
        .await
        .unwrap();
    let error = User::get("u1").send(&db).await.unwrap_err();
    assert!(error.is_unreadable(), "{error}");
    assert_eq!(error.attribute_path().as_deref(), Some("_type"));
    assert!(!error.to_string().contains("Secret"));
}

#[tokio::test]
async fn key_part_with_literal_is_refused() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    // The last part of a key may contain any text; a part before a literal may not contain the literal.
    order("u1", 1, "A#B#").create().send(&db).await.unwrap();
    assert!(
        Order::get("u1", 1, "A#B#")
            .send(&db)
            .await
            .unwrap()
            .is_some()
    );
    #[derive(Debug, Entity)]
    #[dynamo(table = App, key(partition = "T#{tenant}#U#{user}", sort = "X"))]
    struct Member {
        tenant: String,
        user: String,
    }
    let forged = Member {
        tenant: "a#U#b".into(),
        user: "c".into(),
    };
    let error = forged.create().send(&db).await.unwrap_err();
    assert!(error.is_invalid_key(), "{error}");
    let error = Member::get("a#U#b", "c").send(&db).await.unwrap_err();
    assert!(error.is_invalid_key(), "{error}");
    assert!(!error.to_string().contains("a#U#b"), "{error}");
    assert!(Member::query("a#", "U#b").to_json().is_ok());
    assert!(
        Member::query("a#U", "#b")
            .to_json()
            .unwrap_err()
            .is_invalid_key()
    );
    assert!(Member::get("", "c").to_json().is_ok());
}

#[tokio::test]
async fn updates_keep_index_keys_consistent() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    order("u1", 7, "A").create().send(&db).await.unwrap();
    // `status` is the only part of its template; `priority` shares a template with a part of the primary
    // key.
    Order::update("u1", 7, "A")
        .apply(|o| o.status.set(Status::Paid))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(attribute(&db, "A", "gsi1pk").await.unwrap(), "STATUS#Paid");
    Order::update("u1", 7, "A")
        .apply(|o| (o.priority.set(-128), o.views.add(1)))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(
        attribute(&db, "A", "gsi1sk").await.unwrap(),
        "000#00000000000000000007"
    );
    Order::update("u1", 7, "A")
        .apply(|o| o.by_status.set(Status::Open, 127))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(
        attribute(&db, "A", "gsi1sk").await.unwrap(),
        "255#00000000000000000007"
    );
    // A part inside a document is set by the index's member.
    Order::update("u1", 7, "A")
        .apply(|o| o.by_zip.set("999"))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(attribute(&db, "A", "gsi2pk").await.unwrap(), "ZIP#999");
    // `total` and `note` are parts of one template, so they are set together.
    Order::update("u1", 7, "A")
        .apply(|o| o.by_total.set(5_u32, "gift"))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(
        attribute(&db, "A", "lsi1sk").await.unwrap(),
        "TOTAL#0000000005#gift"
    );
    let read = Order::get("u1", 7, "A").send(&db).await.unwrap().unwrap();
    assert_eq!(
        (read.total, read.note.as_deref(), read.priority),
        (5, Some("gift"), 127)
    );
    assert_eq!(read.address.zip, "999");
    assert_eq!(read.version, 6);
}

#[tokio::test]
async fn update_with_wrong_assumption_is_refused() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    let mut with_note = order("u1", 7, "A");
    with_note.note = Some("x".into());
    with_note.create().send(&db).await.unwrap();
    let raise = |note: &'static str| {
        Order::update("u1", 7, "A")
            .apply(move |o| o.by_total.set_assuming(Part::Set(9_u32), Part::Is(note)))
    };
    let error = raise("y").send(&db).await.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
    assert_eq!(
        attribute(&db, "A", "lsi1sk").await.unwrap(),
        "TOTAL#0000000100#x"
    );
    raise("x").send(&db).await.unwrap();
    assert_eq!(
        attribute(&db, "A", "lsi1sk").await.unwrap(),
        "TOTAL#0000000009#x"
    );
}

#[tokio::test]
async fn update_that_creates_writes_whole_item() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    User::update("u9")
        .apply(|u| (u.email.set("u9@example.org"), u.name.set("Ada")))
        .or_create(user("u9"))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(User::get("u9").send(&db).await.unwrap(), Some(user("u9")));
    assert_eq!(
        User::by_email("u9@example.org").count(&db).await.unwrap(),
        1
    );
    assert_eq!(User::scan().count(&db).await.unwrap(), 1);
}

#[tokio::test]
async fn local_index_shares_partition_of_table() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    for (id, total) in [("A", 300), ("B", 20), ("C", 1000)] {
        let mut order = order("u1", 1, id);
        order.total = total;
        order.note = Some("n".into());
        order.create().send(&db).await.unwrap();
    }
    user("u1").create().send(&db).await.unwrap();
    let by_total = Order::by_total("u1").consistent().all(&db).await.unwrap();
    let ids: Vec<&str> = by_total.iter().map(|o| o.order_id.as_str()).collect();
    assert_eq!(ids, ["B", "A", "C"]);
    let large = Order::by_total("u1")
        .sort(|k| k.total.ge(300))
        .count(&db)
        .await
        .unwrap();
    assert_eq!(large, 2);
}

#[tokio::test]
async fn transactions_and_batches_keep_index_keys_consistent() {
    use dynamodel::{BatchGet, BatchWrite, Transaction};
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    order("u1", 7, "A").create().send(&db).await.unwrap();
    let mut tx = Transaction::new();
    tx.put(user("u1").create());
    tx.put(order("u1", 8, "B").create());
    tx.update(Order::update("u1", 7, "A").apply(|o| o.by_total.set(1_u32, "x")));
    tx.send(&db).await.unwrap();
    assert_eq!(
        attribute(&db, "A", "lsi1sk").await.unwrap(),
        "TOTAL#0000000001#x"
    );
    assert_eq!(attribute(&db, "B", "gsi1pk").await.unwrap(), "STATUS#Open");
    let stale = Order::update("u1", 7, "A")
        .apply(|o| o.by_total.set_assuming(Part::Set(2_u32), Part::Is("y")));
    let mut tx = Transaction::new();
    tx.update(stale);
    assert!(tx.send(&db).await.unwrap_err().is_transaction_canceled());
    BatchWrite::new()
        .put(user("u2"))
        .delete(User::key("u1"))
        .send(&db)
        .await
        .unwrap();
    let found = BatchGet::new([User::key("u1"), User::key("u2")])
        .send(&db)
        .await
        .unwrap();
    assert_eq!(found, [None, Some(user("u2"))]);
    assert_eq!(
        User::by_email("u2@example.org").count(&db).await.unwrap(),
        1
    );
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = App, key(partition = "TASK#{id}", sort = "TASK"))]
#[dynamo(index(gsi1 as by_owner, partition = "OWNER#{owner}", sort = "{rank}#{address.zip}"))]
struct Task {
    id: u32,
    owner: String,
    rank: u8,
    address: Address,
}

#[tokio::test]
async fn diffs_keep_index_keys_consistent() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    let address = Address {
        zip: "1".into(),
        street: "Main".into(),
    };
    let task = Task {
        id: 1,
        owner: "ann".into(),
        rank: 1,
        address,
    };
    let task = task.create().send(&db).await.unwrap();
    let zips = async |rank: u8| {
        let tasks = Task::by_owner("bob")
            .sort(|k| k.rank.eq(rank))
            .all(&db)
            .await
            .unwrap();
        tasks.into_iter().map(|t| t.address.zip).collect::<Vec<_>>()
    };
    let mut changed = task.clone();
    changed.rank = 2;
    changed.address.street = "Side".into();
    // The diff and the additional action each change an index key.
    let update = task.diff(&changed).apply(|t| t.owner.set("bob"));
    update.send(&db).await.unwrap();
    assert_eq!(zips(2).await, ["1"]);
    changed.owner = "bob".into();
    let mut other_zip = changed.clone();
    other_zip.address.zip = "2".into();
    changed.diff(&other_zip).send(&db).await.unwrap();
    assert_eq!(zips(2).await, ["2"]);
    // The zip and the rank are parts of one key, and the stored zip has changed since the read.
    let mut stale = changed.clone();
    stale.rank = 3;
    let error = changed.diff(&stale).send(&db).await.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
    assert_eq!(zips(2).await, ["2"]);
    other_zip.diff(&stale).send(&db).await.unwrap();
    assert_eq!(zips(3).await, ["1"]);
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = App, key(partition = "SHOP#{address.zip}", sort = "SHOP#{name}"))]
struct Shop {
    name: String,
    address: Address,
}

/// Only the field that is a part of the key is bound to it, not the document around it.
#[tokio::test]
async fn document_with_key_part_is_updated_elsewhere() {
    let db = db().await;
    db.create_table::<App>().await.unwrap();
    let first = order("u1", 1, "A").create().send(&db).await.unwrap();
    let update = || Order::update("u1", 1_u64, "A");
    let zips = async |zip: &str| Order::by_zip(zip).count(&db).await.unwrap();
    let street = update().apply(|o| o.address.at(|a| a.street).set("Side"));
    assert!(!street.to_json().unwrap().contains("gsi2pk"));
    street.send(&db).await.unwrap();
    assert_eq!(zips(&first.address.zip).await, 1);
    // The zip is the only part of its key, so the key follows it, alone and in the whole document.
    let zip = update().apply(|o| o.address.at(|a| (a.zip.set("77"), a.street.set("Back"))));
    zip.send(&db).await.unwrap();
    assert_eq!((zips(&first.address.zip).await, zips("77").await), (0, 1));
    let whole = |zip: &str| Address {
        zip: zip.into(),
        street: "Main".into(),
    };
    update()
        .apply(|o| o.address.set(whole("88")))
        .send(&db)
        .await
        .unwrap();
    assert_eq!((zips("77").await, zips("88").await), (0, 1));
    // A value that is only known in the table, or to the left of the key's other part.
    let copied = update().apply(|o| o.address.at(|a| a.zip.set_from(&a.street)));
    let task = Task {
        id: 1,
        owner: "ann".into(),
        rank: 1,
        address: whole("1"),
    };
    task.create().send(&db).await.unwrap();
    let alone = Task::update(1).apply(|t| t.address.at(|a| a.zip.set("2")));
    for (error, key) in [
        (copied.send(&db).await.unwrap_err(), "gsi2pk"),
        (alone.send(&db).await.unwrap_err(), "gsi1sk"),
    ] {
        assert!(
            error.is_invalid_request() && error.attempts() == 0,
            "{error}"
        );
        assert!(error.to_string().contains(key), "{error}");
    }
    Task::update(1)
        .apply(|t| t.address.at(|a| a.street.set("Side")))
        .send(&db)
        .await
        .unwrap();
    let shop = Shop {
        name: "s".into(),
        address: whole("1"),
    };
    let shop = shop.create().send(&db).await.unwrap();
    let moved = Shop::update("1", "s").apply(|s| s.address.at(|a| a.street.set("Side")));
    assert_eq!(
        moved
            .returning_new()
            .send(&db)
            .await
            .unwrap()
            .address
            .street,
        "Side"
    );
    let rekeyed = Shop::update("1", "s").apply(|s| s.address.at(|a| a.zip.set("2")));
    let error = rekeyed.send(&db).await.unwrap_err();
    assert!(
        error.is_invalid_request() && error.to_string().contains("`address.zip`"),
        "{error}"
    );
    assert_eq!(
        Shop::get("1", "s")
            .send(&db)
            .await
            .unwrap()
            .unwrap()
            .address
            .zip,
        shop.address.zip
    );
}
