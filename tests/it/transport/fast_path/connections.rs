//! The fast path over real connections.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;

use super::Note;
use super::server::{Reply, at, server};

#[tokio::test]
async fn answers_come_in_pieces() {
    let pieces = Reply::Pieces(Duration::from_millis(20));
    let (address, asked) = server([pieces, pieces]);
    let db = at(&address, |config| config);
    for _ in 0..2 {
        let found = Note::get("a").send(&db).await.unwrap();
        assert_eq!(found.unwrap().version, 1);
    }
    let status = db.transport_status().fast_path();
    assert_eq!((status.succeeded(), status.fell_back()), (2, 0));
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
    let status = db.transport_status().fast_path();
    assert_eq!((status.succeeded(), status.fell_back()), (1, 1));
}

/// The answer takes longer than the fast path waits; the orchestrator reads its end.
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
    let status = db.transport_status().fast_path();
    assert_eq!((status.succeeded(), status.fell_back()), (1, 1));
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
        assert_eq!(db.transport_status().fast_path().fell_back(), 1);
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
    assert_eq!(db.transport_status().fast_path().fell_back(), 1);
}
