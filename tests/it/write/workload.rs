//! Workloads under faults: no money is lost, no acknowledged write is missing, and none happens twice.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dynamodel::{Backoff, BatchWrite, Db, Entity, Transaction, WriteToken};
use dynamodel_tests::chaos::{Chaos, Kind};

const ACCOUNTS: u32 = 100;
const TRANSFERS: u64 = 10_000;
const WORKERS: u64 = 8;
const OPENING: i64 = 1_000;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "accounts")]
struct Account {
    #[dynamo(partition)]
    id: u32,
    balance: i64,
    #[dynamo(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "transfers")]
struct Transfer {
    #[dynamo(partition)]
    id: u64,
    from: u32,
    to: u32,
    amount: i64,
}

/// Outcome of a transfer as reported to its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Told {
    Done,
    Refused,
    /// An error that leaves the outcome open.
    Nothing,
}

type History = Vec<(Transfer, Told)>;

/// Returns the invariants that the final state violates.
fn violations(history: &History, accounts: &[Account], ledger: &[Transfer]) -> Vec<String> {
    let mut found = Vec::new();
    let total: i64 = accounts.iter().map(|a| a.balance).sum();
    if total != OPENING * i64::from(ACCOUNTS) {
        found.push(format!("money is not conserved: {total}"));
    }
    let by_id: HashMap<u64, &Transfer> = ledger.iter().map(|t| (t.id, t)).collect();
    for (asked, told) in history {
        match (told, by_id.get(&asked.id)) {
            (Told::Done, None) => found.push(format!("transfer {} was lost", asked.id)),
            (Told::Refused, Some(_)) => found.push(format!("refused {} happened", asked.id)),
            (_, Some(stored)) if *stored != asked => {
                found.push(format!("transfer {} is another", asked.id));
            }
            _ => {}
        }
    }
    let asked: HashMap<u64, &Transfer> = history.iter().map(|(t, _)| (t.id, t)).collect();
    for stored in ledger {
        if !asked.contains_key(&stored.id) {
            found.push(format!("nobody asked for transfer {}", stored.id));
        }
    }
    for account in accounts {
        let (mut balance, mut version) = (OPENING, 1);
        for t in ledger {
            if t.from == account.id {
                balance -= t.amount;
                version += 1;
            }
            if t.to == account.id {
                balance += t.amount;
                version += 1;
            }
        }
        if account.balance != balance || account.balance < 0 {
            found.push(format!("account {}: {}", account.id, account.balance));
        }
        if account.version != version {
            found.push(format!(
                "account {} was not written once for each",
                account.id
            ));
        }
    }
    found
}

fn patient() -> Backoff {
    Backoff::new(Duration::from_millis(1), Duration::from_millis(20), 20)
}

async fn open_accounts(db: &Db) {
    db.create_table::<Account>().await.unwrap();
    db.create_table::<Transfer>().await.unwrap();
    let accounts = (0..ACCOUNTS).map(|id| Account {
        id,
        balance: OPENING,
        version: 0,
    });
    let accounts = accounts.map(|a| a.put().unversioned());
    BatchWrite::new().put_all(accounts).send(db).await.unwrap();
}

async fn transfer(db: &Db, t: &Transfer) -> Told {
    let amount = t.amount;
    let mut tx = Transaction::new().backoff(patient());
    let from = tx.update(
        Account::update(t.from)
            .apply(|a| a.balance.subtract(amount))
            .when(|a| a.balance.ge(amount)),
    );
    tx.update(Account::update(t.to).apply(|a| a.balance.add(amount)));
    tx.put(t.clone().create());
    match tx.send(db).await {
        Ok(_) => Told::Done,
        Err(e) if e.reason(from).is_some_and(|r| r.is_condition_failed()) => Told::Refused,
        Err(_) => Told::Nothing,
    }
}

fn some_transfer(id: u64, dice: &mut fastrand::Rng) -> Transfer {
    let from = dice.u32(..ACCOUNTS);
    let to = (from + dice.u32(1..ACCOUNTS)) % ACCOUNTS;
    Transfer {
        id,
        from,
        to,
        amount: dice.i64(1..400),
    }
}

