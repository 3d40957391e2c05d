//! Invalid input and failing requests: each gives a clear error, and nothing is written in part.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, ProvideCredentials, Region};
use aws_smithy_runtime::client::retries::RetryPartition;
use dynamodel::{Binary, Db, Document, Entity, Error, Projection};
use dynamodel_tests::db;
use dynamodel_tests::faults::{self, Fault, Faults, REQUEST_ID};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use crate::raw;

/// Text that is in every value and key here, and must be in no error.
const SECRET: &str = "SECRET-7c1f";

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "accounts")]
#[dynamo(index(by_name, partition = name, sort = mail))]
struct Account {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    n: String,
    name: String,
    mail: Option<String>,
    title: String,
    age: u8,
    big: u128,
    ratio: f64,
    active: Option<bool>,
    picture: Binary,
    tags: BTreeSet<String>,
    profile: Profile,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Profile {
    lines: Vec<Line>,
    map: BTreeMap<String, u32>,
    plan: Plan,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Line {
    quantity: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Document)]
enum Plan {
    Free,
    Paid,
}

#[derive(Debug, Entity)]
#[dynamo(table = "others")]
struct Other {
    #[dynamo(partition)]
    key: u64,
}

#[derive(Debug, Projection)]
#[dynamo(of = Account)]
struct AccountTitle {
    #[allow(dead_code, reason = "read, not looked at")]
    title: String,
}

fn account() -> Account {
    Account {
        id: format!("id-{SECRET}"),
        n: format!("n-{SECRET}"),
        name: format!("name-{SECRET}"),
        mail: Some(format!("mail-{SECRET}")),
        title: format!("title-{SECRET}"),
        age: 7,
        big: 1,
        ratio: 0.5,
        active: Some(true),
        picture: SECRET.as_bytes().into(),
        tags: BTreeSet::from([SECRET.to_owned()]),
        profile: Profile {
            lines: vec![Line { quantity: 1 }],
            map: BTreeMap::from([(SECRET.to_owned(), 1)]),
            plan: Plan::Paid,
        },
    }
}

fn id() -> String {
    account().id
}

fn n() -> String {
    account().n
}

async fn accounts() -> (Db, Faults) {
    let (db, faults) = faults::db().await;
    db.create_table::<Account>().await.unwrap();
    faults.forget();
    (db, faults)
}

/// Checks the properties of every error: it names its entity and operation, and shows no value.
fn check(e: &Error, operation: &str) {
    let text = format!("{e}\n{e:?}\n{e:#?}");
    assert!(!text.contains(SECRET), "{text}");
    assert_eq!(e.entity(), Some("Account"), "{text}");
    assert_eq!(e.operation(), Some(operation), "{text}");
    let start = format!("{operation} Account: ");
    assert!(e.to_string().starts_with(&start), "{text}");
    let predicates = [
        e.is_condition_failed() || e.is_conflict(),
        e.is_table_not_found(),
        e.is_throttled(),
        e.is_timeout(),
        e.is_connection(),
        e.is_credentials_error(),
        e.is_configuration_error(),
        e.is_access_denied(),
        e.is_invalid_value(),
        e.is_limit_exceeded(),
        e.is_invalid_request(),
        e.is_unreadable(),
        e.is_invalid_cursor(),
        e.is_table_mismatch(),
        e.is_service_fault(),
        e.is_invalid_response(),
    ];
    assert_eq!(predicates.iter().filter(|p| **p).count(), 1, "{text}");
}

/// Sends each kind of operation, and returns the errors with their operations.
async fn each_operation(db: &Db) -> Vec<(&'static str, Error)> {
    fn failed<T>(result: Result<T, Error>) -> Error {
        result.err().expect("it fails")
    }
    let get = || Account::get(id(), n());
    let query = || Account::query(id());
    let name = || Account::by_name(account().name);
    let update = || Account::update(id(), n()).apply(|a| a.name.set(SECRET));
    let stream = query().stream(db).try_collect::<Vec<_>>();
    vec![
        ("GetItem", failed(get().send(db).await)),
        (
            "GetItem",
            failed(get().select::<AccountTitle>().send_measured(db).await),
        ),
        ("PutItem", failed(account().create().send(db).await)),
        (
            "PutItem",
            failed(account().put().returning_old().send(db).await),
        ),
        (
            "PutItem",
            failed(account().replace().send_measured(db).await),
        ),
        ("DeleteItem", failed(account().remove().send(db).await)),
        (
            "DeleteItem",
            failed(Account::delete(id(), n()).returning_old().send(db).await),
        ),
        ("UpdateItem", failed(update().send(db).await)),
        (
            "UpdateItem",
            failed(update().returning_new().send(db).await),
        ),
        ("Query", failed(query().all(db).await)),
        ("Query", failed(query().count(db).await)),
        ("Query", failed(query().page(db).await)),
        ("Query", failed(name().first(db).await)),
        ("Query", failed(stream.await)),
        ("Scan", failed(Account::scan().all(db).await)),
        ("Scan", failed(Account::scan().segments(3).count(db).await)),
    ]
}

/// Checks that every operation fails with an error for which `is` holds.
async fn check_each(db: &Db, is: impl Fn(&Error) -> bool) {
    for (operation, e) in each_operation(db).await {
        check(&e, operation);
        assert!(is(&e), "{e}");
    }
}

// Stored items of a shape that the entity cannot read.

/// Returns the account as DynamoDB JSON, with the value at `path` replaced, or removed if it is `null`.
fn with(path: &str, value: Value) -> String {
    let bytes = account().put().to_json().unwrap();
    let mut item: Value = serde_json::from_str(&bytes).unwrap();
    let mut item = item["Item"].take();
    let steps: Vec<&str> = path.split('.').collect();
    let (last, parents) = steps.split_last().unwrap();
    let mut at = &mut item;
    for step in parents {
        at = match step.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[*step],
        };
    }
    match (value, last.parse::<usize>()) {
        (Value::Null, _) => drop(at.as_object_mut().unwrap().remove(*last)),
        (value, Ok(index)) => at[index] = value,
        (value, Err(_)) => at[*last] = value,
    }
    item.to_string()
}

