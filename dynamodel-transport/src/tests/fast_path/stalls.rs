//! Requests and answers that come late, in parts, or not at all.

use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use bytes::Bytes;

use super::super::GetItem;
use super::super::fake::TimersClock;
use super::*;

/// Impatient with stalled streams, and without retries.
fn impatient(fake: &Fake) -> Builder {
    let stalls = StalledStreamProtectionConfig::enabled().grace_period(Duration::from_millis(100));
    let retries = RetryConfig::standard().with_max_attempts(1);
    fake.config()
        .time_source(TimersClock::new())
        .stalled_stream_protection(stalls.build())
        .retry_config(retries)
}

async fn second_call(step: Step) -> (Transport, Result<Response, Failure>, Duration) {
    let fake = Fake::new([Step::ok("{}"), step]);
    let transport = open(impatient(&fake));
    call::<GetItem>(&transport).await.unwrap();
    let (sent, elapsed) = timed(call::<GetItem>(&transport)).await;
    assert_eq!(fake.sent().len(), 2);
    (transport, sent, elapsed)
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_parts_is_put_together() {
    let wait = Duration::from_millis(20);
    let late = Step::Late(wait, wait, r#"{"Item":{"isbn":{"S":"1"}}}"#);
    let (transport, sent, _) = second_call(late).await;
    assert_eq!(sent.unwrap().body, r#"{"Item":{"isbn":{"S":"1"}}}"#);
    assert_eq!(counts(&transport), (2, 0));
}

/// The request is long sent, so nothing stalls, and the orchestrator waits on as it would.
#[tokio::test(start_paused = true)]
async fn a_late_answer_is_handed_over_and_arrives() {
    let seconds = Duration::from_secs_f64;
    for (headers, body, counted) in [(0.3, 0.3, (2, 0)), (2.5, 0.0, (1, 1)), (0.5, 0.7, (1, 1))] {
        let late = Step::Late(seconds(headers), seconds(body), r#"{"Item":{}}"#);
        let (transport, sent, elapsed) = second_call(late).await;
        let response = sent.unwrap_or_else(|failure| panic!("{headers}: {failure:?}"));
        assert_eq!(response.body, r#"{"Item":{}}"#);
        assert_eq!(response.attempts, 1);
        assert_eq!(counts(&transport), counted);
        assert!(elapsed >= seconds(headers + body), "{elapsed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stalls_is_given_up() {
    let (transport, sent, elapsed) = second_call(Step::Stall).await;
    let failure = sent.unwrap_err();
    assert!(
        matches!(failure.kind, FailureKind::Response(_)),
        "{failure:?}"
    );
    let text = outcome(&Err(failure));
    assert!(text.contains("ThroughputBelowMinimum"), "{text}");
    assert_eq!(counts(&transport), (1, 1));
    assert!(elapsed < Duration::from_secs(8), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_stalls_is_given_up() {
    let (transport, sent, elapsed) = second_call(Step::Unread).await;
    let failure = sent.unwrap_err();
    let text = outcome(&Err(failure));
    assert!(text.contains("ThroughputBelowMinimum"), "{text}");
    assert_eq!(counts(&transport), (1, 1));
    assert!(elapsed < Duration::from_secs(8), "{elapsed:?}");
}

/// As long as the protection would take to give it up, and longer.
#[tokio::test(start_paused = true)]
async fn without_the_protection_an_answer_may_take_its_time() {
    let late = Step::Late(Duration::ZERO, Duration::from_secs(7), r#"{"Item":{}}"#);
    let fake = Fake::new([Step::ok("{}"), late]);
    let config = fake.config().time_source(TimersClock::new());
    let config = config.stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    let transport = open(config);
    call::<GetItem>(&transport).await.unwrap();
    let response = call::<GetItem>(&transport).await;
    assert_eq!(outcome(&response), "1 None {\"Item\":{}}");
    assert_eq!(counts(&transport), (1, 1));
}

/// A request that is sent, with no answer: nothing of the SDK ends that without timeouts.
#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_answer_is_waited_for() {
    let fake = Fake::new([Step::ok("{}"), Step::Hang]);
    let transport = open(impatient(&fake));
    call::<GetItem>(&transport).await.unwrap();
    let waiting = call::<GetItem>(&transport);
    let waited = tokio::time::timeout(Duration::from_secs(600), waiting).await;
    assert!(waited.is_err(), "{:?}", waited.map(|sent| outcome(&sent)));
}

/// Also for those who keep the body, in case that they have to send it again.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_kept_does_not_stall() {
    let late = Step::Late(Duration::from_secs(8), Duration::ZERO, r#"{"Item":{}}"#);
    let fake = Fake::new([Step::ok("{}"), late]);
    let transport = open(impatient(&fake));
    let kept = Bytes::from(BODY.to_vec());
    for counted in [(1, 0), (1, 1)] {
        let tables = Tables::One("books".into());
        let response = transport.call::<GetItem>(tables, kept.clone()).await;
        assert_eq!(response.unwrap().attempts, 1);
        assert_eq!(counts(&transport), counted);
    }
    assert_eq!(fake.sent().len(), 2);
}