async fn run(db: &Db, transfers: u64, seed: u64) -> History {
    let next = Arc::new(AtomicU64::new(0));
    let history = Arc::new(Mutex::new(Vec::new()));
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let (db, next, history) = (db.clone(), next.clone(), history.clone());
            tokio::spawn(async move {
                loop {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    if id >= transfers {
                        return;
                    }
                    let t = some_transfer(id, &mut fastrand::Rng::with_seed(seed ^ (id << 20)));
                    let told = transfer(&db, &t).await;
                    history.lock().unwrap().push((t, told));
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let history = history.lock().unwrap().clone();
    assert_eq!(history.len() as u64, transfers);
    history
}

async fn end(db: &Db) -> (Vec<Account>, Vec<Transfer>) {
    let accounts = Account::scan().consistent().all(db).await.unwrap();
    let ledger = Transfer::scan().consistent().all(db).await.unwrap();
    assert_eq!(accounts.len(), ACCOUNTS as usize);
    (accounts, ledger)
}

fn count(history: &History, told: Told) -> usize {
    history.iter().filter(|(_, t)| *t == told).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_conserve_money_under_faults() {
    let seed = 20_260_723;
    let (db, chaos) = Chaos::db(seed, 0.02).await;
    open_accounts(&db).await;
    chaos.storm();
    let history = run(&db, TRANSFERS, seed).await;
    chaos.calm();
    let (accounts, ledger) = end(&db).await;
    assert_eq!(
        violations(&history, &accounts, &ledger),
        Vec::<String>::new()
    );

    let happened = chaos.happened();
    for kind in Kind::ALL {
        let expected = kind != Kind::Partial;
        assert_eq!(
            happened.contains_key(&kind),
            expected,
            "{kind:?}: {happened:?}"
        );
    }
    assert!(count(&history, Told::Done) as u64 > TRANSFERS / 2);
    assert!(count(&history, Told::Refused) > 0);
}

/// The checker detects each kind of damage.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checker_detects_each_kind_of_damage() {
    let (db, _) = Chaos::db(1, 0.01).await;
    open_accounts(&db).await;
    let mut history = run(&db, 150, 1).await;
    let (accounts, ledger) = end(&db).await;
    assert!(violations(&history, &accounts, &ledger).is_empty());
    let (done, _) = history.iter().find(|(_, t)| *t == Told::Done).unwrap();
    let done = done.clone();

    // An acknowledged transfer is missing.
    let mut less = ledger.clone();
    less.retain(|t| t.id != done.id);
    let found = violations(&history, &accounts, &less);
    assert!(
        found.contains(&format!("transfer {} was lost", done.id)),
        "{found:?}"
    );

    // The table is changed so that one half of a transfer happens twice.
    let again = Account::update(done.to).apply(|a| a.balance.add(done.amount));
    again.send(&db).await.unwrap();
    let (broken, _) = end(&db).await;
    let found = violations(&history, &broken, &ledger);
    assert!(
        found
            .iter()
            .any(|v| v.starts_with("money is not conserved")),
        "{found:?}"
    );
    assert!(found.contains(&format!(
        "account {} was not written once for each",
        done.to
    )));

    // A whole transfer happens twice: money is conserved, but the checker must find it.
    let mut twice = accounts.clone();
    for account in &mut twice {
        if account.id == done.from {
            account.balance -= done.amount;
        }
        if account.id == done.to {
            account.balance += done.amount;
        }
    }
    let found = violations(&history, &twice, &ledger);
    assert!(
        !found.is_empty() && !found[0].starts_with("money"),
        "{found:?}"
    );

    // A refused transfer has happened.
    for (t, told) in &mut history {
        if t.id == done.id {
            *told = Told::Refused;
        }
    }
    let found = violations(&history, &accounts, &ledger);
    assert_eq!(found, [format!("refused {} happened", done.id)]);
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "counters")]
struct Counter {
    #[dynamo(partition)]
    id: u64,
    count: u64,
    #[dynamo(version)]
    version: u64,
    #[dynamo(write_token)]
    token: WriteToken,
}

/// Acknowledged writes happen once, and failed ones at most once: `modify` on items that several tasks
/// change, and increments by key on items that one task owns, because the write token prevents a second
/// increment only while no other task writes the item.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versioned_writes_happen_once_under_faults() {
    let (db, chaos) = Chaos::db(5, 0.03).await;
    db.create_table::<Counter>().await.unwrap();
    for id in 0..12 {
        let counter = Counter {
            id,
            count: 0,
            version: 0,
            token: WriteToken::default(),
        };
        counter.create().send(&db).await.unwrap();
    }
    chaos.storm();
    let tasks: Vec<_> = (0..8_u64)
        .map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut sums = [(n % 4, 0, 0), (4 + n, 0, 0)];
                for i in 0..150 {
                    let result = if i % 2 == 0 {
                        let update = Counter::update(4 + n).apply(|c| c.count.increment(1));
                        update.send(&db).await
                    } else {
                        let add = |c: &mut Counter| {
                            c.count += 1;
                            Ok(())
                        };
                        let modified = Counter::get(n % 4).modify_with(&db, patient(), add).await;
                        modified.map(|_| ())
                    };
                    let (_, done, open) = &mut sums[usize::from(i % 2 == 0)];
                    match result {
                        Ok(()) => *done += 1,
                        Err(_) => *open += 1,
                    }
                }
                sums
            })
        })
        .collect();
    let mut sums: HashMap<u64, (u64, u64)> = HashMap::new();
    for task in tasks {
        for (id, done, open) in task.await.unwrap() {
            let sum = sums.entry(id).or_default();
            *sum = (sum.0 + done, sum.1 + open);
        }
    }
    chaos.calm();
    for (id, (done, open)) in sums {
        let counter = Counter::get(id).consistent().send(&db).await.unwrap();
        let counter = counter.unwrap();
        assert!(
            (done..=done + open).contains(&counter.count),
            "{done} acknowledged, {open} open, {} counted",
            counter.count
        );
        assert_eq!(counter.version, counter.count + 1);
        assert!(done > 50);
    }
}
