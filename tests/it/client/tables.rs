//! Tables: created from code, compared, described, deleted.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    BillingMode, KeyType, PointInTimeRecoveryStatus, ProjectionType, TableDescription,
};
use dynamodel::{Binary, Db, Entity};
use dynamodel_tests::{db, is_embedded};
use futures_util::future::{join_all, try_join_all};

#[derive(Debug, Entity)]
#[dynamo(table = "orders")]
#[dynamo(index(by_customer, partition = customer, sort = total, project = [note]))]
#[dynamo(index(by_day, partition = (year, month), sort = (day, blob), name = "by-day"))]
#[dynamo(local_index(by_total, sort = total, project = keys))]
struct Order {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    line: u32,
    #[dynamo(rename = "Customer")]
    customer: String,
    total: i64,
    note: Option<String>,
    year: u32,
    month: u32,
    day: u32,
    blob: Binary,
    #[dynamo(ttl)]
    expires: u64,
}

#[derive(Debug, Entity)]
#[dynamo(table = "optioned", billing = provisioned(read = 3, write = 4))]
#[dynamo(stream = new_and_old_images, encryption = aws_managed, deletion_protection)]
#[dynamo(tags(team = "web", "cost-center" = "42"), table_class = infrequent_access)]
#[dynamo(index(by_a, partition = a))]
struct Optioned {
    #[dynamo(partition)]
    id: String,
    a: String,
}

#[derive(Debug, Entity)]
#[dynamo(table = "recovered", point_in_time_recovery)]
struct Recovered {
    #[dynamo(partition)]
    id: String,
}

/// Another definition of [`Order`]'s table that differs in everything.
#[derive(Debug, Entity)]
#[dynamo(table = "orders", billing = provisioned(read = 1, write = 1), stream = keys_only)]
#[dynamo(table_class = infrequent_access, deletion_protection)]
#[dynamo(index(by_customer, partition = total, project = [note, month]))]
#[dynamo(index(by_note, partition = note))]
struct OtherOrder {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    line: String,
    total: i64,
    note: Option<String>,
    month: u32,
    #[dynamo(ttl)]
    gone: u64,
}

#[derive(Debug, Entity)]
#[dynamo(table = "orders")]
struct Plain {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    line: u32,
}

#[derive(Debug, Entity)]
#[dynamo(table = "timed")]
struct Timed {
    #[dynamo(partition)]
    id: String,
    #[dynamo(ttl)]
    expires: u64,
}

#[derive(Debug, Entity)]
#[dynamo(table = "timed")]
struct TimedOtherwise {
    #[dynamo(partition)]
    id: String,
    #[dynamo(ttl)]
    ends: u64,
}

#[derive(Debug, Entity)]
#[dynamo(table = "timed")]
struct Untimed {
    #[dynamo(partition)]
    id: String,
}

async fn description<E: Entity>(db: &Db) -> TableDescription {
    let table = db.table_name::<E>();
    let described = db
        .client()
        .describe_table()
        .table_name(&*table)
        .send()
        .await;
    described.unwrap().table.unwrap()
}

fn keys(schema: &[aws_sdk_dynamodb::types::KeySchemaElement]) -> Vec<(&str, KeyType)> {
    let key = |k: &aws_sdk_dynamodb::types::KeySchemaElement| k.key_type().clone();
    schema
        .iter()
        .map(|k| (k.attribute_name(), key(k)))
        .collect()
}

