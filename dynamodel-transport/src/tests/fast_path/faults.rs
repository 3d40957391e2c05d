//! Attempts that fail: what follows is what follows when the orchestrator sends them all.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};

use super::super::{GetItem, PutItem};
use super::*;

fn scripts() -> Vec<Vec<Step>> {
    let refused = || Step::error("ConditionalCheckFailedException");
    let throttled = || Step::error("ProvisionedThroughputExceededException");
    let fault = || Step::error("InternalServerError");
    let good = || Step::ok(r#"{"Item":{}}"#);
    vec![
        vec![good()],
        vec![refused()],
        vec![fault(), good()],
        vec![throttled(), good()],
        vec![Step::Break, good()],
        vec![good().corrupted(), good()],
        vec![refused().corrupted(), refused()],
        vec![throttled(), refused()],
        vec![fault(), refused()],
        vec![Step::Break, refused()],
        vec![Step::Break, throttled(), refused()],
        vec![throttled(), throttled(), refused()],
        vec![fault()],
        vec![throttled()],
        vec![Step::Break],
        vec![good().corrupted()],
        vec![Step::answer(502, "<html>"), refused()],
        vec![Step::answer(503, ""), good()],
        vec![Step::answer(301, "")],
        vec![Step::answer(400, "not JSON")],
        vec![Step::answer(204, "")],
        vec![Step::ok(r#"{"Item":{"isbn""#)],
        vec![Step::ok("")],
        vec![Step::error("AccessDeniedException")],
        vec![Step::error("ExpiredTokenException")],
        vec![Step::error("UnrecognizedClientException")],
        vec![Step::error("RequestTimeTooSkewed")],
        // The service tells how long to wait.
        vec![fault().with("x-amz-retry-after", "20"), good()],
        vec![throttled().with("retry-after", "1"), good()],
    ]
}

/// The requests that were sent, without the parts that differ in every run.
fn comparable(fake: &Fake) -> Vec<(Vec<u8>, String, bool)> {
    let sent = fake.sent();
    let id = |sent: &Sent| sent.header("amz-sdk-invocation-id").unwrap().to_owned();
    let first = sent.first().map(id);
    let comparable = |sent: &Sent| {
        let attempt = sent.header("amz-sdk-request").unwrap().to_owned();
        (sent.body.clone(), attempt, Some(id(sent)) == first)
    };
    sent.iter().map(comparable).collect()
}

#[tokio::test]
async fn outcomes_are_those_of_the_orchestrator() {
    for script in scripts() {
        // Each run has a retry quota of its own, from which tests of others can't take.
        let config = |fake: &Fake, name: &'static str| {
            fake.config().retry_partition(RetryPartition::new(name))
        };
        let theirs = Fake::new(script.clone());
        let sdk = plain(config(&theirs, "theirs"));
        let expected = call::<PutItem>(&sdk).await;

        let ours = Fake::new([Step::ok("{}")]);
        let transport = open(config(&ours, "ours"));
        // One success captures the request, and then comes the script.
        ours.then(script.clone());
        call::<PutItem>(&transport).await.unwrap();
        let outcome_ours = call::<PutItem>(&transport).await;
        assert_eq!(outcome(&outcome_ours), outcome(&expected), "{script:?}");
        let (answered, fell_back) = counts(&transport);
        assert_eq!(answered + fell_back, 2, "{script:?}");

        let mut sent = comparable(&ours);
        sent.remove(0);
        let ids: Vec<_> = ours.sent()[1..]
            .iter()
            .map(|sent| sent.header("amz-sdk-invocation-id").unwrap().to_owned())
            .collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "one call has one id");
        sent.iter_mut().for_each(|(_, _, same)| *same = true);
        assert_eq!(sent, comparable(&theirs), "{script:?}");
        assert_eq!(ours.poisoned(), theirs.poisoned(), "{script:?}");
    }
}

#[tokio::test]
async fn broken_connections_are_not_used_again() {
    let fake = Fake::new([
        Step::ok("{}"),
        Step::error("InternalServerError"),
        Step::ok("{}"),
    ]);
    let transport = open(fake.config());
    call::<PutItem>(&transport).await.unwrap();
    call::<PutItem>(&transport).await.unwrap();
    assert_eq!(counts(&transport), (1, 1));
    assert_eq!(fake.poisoned(), 1);
}

/// The quota of retries is used up by failures, and successes of the fast path fill it again.
#[tokio::test]
async fn the_quota_of_retries_is_shared() {
    let attempts = async |on_fast_path: bool| {
        let quota = TokenBucket::builder()
            .capacity(5)
            .retry_cost(5)
            .timeout_retry_cost(5)
            .build();
        let quota = RetryPartition::custom("quota").token_bucket(quota).build();
        let fault = || Step::error("InternalServerError");
        let mut script = vec![Step::ok("{}"), fault(), fault(), fault()];
        script.extend((0..4).map(|_| Step::ok("{}")));
        script.push(fault());
        script.extend((0..5).map(|_| Step::ok("{}")));
        script.extend([fault(), Step::ok("{}")]);
        let fake = Fake::new(script);
        let config = fake.config().retry_partition(quota);
        let transport = either(config, on_fast_path);
        let mut attempts = Vec::new();
        for _ in 0..14 {
            let sent = call::<PutItem>(&transport).await;
            attempts.push(sent.map_or_else(|f| f.attempts, |response| response.attempts));
        }
        attempts
    };
    let expected = attempts(false).await;
    // Empty after the second call, and full again with the fourth.
    assert_eq!(expected, [1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 2, 1]);
    assert_eq!(attempts(true).await, expected);
}

#[tokio::test]
async fn the_number_of_attempts_is_the_clients() {
    for attempts in [1, 5] {
        let fake = Fake::new([Step::ok("{}"), Step::error("InternalServerError")]);
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(1));
        let transport = open(fake.config().retry_config(retries));
        call::<PutItem>(&transport).await.unwrap();
        let failure = call::<PutItem>(&transport).await.unwrap_err();
        assert_eq!(code(&failure), Some("InternalServerError"));
        assert_eq!(failure.attempts, attempts);
        assert_eq!(fake.sent().len(), 1 + attempts as usize);
        let last = fake.sent().pop().unwrap();
        let expected = format!("attempt={attempts}; max={attempts}");
        assert_eq!(last.header("amz-sdk-request"), Some(&*expected));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_times_out_is_retried_and_uncertain() {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(200));
    let refused = Step::error("ConditionalCheckFailedException");
    let fake = Fake::new([Step::ok("{}"), Step::Hang, refused]);
    let transport = open(fake.config().timeout_config(timeouts.build()));
    call::<PutItem>(&transport).await.unwrap();
    let (sent, elapsed) = timed(call::<PutItem>(&transport)).await;
    let failure = sent.unwrap_err();
    assert_eq!(code(&failure), Some("ConditionalCheckFailedException"));
    assert_eq!((failure.attempts, failure.uncertain), (2, true));
    assert_eq!(counts(&transport), (1, 1));
    assert_takes(elapsed, 200);
}

#[tokio::test(start_paused = true)]
async fn the_operation_timeout_is_honoured() {
    for step in [Step::Hang, Step::Unread, Step::Stall] {
        let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(200));
        let fake = Fake::new([Step::ok("{}"), step.clone()]);
        let transport = open(fake.config().timeout_config(timeouts.build()));
        call::<GetItem>(&transport).await.unwrap();
        let (sent, elapsed) = timed(call::<GetItem>(&transport)).await;
        let failure = sent.unwrap_err();
        assert!(matches!(failure.kind, FailureKind::Timeout(_)), "{step:?}");
        assert_eq!((failure.attempts, failure.uncertain), (1, false));
        assert_takes(elapsed, 200);
        // The message tells of the time that the client allows.
        let text = outcome(&Err(failure));
        assert!(text.contains("200ms"), "{text}");
    }
}

/// Both timeouts, and a retry that has the full time of an attempt again.
#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_time() {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(Duration::from_millis(500))
        .operation_attempt_timeout(Duration::from_millis(200));
    let fake = Fake::new([Step::ok("{}"), Step::Hang]);
    let transport = open(fake.config().timeout_config(timeouts.build()));
    call::<GetItem>(&transport).await.unwrap();
    let (sent, elapsed) = timed(call::<GetItem>(&transport)).await;
    let failure = sent.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Timeout(_)));
    assert_eq!(failure.attempts, 3);
    assert_takes(elapsed, 500);
}
