//! The verified lane from outside. That everything works on it is shown by the whole suite, and with
//! `DYNAMODEL_TEST_LANE=0` that everything works without it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use dynamodel::{BatchGet, Db, Entity, Transaction};
use dynamodel_tests::faults::{self, Fault};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "notes")]
struct Note {
    #[dynamo(partition)]
    id: String,
    text: String,
    #[dynamo(version)]
    version: u64,
}

fn note(id: &str) -> Note {
    Note {
        id: id.to_owned(),
        text: "text".to_owned(),
        version: 0,
    }
}

/// A database on the lane, with this client of the engine or endpoint under test.
async fn on_lane(configure: impl FnOnce(Builder) -> Builder) -> Db {
    let config = configure(dynamodel_tests::config().await);
    let db = Db::builder().client(Client::from_conf(config.build()));
    let db = db.table_prefix(dynamodel_tests::prefix()).build();
    db.create_table::<Note>().await.unwrap();
    db
}

#[tokio::test]
async fn every_kind_of_request_takes_the_lane() {
    let db = on_lane(|config| config).await;
    assert!(db.lane_status().is_open(), "{:?}", db.lane_status());
    let a = note("a").create().send(&db).await.unwrap();
    let a = a.put().send(&db).await.unwrap();
    Note::update("a")
        .apply(|n| n.text.set("new"))
        .send(&db)
        .await
        .unwrap();
    let found = Note::get("a").send(&db).await.unwrap().unwrap();
    assert_eq!((found.version, &*found.text), (a.version + 1, "new"));
    assert_eq!(Note::query("a").all(&db).await.unwrap().len(), 1);
    assert_eq!(Note::scan().all(&db).await.unwrap().len(), 1);
    let keys = [Note::key("a"), Note::key("b")];
    let batch = BatchGet::new(keys).send(&db).await.unwrap();
    assert_eq!(batch.iter().flatten().count(), 1);
    let mut transaction = Transaction::new();
    transaction.put(note("b").create());
    transaction.send(&db).await.unwrap();
    Note::delete("a").send(&db).await.unwrap();

    let status = db.lane_status();
    assert_eq!((status.answered(), status.handed_over()), (9, 0));
    assert_eq!(status.obstacle(), None);
}

#[tokio::test]
async fn refusals_are_handed_over() {
    let db = on_lane(|config| config).await;
    let stored = note("a").create().send(&db).await.unwrap();
    let e = note("a").create().send(&db).await.unwrap_err();
    assert!(e.is_conflict());
    assert_eq!((e.attempts(), e.is_ambiguous()), (1, false));
    assert_eq!(e.current::<Note>(), Some(stored));
    let status = db.lane_status();
    assert_eq!((status.answered(), status.handed_over()), (1, 1));
    assert!(status.is_open());
}

#[tokio::test]
async fn a_client_with_interceptors_is_served_as_without_the_lane() {
    #[derive(Debug)]
    struct Mine;
    #[dyn_dispatch_hint]
    impl Intercept for Mine {
        fn name(&self) -> &'static str {
            "Mine"
        }
    }
    let db = on_lane(|config| config.interceptor(Mine)).await;
    note("a").create().send(&db).await.unwrap();
    let status = db.lane_status();
    assert_eq!(status.obstacle(), Some("the client has interceptors"));
    assert_eq!((status.answered(), status.handed_over()), (0, 0));
}

#[tokio::test]
async fn the_lane_is_open_unless_it_is_turned_off() {
    let client = Client::from_conf(dynamodel_tests::config().await.build());
    assert!(Db::new(client.clone()).lane_status().is_open());
    let db = Db::builder().client(client).verified_lane(false).build();
    let why = db.lane_status().obstacle().unwrap();
    assert!(why.contains("turned off"), "{why}");
    assert!(!Db::builder().build().lane_status().is_open());
}

/// The write is done, its answer is lost, and the second attempt finds the first one's item.
#[tokio::test]
async fn a_lost_answer_of_the_lane_makes_a_conflict_ambiguous() {
    let (db, faults) = faults::db().await;
    let db = Db::builder().client(db.client().clone());
    let db = db.table_prefix(dynamodel_tests::prefix()).build();
    db.create_table::<Note>().await.unwrap();
    note("a").create().send(&db).await.unwrap();
    faults.next("PutItem", [Fault::DropResponse]);
    let e = note("b").create().send(&db).await.unwrap_err();
    assert!(e.is_conflict() && e.is_ambiguous());
    assert_eq!(e.attempts(), 2);
    assert_eq!(faults.sent("PutItem").len(), 3);
    assert_eq!(db.lane_status().handed_over(), 1);
}

// ---------------------------------------------------------------- over real connections

/// What the server does with one request.
#[derive(Debug, Clone, Copy)]
enum Reply {
    /// It answers, in two pieces with a pause between them.
    Pieces(Duration),
    /// It closes the connection.
    Close,
    /// It announces more than it sends, and closes the connection.
    Cut,
    /// It never answers.
    Silence,
}

const ITEM: &str = r#"{"Item":{"id":{"S":"a"},"text":{"S":"text"},"version":{"N":"1"}}}"#;

/// A server of one script for all its connections; returns its address and what it was asked.
fn server(script: impl IntoIterator<Item = Reply>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let script: Vec<_> = script.into_iter().collect();
    let script = Arc::new(Mutex::new(script.into_iter()));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let (script, seen) = (script.clone(), seen.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(connection.try_clone().unwrap());
                while let Some(head) = read(&mut reader) {
                    seen.lock().unwrap().push(head);
                    let step = script.lock().unwrap().next();
                    let step = step.unwrap_or(Reply::Pieces(Duration::ZERO));
                    if answer(&connection, step).is_none() {
                        return;
                    }
                }
            });
        }
    });
    (address, asked)
}