#[tokio::test]
async fn created_table_has_keys_and_indexes_of_entity() {
    let db = db().await;
    db.create_table::<Order>().await.unwrap();
    let table = description::<Order>(&db).await;
    assert_eq!(
        keys(table.key_schema()),
        [("id", KeyType::Hash), ("line", KeyType::Range)]
    );
    let kinds: BTreeMap<&str, &str> = table
        .attribute_definitions()
        .iter()
        .map(|d| (d.attribute_name(), d.attribute_type().as_str()))
        .collect();
    let expected = [
        ("Customer", "S"),
        ("blob", "B"),
        ("day", "N"),
        ("id", "S"),
        ("line", "N"),
        ("month", "N"),
        ("total", "N"),
        ("year", "N"),
    ];
    assert_eq!(kinds, BTreeMap::from(expected));
    let billing = table.billing_mode_summary().and_then(|b| b.billing_mode());
    assert_eq!(billing, Some(&BillingMode::PayPerRequest));

    let globals = table.global_secondary_indexes();
    let global = |name| {
        globals
            .iter()
            .find(|i| i.index_name() == Some(name))
            .unwrap()
    };
    let by_customer = global("by_customer");
    let hash_range = [("Customer", KeyType::Hash), ("total", KeyType::Range)];
    assert_eq!(keys(by_customer.key_schema()), hash_range);
    let projection = by_customer.projection().unwrap();
    assert_eq!(projection.projection_type(), Some(&ProjectionType::Include));
    assert_eq!(projection.non_key_attributes(), ["note"]);
    let by_day = keys(global("by-day").key_schema());
    let four = [
        ("year", KeyType::Hash),
        ("month", KeyType::Hash),
        ("day", KeyType::Range),
        ("blob", KeyType::Range),
    ];
    assert_eq!(by_day, four);
    let [local] = table.local_secondary_indexes() else {
        panic!("one local index");
    };
    assert_eq!(local.index_name(), Some("by_total"));
    let projection = local.projection().and_then(|p| p.projection_type());
    assert_eq!(projection, Some(&ProjectionType::KeysOnly));
}

#[tokio::test]
async fn creating_table_twice_succeeds() {
    let db = db().await;
    for _ in 0..3 {
        db.create_table::<Order>().await.unwrap();
    }
    // An entity that declares less than the table has does not contradict it.
    db.create_table::<Plain>().await.unwrap();
    let info = db.describe_table::<Order>().await.unwrap();
    assert!(info.differences().is_empty(), "{info:?}");
    assert_eq!(info.status, "ACTIVE");
    assert_eq!(info.name, &*db.table_name::<Order>());
    assert_eq!(info.item_count, 0);
}

#[tokio::test]
async fn concurrent_creation_of_table_succeeds() {
    let db = db().await;
    let created = join_all((0..8).map(|_| db.create_table::<Order>())).await;
    for result in created {
        result.unwrap();
    }
}

#[tokio::test]
async fn create_table_error_names_each_difference() {
    let db = db().await;
    db.create_table::<Order>().await.unwrap();
    let e = db.create_table::<OtherOrder>().await.unwrap_err();
    assert!(e.is_table_mismatch());
    assert_eq!(
        (e.entity(), e.operation()),
        (Some("OtherOrder"), Some("CreateTable"))
    );
    let mut expected = vec![
        "key attribute `line` is N, the entity has S",
        "index `by_customer` has partition key `Customer`, the entity `total`",
        "index `by_customer` has sort key `total`, the entity none",
        "index `by_customer` projects the keys and `note`, the entity the keys and `month`, `note`",
        "the global index `by_note` is missing",
        "the table has on-demand capacity, the entity provisioned",
        "the stream is no stream, the entity has KEYS_ONLY",
        "deletion protection is off, the entity has it on",
        "Time to Live is on `expires`, the entity has it on `gone`",
    ];
    if is_embedded() {
        expected.push("the table class is STANDARD, the entity has STANDARD_INFREQUENT_ACCESS");
    }
    let text = e.to_string();
    for difference in &expected {
        assert!(text.contains(difference), "{difference} is not in {text}");
    }
    let info = db.describe_table::<OtherOrder>().await.unwrap();
    let mut found: Vec<&str> = info.differences().iter().map(String::as_str).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    let info = db.describe_table::<Order>().await.unwrap();
    assert!(
        info.differences().is_empty(),
        "it was left as it is: {info:?}"
    );
}

