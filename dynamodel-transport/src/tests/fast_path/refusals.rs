//! Refusals that are final: the fast path decodes them itself.

use std::sync::Arc;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::task::JoinSet;

use super::super::fake::TimersClock;
use super::super::{GetItem, PutItem};
use super::*;
use crate::operations::TransactWriteItems;

const REFUSED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"isbn":{"S":"1"}}}"#;
const CANCELED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":{"isbn":{"S":"1"}}}]}"#;

async fn second<O: ApiOperation>(
    config: impl Fn(&Fake) -> Builder,
    step: Step,
    on_fast_path: bool,
) -> (Result<Response, Failure>, (u64, u64)) {
    let fake = Fake::new([Step::ok("{}"), step]);
    let transport = either(config(&fake), on_fast_path);
    call::<O>(&transport).await.unwrap();
    let sent = call::<O>(&transport).await;
    assert_eq!(fake.sent().len(), 2);
    (sent, counts(&transport))
}

#[tokio::test]
async fn final_refusal_is_that_of_the_orchestrator() {
    let refused = || Step::answer(400, REFUSED);
    let canceled = || Step::answer(400, CANCELED);
    let config = |fake: &Fake| fake.config();
    let (ours, counted) = second::<PutItem>(config, refused(), true).await;
    let (theirs, _) = second::<PutItem>(config, refused(), false).await;
    assert_eq!(outcome(&ours), outcome(&theirs));
    assert_eq!(counted, (2, 0));
    let FailureKind::Service {
        body, source, code, ..
    } = ours.unwrap_err().kind
    else {
        panic!("the service has refused");
    };
    assert_eq!(code.as_deref(), Some("ConditionalCheckFailedException"));
    assert_eq!(body, REFUSED.as_bytes());
    type Source = SdkError<PutItemError, HttpResponse>;
    let source = source.downcast::<Source>().expect("the SDK's error");
    assert!(
        source
            .into_service_error()
            .is_conditional_check_failed_exception()
    );

    let (ours, counted) = second::<TransactWriteItems>(config, canceled(), true).await;
    let (theirs, _) = second::<TransactWriteItems>(config, canceled(), false).await;
    assert_eq!(outcome(&ours), outcome(&theirs));
    assert_eq!(counted, (2, 0));
}

#[tokio::test]
async fn other_refusal_is_left_to_the_orchestrator() {
    let config = |fake: &Fake| {
        let retries = aws_sdk_dynamodb::config::retry::RetryConfig::disabled();
        fake.config().retry_config(retries)
    };
    for step in [
        Step::error("ValidationException"),
        Step::error("ProvisionedThroughputExceededException"),
        // The name is only in a value.
        Step::answer(
            400,
            r#"{"__type":"x#ValidationException","message":"ConditionalCheckFailedException"}"#,
        ),
        Step::answer(400, REFUSED).corrupted(),
        Step::answer(500, REFUSED),
        Step::answer(400, "ConditionalCheckFailedException"),
    ] {
        let (ours, counted) = second::<PutItem>(config, step.clone(), true).await;
        let (theirs, _) = second::<PutItem>(config, step.clone(), false).await;
        assert_eq!(outcome(&ours), outcome(&theirs), "{step:?}");
        assert_eq!(counted, (1, 1), "{step:?}");
    }
}

/// Each of them takes longer than one that is alone may take.
#[tokio::test(start_paused = true)]
async fn requests_under_load_are_not_handed_over() {
    const AT_ONCE: u64 = 1_000;
    let late = || Step::Late(Duration::from_secs(5), Duration::ZERO, r#"{"Item":{}}"#);
    let fake = Fake::new([Step::ok("{}")]);
    let transport = Arc::new(open(fake.config().time_source(TimersClock::new())));
    call::<GetItem>(&transport).await.unwrap();
    fake.then((0..AT_ONCE).map(|_| late()));
    let mut calls = JoinSet::new();
    for _ in 0..AT_ONCE {
        let transport = transport.clone();
        calls.spawn(async move { call::<GetItem>(&transport).await.map(|r| r.attempts) });
    }
    for sent in calls.join_all().await {
        assert_eq!(sent.unwrap(), 1);
    }
    assert_eq!(counts(&transport), (AT_ONCE + 1, 0));
    // Alone again, one that takes as long is handed over.
    fake.then([late()]);
    call::<GetItem>(&transport).await.unwrap();
    assert_eq!(counts(&transport), (AT_ONCE + 1, 1));
}
