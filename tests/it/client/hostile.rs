//! A server that puts what it is sent, and secrets of its own, everywhere in its responses: none of
//! it is in an error.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dynamodel::{
    Backoff, BatchGet, BatchWrite, Db, Entity, Error, Transaction, TransportPath, transact_get,
};
use dynamodel_tests::support::relay::{self, Rule, with_rule};
use std::time::Duration;

/// Texts that must be in no error: a key, a value, credentials, and what the server makes up.
const SECRETS: [&str; 6] = [
    "KEY-4711",
    "VALUE-0815",
    "AKIDSECRET",
    "TOKEN-1234",
    "SIGNED-BY-SECRET",
    "PLANTED-99",
];

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "rooms")]
struct Room {
    #[dynamo(partition)]
    id: String,
    text: String,
    #[dynamo(version)]
    version: u64,
}

fn room() -> Room {
    Room {
        id: "KEY-4711".into(),
        text: "VALUE-0815".into(),
        version: 1,
    }
}

/// Responds to every request with a status, headers and a body that are made of the request.
#[derive(Debug, Clone, Default)]
struct Hostile(Arc<Mutex<(u16, String)>>);

impl Rule for Hostile {
    fn apply(&self, request: HttpRequest, _behind: &SharedHttpConnector) -> HttpConnectorFuture {
        let (status, body) = self.0.lock().unwrap().clone();
        let header = |name| request.headers().get(name).unwrap_or_default().to_owned();
        let sent = request.body().bytes().unwrap_or_default();
        let sent = String::from_utf8_lossy(sent).into_owned();
        let all = format!(
            "{sent} {} {} SIGNED-BY-SECRET PLANTED-99",
            header("authorization"),
            header("x-amz-security-token")
        );
        // In JSON, without the quotes around it.
        let quoted = serde_json::Value::String(all.clone()).to_string();
        let inside = quoted.trim_matches('"').to_owned();
        let body = body.replace("@RAW", &all).replace('@', &inside);
        let has_code = body.contains("__type");
        let mut response = relay::response(status, body);
        response
            .headers_mut()
            .insert("x-amzn-requestid", "PLANTED-99");
        if !has_code {
            let headers = response.headers_mut();
            headers.insert("x-amzn-errortype", "PLANTED-99");
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn db(path: TransportPath, hostile: &Hostile) -> Db {
    let token = Some("TOKEN-1234".to_owned());
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url("http://localhost:1")
        .retry_config(RetryConfig::disabled())
        .credentials_provider(Credentials::new("AKIDSECRET", "S", token, None, "test"))
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(with_rule(&config, hostile.clone()).build());
    dynamodel_tests::connect_on(path, client)
}

async fn each_operation(db: &Db) -> Vec<Error> {
    let once = Backoff::new(Duration::ZERO, Duration::ZERO, 1);
    let update = || Room::update("KEY-4711").apply(|r| r.text.set("VALUE-0815"));
    let mut tx = Transaction::new().idempotency_token("TOKEN-1234");
    tx.put(room().create());
    tx.check(Room::check("KEY-4711x"));
    let results = [
        Room::get("KEY-4711").send(db).await.map(drop),
        room().create().send(db).await.map(drop),
        room().put().returning_old().send(db).await.map(drop),
        room().replace().send(db).await.map(drop),
        room().remove().send(db).await.map(drop),
        update().send(db).await.map(drop),
        update().returning_new().send(db).await.map(drop),
        Room::delete("KEY-4711")
            .returning_old()
            .send(db)
            .await
            .map(drop),
        Room::query("KEY-4711").all(db).await.map(drop),
        Room::query("KEY-4711").page(db).await.map(drop),
        Room::scan()
            .filter(|r| r.text.eq("VALUE-0815"))
            .all(db)
            .await
            .map(drop),
        Room::scan().count(db).await.map(drop),
        Room::get("KEY-4711")
            .modify(db, |r| {
                r.text.push('x');
                Ok(())
            })
            .await
            .map(drop),
        BatchGet::new([Room::key("KEY-4711")])
            .backoff(once)
            .send(db)
            .await
            .map(drop),
        BatchWrite::new()
            .put(room().put().unversioned())
            .backoff(once)
            .send(db)
            .await
            .map(drop),
        transact_get((Room::get("KEY-4711"),))
            .backoff(once)
            .send(db)
            .await
            .map(drop),
        tx.backoff(once).send(db).await.map(drop),
        db.create_table::<Room>().await,
        db.describe_table::<Room>().await.map(drop),
        db.delete_table::<Room>().await,
    ];
    results.into_iter().filter_map(Result::err).collect()
}

#[tokio::test]
async fn response_of_a_hostile_server_shows_in_no_error() {
    let prefix = "com.amazonaws.dynamodb.v20120810#";
    let mut bodies = Vec::new();
    for code in [
        "ValidationException",
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "InvalidSignatureException",
        "UnrecognizedClientException",
        "AccessDeniedException",
        "ThrottlingException",
        "ResourceNotFoundException",
        "InternalServerError",
        "PLANTED-99",
        "@",
    ] {
        let status = if code == "InternalServerError" {
            500
        } else {
            400
        };
        for message in [
            "refused \\\"@\\\"",
            "refused [@]",
            "refused {@}",
            "refused '@'",
            "refused\\n@",
            "refused\\r@",
            "refused `@`",
            "refused <@>",
            "refused (@)",
            "The parameter cannot be converted to a numeric value: @",
        ] {
            bodies.push((
                status,
                format!(
                    r#"{{"__type":"{prefix}{code}","message":"{message}","Message":"{message}",
                    "Item":{{"id":{{"S":"@"}},"PLANTED-99":{{"S":"@"}},"text":{{"N":"@"}}}},
                    "CancellationReasons":[{{"Code":"ConditionalCheckFailed","Message":"{message}","Item":{{"id":{{"S":"@"}}}}}},
                    {{"Code":"@","Message":"{message}"}}],
                    "ThrottlingReasons":[{{"reason":"@","resource":"@"}}],
                    "PLANTED-99":"@"}}"#
                ),
            ));
        }
        let long = "x".repeat(301);
        bodies.push((
            status,
            format!(r#"{{"__type":"{code}","message":"{long}@"}}"#),
        ));
    }
    for status in [200, 400, 403, 500, 503] {
        for body in [
            "@RAW",
            "<html>@RAW</html>",
            "{\"@",
            r#"{"Item":{"id":{"S":"@"},"text":{"N":"@"}}}"#,
            r#"{"Item":{"id":{"PLANTED-99":"@"}}}"#,
            r#"{"Item":{"id":{"S":"@"},"text":{"S":"@"},"version":{"N":"PLANTED-99"}}}"#,
            r#"{"Attributes":{"id":{"S":"@"},"text":{"NS":["@"]}},"Items":[{"id":{"N":"@"}}]}"#,
            r#"{"Items":[{"id":{"S":"@"}}],"Count":1,"ScannedCount":"@","LastEvaluatedKey":{"id":{"S":"@"}}}"#,
            r#"{"Responses":{"@":[{"id":{"S":"@"}}]},"UnprocessedKeys":{"@":{"Keys":[{"id":{"S":"@"}}]}}}"#,
            r#"{"Responses":[{"Item":{"id":{"S":"@"},"text":{"PLANTED-99":"@"}}}]}"#,
            r#"{"UnprocessedItems":{"@":[{"PutRequest":{"Item":{"id":{"S":"@"}}}}]}}"#,
        ] {
            bodies.push((status, body.to_owned()));
        }
    }
    let hostile = Hostile::default();
    let mut errors = 0;
    for path in [
        TransportPath::Fast,
        TransportPath::Raw,
        TransportPath::Plain,
    ] {
        let db = db(path, &hostile);
        for body in &bodies {
            *hostile.0.lock().unwrap() = body.clone();
            for e in each_operation(&db).await {
                let mut shown = format!("{e}\n{e:?}\n{e:#?}\n{:?} {:?}", e.code(), e.request_id());
                shown += &format!("{:?}", e.reason_codes().collect::<Vec<_>>());
                shown += &format!("{:?}", e.throttling_reasons().collect::<Vec<_>>());
                shown += &format!("{:?}", e.attribute_path());
                for secret in SECRETS {
                    assert!(!shown.contains(secret), "{path:?}, {body:?}: {shown}");
                }
                errors += 1;
            }
        }
    }
    assert!(errors > 5_000, "{errors}");
}

#[tokio::test]
async fn refused_signature_shows_its_code_alone() {
    let hostile = Hostile::default();
    let db = db(TransportPath::Fast, &hostile);
    for code in [
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "UnrecognizedClientException",
        "ExpiredTokenException",
        "MissingAuthenticationToken",
    ] {
        let body = format!(r#"{{"__type":"{code}","message":"The canonical string is POST"}}"#);
        *hostile.0.lock().unwrap() = (400, body);
        let e = Room::get("KEY-4711").send(&db).await.unwrap_err();
        assert_eq!(e.to_string(), format!("GetItem Room: {code}"));
        assert!(!format!("{e:?}").contains("canonical"), "{e:?}");
    }
}

#[tokio::test]
async fn debug_keeps_the_causes() {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url("http://localhost:1")
        .retry_config(RetryConfig::disabled())
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    let db = Db::new(aws_sdk_dynamodb::Client::from_conf(config.build()));
    let e = Room::get("KEY-4711").send(&db).await.unwrap_err();
    let debug = format!("{e:?}");
    assert!(debug.contains("kind: Connection"), "{debug}");
    assert!(debug.contains("tcp connect error"), "{debug}");
    assert!(debug.contains("Connection refused"), "{debug}");
}
