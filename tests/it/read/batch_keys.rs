//! Assignment of items to keys in batches, whatever the text of the keys, its JSON form and the order of
//! the items.

use bytes::Bytes;
use dynamodel::{BatchGet, BatchWrite, Entity, batch_get};
use dynamodel_tests::db;
use dynamodel_tests::faults::{self, Fault};
use rust_decimal::Decimal;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "odd")]
struct Odd {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    bytes: Bytes,
    number: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "priced")]
struct Priced {
    #[dynamo(partition)]
    price: Decimal,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "named")]
#[dynamo(index(by_number, partition = number, sort = name, project = keys))]
struct Named {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    name: String,
    number: u64,
}

fn named(id: &str, name: &str, number: u64) -> Named {
    Named {
        id: id.to_owned(),
        name: name.to_owned(),
        number,
    }
}

/// Runs on the engine or endpoint, with text and bytes of all kinds.
#[tokio::test]
async fn batch_get_finds_keys_of_any_text_and_bytes() {
    const PARTS: [&str; 12] = [
        "\"",
        "\\",
        "\n",
        "\u{1}",
        "/",
        "é",
        "😀",
        "a",
        "{\"S\":\"",
        "\"}",
        ",",
        "\\u0061",
    ];
    let db = db().await;
    db.create_table::<Odd>().await.unwrap();
    let mut random = fastrand::Rng::with_seed(11);
    let mut all = Vec::new();
    for number in 0..120 {
        let parts = (0..random.usize(0..6)).map(|_| PARTS[random.usize(..PARTS.len())]);
        let text: String = parts.collect();
        all.push(Odd {
            // The number makes each id unique.
            id: format!("{text}{number}"),
            bytes: (0..random.usize(1..40)).map(|_| random.u8(..)).collect(),
            number,
        });
    }
    let puts = BatchWrite::new().put_all(all.clone());
    puts.send(&db).await.unwrap();
    let mut asked: Vec<usize> = (0..all.len()).chain(0..30).collect();
    random.shuffle(&mut asked);
    let keys = asked
        .iter()
        .map(|n| Odd::key(&*all[*n].id, all[*n].bytes.clone()));
    let found = BatchGet::new(keys).send(&db).await.unwrap();
    assert_eq!(found.len(), asked.len());
    for (number, found) in asked.iter().zip(&found) {
        assert_eq!(found.as_ref(), Some(&all[*number]));
    }
}

/// DynamoDB treats 1 and 1.00 as one key.
#[tokio::test]
async fn batch_merges_equal_numbers_of_different_forms() {
    let forms = ["1", "1.00", "2", "1.0", "0.10", "0.1"].map(|n| n.parse::<Decimal>().unwrap());
    let batch = BatchGet::new(forms.map(Priced::key));
    let requests = batch.to_json().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].matches("\"price\"").count(), 3, "{requests:?}");

    let db = db().await;
    db.create_table::<Priced>().await.unwrap();
    for (price, name) in [("1.000", "one"), ("0.1", "tenth")] {
        let price = price.parse().unwrap();
        let name = name.to_owned();
        Priced { price, name }.put().send(&db).await.unwrap();
    }
    let found = batch.send(&db).await.unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|item| item.as_ref().map(|item| &*item.name))
        .collect();
    let (one, tenth) = (Some("one"), Some("tenth"));
    assert_eq!(names, [one, one, None, one, tenth, tenth]);
}

/// JSON has several forms of one text, and DynamoDB promises no order of the items.
#[tokio::test]
async fn batch_get_accepts_any_json_form_and_order() {
    const ANSWERS: [&str; 4] = [
        // In the order and the form of the request.
        r#"{"Responses":{"named":[{"id":{"S":"é/1"},"name":{"S":"\"a\""},"number":{"N":"1"}},{"id":{"S":"b"},"name":{"S":"c"},"number":{"N":"2"}},{"id":{"S":"b"},"name":{"S":"d"},"number":{"N":"3"}}]},"UnprocessedKeys":{}}"#,
        // In the reverse order.
        r#"{"Responses":{"named":[{"number":{"N":"3"},"name":{"S":"d"},"id":{"S":"b"}},{"name":{"S":"c"},"number":{"N":"2"},"id":{"S":"b"}},{"name":{"S":"\"a\""},"id":{"S":"é/1"},"number":{"N":"1"}}]},"UnprocessedKeys":{}}"#,
        // With escapes for characters that do not need them.
        r#"{"Responses":{"named":[{"id":{"S":"\u00e9\/1"},"name":{"S":"\u0022a\u0022"},"number":{"N":"1"}},{"id":{"S":"\u0062"},"name":{"S":"d"},"number":{"N":"3"}},{"id":{"S":"b"},"name":{"S":"\u0063"},"number":{"N":"2"}}]},"UnprocessedKeys":{}}"#,
        // With whitespace.
        r#"{"Responses": {"named": [ {"id": {"S": "b"}, "name": {"S" : "c"}, "number": {"N":"2"} }, {"id" : { "S":"é/1" }, "name":{"S":"\"a\""},"number":{"N":"1"}} ,{"id":{"S":"b"},"name":{"S":"d"},"number":{"N":"3"}}]} , "UnprocessedKeys":{}}"#,
    ];
    let (db, faults) = faults::db().await;
    let all = [
        named("é/1", "\"a\"", 1),
        named("b", "c", 2),
        named("b", "d", 3),
    ];
    for answer in ANSWERS {
        let in_table = db.table_name::<Named>();
        let answer = answer.replace("\"named\"", &format!("\"{in_table}\""));
        let answer = &*answer.leak();
        faults.next("BatchGetItem", [Fault::Answer(answer)]);
        let keys = all.iter().map(|n| Named::key(&*n.id, &*n.name));
        let again = [Named::key("b", "c"), Named::key("b", "x")];
        let found = BatchGet::new(keys.chain(again)).send(&db).await.unwrap();
        let [first, second, third] = all.clone().map(Some);
        let expected = [first, second.clone(), third, second, None];
        assert_eq!(found, expected, "{answer}");
    }
}

