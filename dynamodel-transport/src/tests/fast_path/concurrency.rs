//! Many tasks that send at the same time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_dynamodb::config::{Credentials, IdentityCache};
use aws_smithy_async::time::TimeSource;
use tokio::task::JoinSet;

use super::super::fake::StoppedClock;
use super::super::signing::{assert_signed_with, time_of};
use super::super::{GetItem, PutItem};
use super::*;

const TASKS: usize = 100;
const CALLS: usize = 20;
/// Lifetime of credentials.
const SHIFT: Duration = Duration::from_secs(3);
/// Time that each call adds to the clock; all of them add twenty seconds.
const STEP: Duration = Duration::from_millis(10);

/// The first day ends after ten of the twenty seconds.
fn begin() -> SystemTime {
    StoppedClock.now() + Duration::from_secs(15 * 3_600 + 6 * 60 + 30)
}

/// Other credentials for each time of a few seconds.
#[derive(Debug)]
struct Shifts(Clock);

impl Shifts {
    fn at(time: SystemTime) -> u64 {
        let since = time.duration_since(begin()).unwrap();
        since.as_secs() / SHIFT.as_secs()
    }

    fn credentials(shift: u64) -> Credentials {
        let end = begin() + SHIFT * (shift + 1) as u32;
        Credentials::new(
            format!("AKID{shift}"),
            format!("SECRET{shift}"),
            Some(format!("TOKEN{shift}")),
            Some(end),
            "shifts",
        )
    }
}

impl ProvideCredentials for Shifts {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let shift = Shifts::at(self.0.now());
        future::ProvideCredentials::ready(Ok(Shifts::credentials(shift)))
    }
}

/// Runs that many tasks until they end.
async fn crowd<F: Future<Output = ()> + Send + 'static>(task: impl Fn(usize) -> F) {
    let mut tasks: JoinSet<()> = (0..TASKS).map(task).collect();
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_task_learns_while_others_send() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = Arc::new(open(fake.config()));
    crowd(|_| {
        let transport = transport.clone();
        async move { assert_eq!(call::<GetItem>(&transport).await.unwrap().attempts, 1) }
    })
    .await;
    assert_eq!(fake.sent().len(), TASKS);
    assert!(counts(&transport).0 > 0);
}

/// Credentials change and a day ends while all of them send: no request has a part of another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_signed_belongs_together() {
    // Some cached by the SDK to their very end.
    let cached = IdentityCache::lazy().buffer_time(Duration::ZERO);
    for cache in [IdentityCache::no_cache(), cached.build()] {
        let (fake, clock) = (Fake::new([Step::ok("{}")]), Clock::new());
        clock.advance(begin().duration_since(clock.now()).unwrap());
        let config = fake.config().time_source(clock.clone());
        let config = config.credentials_provider(Shifts(clock.clone()));
        let transport = Arc::new(open(config.identity_cache(cache)));
        crowd(|number| {
            let (transport, clock) = (transport.clone(), clock.clone());
            async move {
                for _ in 0..CALLS {
                    match number % 2 {
                        0 => call::<GetItem>(&transport).await.unwrap(),
                        _ => call::<PutItem>(&transport).await.unwrap(),
                    };
                    clock.advance(STEP);
                }
            }
        })
        .await;
        assert_eq!(transport.status().fast_path().ineligible_because(), None);
        let (answered, fell_back) = counts(&transport);
        assert!(answered > (TASKS * CALLS / 2) as u64, "{answered}");
        assert_eq!(fell_back, 0);
        check(&fake.sent());
    }
}

fn check(sent: &[Sent]) {
    assert_eq!(sent.len(), TASKS * CALLS);
    let (mut shifts, mut days) = (BTreeSet::new(), BTreeSet::new());
    for sent in sent {
        let shift = authorization(sent).split_once("AKID").unwrap().1;
        let shift: u64 = shift.split('/').next().unwrap().parse().unwrap();
        assert_signed_with(sent, Shifts::credentials(shift));
        assert!(shift <= Shifts::at(time_of(sent)), "before its time");
        shifts.insert(shift);
        days.insert(sent.header("x-amz-date").unwrap()[..8].to_owned());
    }
    assert_eq!(shifts, (0..=6).collect());
    assert_eq!(days.len(), 2);
}
