//! Mistakes in the client's configuration are told as such, on every path, with their remedy.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Config, Credentials, Region};
use dynamodel::{BatchWrite, Db, Entity, Error, ErrorKind, Transaction};

#[derive(Debug, Clone, Entity)]
#[dynamo(table = "rooms")]
struct Room {
    #[dynamo(partition)]
    id: String,
}

fn config() -> Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .retry_config(RetryConfig::disabled())
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
}

fn at(endpoint: &str) -> Builder {
    config().endpoint_url(endpoint)
}

fn signed_as(key: &str, token: &str) -> Builder {
    let token = Some(token.to_owned());
    config().credentials_provider(Credentials::new(key, "b", token, None, "test"))
}

/// Sends operations on every path, and returns their errors.
async fn errors(config: &Builder) -> Vec<Error> {
    let client = aws_sdk_dynamodb::Client::from_conf(config.clone().build());
    let mut errors = Vec::new();
    let on = |client: &aws_sdk_dynamodb::Client| Db::builder().client(client.clone());
    for db in [
        on(&client).build(),
        on(&client).fast_path(false).build(),
        on(&client).plain_path(true).build(),
    ] {
        let room = || Room { id: "r".into() };
        let mut tx = Transaction::new();
        tx.put(room().create());
        let results = [
            Room::get("r").send(&db).await.map(drop),
            room().create().send(&db).await.map(drop),
            Room::query("r").all(&db).await.map(drop),
            BatchWrite::new().put(room()).send(&db).await.map(drop),
            tx.send(&db).await.map(drop),
            db.create_table::<Room>().await,
            db.describe_table::<Room>().await.map(drop),
            db.delete_table::<Room>().await,
        ];
        errors.extend(results.map(|r| r.expect_err("no request can be made")));
    }
    errors
}

#[tokio::test]
async fn configuration_mistake_is_told_with_its_remedy() {
    let own = "http://localhost:1";
    let cases = [
        ("AWS_REGION", config().region(None)),
        ("region is not", config().region(Region::new("eu central"))),
        ("region is not", config().region(Region::new(""))),
        ("scheme", at("localhost:8000")),
        ("scheme", at("127.0.0.1:8000")),
        ("scheme", at("localhost")),
        ("scheme", at("")),
        ("scheme", at("ftp://localhost:1")),
        ("scheme", at("http://")),
        ("scheme", at("http://local host:1")),
        ("FIPS", at(own).use_fips(true)),
        ("dual-stack", at(own).use_dual_stack(true)),
        ("line end", signed_as("a", "SECRET\n")),
        ("line end", signed_as("SECRET\n", "token")),
        ("line end", signed_as("a", "SECRET\r\n")),
    ];
    for (text, config) in cases {
        let config = &config;
        for e in errors(config).await {
            assert_eq!(e.kind(), ErrorKind::Configuration, "{text}: {e}");
            assert!(e.is_configuration_error() && !e.is_connection());
            assert!(e.to_string().contains(text), "{text}: {e}");
            assert!(!format!("{e} {e:?}").contains("SECRET"), "{e}");
            assert!(!e.may_have_happened() && !e.is_retryable(), "{e}");
        }
    }
}

#[tokio::test]
async fn https_endpoint_without_tls_is_a_configuration_error() {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = at("https://localhost:1").http_client(http);
    for e in errors(&config).await {
        assert!(e.is_configuration_error(), "{e}");
        assert!(e.to_string().contains("TLS"), "{e}");
    }
}

#[tokio::test]
async fn endpoint_that_does_not_listen_is_no_configuration_error() {
    for e in errors(&at("http://localhost:1")).await {
        assert_eq!(e.kind(), ErrorKind::Connection, "{e}");
    }
}

#[tokio::test]
async fn missing_client_is_a_configuration_error() {
    let e = Room::get("r").send(&Db::builder().build()).await;
    let e = e.unwrap_err();
    assert!(e.is_configuration_error(), "{e}");
    assert!(e.to_string().contains("Db::builder().client(..)"), "{e}");
}
