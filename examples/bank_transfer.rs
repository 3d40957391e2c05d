//! Transfers between bank accounts that happen exactly once, or not at all.
//!
//! | The bank asks for | By | Served by |
//! |---|---|---|
//! | an account | number | `Account::get` |
//! | two balances of the same moment | numbers | `transact_get` |
//! | an account's transfers, newest first | number | `Transfer::by_payer(..).descending` |
//! | whether a transfer was carried out | its id | `Transfer::get` |
//!
//! Writes: `transfer` moves money in one transaction: a debit that the balance must cover, a credit, and
//! a record under the id that the client chose. A client that got no response sends the same id again:
//! for ten minutes DynamoDB remembers the id as the idempotency token, and after that the record of the
//! first transfer makes the second fail. Interest is a read, a computation and a write, so it uses the
//! version: `modify`.
//!
//! `cargo run --example bank_transfer` runs it on the embedded engine; `-- --help` lists the other databases.

#![allow(
    clippy::inconsistent_digit_grouping,
    reason = "cents stand after the last underscore"
)]

use dynamodel::{Db, Entity, Error, Transaction, transact_get};
use dynamodel_examples::{Outcome, connect};
use futures_util::future::try_join_all;

/// An account.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "bank-accounts")]
struct Account {
    #[dynamo(partition)]
    number: u32,
    cents: i64,
    /// Raised by every write, including the updates of transfers.
    #[dynamo(version)]
    version: u64,
}

/// A transfer that was carried out.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "bank-transfers", index(by_payer, partition = payer, sort = at))]
struct Transfer {
    #[dynamo(partition)]
    id: String,
    payer: u32,
    payee: u32,
    cents: i64,
    /// Seconds since 1970. The client chooses the time, because a repeated request must be the same in
    /// every byte.
    at: u64,
}

/// Reason for which a transfer was not carried out.
#[derive(Debug)]
enum Refused {
    /// The payer's balance is less than the amount.
    NotCovered { balance: i64 },
    /// Another transfer has this id.
    IdTaken,
    /// The payer or the payee has no account.
    NoAccount,
}

const ACCOUNTS: u32 = 10;
const OPENING: i64 = 100_00;

#[tokio::main]
async fn main() -> Outcome {
    let Some(db) = connect("Transfers between bank accounts.").await? else {
        return Ok(());
    };
    db.create_table::<Account>().await?;
    db.create_table::<Transfer>().await?;
    for number in 0..ACCOUNTS {
        let (cents, version) = (OPENING, 0);
        let account = Account {
            number,
            cents,
            version,
        };
        account.create().send(&db).await?;
    }

    one_transfer(&db).await?;
    many_at_once(&db).await?;
    interest(&db).await?;

    db.delete_table::<Account>().await?;
    Ok(db.delete_table::<Transfer>().await?)
}

async fn transfer(db: &Db, transfer: &Transfer) -> Result<Result<(), Refused>, Error> {
    let cents = transfer.cents;
    let mut tx = Transaction::new().idempotency_token(&transfer.id);
    let payer = tx.update(
        Account::update(transfer.payer)
            .apply(|a| a.cents.subtract(cents))
            .when(|a| a.cents.ge(cents)),
    );
    tx.update(Account::update(transfer.payee).apply(|a| a.cents.add(cents)));
    let record = tx.put(transfer.clone().create());
    // Conflicts with other transfers are retried with the same token.
    let Err(error) = tx.send(db).await else {
        return Ok(Ok(()));
    };
    if error.code() == Some("IdempotentParameterMismatchException") {
        return Ok(Err(Refused::IdTaken));
    }
    if !error.is_condition_failed() {
        return Err(error);
    }
    let of_record = error.reason(record).filter(|why| why.is_condition_failed());
    let of_payer = error.reason(payer).filter(|why| why.is_condition_failed());
    Ok(Err(match (of_record, of_payer.map(|why| why.item)) {
        (Some(_), _) => Refused::IdTaken,
        (None, Some(Some(account))) => Refused::NotCovered {
            balance: account.cents,
        },
        // The payer has no account, or the condition of the payee, who must exist, has failed.
        (None, _) => Refused::NoAccount,
    }))
}