#[tokio::test]
async fn unreadable_item_is_reported_with_attribute_path() {
    let (db, _) = accounts().await;
    let text = || json!({ "S": SECRET });
    let cases = [
        ("title", Value::Null, "title", "expected S, found nothing"),
        ("age", Value::Null, "age", "expected N, found nothing"),
        (
            "profile",
            Value::Null,
            "profile",
            "expected M, found nothing",
        ),
        (
            "picture",
            Value::Null,
            "picture",
            "expected B, found nothing",
        ),
        ("title", json!({"N": "1"}), "title", "expected S, found N"),
        (
            "title",
            json!({"NULL": true}),
            "title",
            "expected S, found NULL",
        ),
        (
            "title",
            json!({"L": [text()]}),
            "title",
            "expected S, found L",
        ),
        ("age", text(), "age", "expected N"),
        ("age", json!({"N": "300"}), "age", "out of range"),
        ("age", json!({"N": "-1"}), "age", "out of range"),
        ("age", json!({"N": "1.5"}), "age", "expected"),
        ("age", json!({"N": "1E+30"}), "age", "out of range"),
        ("big", json!({"N": "-1"}), "big", "out of range"),
        ("ratio", text(), "ratio", "expected N"),
        ("active", text(), "active", "expected BOOL, found S"),
        ("picture", text(), "picture", "expected B, found S"),
        ("tags", text(), "tags", "expected SS, found S"),
        (
            "tags",
            json!({"NS": ["1"]}),
            "tags",
            "expected SS, found NS",
        ),
        (
            "tags",
            json!({"L": [{"N": "1"}]}),
            "tags[0]",
            "expected S, found N",
        ),
        ("profile", text(), "profile", "expected M, found S"),
        (
            "profile.M.plan",
            Value::Null,
            "profile.plan",
            "found nothing",
        ),
        (
            "profile.M.plan",
            text(),
            "profile.plan",
            "expected one of `Free` or `Paid`",
        ),
        (
            "profile.M.lines",
            text(),
            "profile.lines",
            "expected L, found S",
        ),
        (
            "profile.M.lines.L.0",
            text(),
            "profile.lines[0]",
            "expected M, found S",
        ),
        (
            "profile.M.lines.L.0.M.quantity",
            json!({"N": "-3"}),
            "profile.lines[0].quantity",
            "out of range",
        ),
        (
            "profile.M.map.M.SECRET-7c1f",
            text(),
            "profile.map.*",
            "found S",
        ),
    ];
    for (attribute, value, path, message) in cases {
        raw::put::<Account>(&db, &with(attribute, value)).await;
        let get = Account::get(id(), n()).send(&db).await.unwrap_err();
        let all = Account::query(id()).all(&db).await.unwrap_err();
        let old = Account::update(id(), n())
            .apply(|a| a.mail.set("x"))
            .returning_old();
        let old = old.send(&db).await.unwrap_err();
        for (operation, e) in [("GetItem", get), ("Query", all), ("UpdateItem", old)] {
            check(&e, operation);
            assert!(e.is_unreadable());
            assert_eq!(e.attribute_path().as_deref(), Some(path), "{e}");
            assert!(e.to_string().contains(message), "{attribute}: {e}");
            assert_eq!(e.attempts(), u32::from(operation != "Query"), "{e}");
        }
        // A projection without the bad attribute is readable.
        if path != "title" {
            let part = Account::get(id(), n())
                .select::<AccountTitle>()
                .send(&db)
                .await;
            assert!(part.unwrap().is_some());
        }
    }
}