#[tokio::test]
async fn create_table_error_names_different_keys() {
    #[derive(Debug, Entity)]
    #[dynamo(table = "orders")]
    struct NoSort {
        #[dynamo(partition)]
        key: String,
    }
    let db = db().await;
    db.create_table::<Order>().await.unwrap();
    let e = db.create_table::<NoSort>().await.unwrap_err().to_string();
    assert!(
        e.contains("the table has partition key `id`, the entity `key`"),
        "{e}"
    );
    assert!(
        e.contains("the table has sort key `line`, the entity none"),
        "{e}"
    );
}

#[tokio::test]
async fn create_table_switches_time_to_live_on() {
    let db = db().await;
    db.create_table::<Untimed>().await.unwrap();
    // Time to Live is off, but the entity wants it, so it is switched on.
    let info = db.describe_table::<Timed>().await.unwrap();
    assert_eq!(
        info.differences(),
        ["Time to Live is off, the entity has it on `expires`"]
    );
    db.create_table::<Timed>().await.unwrap();
    assert!(
        db.describe_table::<Timed>()
            .await
            .unwrap()
            .differences()
            .is_empty()
    );
    // Time to Live is on for another attribute: an error, and the table stays unchanged.
    let e = db.create_table::<TimedOtherwise>().await.unwrap_err();
    assert!(e.is_table_mismatch());
    let difference = "Time to Live is on `expires`, the entity has it on `ends`";
    assert!(e.to_string().ends_with(difference), "{e}");
    assert!(
        db.describe_table::<Timed>()
            .await
            .unwrap()
            .differences()
            .is_empty()
    );
}

#[tokio::test]
async fn different_table_is_left_unchanged() {
    #[derive(Debug, Entity)]
    #[dynamo(table = "timed")]
    struct Different {
        #[dynamo(partition)]
        id: u64,
        #[dynamo(ttl)]
        expires: u64,
    }
    let db = db().await;
    db.create_table::<Untimed>().await.unwrap();
    assert!(
        db.create_table::<Different>()
            .await
            .unwrap_err()
            .is_table_mismatch()
    );
    let info = db.describe_table::<Timed>().await.unwrap();
    assert_eq!(
        info.differences(),
        ["Time to Live is off, the entity has it on `expires`"]
    );
}

#[tokio::test]
async fn created_table_has_options_of_entity() {
    let db = db().await;
    db.create_table::<Optioned>().await.unwrap();
    db.create_table::<Optioned>().await.unwrap();
    let table = description::<Optioned>(&db).await;
    let throughput = table.provisioned_throughput().unwrap();
    assert_eq!(throughput.read_capacity_units(), Some(3));
    assert_eq!(throughput.write_capacity_units(), Some(4));
    let index = table.global_secondary_indexes()[0].provisioned_throughput();
    assert_eq!(index.and_then(|t| t.write_capacity_units()), Some(4));
    let stream = table.stream_specification().unwrap();
    let view = stream.stream_view_type().map(|v| v.as_str());
    assert_eq!(view, Some("NEW_AND_OLD_IMAGES"));
    assert_eq!(table.deletion_protection_enabled(), Some(true));
    if is_embedded() {
        // DynamoDB Local accepts table class, encryption and tags, but does not store them.
        check_storage(&db, &table).await;
    }
    let e = db.delete_table::<Optioned>().await.unwrap_err();
    assert_eq!(e.code(), Some("ValidationException"), "{e}");
    assert_eq!(
        description::<Optioned>(&db)
            .await
            .table_status()
            .map(|s| s.as_str()),
        Some("ACTIVE")
    );
}

