//! Entities on a client with AWS's Database Encryption SDK: what is stored is encrypted, what is read
//! is not, by every operation. A static key stands for a key management service.

use std::collections::{BTreeSet, HashMap};

use aws_db_esdk::dynamodb::types::DynamoDbTableEncryptionConfig;
use aws_db_esdk::intercept::DbEsdkInterceptor;
use aws_db_esdk::material_providers::client as material_providers;
use aws_db_esdk::material_providers::types::AesWrappingAlg;
use aws_db_esdk::material_providers::types::material_providers_config::MaterialProvidersConfig;
use aws_db_esdk::{CryptoAction, DynamoDbTablesEncryptionConfig};
use aws_sdk_dynamodb::Client;
use dynamodel::embedded::EmbeddedEngine;
use dynamodel::{BatchGet, BatchWrite, Db, Entity, Transaction, TransportPath, transact_get};

const SECRET: &str = "the diary of Ada";

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "diaries")]
struct Entry {
    #[dynamo(partition)]
    person: String,
    #[dynamo(sort)]
    day: u32,
    text: String,
    tags: BTreeSet<String>,
}

fn entry(day: u32) -> Entry {
    Entry {
        person: "ada".into(),
        day,
        text: SECRET.into(),
        tags: [SECRET.to_owned(), "tag".to_owned()].into(),
    }
}

async fn interceptor() -> DbEsdkInterceptor {
    let config = MaterialProvidersConfig::builder().build().unwrap();
    let keyring = material_providers::Client::from_conf(config)
        .unwrap()
        .create_raw_aes_keyring()
        .key_name("key")
        .key_namespace("tests")
        .wrapping_key((1..=32).collect::<Vec<u8>>())
        .wrapping_alg(AesWrappingAlg::AlgAes256GcmIv12Tag16);
    let actions = [
        ("person", CryptoAction::SignOnly),
        ("day", CryptoAction::SignOnly),
        ("text", CryptoAction::EncryptAndSign),
        ("tags", CryptoAction::EncryptAndSign),
    ];
    let actions = actions.map(|(name, action)| (name.to_owned(), action));
    let table = DynamoDbTableEncryptionConfig::builder()
        .logical_table_name("diaries")
        .partition_key_name("person")
        .sort_key_name("day")
        .attribute_actions_on_encrypt(HashMap::from(actions))
        .keyring(keyring.send().await.unwrap())
        .allowed_unsigned_attribute_prefix(":")
        .build()
        .unwrap();
    let tables = DynamoDbTablesEncryptionConfig::builder()
        .table_encryption_configs(HashMap::from([("diaries".to_owned(), table)]))
        .build()
        .unwrap();
    DbEsdkInterceptor::new(tables).unwrap()
}

/// Returns a `Db` that encrypts, and a client of the same tables that does not.
async fn encrypting() -> (Db, Client) {
    let engine = EmbeddedEngine::memory().unwrap();
    let raw = Client::from_conf(engine.config().build());
    Db::new(raw.clone()).create_table::<Entry>().await.unwrap();
    let config = engine.config().interceptor(interceptor().await).build();
    (Db::new(Client::from_conf(config)), raw)
}

/// Returns the days that are stored, after a check that no stored item shows a secret.
async fn stored_days(raw: &Client) -> Vec<u32> {
    let items = raw.scan().table_name("diaries").send().await.unwrap();
    let mut days: Vec<u32> = Vec::new();
    for item in items.items() {
        assert!(!format!("{item:?}").contains(SECRET));
        assert!(item["text"].is_b(), "encrypted text is binary");
        days.push(item["day"].as_n().unwrap().parse().unwrap());
    }
    days.sort_unstable();
    days
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_stores_cipher_text_and_every_read_returns_plain_text() {
    let (db, raw) = encrypting().await;
    let status = db.transport_status();
    assert_eq!(status.path(), TransportPath::Plain, "{:?}", status.reason());

    let created = entry(1).create().send(&db).await.unwrap();
    assert_eq!(created, entry(1));
    entry(2).put().send(&db).await.unwrap();
    let batch = BatchWrite::new().put_all((3..30).map(entry));
    batch.send(&db).await.unwrap();
    let mut tx = Transaction::new();
    tx.put(entry(30).create());
    tx.put(entry(31).put());
    tx.send(&db).await.unwrap();
    assert_eq!(stored_days(&raw).await, (1..=31).collect::<Vec<_>>());

    let all: Vec<Entry> = (1..=31).map(entry).collect();
    let got = Entry::get("ada", 1_u32)
        .consistent()
        .send(&db)
        .await
        .unwrap();
    assert_eq!(got, Some(entry(1)));
    assert_eq!(Entry::query("ada").all(&db).await.unwrap(), all);
    assert_eq!(
        Entry::query("ada").page_size(7).all(&db).await.unwrap(),
        all
    );
    let mut scanned = Entry::scan().segments(2).all(&db).await.unwrap();
    scanned.sort_by_key(|entry| entry.day);
    assert_eq!(scanned, all);
    let keys = (1..=31_u32).map(|day| Entry::key("ada", day));
    let found = BatchGet::new(keys).send(&db).await.unwrap();
    assert_eq!(found.into_iter().flatten().collect::<Vec<_>>(), all);
    let gets = (Entry::get("ada", 3_u32), Entry::get("ada", 99_u32));
    let (third, none) = transact_get(gets).send(&db).await.unwrap();
    assert_eq!((third, none), (Some(entry(3)), None));

    Entry::delete("ada", 1_u32).send(&db).await.unwrap();
    entry(2).remove().send(&db).await.unwrap();
    assert_eq!(stored_days(&raw).await, (3..=31).collect::<Vec<_>>());
}

/// The encryption SDK refuses what it cannot encrypt; nothing is stored in plain text.
#[tokio::test(flavor = "multi_thread")]
async fn update_of_encrypted_attribute_is_refused_and_changes_nothing() {
    let (db, raw) = encrypting().await;
    entry(1).create().send(&db).await.unwrap();
    let update = Entry::update("ada", 1_u32).apply(|e| e.text.set(SECRET));
    update.send(&db).await.unwrap_err();
    assert_eq!(stored_days(&raw).await, [1]);
    let got = Entry::get("ada", 1_u32).send(&db).await.unwrap();
    assert_eq!(got, Some(entry(1)));
}