#[tokio::test]
async fn missing_optional_attributes_read_as_defaults() {
    let (db, _) = accounts().await;
    for attribute in ["mail", "active", "tags"] {
        raw::put::<Account>(&db, &with(attribute, Value::Null)).await;
        assert!(Account::get(id(), n()).send(&db).await.unwrap().is_some());
    }
    raw::put::<Account>(&db, &with("active", json!({"NULL": true}))).await;
    let read = Account::get(id(), n()).send(&db).await.unwrap().unwrap();
    assert_eq!(read.active, None);
    // Attributes of other programs are ignored.
    raw::put::<Account>(
        &db,
        &with("more", json!({"L": [{"M": {"a": {"S": SECRET}}}]})),
    )
    .await;
    assert_eq!(
        Account::get(id(), n()).send(&db).await.unwrap(),
        Some(account())
    );
}

// Values that DynamoDB cannot store: nothing is sent.

/// Checks that every call fails before a request is sent.
async fn check_unsent(
    results: impl IntoIterator<Item = Result<(), Error>>,
    faults: &Faults,
    is: fn(&Error) -> bool,
    path: Option<&str>,
) {
    for result in results {
        let e = result.expect_err("DynamoDB cannot hold it");
        check(&e, e.operation().expect("named"));
        assert!(is(&e), "{e}");
        assert_eq!(e.attribute_path().as_deref(), path, "{e}");
        assert_eq!((e.attempts(), e.request_id()), (0, None));
    }
    for operation in [
        "GetItem",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "Query",
        "Scan",
    ] {
        assert_eq!(faults.sent(operation), []);
    }
}

