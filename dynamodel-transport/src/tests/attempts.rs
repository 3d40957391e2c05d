//! Retries: what is sent again, and what is known afterwards.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;

use super::fake::{Fake, Step};
use super::{BODY, FailureKind, GetItem, PutItem, code, failure, send};

#[tokio::test]
async fn a_retry_sends_the_same_bytes() {
    let fake = Fake::new([Step::error("InternalServerError"), Step::ok("{}")]);
    let response = send::<PutItem>(fake.config()).await.unwrap();
    assert_eq!(response.attempts, 2);
    let sent = fake.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
    assert_eq!(sent[0].body, BODY);
    let invocation = sent[0].header("amz-sdk-invocation-id");
    assert!(invocation.is_some());
    assert_eq!(invocation, sent[1].header("amz-sdk-invocation-id"));
}

#[tokio::test]
async fn a_broken_connection_is_retried() {
    let response = send::<PutItem>(Fake::new([Step::Break, Step::ok("{}")]).config()).await;
    assert_eq!(response.unwrap().attempts, 2);
}

#[tokio::test]
async fn throttling_is_retried() {
    let throttled = Step::error("ProvisionedThroughputExceededException");
    let response = send::<PutItem>(Fake::new([throttled, Step::ok("{}")]).config()).await;
    assert_eq!(response.unwrap().attempts, 2);
}

#[tokio::test]
async fn only_earlier_attempts_without_an_answer_make_a_failure_uncertain() {
    let refused = || Step::error("ConditionalCheckFailedException");
    let throttled = || Step::error("ProvisionedThroughputExceededException");
    let cases = [
        (vec![refused()], 1, false),
        (vec![throttled(), refused()], 2, false),
        (vec![Step::error("InternalServerError"), refused()], 2, true),
        (vec![Step::Break, refused()], 2, true),
        (vec![refused().corrupted(), refused()], 2, true),
        (vec![Step::ok("{}").corrupted(), refused()], 2, true),
        (vec![Step::Break, throttled(), refused()], 3, true),
        (vec![throttled(), throttled(), refused()], 3, false),
    ];
    for (script, attempts, uncertain) in cases {
        let failure = failure(script.clone()).await;
        assert_eq!(code(&failure), Some("ConditionalCheckFailedException"));
        assert_eq!(
            (failure.attempts, failure.uncertain),
            (attempts, uncertain),
            "{script:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_of_a_proxy_is_no_definite_answer() {
    let proxy = Step::answer(502, "<html>");
    let failure = failure([proxy, Step::error("ConditionalCheckFailedException")]).await;
    assert_eq!((failure.attempts, failure.uncertain), (2, true));
}

#[tokio::test]
async fn an_attempt_that_times_out_is_retried_and_uncertain() {
    let fake = Fake::new([Step::Hang, Step::error("ConditionalCheckFailedException")]);
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(30));
    let config = fake.config().timeout_config(timeouts.build());
    let failure = send::<PutItem>(config).await.unwrap_err();
    assert_eq!(code(&failure), Some("ConditionalCheckFailedException"));
    assert_eq!((failure.attempts, failure.uncertain), (2, true));
}

#[tokio::test]
async fn the_operation_timeout_is_honoured() {
    let fake = Fake::new([Step::Hang]);
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(30));
    let config = fake.config().timeout_config(timeouts.build());
    let failure = send::<PutItem>(config).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Timeout(_)));
    assert_eq!((failure.attempts, failure.uncertain), (1, false));
}

#[tokio::test]
async fn the_number_of_attempts_is_the_clients() {
    for attempts in [1, 5] {
        let fake = Fake::new([Step::error("InternalServerError")]);
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(1));
        let config = fake.config().retry_config(retries);
        let failure = send::<PutItem>(config).await.unwrap_err();
        assert_eq!(code(&failure), Some("InternalServerError"));
        assert_eq!(failure.attempts, attempts);
        assert_eq!(fake.sent().len(), attempts as usize);
        assert_eq!(failure.uncertain, attempts > 1);
    }
}

#[tokio::test]
async fn a_corrupt_answer_is_retried() {
    let good = Step::ok(r#"{"Item":{}}"#);
    let fake = Fake::new([good.clone().corrupted(), good.clone()]);
    let response = send::<GetItem>(fake.config()).await.unwrap();
    assert_eq!(response.body, r#"{"Item":{}}"#);
    assert_eq!(response.attempts, 2);

    let failure = failure([good.corrupted()]).await;
    assert!(matches!(failure.kind, FailureKind::Response(_)));
    assert_eq!((failure.attempts, failure.uncertain), (3, true));
    assert!(failure.request_id.is_some());
}

/// The text of an error is not the transport's to judge.
#[tokio::test]
async fn a_body_that_breaks_off_is_an_answer() {
    let fake = Fake::new([Step::ok(r#"{"Item":{"isbn""#)]);
    let response = send::<GetItem>(fake.config()).await.unwrap();
    assert_eq!(response.body, r#"{"Item":{"isbn""#);
    assert_eq!(response.attempts, 1);
    assert!(response.request_id.is_some());
    assert_eq!(fake.sent().len(), 1);
}
