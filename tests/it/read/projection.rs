//! Reads of some of the attributes.

use std::collections::BTreeMap;

use dynamodel::{Db, Document, Entity, Projection};
use dynamodel_tests::db;
use dynamodel_tests::faults;

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "books", rename_all = "PascalCase")]
#[dynamo(index(by_author, partition = author, sort = year, project = [title, price]))]
#[dynamo(index(keys, partition = (author, year), project = keys))]
#[dynamo(local_index(by_title, sort = title, project = [year]))]
struct Book {
    #[dynamo(partition)]
    shelf: String,
    #[dynamo(sort)]
    isbn: String,
    author: String,
    #[dynamo(rename = "size")]
    year: u32,
    title: String,
    price: Option<u32>,
    details: Details,
    #[dynamo(skip)]
    seen: bool,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Details {
    pages: u32,
    ratings: BTreeMap<String, u8>,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Book)]
struct Label {
    title: String,
    year: u32,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Book)]
struct Loose {
    isbn: String,
    title: Option<String>,
    price: Option<u32>,
    #[dynamo(default)]
    year: u32,
    #[dynamo(default = "nobody".to_owned())]
    author: String,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Book)]
struct Inner {
    details: Details,
}

fn book(n: u32) -> Book {
    Book {
        shelf: "s".into(),
        isbn: format!("isbn-{n}"),
        author: "ada".into(),
        year: 2_000 + n,
        title: format!("volume {}", 9 - n),
        price: (n > 1).then_some(n),
        details: Details {
            pages: 100 + n,
            ratings: BTreeMap::from([("x".into(), 5)]),
        },
        seen: false,
    }
}

async fn books() -> Db {
    let db = db().await;
    db.create_table::<Book>().await.unwrap();
    for n in 1..=3 {
        book(n).create().send(&db).await.unwrap();
    }
    db
}

fn label(n: u32) -> Label {
    Label {
        title: book(n).title,
        year: book(n).year,
    }
}

#[tokio::test]
async fn get_selects_projection() {
    let db = books().await;
    let get = || Book::get("s", "isbn-1");
    let found = get().select::<Label>().consistent().send(&db).await;
    assert_eq!(found.unwrap(), Some(label(1)));
    let inner = get().select::<Inner>().send(&db).await.unwrap();
    assert_eq!(inner.map(|i| i.details), Some(book(1).details));
    let missing = Book::get("s", "none").select::<Label>().send(&db).await;
    assert_eq!(missing.unwrap(), None);
    let measured = get().select::<Label>().send_measured(&db).await.unwrap();
    assert_eq!(measured.output, Some(label(1)));
    assert!(measured.consumed_capacity.is_some());
}

#[tokio::test]
async fn only_the_attributes_are_fetched() {
    let (db, faults) = faults::db().await;
    db.create_table::<Book>().await.unwrap();
    book(1).create().send(&db).await.unwrap();
    Book::get("s", "isbn-1")
        .select::<Label>()
        .send(&db)
        .await
        .unwrap();
    let sent = faults.sent("GetItem").pop().unwrap();
    let request: serde_json::Value = serde_json::from_str(&sent.body).unwrap();
    let names = request["ExpressionAttributeNames"].as_object().unwrap();
    let names: Vec<_> = names.values().filter_map(|v| v.as_str()).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&"Title") && names.contains(&"size"));
}

#[tokio::test]
async fn projection_reads_missing_attributes_as_defaults() {
    let db = books().await;
    let item = r#"{"Shelf":{"S":"s"},"Isbn":{"S":"bare"}}"#;
    raw::put::<Book>(&db, item).await;
    let loose = Book::get("s", "bare").select::<Loose>().send(&db).await;
    let expected = Loose {
        isbn: "bare".into(),
        title: None,
        price: None,
        year: 0,
        author: "nobody".into(),
    };
    assert_eq!(loose.unwrap(), Some(expected));
    let e = Book::get("s", "bare").select::<Label>().send(&db).await;
    let e = e.unwrap_err();
    assert!(e.is_unreadable());
    assert!(
        matches!(e.attribute_path().as_deref(), Some("Title" | "size")),
        "{e}"
    );
    // An item without any of the requested attributes still exists, so the read is an error rather than
    // `None`.
    let inner = Book::get("s", "bare").select::<Inner>().send(&db).await;
    assert!(inner.unwrap_err().is_unreadable());
}

#[tokio::test]
async fn queries_and_scans_select_projection() {
    let db = books().await;
    let labels: Vec<Label> = (1..=3).map(label).collect();
    let query = || Book::query("s").select::<Label>();
    assert_eq!(query().all(&db).await.unwrap(), labels);
    assert_eq!(query().first(&db).await.unwrap(), Some(label(1)));
    let page = query().page_size(2).page(&db).await.unwrap();
    assert_eq!(page.items, labels[..2]);
    let rest = query().start_at(page.next).all(&db).await.unwrap();
    assert_eq!(rest, labels[2..]);
    // The filter tests an attribute that the projection does not contain.
    let filtered = query().filter(|b| b.details.at(|d| d.pages).gt(102));
    assert_eq!(filtered.all(&db).await.unwrap(), [label(3)]);
    let mut scanned = Book::scan()
        .select::<Label>()
        .segments(2)
        .all(&db)
        .await
        .unwrap();
    scanned.sort_by_key(|l| l.year);
    assert_eq!(scanned, labels);
}

#[tokio::test]
async fn index_query_selects_attributes_of_index() {
    let db = books().await;
    let found = Book::by_author("ada").sort(|k| k.year.ge(2_002));
    let found = found.select::<BookByAuthor>().all(&db).await.unwrap();
    assert_eq!(found.len(), 2);
    let of_three = &found[1];
    assert_eq!(of_three.title, book(3).title);
    assert_eq!((of_three.year, of_three.price), (2_003, Some(3)));
    assert_eq!(
        (of_three.shelf.as_str(), of_three.isbn.as_str()),
        ("s", "isbn-3")
    );
    let labels = Book::by_author("ada").select::<Label>().all(&db).await;
    assert_eq!(labels.unwrap().len(), 3);

    let keys = Book::keys("ada", 2_001_u32)
        .select::<BookKeys>()
        .first(&db)
        .await;
    let keys = keys.unwrap().unwrap();
    assert_eq!((keys.isbn.as_str(), keys.year), ("isbn-1", 2_001));

    // Another read returns the whole item.
    let whole = Book::get(&keys.shelf, &keys.isbn).send(&db).await.unwrap();
    assert_eq!(whole, Some(book(1)));

    let by_title = Book::by_title("s").select::<Label>().consistent();
    let titles: Vec<String> = by_title
        .all(&db)
        .await
        .unwrap()
        .into_iter()
        .map(|l| l.title)
        .collect();
    assert_eq!(titles, ["volume 6", "volume 7", "volume 8"]);
}
