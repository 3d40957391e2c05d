//! Credentials that change.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_dynamodb::config::{Credentials, IdentityCache};
use aws_smithy_async::time::TimeSource;

use super::super::{GetItem, PutItem};
use super::*;

/// New credentials each time, good for an hour of the clock.
#[derive(Debug, Clone)]
struct Rotating {
    clock: Clock,
    asked: Arc<AtomicU64>,
    /// From this time on there are none.
    good: u64,
}

impl Rotating {
    fn new(clock: &Clock) -> Self {
        Rotating {
            clock: clock.clone(),
            asked: Arc::default(),
            good: u64::MAX,
        }
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl ProvideCredentials for Rotating {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        if number >= self.good {
            let gone = CredentialsError::provider_error("the role is gone");
            return future::ProvideCredentials::ready(Err(gone));
        }
        let expires: SystemTime = self.clock.now() + Duration::from_secs(3_600);
        future::ProvideCredentials::ready(Ok(Credentials::new(
            format!("AKID{number}"),
            format!("SECRET{number}"),
            Some(format!("TOKEN{number}")),
            Some(expires),
            "rotating",
        )))
    }
}

fn is_signed_with(sent: &Sent, number: u64) -> bool {
    authorization(sent).contains(&format!("Credential=AKID{number}/"))
        && sent.header("x-amz-security-token") == Some(&*format!("TOKEN{number}"))
}

#[tokio::test]
async fn credentials_are_renewed_when_they_expire() {
    let (fake, clock) = (Fake::new([Step::ok("{}")]), Clock::new());
    let provider = Rotating::new(&clock);
    let config = fake.config().time_source(clock.clone());
    let transport = open(config.credentials_provider(provider.clone()));
    let expected = [1, 1, 1, 2, 2, 2, 3];
    for _ in expected {
        call::<GetItem>(&transport).await.unwrap();
        clock.advance(Duration::from_secs(1_300));
    }
    for (sent, number) in fake.sent().iter().zip(expected) {
        assert!(is_signed_with(sent, number), "{number}: {sent:?}");
    }
    assert_eq!(provider.asked(), 3, "they are cached by the SDK");
    assert_eq!(counts(&transport), (7, 0));
}

#[tokio::test]
async fn credentials_that_are_not_cached_are_asked_for_each_time() {
    let (fake, clock) = (Fake::new([Step::ok("{}")]), Clock::new());
    let provider = Rotating::new(&clock);
    let config = fake.config().time_source(clock.clone());
    let config = config.identity_cache(IdentityCache::no_cache());
    let transport = fast_path(config.credentials_provider(provider));
    let mut last = 0;
    for _ in 0..10 {
        call::<GetItem>(&transport).await.unwrap();
        let sent = fake.sent().pop().unwrap();
        let number = authorization(&sent).split(['D', '/']).nth(1).unwrap();
        let number: u64 = number.parse().unwrap();
        assert!(number > last, "each call has newer ones");
        assert!(is_signed_with(&sent, number));
        last = number;
        clock.advance(Duration::from_millis(300));
    }
    assert_eq!(fake.sent().len(), 10);
    assert_eq!(transport.status().fast_path().ineligible_because(), None);
    // A signed request is used for a second at least, before there is another.
    assert_eq!(counts(&transport), (3, 0));
}

#[tokio::test]
async fn missing_credentials_are_the_orchestrators_error() {
    let (fake, clock) = (Fake::new([Step::ok("{}")]), Clock::new());
    for cached in [true, false] {
        let outcomes = async |on_fast_path: bool| {
            let provider = Rotating {
                good: 0,
                ..Rotating::new(&clock)
            };
            let mut config = fake.config().credentials_provider(provider.clone());
            if !cached {
                config.set_identity_cache(IdentityCache::no_cache());
            }
            let sent = call::<PutItem>(&either(config, on_fast_path)).await;
            (outcome(&sent), provider.asked())
        };
        let (ours, asked) = outcomes(true).await;
        assert_eq!((ours.clone(), asked), outcomes(false).await);
        assert!(ours.contains("the role is gone"), "{ours}");
        assert_eq!(asked, 1, "failures are not asked for twice");
    }
    assert_eq!(fake.sent().len(), 0);
}

/// The fast path has sent an attempt, and then the orchestrator gets no credentials.
#[tokio::test]
async fn what_was_sent_is_not_forgotten() {
    let (fake, clock) = (
        Fake::new([Step::error("InternalServerError")]),
        Clock::new(),
    );
    let config = |provider| {
        let config = fake.config().time_source(clock.clone());
        let config = config.identity_cache(IdentityCache::no_cache());
        config.credentials_provider(provider)
    };
    #[derive(Debug)]
    struct Once(AtomicU64);
    impl ProvideCredentials for Once {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let result = match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => Ok(Credentials::new("AKID", "SECRET", None, None, "once")),
                _ => Err(CredentialsError::provider_error("the role is gone")),
            };
            future::ProvideCredentials::ready(result)
        }
    }
    let transport = open(config(Once(AtomicU64::new(0))));
    let failure = call::<PutItem>(&transport).await.unwrap_err();
    assert_eq!(counts(&transport), (0, 1));
    assert_eq!(fake.sent().len(), 1);
    assert_eq!((failure.attempts, failure.uncertain), (1, true));
}
