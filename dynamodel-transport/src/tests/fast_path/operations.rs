//! Each of the ten operations.

use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Get, KeysAndAttributes, Put, PutRequest, TransactGetItem,
    TransactWriteItem, WriteRequest,
};
use aws_types::endpoint_config::AccountIdEndpointMode;

use super::super::{GetItem, PutItem};
use super::equal_bytes::{Change, same};
use super::*;
use crate::operations::{
    BatchGetItem, BatchWriteItem, DeleteItem, Query, Scan, TransactGetItems, TransactWriteItems,
    UpdateItem,
};

/// Clients that are told apart by the endpoint of every request.
const CLIENTS: [(Change, &str); 5] = [
    (|b| b, "https://dynamodb.eu-central-1.amazonaws.com/"),
    (
        |b| {
            b.credentials_provider(account())
                .account_id_endpoint_mode(AccountIdEndpointMode::Required)
        },
        "https://123456789012.ddb.eu-central-1.amazonaws.com/",
    ),
    (
        |b| b.endpoint_url("http://localhost:8000/path"),
        "http://localhost:8000/path/",
    ),
    (
        |b| {
            b.credentials_provider(account())
                .endpoint_url("http://localhost:8000")
        },
        "http://localhost:8000/",
    ),
    (
        |b| b.use_fips(true).use_dual_stack(true),
        "https://dynamodb-fips.eu-central-1.api.aws/",
    ),
];

fn text() -> AttributeValue {
    AttributeValue::S("1".into())
}

/// The operations on one table.
#[tokio::test]
async fn operations_on_a_table_are_those_of_the_sdk() {
    async fn check<O: ApiOperation>(raw: impl AsyncFn(Client)) {
        for (change, uri) in CLIENTS {
            let tables = Tables::One("books".into());
            let sent = same::<O>(uri, |fake| change(fake.config()), tables, &raw).await;
            assert_eq!(sent.uri, uri);
        }
    }
    check::<GetItem>(async |sdk| {
        let get = sdk.get_item().table_name("books").key("isbn", text());
        get.send().await.unwrap();
    })
    .await;
    check::<PutItem>(async |sdk| {
        let put = sdk.put_item().table_name("books").item("isbn", text());
        put.send().await.unwrap();
    })
    .await;
    check::<UpdateItem>(async |sdk| {
        let update = sdk.update_item().table_name("books").key("isbn", text());
        update.send().await.unwrap();
    })
    .await;
    check::<DeleteItem>(async |sdk| {
        let delete = sdk.delete_item().table_name("books").key("isbn", text());
        delete.send().await.unwrap();
    })
    .await;
    check::<Query>(async |sdk| drop(sdk.query().table_name("books").send().await.unwrap())).await;
    check::<Scan>(async |sdk| drop(sdk.scan().table_name("books").send().await.unwrap())).await;
}

/// The operations on several tables.
#[tokio::test]
async fn operations_on_tables_are_those_of_the_sdk() {
    const TABLES: [&str; 2] = ["books", "authors"];
    async fn check<O: ApiOperation>(raw: impl AsyncFn(Client)) {
        for (change, uri) in CLIENTS {
            let tables = Tables::Many(TABLES.map(Into::into).into());
            let sent = same::<O>(uri, |fake| change(fake.config()), tables, &raw).await;
            assert_eq!(sent.uri, uri);
            let body = String::from_utf8(sent.body).unwrap();
            assert!(TABLES.iter().all(|table| body.contains(table)), "{body}");
        }
    }
    check::<BatchGetItem>(async |sdk| {
        let keys = KeysAndAttributes::builder().keys([("isbn".into(), text())].into());
        let keys = keys.build().unwrap();
        let tables = TABLES.map(|table| (table.to_owned(), keys.clone()));
        let get = sdk.batch_get_item().set_request_items(Some(tables.into()));
        get.send().await.unwrap();
    })
    .await;
    check::<BatchWriteItem>(async |sdk| {
        let put = PutRequest::builder().item("isbn", text()).build().unwrap();
        let put = WriteRequest::builder().put_request(put).build();
        let tables = TABLES.map(|table| (table.to_owned(), vec![put.clone()]));
        let write = sdk
            .batch_write_item()
            .set_request_items(Some(tables.into()));
        write.send().await.unwrap();
    })
    .await;
    check::<TransactGetItems>(async |sdk| {
        let gets = TABLES.map(|table| {
            let get = Get::builder().table_name(table).key("isbn", text());
            let get = get.build().unwrap();
            TransactGetItem::builder().get(get).build()
        });
        let get = sdk
            .transact_get_items()
            .set_transact_items(Some(gets.into()));
        get.send().await.unwrap();
    })
    .await;
    check::<TransactWriteItems>(async |sdk| {
        let put = Put::builder().table_name(TABLES[0]).item("isbn", text());
        let delete = Delete::builder().table_name(TABLES[1]).key("isbn", text());
        let put = TransactWriteItem::builder().put(put.build().unwrap());
        let delete = TransactWriteItem::builder().delete(delete.build().unwrap());
        let write = sdk
            .transact_write_items()
            .transact_items(put.build())
            .transact_items(delete.build());
        write.send().await.unwrap();
    })
    .await;
}

/// One client, and no operation is taken for another.
#[tokio::test]
async fn every_operation_has_its_template() {
    async fn check<O: ApiOperation>(transport: &Transport, fake: &Fake) {
        let before = fake.sent().len();
        for _ in 0..2 {
            call::<O>(transport).await.unwrap();
        }
        for sent in &fake.sent()[before..] {
            assert_eq!(sent.header("x-amz-target"), Some(O::TARGET));
        }
    }
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    check::<GetItem>(&transport, &fake).await;
    check::<PutItem>(&transport, &fake).await;
    check::<UpdateItem>(&transport, &fake).await;
    check::<DeleteItem>(&transport, &fake).await;
    check::<Query>(&transport, &fake).await;
    check::<Scan>(&transport, &fake).await;
    check::<BatchGetItem>(&transport, &fake).await;
    check::<BatchWriteItem>(&transport, &fake).await;
    check::<TransactWriteItems>(&transport, &fake).await;
    check::<TransactGetItems>(&transport, &fake).await;
    assert_eq!(counts(&transport), (20, 0));
}