async fn one_transfer(db: &Db) -> Outcome {
    let rent = Transfer {
        id: "rent-2026-03".into(),
        payer: 1,
        payee: 2,
        cents: 60_00,
        at: 1_772_323_200,
    };
    let done = transfer(db, &rent).await?;
    // The response got lost, so the client sends the same request again.
    let again = transfer(db, &rent).await?;
    assert!(done.is_ok() && again.is_ok());
    let (one, two) = transact_get((Account::get(1_u32), Account::get(2_u32)))
        .send(db)
        .await?;
    let balances = [one, two].map(|account| account.map_or(0, |a| a.cents));
    println!("after the rent, asked for twice: {balances:?}");
    assert_eq!(balances, [40_00, 160_00]);

    let again = Transfer {
        id: "rent-2026-04".into(),
        ..rent.clone()
    };
    let refused = transfer(db, &again).await?;
    println!("once more: {refused:?}");
    assert!(matches!(
        refused,
        Err(Refused::NotCovered { balance: 40_00 })
    ));
    let other = Transfer {
        cents: 1,
        ..rent.clone()
    };
    let refused = transfer(db, &other).await?;
    println!("another amount under the same id: {refused:?}");
    assert!(matches!(refused, Err(Refused::IdTaken)));
    let nobody = Transfer {
        id: "lost".into(),
        payee: 42,
        cents: 1,
        ..rent.clone()
    };
    let refused = transfer(db, &nobody).await?;
    println!("to an account that is not there: {refused:?}");
    assert!(matches!(refused, Err(Refused::NoAccount)));

    let of_one = Transfer::by_payer(1_u32).descending().all(db).await?;
    assert_eq!(of_one, [rent]);
    Ok(())
}

/// Eight clients move money around; some transfers are not covered.
async fn many_at_once(db: &Db) -> Outcome {
    const EACH: u64 = 40;
    let clients = (0..8_u64).map(|client| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut dice = fastrand::Rng::with_seed(client);
            let mut done = 0;
            for n in 0..EACH {
                let payer = dice.u32(..ACCOUNTS);
                let next = Transfer {
                    id: format!("client-{client}-{n}"),
                    payer,
                    payee: (payer + dice.u32(1..ACCOUNTS)) % ACCOUNTS,
                    cents: dice.i64(1..80_00),
                    at: 1_772_323_200 + n,
                };
                match transfer(&db, &next).await? {
                    Ok(()) => done += 1,
                    Err(refused) => assert!(matches!(refused, Refused::NotCovered { .. })),
                }
            }
            Ok::<usize, Error>(done)
        })
    });
    let done = try_join_all(clients).await?.into_iter();
    let done: usize = done.sum::<Result<_, _>>()?;
    let accounts = Account::scan().consistent().all(db).await?;
    let total: i64 = accounts.iter().map(|a| a.cents).sum();
    let transfers = Transfer::scan().consistent().all(db).await?;
    println!(
        "{} transfers by 8 clients at once: the total is {total}",
        8 * EACH
    );
    assert_eq!(
        total,
        OPENING * i64::from(ACCOUNTS),
        "no money is lost or made"
    );
    assert!(
        accounts.iter().all(|a| a.cents >= 0),
        "no account is overdrawn"
    );
    assert_eq!(
        transfers.len(),
        done + 1,
        "a record for each, and the rent's"
    );
    Ok(())
}

/// Adds one percent of the balance that is stored at the moment of the write, while deposits go on.
async fn interest(db: &Db) -> Outcome {
    const SAVINGS: u32 = 99;
    let (number, cents, version) = (SAVINGS, OPENING, 0);
    Account {
        number,
        cents,
        version,
    }
    .create()
    .send(db)
    .await?;

    let deposit = || Account::update(SAVINGS).apply(|a| a.cents.add(1_00));
    let deposits = try_join_all((0..20).map(|_| deposit().send(db)));
    let pay = Account::get(SAVINGS).modify(db, |account| {
        account.cents += account.cents / 100;
        Ok(())
    });
    let (deposits, paid) = tokio::join!(deposits, pay);
    deposits?;
    paid?;

    let savings = Account::get(SAVINGS).consistent().send(db).await?;
    let savings = savings.ok_or("the account is gone")?;
    println!(
        "one percent, and 20 deposits meanwhile: version {}",
        savings.version
    );
    assert_eq!(savings.version, 1 + 20 + 1, "each write is there");
    let interest = savings.cents - OPENING - 20_00;
    assert!((1_00..=1_20).contains(&interest));
    Ok(())
}
