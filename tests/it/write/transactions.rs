//! Transactions: all operations happen or none, with the reason for each failure.

use std::time::{Duration, SystemTime};

use dynamodel::{Backoff, Db, Entity, Error, Projection, Transaction, WriteToken, transact_get};
use dynamodel_tests::db;

use crate::entities::{Session, SessionSummary, session};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "accounts")]
struct Account {
    #[dynamo(partition)]
    id: String,
    balance: i64,
}

/// An entity with all fields that dynamodel writes itself.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "documents")]
struct Doc {
    #[dynamo(partition)]
    id: u64,
    text: String,
    #[dynamo(version)]
    version: u32,
    #[dynamo(created_at)]
    created: Option<SystemTime>,
    #[dynamo(updated_at)]
    updated: Option<SystemTime>,
    #[dynamo(write_token)]
    token: WriteToken,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Account)]
struct Balance {
    balance: i64,
}

fn doc(id: u64) -> Doc {
    Doc {
        id,
        text: "text".into(),
        version: 0,
        created: None,
        updated: None,
        token: WriteToken::default(),
    }
}

fn account(id: &str, balance: i64) -> Account {
    Account {
        id: id.into(),
        balance,
    }
}

async fn bank() -> Db {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    db.create_table::<Session>().await.unwrap();
    db.create_table::<Doc>().await.unwrap();
    account("a", 100).create().send(&db).await.unwrap();
    account("b", 0).create().send(&db).await.unwrap();
    db
}

async fn balance(db: &Db, id: &str) -> Option<i64> {
    let found = Account::get(id).consistent().send(db).await.unwrap();
    found.map(|a| a.balance)
}

#[tokio::test]
async fn transaction_does_all_operations_together() {
    let db = bank().await;
    let s = session("u1", "s1").create().send(&db).await.unwrap();
    let mut tx = Transaction::new();
    tx.update(
        Account::update("a")
            .apply(|a| a.balance.subtract(30))
            .when(|a| a.balance.ge(30)),
    );
    tx.update(Account::update("b").apply(|a| a.balance.add(30)));
    let created = tx.put(session("u2", "s2").create());
    let removed = tx.delete(s.remove());
    tx.delete(Account::delete("nobody"));
    tx.check(Account::check("c").must_not_exist());
    assert_eq!(tx.len(), 6);
    let mut done = tx.send(&db).await.unwrap();

    assert_eq!(done.stored(created).unwrap().version, 1);
    let created = done.take(created).unwrap();
    let stored = Session::get("u2", "s2").consistent().send(&db).await;
    assert_eq!(stored.unwrap(), Some(created));
    assert_eq!(Session::get("u1", "s1").send(&db).await.unwrap(), None);
    assert_eq!(balance(&db, "a").await, Some(70));
    assert_eq!(balance(&db, "b").await, Some(30));
    let _ = removed;
}

#[tokio::test]
async fn transaction_does_nothing_when_condition_fails() {
    let db = bank().await;
    let mut tx = Transaction::new();
    let from = tx.update(
        Account::update("a")
            .apply(|a| a.balance.subtract(300))
            .when(|a| a.balance.ge(300)),
    );
    let to = tx.update(Account::update("b").apply(|a| a.balance.add(300)));
    let missing = tx.check(Account::check("c"));
    let other = Transaction::new().put(account("z", 1).put());
    let err = tx.send(&db).await.unwrap_err();

    assert!(err.is_transaction_canceled());
    assert!(err.is_condition_failed());
    assert!(!err.is_conflict());
    let why = err.reason(from).unwrap();
    assert_eq!(why.code, "ConditionalCheckFailed");
    assert!(why.is_condition_failed() && !why.is_conflict() && !why.is_throttled());
    assert_eq!(why.item, Some(account("a", 100)));
    assert!(err.reason(to).is_none());
    let why = err.reason(missing).unwrap();
    assert_eq!(
        (why.code.as_str(), why.item),
        ("ConditionalCheckFailed", None)
    );
    assert!(
        err.reason(other).is_none(),
        "a handle of another transaction"
    );
    let codes: Vec<_> = err.reason_codes().map(|c| c.is_some()).collect();
    assert_eq!(codes, [true, false, true]);
    assert_eq!(err.current::<Account>(), Some(account("a", 100)));
    assert_eq!(err.operation(), Some("TransactWriteItems"));
    let text = err.to_string();
    assert!(text.contains("operation 1 (Update Account)"), "{text}");
    assert!(
        !format!("{text}{err:?}").contains("300"),
        "no values: {text}"
    );

    assert_eq!(balance(&db, "a").await, Some(100));
    assert_eq!(balance(&db, "b").await, Some(0));
}