/// Keys read from an index are requested in the form in which the service wrote them, with its own
/// escapes. A key without an item shows the comparison at work: the next item in the response does not
/// belong to the key that comes next.
#[tokio::test]
async fn hydrate_accepts_any_json_form_of_index_keys() {
    const KEYS: &str = r#"{"Items":[{"id":{"S":"\b1"},"name":{"S":"\u001F"},"number":{"N":"7"}},{"id":{"S":"\b2"},"name":{"S":"\u001F"},"number":{"N":"7"}}],"Count":2,"ScannedCount":2}"#;
    let (db, faults) = faults::db().await;
    db.create_table::<Named>().await.unwrap();
    let kept = named("\u{8}2", "\u{1f}", 7);
    kept.clone().put().send(&db).await.unwrap();
    faults.next("Query", [Fault::Answer(KEYS)]);
    let found = Named::by_number(7_u64).hydrate().all(&db).await.unwrap();
    assert_eq!(found, [kept]);
}

/// An item with a key that was not requested is never assigned to another key.
#[tokio::test]
async fn batch_get_reports_item_of_unrequested_key() {
    const ANSWERS: [&str; 3] = [
        // A mixture of the two requested keys.
        r#"{"Responses":{"named":[{"id":{"S":"a"},"name":{"S":"y"},"number":{"N":"1"}}]}}"#,
        // A key of which a requested one is a prefix, and a key of another type.
        r#"{"Responses":{"named":[{"id":{"S":"a"},"name":{"S":"x1"},"number":{"N":"1"}}]}}"#,
        r#"{"Responses":{"named":[{"id":{"B":"a"},"name":{"S":"x"},"number":{"N":"1"}}]}}"#,
    ];
    let (db, faults) = faults::db().await;
    for answer in ANSWERS {
        let in_table = db.table_name::<Named>();
        let answer = answer.replace("\"named\"", &format!("\"{in_table}\""));
        let answer = &*answer.leak();
        faults.next("BatchGetItem", [Fault::Answer(answer)]);
        let keys = [Named::key("a", "x"), Named::key("b", "y")];
        let e = BatchGet::new(keys).send(&db).await.unwrap_err();
        assert_eq!(e.found::<Named>(), []);
        assert_eq!(e.unprocessed_count(), 2);
    }
}

/// Keys in an error have been written to a request before, and a second request writes them again.
#[tokio::test]
async fn unprocessed_keys_equal_requested_keys() {
    let (db, faults) = faults::db().await;
    db.create_table::<Named>().await.unwrap();
    let all = [named("\"\\\u{2}é", "/", 1), named("b", "c", 2)];
    for item in &all {
        item.clone().put().send(&db).await.unwrap();
    }
    let keys = || all.iter().map(|n| Named::key(&*n.id, &*n.name));
    faults.next("BatchGetItem", [Fault::Refuse("ValidationException", 400)]);
    let e = BatchGet::new(keys()).send(&db).await.unwrap_err();
    let left = e.unprocessed::<Named>();
    assert_eq!(left, keys().collect::<Vec<_>>());
    // A batch of these keys and a batch of new keys, which are keys of one table, make one request.
    let (again, new) = (BatchGet::new(left), BatchGet::new(keys()));
    let asked = batch_get((again, new));
    let requests = asked.to_json().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].matches("\"id\"").count(), 2, "{requests:?}");
    let (again, new) = asked.send(&db).await.unwrap();
    let expected = all.map(Some);
    assert_eq!(again, expected);
    assert_eq!(new, expected);
}
