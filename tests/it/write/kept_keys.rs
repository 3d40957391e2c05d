//! Writes by value of items whose stored key is kept, `#[dynamo(keep_key)]`.

use dynamodel::{BatchWrite, Db, Entity, Projection, StoredKey, Table, Transaction};
use dynamodel_tests::db;

use crate::raw;

#[derive(Table)]
#[dynamo(name = "ledger", partition = "PK", sort = "SK")]
#[dynamo(index(gsi1, partition = "G1", sort = "G1S"))]
struct Ledger;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Ledger, key(partition = "FIRM#{firm}", sort = "BILL#{bill}"), new)]
#[dynamo(index(gsi1 as by_state, partition = "STATE#{state}", sort = "{bill}", shards = 4))]
struct Bill {
    firm: String,
    bill: u32,
    state: String,
    #[dynamo(version, default)]
    version: u64,
    #[dynamo(keep_key)]
    key: StoredKey,
}

/// Keys of bill 7 of firm `Acme` in forms of other programs: the number without zeros, small
/// letters, another template, and a part that the template refuses.
const KEYS: [(&str, &str, &str); 5] = [
    ("FIRM#Acme", "BILL#7", "Acme"),
    ("FIRM#acme", "BILL#0000000007", "Acme"),
    ("ORG#Acme", "INVOICE#7", "Acme"),
    ("FIRM#A\\\"c", "BILL#7", "A\\\"c"),
    ("FIRM#Acme", "BILL#0000000007", "Acme"),
];

async fn stored(pk: &str, sk: &str, firm: &str) -> Db {
    let db = db().await;
    db.create_table::<Ledger>().await.unwrap();
    let item = format!(
        r#"{{"PK":{{"S":"{pk}"}},"SK":{{"S":"{sk}"}},"firm":{{"S":"{firm}"}},"bill":{{"N":"7"}},
            "state":{{"S":"open"}},"version":{{"N":"1"}},"_type":{{"S":"Bill"}}}}"#
    );
    raw::put::<Bill>(&db, &item).await;
    db
}

async fn read(db: &Db) -> Bill {
    let mut all = Bill::scan().all(db).await.unwrap();
    assert_eq!(all.len(), 1, "one item");
    all.remove(0)
}

/// Checks that the only item has this key and state.
async fn check(db: &Db, (pk, sk, _): (&str, &str, &str), state: &str) {
    let item = raw::all::<Bill>(db).await;
    assert_eq!(item.len(), 1, "{pk} {sk}");
    assert_eq!(item[0]["PK"].as_s().unwrap(), &pk.replace('\\', ""));
    assert_eq!(item[0]["SK"].as_s().unwrap(), sk);
    assert_eq!(item[0]["state"].as_s().unwrap(), state);
    assert!(!item[0].contains_key("key"));
}

#[tokio::test]
async fn each_write_by_value_goes_to_the_item_that_was_read() {
    for at @ (pk, sk, firm) in KEYS {
        let db = stored(pk, sk, firm).await;
        let is_own = at == KEYS[4];
        let bill = read(&db).await;
        assert_eq!(bill.key.is_kept(), !is_own);
        let state = |state: &str, bill: &Bill| Bill {
            state: state.into(),
            ..bill.clone()
        };

        let bill = state("put", &bill).put().send(&db).await.unwrap();
        check(&db, at, "put").await;
        let bill = state("replaced", &bill).replace().send(&db).await.unwrap();
        check(&db, at, "replaced").await;
        bill.diff(&state("diff", &bill)).send(&db).await.unwrap();
        check(&db, at, "diff").await;
        let bill = read(&db).await;
        let mut tx = Transaction::new();
        tx.put(state("tx", &bill).put());
        tx.send(&db).await.unwrap();
        check(&db, at, "tx").await;
        let bill = read(&db).await;
        let batch = BatchWrite::new().put(state("batch", &bill).put().unversioned());
        batch.send(&db).await.unwrap();
        check(&db, at, "batch").await;

        // The index keys follow, in the shard of the stored key.
        let found = Bill::by_state("batch").all(&db).await.unwrap();
        assert_eq!(found.len(), 1);
        let got = dynamodel::BatchGet::new([found[0].key_of()])
            .send(&db)
            .await
            .unwrap();
        assert_eq!(got[0].as_ref().map(|b| b.bill), Some(7));

        let bill = read(&db).await;
        let conflict = Bill {
            version: 99,
            ..bill.clone()
        }
        .put()
        .send(&db)
        .await
        .unwrap_err();
        assert!(conflict.is_conflict());
        assert_eq!(conflict.current::<Bill>(), Some(bill.clone()));
        bill.remove().send(&db).await.unwrap();
        assert_eq!(raw::count::<Bill>(&db).await, 0);
    }
}

