//! Credentials of which one part changes from one call to the next.

use std::sync::{Arc, Mutex};

use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_dynamodb::config::{Credentials, IdentityCache};

use super::super::GetItem;
use super::super::signing::assert_signed_with;
use super::*;

/// The parts of credentials.
#[derive(Debug, Clone, PartialEq)]
struct Parts {
    key: &'static str,
    secret: &'static str,
    token: Option<&'static str>,
    account: Option<&'static str>,
    features: Vec<AwsCredentialFeature>,
}

impl Parts {
    fn new() -> Self {
        Parts {
            key: "AKID",
            secret: "SECRET",
            token: Some("TOKEN"),
            account: Some("111111111111"),
            features: vec![AwsCredentialFeature::CredentialsProfile],
        }
    }

    fn credentials(&self) -> Credentials {
        let mut credentials = Credentials::builder()
            .access_key_id(self.key)
            .secret_access_key(self.secret)
            .provider_name("test");
        credentials.set_session_token(self.token.map(str::to_owned));
        credentials.set_account_id(self.account.map(Into::into));
        let mut credentials = credentials.build();
        // As the providers of profiles, roles and instances do.
        credentials.set_property(self.features.clone());
        credentials
    }
}

/// Gives what it was set to.
#[derive(Debug, Clone)]
struct Current(Arc<Mutex<Parts>>);

impl ProvideCredentials for Current {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Ok(self.0.lock().unwrap().credentials()))
    }
}

/// Each of these differs from the first ones in one part.
fn changes() -> Vec<Parts> {
    use AwsCredentialFeature::{CredentialsImds, CredentialsProfile, CredentialsStsAssumeRole};
    let from = |change: fn(&mut Parts)| {
        let mut parts = Parts::new();
        change(&mut parts);
        parts
    };
    vec![
        from(|parts| parts.key = "AKID2"),
        from(|parts| parts.secret = "SECRET2"),
        from(|parts| parts.token = Some("TOKEN2")),
        from(|parts| parts.token = None),
        from(|parts| parts.account = Some("222222222222")),
        from(|parts| parts.account = None),
        from(|parts| parts.features = vec![CredentialsImds]),
        from(|parts| parts.features = vec![CredentialsProfile, CredentialsStsAssumeRole]),
        from(|parts| parts.features.clear()),
    ]
}

/// The request with these and then with those credentials, so much later, and the SDK's request then.
async fn sent(from: Parts, to: Parts, later: Duration) -> ([Sent; 3], (u64, u64)) {
    let (fake, clock) = (Fake::new([Step::ok("{}")]), Clock::new());
    let current = Current(Arc::new(Mutex::new(from)));
    let config = || {
        let config = fake.config().time_source(clock.clone());
        let config = config.identity_cache(IdentityCache::no_cache());
        config.credentials_provider(current.clone())
    };
    let transport = open(config());
    call::<GetItem>(&transport).await.unwrap();
    *current.0.lock().unwrap() = to;
    clock.advance(later);
    call::<GetItem>(&transport).await.unwrap();
    call::<GetItem>(&plain(config())).await.unwrap();
    (fake.sent().try_into().unwrap(), counts(&transport))
}

#[tokio::test]
async fn every_part_of_the_credentials_counts() {
    // At once it is left to the orchestrator; a little later it is captured.
    for (later, answered) in [(Duration::ZERO, 1), (Duration::from_secs(2), 2)] {
        for change in changes() {
            for [from, to] in [
                [Parts::new(), change.clone()],
                [change.clone(), Parts::new()],
            ] {
                let (sent, counts) = sent(from.clone(), to.clone(), later).await;
                let [first, second, expected] = sent.map(without_id);
                assert_eq!(second, expected, "{from:?} {to:?}");
                assert_ne!(first.headers, second.headers, "{from:?} {to:?}");
                assert_signed_with(&first, from.credentials());
                assert_signed_with(&second, to.credentials());
                assert_eq!(counts, (answered, 0), "{from:?} {to:?}");
            }
        }
    }
}