#[tokio::test]
async fn empty_and_too_long_keys_are_refused_before_sending() {
    let (db, faults) = accounts().await;
    let is_invalid_key = Error::is_invalid_key;
    let partitions = [String::new(), "x".repeat(2_049), "é".repeat(1_025)];
    for id in partitions {
        let bad = || Account {
            id: id.clone(),
            ..account()
        };
        let results = [
            bad().create().send(&db).await.map(drop),
            bad().put().send(&db).await.map(drop),
            bad().remove().send(&db).await,
            Account::get(&id, n()).send(&db).await.map(drop),
            Account::update(&id, n())
                .apply(|a| a.age.set(1))
                .send(&db)
                .await,
            Account::delete(&id, n()).send(&db).await,
            Account::query(&id).all(&db).await.map(drop),
            Account::query(&id)
                .stream(&db)
                .try_collect::<Vec<_>>()
                .await
                .map(drop),
        ];
        check_unsent(results, &faults, is_invalid_key, Some("id")).await;
    }
    for n in [String::new(), "x".repeat(1_025)] {
        let bad = || Account {
            n: n.clone(),
            ..account()
        };
        let results = [
            bad().create().send(&db).await.map(drop),
            Account::get(id(), &n).send(&db).await.map(drop),
            Account::query(id())
                .sort(|k| k.n.eq(&n))
                .count(&db)
                .await
                .map(drop),
            Account::query(id())
                .sort(|k| k.n.begins_with(&n))
                .first(&db)
                .await
                .map(drop),
            Account::query(id())
                .sort(|k| k.n.between("a", &n))
                .page(&db)
                .await
                .map(drop),
        ];
        check_unsent(results, &faults, is_invalid_key, Some("n")).await;
    }
    for name in [String::new(), "x".repeat(2_049)] {
        let bad = Account {
            name: name.clone(),
            ..account()
        };
        let results = [
            bad.create().send(&db).await.map(drop),
            Account::by_name(&name).all(&db).await.map(drop),
        ];
        check_unsent(results, &faults, is_invalid_key, Some("name")).await;
    }
    let bad = Account {
        mail: Some(String::new()),
        ..account()
    };
    let results = [bad.create().send(&db).await.map(drop)];
    check_unsent(results, &faults, is_invalid_key, Some("mail")).await;
}

#[tokio::test]
async fn keys_of_maximum_length_are_stored() {
    let (db, _) = accounts().await;
    let long = Account {
        id: "é".repeat(1_024),
        n: "x".repeat(1_024),
        ..account()
    };
    let stored = long.create().send(&db).await.unwrap();
    let read = Account::get(&stored.id, &stored.n).send(&db).await.unwrap();
    assert_eq!(read.as_ref(), Some(&stored));
    let found = Account::query(&stored.id)
        .sort(|k| k.n.eq(&stored.n))
        .count(&db)
        .await;
    assert_eq!(found.unwrap(), 1);
}

#[tokio::test]
async fn numbers_out_of_range_are_refused_before_sending() {
    let (db, faults) = accounts().await;
    let update = || Account::update(id(), n());
    for ratio in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        let bad = Account { ratio, ..account() };
        let results = [
            bad.put().send(&db).await.map(drop),
            update().apply(|a| a.ratio.set(ratio)).send(&db).await,
            update().apply(|a| a.ratio.add(ratio)).send(&db).await,
            update().when(|a| a.ratio.lt(ratio)).send(&db).await,
            Account::query(id())
                .filter(|a| a.ratio.gt(ratio))
                .all(&db)
                .await
                .map(drop),
            Account::scan()
                .filter(|a| a.ratio.eq(ratio))
                .count(&db)
                .await
                .map(drop),
        ];
        check_unsent(results, &faults, Error::is_invalid_value, Some("ratio")).await;
    }
    let big = u128::MAX; // 39 digits, one more than DynamoDB stores
    let bad = Account { big, ..account() };
    let results = [
        bad.create().send(&db).await.map(drop),
        update().apply(|a| a.big.set(big)).send(&db).await,
        Account::scan()
            .filter(|a| a.big.eq(big))
            .all(&db)
            .await
            .map(drop),
    ];
    check_unsent(results, &faults, Error::is_invalid_value, Some("big")).await;
    // 38 digits fit.
    let fits = Account {
        big: 10_u128.pow(38) - 1,
        ..account()
    };
    let stored = fits.create().send(&db).await.unwrap();
    assert_eq!(
        Account::get(id(), n()).send(&db).await.unwrap(),
        Some(stored)
    );
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "blobs")]
struct Blob {
    #[dynamo(partition)]
    id: String,
    text: String,
}