#[tokio::test]
async fn transaction_checks_versions_like_single_writes() {
    let db = bank().await;
    let stale = session("u1", "s1").create().send(&db).await.unwrap();
    let fresh = stale.clone().put().send(&db).await.unwrap();

    let mut tx = Transaction::new();
    let put = tx.put(stale.clone().put());
    let exists = tx.put(session("u2", "s2").create());
    let err = tx.send(&db).await.unwrap_err();
    assert!(err.is_conflict() && err.is_condition_failed());
    let why = err.reason(put).unwrap();
    assert!(why.is_conflict());
    assert_eq!(why.item.map(|s| s.version), Some(fresh.version));
    assert!(err.reason(exists).is_none());

    let mut tx = Transaction::new();
    tx.update(
        Session::update("u1", "s1")
            .apply(|s| s.views.add(1))
            .at_version(2),
    );
    tx.put(session("u2", "s2").put());
    tx.send(&db).await.unwrap();
    let s = Session::get("u1", "s1")
        .consistent()
        .send(&db)
        .await
        .unwrap();
    let s = s.unwrap();
    assert_eq!((s.views, s.version), (1, 3));

    let mut tx = Transaction::new();
    let removed = tx.delete(fresh.remove());
    let err = tx.send(&db).await.unwrap_err();
    assert!(err.reason(removed).unwrap().is_conflict());
    let mut tx = Transaction::new();
    tx.check(Session::check("u1", "s1").at_version(3));
    tx.put(stale.put().unversioned().when(|s| s.views.eq(0)));
    assert!(tx.send(&db).await.unwrap_err().is_invalid_request());
}

#[tokio::test]
async fn transaction_writes_version_times_and_token() {
    let db = bank().await;
    let mut tx = Transaction::new();
    let put = tx.put(doc(1).create());
    let mut done = tx.send(&db).await.unwrap();
    let first = done.take(put).unwrap();
    assert!(done.take(put).is_none(), "taken once");
    assert_eq!(first.version, 1);
    assert!(first.created.is_some() && first.updated.is_some());
    assert_ne!(first.token, WriteToken::default());
    let stored = Doc::get(1).consistent().send(&db).await.unwrap().unwrap();
    assert_eq!(stored.token, first.token);

    let mut tx = Transaction::new();
    tx.update(Doc::update(1).apply(|d| d.text.set("other")));
    tx.update(Doc::update(2).or_create(doc(2)));
    tx.send(&db).await.unwrap();
    let other = Doc::get(2).consistent().send(&db).await.unwrap().unwrap();
    assert_eq!((other.version, &other.text), (1, &doc(2).text));
    assert!(other.created.is_some() && other.token != WriteToken::default());
    let second = Doc::get(1).consistent().send(&db).await.unwrap().unwrap();
    assert_eq!((second.version, second.text.as_str()), (2, "other"));
    assert_ne!(second.token, first.token);
    assert_eq!(second.created, stored.created);
}

#[tokio::test]
async fn invalid_transactions_are_refused_before_sending() {
    let db = bank().await;
    let mut tx = Transaction::new();
    tx.check(Session::check("u1", "s1"));
    tx.put(account("a", 1).put());
    tx.delete(Account::delete("b"));
    tx.update(Account::update("a").apply(|a| a.balance.add(1)));
    let err = tx.send(&db).await.unwrap_err();
    assert!(err.is_invalid_request());
    let text = err.to_string();
    assert!(
        text.contains("operations 2 (Put Account) and 4 (Update Account)"),
        "{text}"
    );
    assert_eq!(err.attempts(), 0);

    // Of several pairs of conflicting operations, the error names the first pair that is complete.
    let mut tx = Transaction::new();
    for id in ["a", "b", "b", "a", "b"] {
        tx.put(account(id, 1).put());
    }
    let text = tx.send(&db).await.unwrap_err().to_string();
    assert!(
        text.contains("operations 2 (Put Account) and 3 (Put Account)"),
        "{text}"
    );

    let mut tx = Transaction::new();
    for n in 0..101 {
        tx.put(account(&n.to_string(), 0).put());
    }
    let err = tx.send(&db).await.unwrap_err();
    assert!(err.is_limit_exceeded(), "{err}");

    let mut tx = Transaction::new();
    for n in 0..14 {
        let mut d = doc(n);
        d.text = "x".repeat(330_000);
        tx.put(d.create());
    }
    let err = tx.send(&db).await.unwrap_err();
    assert!(err.is_limit_exceeded(), "{err}");

    let mut tx = Transaction::new();
    tx.delete(Account::delete(""));
    assert!(tx.send(&db).await.unwrap_err().is_invalid_key());
    let mut tx = Transaction::new();
    tx.update(Account::update("a"));
    assert!(tx.send(&db).await.unwrap_err().is_invalid_request());
    for token in [String::new(), "x".repeat(37)] {
        let mut tx = Transaction::new();
        tx.put(account("q", 1).put());
        let sent = tx.idempotency_token(token).send(&db).await;
        assert!(sent.unwrap_err().is_invalid_request());
    }
    Transaction::new().send(&db).await.unwrap();
    assert_eq!(balance(&db, "a").await, Some(100));
}

