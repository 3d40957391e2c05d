//! Clients whose parts are not the SDK's own, or are not there.

use aws_sdk_dynamodb::config::Region;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::{RetryStrategy, ShouldAttempt};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::super::GetItem;
use super::*;
use crate::FastPathStatus;

/// Not the SDK's standard one, though its name begins like it.
#[derive(Debug)]
struct StandardRetryStrategyOfMine;

impl RetryStrategy for StandardRetryStrategyOfMine {
    fn should_attempt_initial_request(
        &self,
        _components: &RuntimeComponents,
        _cfg: &ConfigBag,
    ) -> Result<ShouldAttempt, BoxError> {
        Ok(ShouldAttempt::Yes)
    }

    fn should_attempt_retry(
        &self,
        _context: &InterceptorContext,
        _components: &RuntimeComponents,
        _cfg: &ConfigBag,
    ) -> Result<ShouldAttempt, BoxError> {
        Ok(ShouldAttempt::No)
    }
}

type Change = fn(&mut RuntimeComponentsBuilder) -> &mut RuntimeComponentsBuilder;

/// Parts that the SDK gives to every client, and what is said without them.
const CHANGES: [(Change, &str); 4] = [
    (
        |parts| parts.set_retry_strategy(Some(StandardRetryStrategyOfMine)),
        "the client has a retry strategy of its own",
    ),
    (
        |parts| parts.set_time_source(None),
        "the client has no clock",
    ),
    (
        |parts| parts.set_sleep_impl(None),
        "the client has no clock",
    ),
    (
        |parts| parts.set_http_client(None::<SharedHttpClient>),
        "the client has no HTTP client",
    ),
];

/// The outcome of a call that fails at first, how often it was sent, and whether it took the fast path.
async fn changed(change: Change, on_fast_path: bool) -> (String, usize, FastPathStatus) {
    let fake = Fake::new([Step::error("InternalServerError"), Step::ok("{}")]);
    let mut parts = ClientParts::from_client(&Client::from_conf(fake.config().build())).unwrap();
    // No configuration can change them, so that is done where they were captured.
    with_components(&mut parts, |parts| {
        change(parts);
    });
    let transport = from_parts(parts, if on_fast_path { FAST } else { RAW });
    let sent = call::<GetItem>(&transport).await;
    (
        outcome(&sent),
        fake.sent().len(),
        transport.status().fast_path(),
    )
}

#[tokio::test]
async fn clients_of_other_parts_are_served_as_without_the_fast_path() {
    for (change, ineligible_because) in CHANGES {
        let (ours, sent, status) = changed(change, true).await;
        assert_eq!(status.ineligible_because(), Some(ineligible_because));
        assert_eq!((status.succeeded(), status.fell_back()), (0, 0));
        let (theirs, expected, _) = changed(change, false).await;
        assert_eq!((ours, sent), (theirs, expected), "{ineligible_because}");
    }
    let [(own_strategy, _), ..] = CHANGES;
    assert_eq!(
        changed(own_strategy, true).await.1,
        1,
        "it sends nothing twice"
    );
}

#[tokio::test]
async fn a_client_without_credentials_keeps_the_fast_path_closed() {
    let fake = Fake::new([Step::ok("{}")]);
    let config = || {
        aws_sdk_dynamodb::Config::builder()
            .behavior_version_latest()
            .region(Region::new("eu-central-1"))
            .http_client(fake.clone())
    };
    let transport = fast_path(config());
    let status = transport.status().fast_path();
    assert_eq!(
        status.ineligible_because(),
        Some("the client has no credentials")
    );
    let sent = call::<GetItem>(&transport).await;
    let expected = call::<GetItem>(&plain(config())).await;
    assert!(sent.is_err());
    assert_eq!(outcome(&sent), outcome(&expected));
    assert_eq!(fake.sent().len(), 0);
    assert_eq!(counts(&transport), (0, 0));
}
