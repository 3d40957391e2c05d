//! Items whose stored key is not the one that their fields make: other programs and other releases
//! wrote them.

use dynamodel::{
    BatchGet, Collection, Db, Document, Entity, Error, Projection, Table, transact_get,
};
use dynamodel_tests::db;
use futures_util::TryStreamExt;

use crate::raw;

#[derive(Table)]
#[dynamo(name = "ledger", partition = "PK", sort = "SK")]
#[dynamo(index(gsi1, partition = "G1"))]
#[dynamo(index(gsi2, partition = "G2", project = keys))]
struct Ledger;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Ledger, key(partition = "FIRM#{firm}", sort = "BILL#{bill}"))]
#[dynamo(index(gsi1 as by_payer, partition = "{payer}"))]
#[dynamo(index(gsi2 as by_due, partition = "{due}"))]
struct Bill {
    firm: String,
    bill: u32,
    payer: String,
    due: Option<String>,
    paid: bool,
}

#[derive(Debug, PartialEq, Collection)]
enum LedgerItem {
    Bill(Bill),
}

/// Keys of bill 7 of firm `Acme` that its template does not make, with the attribute at fault.
const OTHER_KEYS: [(&str, &str, &str); 4] = [
    ("FIRM#Acme", "BILL#7", "SK"),
    ("FIRM#acme", "BILL#0000000007", "PK"),
    ("FIRM#Acme", "BILL#00000000000000000007", "SK"),
    ("FIRM#Acme", "INVOICE#0000000007", "SK"),
];

const OWN_KEY: (&str, &str) = ("FIRM#Acme", "BILL#0000000007");

fn stored(pk: &str, sk: &str) -> String {
    format!(
        r#"{{"PK":{{"S":"{pk}"}},"SK":{{"S":"{sk}"}},"firm":{{"S":"Acme"}},"bill":{{"N":"7"}},
            "payer":{{"S":"p1"}},"G1":{{"S":"p1"}},"due":{{"S":"d"}},"G2":{{"S":"d"}},
            "paid":{{"BOOL":false}},"_type":{{"S":"Bill"}}}}"#
    )
}

/// Returns a database with one bill under this key.
async fn ledger(pk: &str, sk: &str) -> Db {
    let db = db().await;
    db.create_table::<Ledger>().await.unwrap();
    raw::put::<Bill>(&db, &stored(pk, sk)).await;
    db
}

fn bill() -> Bill {
    Bill {
        firm: "Acme".into(),
        bill: 7,
        payer: "p1".into(),
        due: Some("d".into()),
        paid: false,
    }
}