#[tokio::test]
async fn item_over_400_kilobytes_is_refused_before_sending() {
    let (db, faults) = faults::db().await;
    db.create_table::<Blob>().await.unwrap();
    // The two attribute names and the key take 2 + 4 + 1 bytes.
    let blob = |bytes: usize| Blob {
        id: "b".into(),
        text: "x".repeat(bytes - 7),
    };
    let largest = blob(409_600).create().send(&db).await.unwrap();
    assert_eq!(
        Blob::get("b").send(&db).await.unwrap().as_ref(),
        Some(&largest)
    );
    faults.forget();
    let e = blob(409_601).put().send(&db).await.unwrap_err();
    assert!(e.is_limit_exceeded() && e.attempts() == 0, "{e}");
    assert_eq!(
        e.to_string(),
        "PutItem Blob: the item has 409601 bytes, more than DynamoDB's 400 KB (409,600 bytes)"
    );
    assert_eq!(faults.sent("PutItem"), []);
    // Only the service knows the size of an item after an update.
    let text = "y".repeat(409_600);
    let e = Blob::update("b")
        .apply(|b| b.text.set(text.as_str()))
        .send(&db)
        .await;
    let e = e.unwrap_err();
    assert_eq!(e.code(), Some("ValidationException"), "{e}");
    assert!(e.request_id().is_some());
    assert_eq!(
        Blob::get("b").consistent().send(&db).await.unwrap(),
        Some(largest)
    );
    // Escapes enlarge the request, but not the item.
    let quotes = Blob {
        id: "q".into(),
        text: "\"".repeat(300_000),
    };
    quotes.clone().create().send(&db).await.unwrap();
    assert_eq!(Blob::get("q").send(&db).await.unwrap(), Some(quotes));
}

#[tokio::test]
async fn oversized_or_contradictory_expressions_are_refused_before_sending() {
    let (db, faults) = accounts().await;
    let many = Account::scan().filter(|a| a.age.in_(vec![1; 101]));
    let results = [many.count(&db).await.map(drop)];
    check_unsent(results, &faults, Error::is_limit_exceeded, None).await;
    let many = Account::scan()
        .filter(|a| (1..400_u32).fold(a.age.eq(0), |all, n| all | a.age.eq((n % 200) as u8)));
    let results = [many.count(&db).await.map(drop)];
    check_unsent(results, &faults, Error::is_limit_exceeded, None).await;
    let twice = Account::update(id(), n()).apply(|a| (a.age.set(1), a.age.add(1)));
    let within = Account::update(id(), n()).apply(|a| {
        (
            a.profile.set(account().profile),
            a.profile.at(|p| p.plan).set(Plan::Free),
        )
    });
    let results = [twice.send(&db).await, within.send(&db).await];
    check_unsent(results, &faults, Error::is_invalid_request, None).await;
}

// Missing and wrong tables.

#[tokio::test]
async fn missing_table_fails_every_operation() {
    let (db, _) = faults::db().await;
    check_each(&db, |e| {
        e.is_table_not_found() && e.attempts() == 1 && e.request_id().is_some()
    })
    .await;
    let e = db.describe_table::<Account>().await.unwrap_err();
    check(&e, "DescribeTable");
    assert!(e.is_table_not_found());
}

