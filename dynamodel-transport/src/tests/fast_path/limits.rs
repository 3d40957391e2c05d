//! The client's limits of time where no answer is waited for, and callers that do not wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Credentials, IdentityCache};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::super::GetItem;
use super::super::fake::Marker;
use super::*;

/// Timeouts of connecting and reading that a client was asked to keep.
type Asked = Vec<[Option<Duration>; 2]>;

/// Takes note of what connectors are asked to be.
#[derive(Debug, Clone)]
struct Recording(Fake, Arc<Mutex<Asked>>);

impl HttpClient for Recording {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let asked = [settings.connect_timeout(), settings.read_timeout()];
        self.1.lock().unwrap().push(asked);
        self.0.http_connector(settings, components)
    }
}

/// Settings of the connectors of two calls.
async fn asked(timeouts: Option<TimeoutConfig>, on_fast_path: bool) -> Asked {
    let client = Recording(Fake::new([Step::ok("{}")]), Arc::default());
    let mut config = client.0.config().http_client(client.clone());
    config.set_timeout_config(timeouts);
    let transport = either(config, on_fast_path);
    for _ in 0..2 {
        call::<GetItem>(&transport).await.unwrap();
    }
    assert_eq!(counts(&transport).0, if on_fast_path { 2 } else { 0 });
    client.1.lock().unwrap().clone()
}

#[tokio::test]
async fn connections_have_the_timeouts_of_the_client() {
    let (connect, read) = (Duration::from_millis(1_300), Duration::from_millis(2_700));
    let both = TimeoutConfig::builder()
        .connect_timeout(connect)
        .read_timeout(read);
    let none = TimeoutConfig::disabled();
    for (timeouts, expected) in [
        (Some(both.build()), Some([Some(connect), Some(read)])),
        (Some(none), Some([None, None])),
        (None, None),
    ] {
        let theirs = asked(timeouts.clone(), false).await.remove(0);
        assert!(expected.is_none_or(|expected| expected == theirs));
        let ours = asked(timeouts, true).await;
        assert!(!ours.is_empty());
        assert!(ours.iter().all(|asked| *asked == theirs), "{ours:?}");
    }
}