#[track_caller]
fn check(error: &Error, attribute: &str) {
    assert!(error.is_unreadable(), "{error}");
    assert_eq!(error.attribute_path().as_deref(), Some(attribute));
    let text = format!("{error} {error:?}");
    assert!(text.contains("the template makes"), "{text}");
    for secret in ["Acme", "acme", "BILL", "kx9"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn item_under_other_key_is_refused_by_each_read() {
    for (pk, sk, at) in OTHER_KEYS {
        let db = ledger(pk, sk).await;
        check(&Bill::scan().all(&db).await.unwrap_err(), at);
        check(&Bill::scan().page(&db).await.unwrap_err(), at);
        check(&Bill::by_payer("p1").all(&db).await.unwrap_err(), at);
        check(&Bill::by_payer("p1").first(&db).await.unwrap_err(), at);
        let hydrated = Bill::by_due("d").hydrate().all(&db).await;
        check(&hydrated.unwrap_err(), at);
        let streamed = Bill::scan().segments(2).stream(&db);
        check(&streamed.try_collect::<Vec<_>>().await.unwrap_err(), at);
        if sk.starts_with("BILL#") && pk == "FIRM#Acme" {
            check(&Bill::query("Acme").all(&db).await.unwrap_err(), at);
            check(&Bill::query("Acme").first(&db).await.unwrap_err(), at);
        }
        if pk == "FIRM#Acme" {
            check(&LedgerItem::query("Acme").all(&db).await.unwrap_err(), at);
        }
        let results = Bill::by_payer("p1").page_results(&db).await.unwrap();
        check(results.items[0].as_ref().unwrap_err(), at);
        assert_eq!(raw::count::<Bill>(&db).await, 1);
    }
}

#[tokio::test]
async fn item_under_its_own_key_is_read() {
    let db = ledger(OWN_KEY.0, OWN_KEY.1).await;
    assert_eq!(Bill::scan().all(&db).await.unwrap(), [bill()]);
    assert_eq!(Bill::by_payer("p1").all(&db).await.unwrap(), [bill()]);
    let got = Bill::get("Acme", 7_u32).send(&db).await.unwrap();
    assert_eq!(got, Some(bill()));
}

/// An article whose key is made of the number in small letters.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Ledger, key(partition = "$shop#sku_{sku}", sort = "$article_1"))]
struct Article {
    sku: String,
    title: String,
}

const ARTICLE: &str = r#"{"PK":{"S":"$shop#sku_kx9"},"SK":{"S":"$article_1"},"sku":{"S":"KX9"},
    "title":{"S":"Lamp"},"_type":{"S":"Article"}}"#;

#[tokio::test]
async fn item_found_by_other_text_is_refused_by_reads_of_its_key() {
    let db = db().await;
    db.create_table::<Ledger>().await.unwrap();
    raw::put::<Article>(&db, ARTICLE).await;
    check(&Article::get("kx9").send(&db).await.unwrap_err(), "PK");
    let batch = BatchGet::new([Article::key("kx9")]).send(&db).await;
    check(&batch.unwrap_err(), "PK");
    check(
        &transact_get((Article::get("kx9"),))
            .send(&db)
            .await
            .unwrap_err(),
        "PK",
    );
    let update = || Article::update("kx9").apply(|a| a.title.set("Lantern"));
    let old = update().returning_old().send(&db).await;
    check(&old.unwrap_err(), "PK");
    let new = update().returning_new().send(&db).await;
    check(&new.unwrap_err(), "PK");
    let refused = update().when(|a| a.title.eq("Candle")).send(&db).await;
    let refused = refused.unwrap_err();
    assert!(refused.is_condition_failed());
    assert_eq!(refused.current::<Article>(), None);
    let deleted = Article::delete("kx9").returning_old().send(&db).await;
    check(&deleted.unwrap_err(), "PK");
}

#[tokio::test]
async fn key_with_escapes_is_compared_by_its_text() {
    let db = db().await;
    db.create_table::<Ledger>().await.unwrap();
    let mut article = Article {
        sku: "a\"b\\\n\u{e9}".into(),
        title: "x".into(),
    };
    article = article.create().send(&db).await.unwrap();
    let read = Article::get(&*article.sku).send(&db).await.unwrap();
    assert_eq!(read, Some(article));
}

/// An entity whose key is made of parts of all kinds, one of a document.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Ledger, key(partition = "V#{place.town}#{at}", sort = "{open}{n}#{size}"))]
struct Visit {
    place: Place,
    at: std::time::SystemTime,
    open: bool,
    n: i16,
    size: Size,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Place {
    town: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Document)]
enum Size {
    Small,
}

#[tokio::test]
async fn parts_of_all_kinds_make_the_stored_key_again() {
    let db = db().await;
    db.create_table::<Ledger>().await.unwrap();
    let visit = Visit {
        place: Place { town: "Rom".into() },
        at: std::time::UNIX_EPOCH + std::time::Duration::from_nanos(1),
        open: true,
        n: -3,
        size: Size::Small,
    };
    let created = visit.clone().create().send(&db).await.unwrap();
    assert_eq!(Visit::scan().all(&db).await.unwrap(), [created]);
}

/// An entity of a table of its own, whose key types read more forms than they write.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "documents")]
struct Paper {
    #[dynamo(partition)]
    id: uuid::Uuid,
    #[dynamo(sort)]
    at: chrono::DateTime<chrono::Utc>,
    title: String,
}

#[tokio::test]
async fn key_of_plain_entity_in_other_form_is_refused() {
    let own = (
        "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "2024-05-06T00:00:00.000000000Z",
    );
    for (id, at, fault) in [
        (own.0, own.1, None),
        ("67E55044-10B1-426F-9247-BB680E5FE0C8", own.1, Some("id")),
        (own.0, "2024-05-06T00:00:00Z", Some("at")),
        (own.0, "2024-05-06T02:00:00.000000000+02:00", Some("at")),
    ] {
        let db = db().await;
        db.create_table::<Paper>().await.unwrap();
        let item = format!(r#"{{"id":{{"S":"{id}"}},"at":{{"S":"{at}"}},"title":{{"S":"t"}}}}"#);
        raw::put::<Paper>(&db, &item).await;
        let read = Paper::scan().all(&db).await;
        let path = read.as_ref().err().and_then(Error::attribute_path);
        assert_eq!(path.as_deref(), fault);
        assert_eq!(read.is_err_and(|e| e.is_unreadable()), fault.is_some());
    }
}

/// An entity whose key field is stored in another form than its own.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "labels")]
struct Label {
    #[dynamo(partition, from = String, into = String)]
    name: Lower,
    #[dynamo(sort)]
    number: rust_decimal::Decimal,
}

#[derive(Debug, Clone, PartialEq)]
struct Lower(String);
impl From<String> for Lower {
    fn from(text: String) -> Self {
        Lower(text.to_lowercase())
    }
}
impl From<Lower> for String {
    fn from(lower: Lower) -> Self {
        lower.0
    }
}

#[tokio::test]
async fn key_that_a_conversion_changes_is_refused_and_other_numbers_are_one_key() {
    let db = db().await;
    db.create_table::<Label>().await.unwrap();
    raw::put::<Label>(&db, r#"{"name":{"S":"abc"},"number":{"N":"1.50"}}"#).await;
    let label = Label::scan().all(&db).await.unwrap().remove(0);
    label.remove().send(&db).await.unwrap();
    assert_eq!(raw::count::<Label>(&db).await, 0);
    raw::put::<Label>(&db, r#"{"name":{"S":"ABC"},"number":{"N":"1.50"}}"#).await;
    let refused = Label::scan().all(&db).await.unwrap_err();
    assert_eq!(refused.attribute_path().as_deref(), Some("name"));
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Bill)]
struct BillPart {
    firm: String,
    bill: u32,
    paid: bool,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Bill)]
struct BillView<'a> {
    bill: u32,
    firm: &'a str,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Bill)]
struct Paid {
    bill: u32,
    paid: bool,
}

#[tokio::test]
async fn projection_with_all_fields_of_the_key_compares_it() {
    for (pk, sk, at) in OTHER_KEYS {
        let db = ledger(pk, sk).await;
        let part = Bill::scan().select::<BillPart>().all(&db).await;
        check(&part.unwrap_err(), at);
        let page = Bill::by_payer("p1").borrowed::<BillView>().page(&db).await;
        check(&page.unwrap().items().unwrap_err(), at);
        // Without all of its fields there is no key to compare.
        assert_eq!(
            Bill::scan().select::<Paid>().all(&db).await.unwrap().len(),
            1
        );
    }
    let db = ledger(OWN_KEY.0, OWN_KEY.1).await;
    let part = Bill::scan().select::<BillPart>().all(&db).await.unwrap();
    assert_eq!((&*part[0].firm, part[0].bill), ("Acme", 7));
    let page = Bill::scan().borrowed::<BillView>().page(&db).await.unwrap();
    let view = BillView {
        bill: 7,
        firm: "Acme",
    };
    assert_eq!(page.items().unwrap(), [view]);
}