#[tokio::test]
async fn table_with_other_key_fails_every_operation() {
    let main = db().await;
    main.create_table::<Other>().await.unwrap();
    let actual = main.table_name::<Other>();
    let client = main.client().clone();
    let db = Db::builder()
        .client(client)
        .table_name("accounts", &*actual)
        .build();
    let is_refused = |e: &Error| e.code() == Some("ValidationException") && e.attempts() == 1;
    for (operation, e) in each_scanless_operation(&db).await {
        check(&e, operation);
        assert!(is_refused(&e), "{e}");
        assert!(e.request_id().is_some());
    }
    assert_eq!(raw::count::<Other>(&main).await, 0);
    // A scan finds the other entity's items, and reports that they are not accounts.
    Other { key: 1 }.create().send(&main).await.unwrap();
    let e = Account::scan().all(&db).await.unwrap_err();
    check(&e, "Scan");
    assert!(e.is_unreadable());
    let e = db.create_table::<Account>().await.unwrap_err();
    check(&e, "CreateTable");
    assert!(e.is_table_mismatch());
}

/// Same as [`each_operation`], but without scans, which succeed on a table of another entity.
async fn each_scanless_operation(db: &Db) -> Vec<(&'static str, Error)> {
    let update = Account::update(id(), n()).apply(|a| a.name.set(SECRET));
    vec![
        (
            "GetItem",
            Account::get(id(), n()).send(db).await.unwrap_err(),
        ),
        ("PutItem", account().put().send(db).await.unwrap_err()),
        ("UpdateItem", update.send(db).await.unwrap_err()),
        ("DeleteItem", account().remove().send(db).await.unwrap_err()),
        ("Query", Account::query(id()).all(db).await.unwrap_err()),
        ("Query", Account::by_name(SECRET).all(db).await.unwrap_err()),
    ]
}

// Missing and refused credentials and configuration.

#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::ready(Err(CredentialsError::not_loaded(
            "nothing in the environment",
        )))
    }
}

#[tokio::test]
async fn failing_credentials_provider_is_a_credentials_error() {
    let (db, faults) = faults::db_with(|c| c.credentials_provider(NoCredentials)).await;
    check_each(&db, |e| {
        assert!(
            e.to_string().contains("there are no AWS credentials"),
            "{e}"
        );
        e.is_credentials_error() && e.attempts() == 0 && !e.is_access_denied()
    })
    .await;
    let e = db.create_table::<Account>().await.unwrap_err();
    check(&e, "CreateTable");
    assert!(e.is_credentials_error());
    assert_eq!(faults.sent("GetItem"), []);
}

#[tokio::test]
async fn missing_credentials_provider_is_a_credentials_error() {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .build();
    let db = Db::new(aws_sdk_dynamodb::Client::from_conf(config));
    check_each(&db, |e| e.is_credentials_error() && e.attempts() == 0).await;
}

#[tokio::test]
async fn missing_region_fails_before_any_attempt() {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(NoCredentials)
        .build();
    let db = Db::new(aws_sdk_dynamodb::Client::from_conf(config));
    check_each(&db, |e| {
        e.attempts() == 0 && (e.is_credentials_error() || e.is_configuration_error())
    })
    .await;
}

#[tokio::test]
async fn missing_client_fails_before_any_attempt() {
    let db = Db::builder().build();
    check_each(&db, |e| {
        e.attempts() == 0 && (e.is_credentials_error() || e.is_configuration_error())
    })
    .await;
}

#[tokio::test]
async fn refused_credentials_are_an_access_error() {
    for code in [
        "AccessDeniedException",
        "UnrecognizedClientException",
        "ExpiredTokenException",
    ] {
        let (db, faults) = accounts().await;
        always(&faults, &Fault::Refuse(code, 400));
        check_each(&db, |e| {
            e.is_access_denied() && !e.is_credentials_error() && e.code() == Some(code)
        })
        .await;
    }
}

// Failures of the service and of the network.

fn always(faults: &Faults, fault: &Fault) {
    for operation in [
        "GetItem",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "Query",
        "Scan",
    ] {
        faults.always(operation, fault.clone());
    }
}

/// Checks that every operation fails in the same way, after this many attempts, and that nothing is
/// written.
async fn check_weather(fault: Fault, attempts: u32, is: impl Fn(&Error) -> bool) {
    let (db, faults) = accounts().await;
    always(&faults, &fault);
    check_each(&db, |e| {
        assert_eq!(e.attempts(), attempts, "{e}");
        is(e)
    })
    .await;
    faults.clear();
    assert_eq!(raw::count::<Account>(&db).await, 0, "{fault:?}");
    // Without the fault, the same operation succeeds.
    account().create().send(&db).await.unwrap();
}