async fn check_storage(db: &Db, table: &TableDescription) {
    let class = table.table_class_summary().and_then(|c| c.table_class());
    assert_eq!(
        class.map(|c| c.as_str()),
        Some("STANDARD_INFREQUENT_ACCESS")
    );
    let sse = table.sse_description().and_then(|s| s.sse_type());
    assert_eq!(sse.map(|s| s.as_str()), Some("KMS"));
    let tags = db.client().list_tags_of_resource();
    let tags = tags
        .resource_arn(table.table_arn().unwrap())
        .send()
        .await
        .unwrap();
    let tags: BTreeMap<&str, &str> = tags.tags().iter().map(|t| (t.key(), t.value())).collect();
    assert_eq!(
        tags,
        BTreeMap::from([("cost-center", "42"), ("team", "web")])
    );
}

#[tokio::test]
async fn created_table_has_point_in_time_recovery() {
    let db = db().await;
    db.create_table::<Recovered>().await.unwrap();
    if !is_embedded() {
        return; // DynamoDB Local cannot describe backups.
    }
    let table = db.table_name::<Recovered>();
    let described = db
        .client()
        .describe_continuous_backups()
        .table_name(&*table);
    let described = described.send().await.unwrap();
    let recovery = described
        .continuous_backups_description()
        .and_then(|d| d.point_in_time_recovery_description())
        .and_then(|d| d.point_in_time_recovery_status());
    assert_eq!(recovery, Some(&PointInTimeRecoveryStatus::Enabled));
}

#[tokio::test]
async fn deleted_table_can_be_created_again() {
    let db = db().await;
    db.create_table::<Timed>().await.unwrap();
    let item = || Timed {
        id: "x".into(),
        expires: 1,
    };
    item().create().send(&db).await.unwrap();
    db.delete_table::<Timed>().await.unwrap();
    for e in [
        db.describe_table::<Timed>().await.unwrap_err(),
        db.delete_table::<Timed>().await.unwrap_err(),
        item().put().send(&db).await.unwrap_err(),
    ] {
        assert!(e.is_table_not_found(), "{e}");
        assert!(e.request_id().is_some());
        assert_eq!(e.entity(), Some("Timed"));
    }
    db.create_table::<Timed>().await.unwrap();
    assert_eq!(Timed::scan().count(&db).await.unwrap(), 0);
    assert!(
        db.describe_table::<Timed>()
            .await
            .unwrap()
            .differences()
            .is_empty()
    );
}

#[tokio::test]
async fn table_names_follow_prefix_and_overrides() {
    let main = db().await;
    let client = main.client().clone();
    let prefix = dynamodel_tests::prefix();
    let named = Db::builder()
        .client(client.clone())
        .table_prefix(&prefix)
        .table_name("timed", format!("{prefix}other-name"))
        .build();
    named.create_table::<Timed>().await.unwrap();
    named.create_table::<Plain>().await.unwrap();
    assert_eq!(&*named.table_name::<Timed>(), format!("{prefix}other-name"));
    assert_eq!(&*named.table_name::<Plain>(), format!("{prefix}orders"));
    let prefixed = Db::builder().client(client).table_prefix(&prefix).build();
    prefixed.describe_table::<Plain>().await.unwrap();
    assert!(
        prefixed
            .describe_table::<Timed>()
            .await
            .unwrap_err()
            .is_table_not_found()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_tables_coexist() {
    let main = db().await;
    let client = main.client().clone();
    let dbs: Vec<Db> = (0..200)
        .map(|_| {
            let prefix = dynamodel_tests::prefix();
            Db::builder()
                .client(client.clone())
                .table_prefix(prefix)
                .build()
        })
        .collect();
    let create = dbs.iter().zip(0..).map(|(db, n)| async move {
        db.create_table::<Timed>().await?;
        Timed {
            id: "x".into(),
            expires: n,
        }
        .create()
        .send(db)
        .await
    });
    try_join_all(create).await.unwrap();
    for (db, n) in dbs.iter().zip(0..) {
        let items = Timed::scan().all(db).await.unwrap();
        assert_eq!(items.iter().map(|i| i.expires).collect::<Vec<u64>>(), [n]);
    }
    try_join_all(dbs.iter().map(|db| db.delete_table::<Timed>()))
        .await
        .unwrap();
}