/// Credentials whose provider takes its time: so long for the first, the second ..
#[derive(Debug, Clone)]
struct Slow(&'static [u64], Arc<AtomicU64>);

impl Slow {
    fn new(milliseconds: &'static [u64]) -> Self {
        Slow(milliseconds, Arc::default())
    }
}

impl ProvideCredentials for Slow {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = self.1.fetch_add(1, Ordering::Relaxed) as usize;
        let wait = self.0.get(number).copied().unwrap_or_default();
        future::ProvideCredentials::new(async move {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            Ok(Credentials::new("AKID", "SECRET", None, None, "slow"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_for_credentials_is_within_the_timeouts() {
    let operation = TimeoutConfig::builder().operation_timeout(Duration::from_millis(200));
    let attempt = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(200));
    for timeouts in [operation, attempt] {
        let outcomes = async |on_fast_path: bool| {
            let fake = Fake::new([Step::ok("{}")]);
            let config = fake.config().timeout_config(timeouts.clone().build());
            let config = config.credentials_provider(Slow::new(&[60_000; 9]));
            let (sent, elapsed) = timed(call::<GetItem>(&either(config, on_fast_path))).await;
            assert_eq!(fake.sent().len(), 0);
            (outcome(&sent), elapsed)
        };
        let (theirs, expected) = outcomes(false).await;
        let (ours, elapsed) = outcomes(true).await;
        assert_eq!(ours, theirs);
        let difference = elapsed.abs_diff(expected);
        assert!(
            difference <= Duration::from_millis(5),
            "{elapsed:?} {expected:?}"
        );
    }
}

/// Each attempt of the client has its whole time, also those that never came to send anything.
#[tokio::test(start_paused = true)]
async fn attempts_that_wait_for_credentials_have_their_time() {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(300));
    for on_fast_path in [false, true] {
        let fake = Fake::new([Step::ok("{}")]);
        let config = fake.config().timeout_config(timeouts.clone().build());
        let config = config.credentials_provider(Slow::new(&[60_000, 60_000, 100, 100, 100]));
        let transport = either(config, on_fast_path);
        let response = call::<GetItem>(&transport).await.unwrap();
        assert_eq!(response.attempts, 1, "on the fast path: {on_fast_path}");
        assert_eq!(fake.sent().len(), 1);
    }
}

/// The clock is set an hour ahead in the middle of each call.
#[tokio::test]
async fn a_clock_that_is_set_takes_no_time_from_a_call() {
    #[derive(Debug)]
    struct Setting(Clock);
    impl ProvideCredentials for Setting {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.0.advance(Duration::from_secs(3_600));
            let same = Credentials::new("AKID", "SECRET", None, None, "test");
            future::ProvideCredentials::ready(Ok(same))
        }
    }
    let clock = Clock::new();
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(60));
    let fake = Fake::new([Step::error("InternalServerError"), Step::ok("{}")]);
    let config = fake.config().timeout_config(timeouts.build());
    let config = config.identity_cache(IdentityCache::no_cache());
    let config = config.credentials_provider(Setting(clock.clone()));
    let transport = open(config.time_source(clock));
    let response = call::<GetItem>(&transport).await.unwrap();
    assert_eq!((response.attempts, counts(&transport)), (2, (0, 1)));
}

/// The fast path waits for credentials, and then it is closed: the SDK has the rest of the time.
#[tokio::test(start_paused = true)]
async fn time_that_the_fast_path_has_taken_is_not_given_again() {
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(400));
    let fake = Fake::new([Step::Hang]);
    let config = fake.config().timeout_config(timeouts.build());
    let config = config.credentials_provider(Slow::new(&[300]));
    let nonce = Marker::as_one_of_the_sdks(|_| fastrand::u64(..).to_string());
    let transport = with_replaced(config, nonce);
    let (sent, elapsed) = timed(call::<GetItem>(&transport)).await;
    let failure = sent.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Timeout(_)));
    assert_eq!((failure.attempts, counts(&transport)), (1, (0, 0)));
    assert_takes(elapsed, 400);
    assert_eq!(fake.sent().len(), 1);
}

/// The first call is dropped while it waits for credentials; the next one gets them, and learns.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_leaves_nothing_locked() {
    let fake = Fake::new([Step::ok("{}")]);
    let config = fake.config();
    let transport = open(config.credentials_provider(Slow::new(&[60_000])));
    let soon = Duration::from_millis(100);
    let dropped = tokio::time::timeout(soon, call::<GetItem>(&transport)).await;
    assert!(dropped.is_err());
    assert_eq!(fake.sent().len(), 0);
    for _ in 0..2 {
        call::<GetItem>(&transport).await.unwrap();
    }
    assert_eq!(counts(&transport), (2, 0));
}

/// A signed request is captured as the identity that is there; the provider, which would take its time, is
/// not asked again.
#[tokio::test(start_paused = true)]
async fn learning_does_not_wait() {
    let fake = Fake::new([Step::ok("{}")]);
    let config = fake.config().identity_cache(IdentityCache::no_cache());
    let transport = open(config.credentials_provider(Slow::new(&[0, 60_000])));
    let soon = Duration::from_secs(30);
    let sent = tokio::time::timeout(soon, call::<GetItem>(&transport)).await;
    assert_eq!(sent.unwrap().unwrap().attempts, 1);
    assert_eq!(counts(&transport), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_is_over() {
    let fake = Fake::new([Step::ok("{}"), Step::Hang, Step::ok("{}")]);
    let transport = open(fake.config());
    call::<GetItem>(&transport).await.unwrap();
    let soon = Duration::from_millis(50);
    let dropped = tokio::time::timeout(soon, call::<GetItem>(&transport)).await;
    assert!(dropped.is_err());
    assert_eq!(call::<GetItem>(&transport).await.unwrap().attempts, 1);
    assert_eq!(fake.sent().len(), 3);
    assert_eq!(counts(&transport), (2, 0));
}
