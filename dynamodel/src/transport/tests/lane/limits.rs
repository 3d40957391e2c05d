//! The client's limits of time where no answer is waited for, and callers that do not wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

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

/// What the connectors of two calls were asked to be.
async fn asked(timeouts: Option<TimeoutConfig>, on_lane: bool) -> Asked {
    let client = Recording(Fake::new([Step::ok("{}")]), Arc::default());
    let mut config = client.0.config().http_client(client.clone());
    config.set_timeout_config(timeouts);
    let transport = match on_lane {
        true => open(config),
        false => Transport::new(&Client::from_conf(config.build())).unwrap(),
    };
    for _ in 0..2 {
        call::<GetItem>(&transport).await.unwrap();
    }
    assert_eq!(counts(&transport).0, if on_lane { 2 } else { 0 });
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

#[tokio::test]
async fn waiting_for_credentials_is_within_the_timeouts() {
    let operation = TimeoutConfig::builder().operation_timeout(Duration::from_millis(200));
    let attempt = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(200));
    for timeouts in [operation, attempt] {
        let outcomes = async |on_lane: bool| {
            let fake = Fake::new([Step::ok("{}")]);
            let config = fake.config().timeout_config(timeouts.clone().build());
            let config = config.credentials_provider(Slow::new(&[60_000; 9]));
            let transport = match on_lane {
                true => lane(config),
                false => Transport::new(&Client::from_conf(config.build())).unwrap(),
            };
            let start = Instant::now();
            let sent = call::<GetItem>(&transport).await;
            assert_eq!(fake.sent().len(), 0);
            (outcome(&sent), start.elapsed())
        };
        let (theirs, _) = outcomes(false).await;
        let (ours, elapsed) = outcomes(true).await;
        assert_eq!(ours, theirs);
        assert!(elapsed >= Duration::from_millis(200), "{elapsed:?}");
        let twice = Duration::from_millis(390);
        assert!(
            !ours.contains("operation timeout") || elapsed < twice,
            "{elapsed:?}"
        );
    }
}

/// The lane waits for credentials, and then it is closed: the SDK has the rest of the time.
#[tokio::test]
async fn time_that_the_lane_has_taken_is_not_given_again() {
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(400));
    let fake = Fake::new([Step::Hang]);
    let config = fake.config().timeout_config(timeouts.build());
    let config = config.credentials_provider(Slow::new(&[300]));
    let nonce = Marker::as_one_of_the_sdks(|_| fastrand::u64(..).to_string());
    let transport = with_replaced(config, nonce);
    let start = Instant::now();
    let failure = call::<GetItem>(&transport).await.unwrap_err();
    let elapsed = start.elapsed();
    assert!(matches!(failure.kind, FailureKind::Timeout(_)));
    assert_eq!((failure.attempts, counts(&transport)), (1, (0, 0)));
    assert!(elapsed >= Duration::from_millis(390), "{elapsed:?}");
    assert!(elapsed < Duration::from_millis(650), "{elapsed:?}");
    assert_eq!(fake.sent().len(), 1);
}

/// The call that learns is dropped in the middle of that; the next one learns.
#[tokio::test]
async fn a_call_that_is_dropped_leaves_nothing_locked() {
    let fake = Fake::new([Step::ok("{}")]);
    let config = fake.config().identity_cache(IdentityCache::no_cache());
    // The first is for the call, the second for what it learns from.
    let transport = open(config.credentials_provider(Slow::new(&[0, 60_000])));
    let soon = Duration::from_millis(100);
    let dropped = tokio::time::timeout(soon, call::<GetItem>(&transport)).await;
    assert!(dropped.is_err());
    assert_eq!(fake.sent().len(), 0);
    for _ in 0..2 {
        call::<GetItem>(&transport).await.unwrap();
    }
    assert_eq!(counts(&transport), (2, 0));
}

#[tokio::test]
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