#[tokio::test]
async fn deletes_in_transactions_and_batches_meet_the_item() {
    let (pk, sk, firm) = KEYS[0];
    let db = stored(pk, sk, firm).await;
    let bill = read(&db).await;
    let mut tx = Transaction::new();
    tx.delete(bill.remove());
    tx.send(&db).await.unwrap();
    assert_eq!(raw::count::<Bill>(&db).await, 0);
    let db = stored(pk, sk, firm).await;
    let key = read(&db).await.key_of();
    BatchWrite::new().delete(key).send(&db).await.unwrap();
    assert_eq!(raw::count::<Bill>(&db).await, 0);
}

/// An article that is found by the small letters of its number.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Ledger, key(partition = "sku_{sku}", sort = "article"))]
struct Article {
    sku: String,
    title: String,
    #[dynamo(version)]
    version: u64,
    #[dynamo(keep_key)]
    key: StoredKey,
}

#[tokio::test]
async fn modify_writes_the_item_under_its_stored_key() {
    let db = db().await;
    db.create_table::<Ledger>().await.unwrap();
    raw::put::<Article>(
        &db,
        r#"{"PK":{"S":"sku_ab9"},"SK":{"S":"article"},"sku":{"S":"AB9"},"title":{"S":"Lamp"},
            "version":{"N":"1"},"_type":{"S":"Article"}}"#,
    )
    .await;
    let modified = Article::get("ab9").modify(&db, |a| {
        a.title = "Lantern".into();
        Ok(())
    });
    let modified = modified.await.unwrap();
    assert!(modified.key.is_kept());
    assert_eq!(raw::count::<Article>(&db).await, 1);
    let got = Article::get("ab9").send(&db).await.unwrap().unwrap();
    assert_eq!((&*got.title, &*got.sku), ("Lantern", "AB9"));
    assert_eq!(format!("{:?}", got.key), "StoredKey { is_kept: true }");
}

#[tokio::test]
async fn changed_field_of_the_key_makes_it_again() {
    let (pk, sk, firm) = KEYS[0];
    let db = stored(pk, sk, firm).await;
    let bill = read(&db).await;
    let other = Bill {
        bill: 8,
        version: 0,
        ..bill.clone()
    };
    assert_eq!(other.key_of(), Bill::key("Acme", 8_u32));
    other.create().send(&db).await.unwrap();
    assert_eq!(raw::count::<Bill>(&db).await, 2);
    let new = Bill::new("Acme", 7_u32, "open");
    assert!(!new.key.is_kept());
    assert_eq!(new.key_of(), Bill::key("Acme", 7_u32));
    assert_ne!(bill.key_of(), new.key_of());
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Bill)]
struct BillView<'a> {
    firm: &'a str,
    bill: u32,
}

#[tokio::test]
async fn projection_of_item_under_other_key_is_read() {
    let (pk, sk, firm) = KEYS[2];
    let db = stored(pk, sk, firm).await;
    let page = Bill::scan().borrowed::<BillView>().page(&db).await.unwrap();
    assert_eq!(
        page.items().unwrap(),
        [BillView {
            firm: "Acme",
            bill: 7
        }]
    );
}