#[tokio::test]
async fn repeated_token_makes_transaction_happen_once() {
    let db = bank().await;
    let transfer = |amount: i64| {
        let mut tx = Transaction::new();
        tx.update(Account::update("a").apply(|a| a.balance.subtract(amount)));
        tx.update(Account::update("b").apply(|a| a.balance.add(amount)));
        tx.idempotency_token("transfer-1")
    };
    transfer(10).send(&db).await.unwrap();
    transfer(10).send(&db).await.unwrap();
    assert_eq!(balance(&db, "b").await, Some(10));
    let err = transfer(11).send(&db).await.unwrap_err();
    assert_eq!(err.code(), Some("IdempotentParameterMismatchException"));
    let json = transfer(1).to_json().unwrap();
    assert!(
        json.contains(r#""ClientRequestToken":"transfer-1""#),
        "{json}"
    );
}

#[tokio::test]
async fn transact_get_reads_items_of_one_moment() {
    let db = bank().await;
    session("u1", "s1").create().send(&db).await.unwrap();
    let (a, s, none) = transact_get((
        Account::get("a"),
        Session::get("u1", "s1").select::<SessionSummary>(),
        Session::get("u1", "s9").consistent(),
    ))
    .send(&db)
    .await
    .unwrap();
    assert_eq!(a, Some(account("a", 100)));
    assert_eq!(s.unwrap().user_id, "u1");
    assert_eq!(none, None);

    let [a, b] = transact_get([Account::get("a"), Account::get("b")].map(Select::select))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(a, Some(Balance { balance: 100 }));
    assert_eq!(b, Some(Balance { balance: 0 }));

    let gets: Vec<_> = ["b", "x", "a"].map(Account::get).into();
    let (found, s) = transact_get((gets, Session::get("u1", "s1")))
        .send(&db)
        .await
        .unwrap();
    let found: Vec<_> = found.into_iter().map(|a| a.map(|a| a.balance)).collect();
    assert_eq!(found, [Some(0), None, Some(100)]);
    assert!(s.is_some());

    let twice = transact_get((Account::get("a"), Account::get("a").select::<Balance>()));
    let err = twice.send(&db).await.unwrap_err();
    assert!(err.is_invalid_request(), "{err}");
    let many: Vec<_> = (0..101).map(|n| Account::get(n.to_string())).collect();
    assert!(
        transact_get(many)
            .send(&db)
            .await
            .unwrap_err()
            .is_limit_exceeded()
    );
    let none: Vec<Option<Account>> = transact_get(Vec::new() as Vec<dynamodel::Get<Account>>)
        .send(&db)
        .await
        .unwrap();
    assert!(none.is_empty());
}

/// Names `select` for one projection, so that it can be passed to `map`.
trait Select {
    fn select(self) -> dynamodel::Get<Account, Balance>;
}
impl Select for dynamodel::Get<Account> {
    fn select(self) -> dynamodel::Get<Account, Balance> {
        dynamodel::Get::select::<Balance>(self)
    }
}

#[tokio::test]
async fn transaction_futures_can_be_spawned() {
    let db = bank().await;
    let sent = tokio::spawn(async move {
        let mut tx = Transaction::new().backoff(
            Backoff::new(Duration::from_millis(1), Duration::from_millis(9), 3)
                .within(Duration::from_secs(1)),
        );
        tx.put(account("n", 5).create());
        let done = tx.measured().send(&db).await?;
        let (n,) = transact_get((Account::get("n"),)).send(&db).await?;
        Ok::<_, Error>((done.consumed_capacity.len(), n))
    });
    let (tables, n) = sent.await.unwrap().unwrap();
    assert_eq!(tables, 1);
    assert_eq!(n, Some(account("n", 5)));
}