/// The headers of the next request.
fn read(reader: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let (_, length) = head.split_once("content-length: ")?;
    let length = length.split_once("\r\n")?.0.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(head)
}

fn answer(mut connection: &TcpStream, reply: Reply) -> Option<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", ITEM.len());
    let (begin, end) = ITEM.split_at(20);
    match reply {
        Reply::Close => return None,
        Reply::Silence => std::thread::sleep(Duration::from_secs(60)),
        Reply::Cut => {
            write!(connection, "{head}{begin}").ok()?;
            return None;
        }
        Reply::Pieces(pause) => {
            write!(connection, "{head}{begin}").ok()?;
            std::thread::sleep(pause);
            write!(connection, "{end}").ok()?;
        }
    }
    Some(())
}

/// A database at this address.
fn at(address: &str, configure: impl FnOnce(Builder) -> Builder) -> Db {
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKID", "SECRET", None, None, "test"))
        .retry_config(retries)
        .retry_partition(RetryPartition::new(dynamodel_tests::prefix()))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(address);
    let client = Client::from_conf(configure(config).build());
    Db::new(client)
}

#[tokio::test]
async fn answers_come_in_pieces() {
    let pieces = Reply::Pieces(Duration::from_millis(20));
    let (address, asked) = server([pieces, pieces]);
    let db = at(&address, |config| config);
    for _ in 0..2 {
        let found = Note::get("a").send(&db).await.unwrap();
        assert_eq!(found.unwrap().version, 1);
    }
    let status = db.lane_status();
    assert_eq!((status.answered(), status.handed_over()), (2, 0));
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    for head in &*asked {
        assert!(head.starts_with("post / http/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nauthorization: aws4-hmac-sha256 credential=akid/"));
    }
}

/// The connection breaks, and another one is opened for the orchestrator's second attempt.
#[tokio::test]
async fn connections_that_break_are_replaced() {
    let late = Reply::Pieces(Duration::ZERO);
    let (address, asked) = server([late, Reply::Close, Reply::Cut, late]);
    let db = at(&address, |config| config);
    Note::get("a").send(&db).await.unwrap();
    let found = Note::get("a").send(&db).await.unwrap();
    assert_eq!(found.unwrap().version, 1);
    let asked = asked.lock().unwrap();
    let attempts: Vec<_> = asked
        .iter()
        .map(|head| head.split_once("amz-sdk-request: ").unwrap().1)
        .map(|rest| rest.split("\r\n").next().unwrap().to_owned())
        .map(|attempt| attempt.split("attempt=").nth(1).unwrap()[..1].to_owned())
        .collect();
    assert_eq!(attempts, ["1", "1", "2", "3"]);
    let status = db.lane_status();
    assert_eq!((status.answered(), status.handed_over()), (1, 1));
}

/// The answer takes longer than the lane waits; the orchestrator reads its end.
#[tokio::test]
async fn an_answer_is_handed_over_in_its_middle() {
    let (address, asked) = server([
        Reply::Pieces(Duration::ZERO),
        Reply::Pieces(Duration::from_millis(1_500)),
    ]);
    let db = at(&address, |config| config);
    Note::get("a").send(&db).await.unwrap();
    let found = Note::get("a").send(&db).await.unwrap();
    assert_eq!(found.unwrap().version, 1);
    let status = db.lane_status();
    assert_eq!((status.answered(), status.handed_over()), (1, 1));
    assert_eq!(asked.lock().unwrap().len(), 2, "it was sent once");
}

#[tokio::test]
async fn timeouts_of_the_client_hold() {
    let read = TimeoutConfig::builder().read_timeout(Duration::from_millis(100));
    let attempt = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(100));
    for timeouts in [read, attempt] {
        let (address, asked) = server([
            Reply::Pieces(Duration::ZERO),
            Reply::Silence,
            Reply::Silence,
            Reply::Pieces(Duration::ZERO),
        ]);
        let db = at(&address, |config| config.timeout_config(timeouts.build()));
        Note::get("a").send(&db).await.unwrap();
        let start = Instant::now();
        let found = Note::get("a").send(&db).await.unwrap();
        assert_eq!(found.unwrap().version, 1);
        assert!(start.elapsed() >= Duration::from_millis(200));
        assert_eq!(asked.lock().unwrap().len(), 4);
        assert_eq!(db.lane_status().handed_over(), 1);
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_an_error_of_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let db = at(&address, |config| config);
    let e = Note::get("a").send(&db).await.unwrap_err();
    assert!(e.is_connection());
    assert_eq!(e.attempts(), 3);
    assert_eq!(db.lane_status().handed_over(), 1);
}

/// In an AWS Lambda function the SDK sends the id of the invocation along, which its runtime keeps in
/// the environment.
#[tokio::test]
async fn invocations_of_lambda_are_traced() {
    const NAME: &str = "lane::invocations_of_lambda_are_traced";
    const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    if std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_none() {
        let itself = std::env::current_exe().unwrap();
        let mut inside = std::process::Command::new(itself);
        inside.args(["--exact", NAME]);
        inside.env("AWS_LAMBDA_FUNCTION_NAME", "function");
        inside.env("_X_AMZN_TRACE_ID", TRACE);
        assert!(inside.output().unwrap().status.success());
        return;
    }
    let (address, asked) = server([]);
    let db = at(&address, |config| config);
    for _ in 0..2 {
        Note::get("a").send(&db).await.unwrap();
    }
    assert_eq!(db.lane_status().answered(), 2);
    let header = format!("\r\nx-amzn-trace-id: {}\r\n", TRACE.to_lowercase());
    for head in &*asked.lock().unwrap() {
        assert!(head.contains(&header), "{head}");
    }
}