#[tokio::test]
async fn throttling_error_follows_three_attempts() {
    let has_id = |e: &Error| e.request_id() == Some(REQUEST_ID);
    check_weather(Fault::THROTTLE, 3, |e| e.is_throttled() && has_id(e)).await;
    let fault = Fault::Refuse("ThrottlingException", 400);
    check_weather(fault, 3, |e| e.is_throttled() && has_id(e)).await;
    let fault = Fault::Refuse("RequestLimitExceeded", 400);
    check_weather(fault, 3, |e| e.is_throttled() && has_id(e)).await;
}

#[tokio::test]
async fn service_fault_follows_three_attempts() {
    let has_id = |e: &Error| e.request_id() == Some(REQUEST_ID);
    check_weather(Fault::SERVICE_FAULT, 3, |e| {
        e.is_service_fault() && has_id(e)
    })
    .await;
    let fault = Fault::Refuse("ServiceUnavailable", 503);
    check_weather(fault, 3, |e| e.is_service_fault() && has_id(e)).await;
}

#[tokio::test]
async fn broken_connection_is_an_error_after_three_attempts() {
    check_weather(Fault::DropRequest, 3, |e| {
        e.is_connection() && e.request_id().is_none()
    })
    .await;
}

#[tokio::test]
async fn unreachable_endpoint_is_a_connection_error() {
    // No server listens on this port, which was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = dynamodel_tests::config().await.http_client(http);
    let retries = aws_sdk_dynamodb::config::retry::RetryConfig::standard()
        .with_initial_backoff(Duration::from_millis(1));
    let partition = RetryPartition::new(dynamodel_tests::prefix());
    let config = config
        .endpoint_url(format!("http://{address}"))
        .retry_partition(partition)
        .retry_config(retries);
    let db = Db::new(aws_sdk_dynamodb::Client::from_conf(config.build()));
    check_each(&db, |e| e.is_connection() && e.attempts() == 3).await;
    let e = db.create_table::<Account>().await.unwrap_err();
    check(&e, "CreateTable");
    assert!(e.is_connection());
}

#[tokio::test]
async fn missing_response_is_a_timeout_error() {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(20));
    let (db, faults) = faults::db_with(|c| c.timeout_config(timeouts.build())).await;
    always(&faults, &Fault::Hang);
    check_each(&db, |e| e.is_timeout() && e.attempts() == 3).await;
}

#[tokio::test]
async fn cut_response_is_retried_then_reported() {
    let (db, faults) = accounts().await;
    account().create().send(&db).await.unwrap();
    // A response that is cut once is repeated.
    faults.next("GetItem", [Fault::CutBody]);
    faults.next("Query", [Fault::CutBody, Fault::CutBody]);
    let read = Account::get(id(), n()).send(&db).await.unwrap();
    assert_eq!(read, Some(account()));
    assert_eq!(Account::query(id()).all(&db).await.unwrap(), [account()]);
    // A response that is cut every time is an error.
    always(&faults, &Fault::CutBody);
    let e = Account::get(id(), n()).send(&db).await.unwrap_err();
    check(&e, "GetItem");
    assert!(e.is_invalid_response() && e.attempts() == 3, "{e}");
    assert!(e.request_id().is_some());
    let e = Account::query(id()).all(&db).await.unwrap_err();
    check(&e, "Query");
    assert!(e.is_invalid_response(), "{e}");
}

#[tokio::test]
async fn foreign_response_body_is_an_error_without_retry() {
    let (db, faults) = faults::db_of_bytes().await;
    db.create_table::<Account>().await.unwrap();
    for answer in [
        "<html>SECRET-7c1f</html>",
        "",
        "[]",
        "{\"Item\":{\"id\":{\"S\":\"SECRET-7c1f",
    ] {
        always(&faults, &Fault::Answer(answer));
        faults.forget();
        let e = Account::get(id(), n()).send(&db).await.unwrap_err();
        check(&e, "GetItem");
        assert!(e.is_invalid_response(), "{answer}: {e}");
        // The service has responded, so the request is not repeated.
        assert_eq!(faults.sent("GetItem").len(), 1);
        assert_eq!((e.attempts(), e.is_ambiguous()), (1, false));
        assert_eq!(e.request_id(), Some(REQUEST_ID));
        let e = Account::query(id()).all(&db).await.unwrap_err();
        check(&e, "Query");
        assert!(e.is_invalid_response(), "{answer}: {e}");
    }
}

#[tokio::test]
async fn create_table_reports_faults_and_survives_lost_response() {
    let (db, faults) = faults::db().await;
    faults.always("DescribeTable", Fault::SERVICE_FAULT);
    let e = db.create_table::<Account>().await.unwrap_err();
    check(&e, "CreateTable");
    assert!(e.is_service_fault(), "{e}");
    assert_eq!(e.request_id(), Some(REQUEST_ID));
    faults.clear();
    // The request arrives and its response is lost: the retry finds the table, which matches the entity.
    faults.next("CreateTable", [Fault::DropResponse]);
    db.create_table::<Account>().await.unwrap();
    let info = db.describe_table::<Account>().await.unwrap();
    assert!(info.differences().is_empty());
}

// No error and no `Debug` output shows a value.

#[tokio::test]
async fn debug_output_shows_no_values() {
    let (db, _) = accounts().await;
    let mut other = account();
    other.n = format!("z-{SECRET}");
    account().create().send(&db).await.unwrap();
    other.create().send(&db).await.unwrap();
    let page = Account::query(id()).page_size(1).page(&db).await.unwrap();
    let cursor = page.next.clone().unwrap();
    let condition = |a: AccountFields<_>| a.name.eq(SECRET) & a.tags.eq([SECRET]);
    let shown = [
        format!("{:?}", account().put().when(|a| a.name.eq(SECRET))),
        format!("{:?}", account().create()),
        format!("{:?}", account().remove().when(condition)),
        format!("{:?}", Account::get(id(), n())),
        format!("{:?}", Account::key(id(), n())),
        format!(
            "{:?}",
            Account::delete(id(), n()).when(|a| a.name.ne(SECRET))
        ),
        format!(
            "{:?}",
            Account::update(id(), n()).apply(|a| (a.name.set(SECRET), a.tags.insert([SECRET])))
        ),
        format!(
            "{:?}",
            Account::query(id())
                .sort(|k| k.n.begins_with(SECRET))
                .filter(|a| a.name.eq(SECRET))
        ),
        format!(
            "{:?}",
            Account::scan().filter(|a| a.profile.at(|p| p.map.key(SECRET)).eq(1))
        ),
        format!("{cursor:?}"),
        format!("{:?}", Account::query(id()).start_at(cursor.clone())),
        format!("{:?}", Account::query(id()).stream(&db)),
        format!("{db:?}"),
    ];
    for text in shown {
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test]
async fn messages_of_the_service_show_no_values() {
    let (db, _) = accounts().await;
    account().create().send(&db).await.unwrap();
    let update = || Account::update(id(), n());
    let number = update().apply(|a| a.profile.at(|p| p.map.key("none")).increment(1));
    let twice = update().apply(|a| a.tags.insert([SECRET, SECRET]));
    for (result, must_fail) in [
        (number.send(&db).await, true),
        (twice.send(&db).await, false),
        (
            update()
                .apply(|a| a.profile.at(|p| p.lines.index(7).at(|l| l.quantity)).set(1))
                .send(&db)
                .await,
            true,
        ),
    ] {
        match result {
            Ok(()) => assert!(!must_fail),
            Err(e) => check(&e, "UpdateItem"),
        }
    }
}
