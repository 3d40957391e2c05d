//! [`Sender`]: makes, sends and watches the attempts of the fast path, with the parts of a client.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_runtime::auth::sigv4;
use aws_runtime::service_clock_skew::DisableClockSkewCorrection;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthScheme;
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::{
    Identity, IdentityCacheLocation, ResolveCachedIdentity, ResolveIdentity, SharedIdentityCache,
    SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::interceptors::context::{Input, InterceptorContext, Output};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::retries::{RequestAttempts, RetryStrategy};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugins;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer, Layer};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;

use super::Outcome;
use super::amz_date::{Skew, Stamp};
use super::cache::{self, Found};
use super::deadline::{Budget, Deadline};
use super::fallback::{Done, Fallback, Sent, State};
use super::invocation::Invocation;
use super::read_body::{self, FINAL, Progress, Watch};
use super::signed_request::SignedRequest;
use super::status::Ineligibility;
use crate::client_parts::ClientParts;
use crate::operations::Caches;
use crate::{ApiOperation, Failure, Tables};

/// A request that takes longer, while no others are in flight, is handed to the orchestrator, which has
/// the SDK's means against requests that stall.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Time that each request in flight adds: under load, all of them take longer, and handing them over
/// would only add to the load.
const FOR_EACH_IN_FLIGHT: Duration = Duration::from_millis(25);

/// Time that is taken off a call's timeouts.
const WORTH_COUNTING: Duration = Duration::from_millis(5);

/// The parts of the client that the fast path sends with.
pub(super) struct Sender {
    components: RuntimeComponents,
    clock: SharedTimeSource,
    sleep: SharedAsyncSleep,
    /// Made with the first request, as the SDK does it: that may read certificates.
    connector: OnceLock<SharedHttpConnector>,
    http: SharedHttpClient,
    timeouts: TimeoutConfig,
    /// The shorter one of the timeouts of a call and of an attempt.
    limit: Option<Duration>,
    stalls: Option<StalledStreamProtectionConfig>,
    resolver: SharedIdentityResolver,
    identities: SharedIdentityCache,
    config: FrozenLayer,
    bag: ConfigBag,
    /// `None` when the client does not correct it.
    skew: Option<Skew>,
    /// `true` in an AWS Lambda function, whose runtime keeps an id of each invocation.
    is_lambda: bool,
    caches: Caches,
    /// Number of attempts in flight.
    in_flight: AtomicU32,
}

/// One attempt in flight, which is counted.
struct InFlight<'a>(&'a AtomicU32);

impl<'a> InFlight<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        InFlight(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Longest wait for a response while this many attempts are in flight.
pub(super) fn patience(in_flight: u32) -> Duration {
    RESPONSE_TIMEOUT + FOR_EACH_IN_FLIGHT * in_flight.saturating_sub(1)
}

impl Sender {
    pub(super) fn new(client: ClientParts) -> Result<Self, &'static str> {
        const INCOMPLETE: &str = "the client lacks a component";
        let (components, config) = (client.components, client.config);
        let scheme = components.auth_scheme(sigv4::SCHEME_ID).ok_or(INCOMPLETE)?;
        let resolver = scheme.identity_resolver(&components);
        let resolver = resolver.ok_or("the client has no credentials")?;
        let identities = match resolver.cache_location() {
            IdentityCacheLocation::RuntimeComponents => components.identity_cache(),
            _ => IdentityCache::no_cache(),
        };
        let timeouts = config.load::<TimeoutConfig>().ok_or(INCOMPLETE)?.clone();
        let limits = [
            timeouts.operation_timeout(),
            timeouts.operation_attempt_timeout(),
        ];
        let stalls = config.load::<StalledStreamProtectionConfig>();
        let keeps_clock = config
            .load::<DisableClockSkewCorrection>()
            .is_some_and(DisableClockSkewCorrection::is_disabled);
        let mut bag = ConfigBag::base();
        bag.push_shared_layer(config.clone());
        Ok(Sender {
            clock: components.time_source().ok_or(INCOMPLETE)?,
            sleep: components.sleep_impl().ok_or(INCOMPLETE)?,
            connector: OnceLock::new(),
            http: components.http_client().ok_or(INCOMPLETE)?,
            limit: limits.into_iter().flatten().min(),
            stalls: stalls.filter(|stalls| stalls.download_enabled()).cloned(),
            timeouts,
            resolver,
            identities,
            bag,
            skew: (!keeps_clock).then(Skew::default),
            is_lambda: std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some(),
            caches: Caches::default(),
            in_flight: AtomicU32::new(0),
            components,
            config,
        })
    }

    /// Sends the first attempt of a call.
    pub(super) async fn attempt<O: ApiOperation>(
        &self,
        ineligible_because: &Ineligibility,
        plugins: &RuntimePlugins,
        tables: &Tables,
        body: &Bytes,
    ) -> Outcome<'_> {
        if !is_plain(tables) {
            return Outcome::NotSent;
        }
        let budget = Budget::start(self.limit);
        let identity = match self.identity(budget).await {
            Some(Ok(identity)) => identity,
            // The orchestrator tells of the error.
            Some(Err(error)) => return self.fall_back(Done::NoIdentity(error), budget),
            None => return self.fall_back(Done::Nothing, budget),
        };
        let now = self.clock.now();
        let Some(stamp) = Stamp::of(self.service_time(now)) else {
            return self.without(budget);
        };
        let cache = O::cache(&self.caches);
        let signed = match cache.find(cache::arn(tables).as_ref(), &identity, now, &stamp) {
            Found::SignedRequest(signed) => signed,
            Found::Resting => return self.without(budget),
            Found::Nothing => {
                let captured = cache.capture::<O>(plugins, tables, body, identity, now, &stamp);
                let Some(captured) = Box::pin(captured).await else {
                    return self.without(budget);
                };
                ineligible_because.set(captured.as_ref().err().copied());
                match captured {
                    Ok(signed) => signed,
                    Err(_) => return self.without(budget),
                }
            }
        };
        // The HTTP client drops its copies when it has sent them, which is not to be seen while the caller
        // keeps one.
        let own = (!body.is_unique()).then(|| Bytes::copy_from_slice(body));
        let body = own.as_ref().unwrap_or(body);
        let invocation = Invocation::random();
        let connection = CaptureSmithyConnection::new();
        let sent = self.give(&signed, body, stamp, invocation, &connection);
        let Some(mut pending) = sent else {
            return self.without(budget);
        };

        let in_flight = InFlight::new(&self.in_flight);
        let mut watch = Watch {
            deadline: Deadline::new(&self.sleep, &self.in_flight, budget),
            clock: &self.clock,
            stalls: self.stalls.as_ref(),
        };
        let progress = read_body::run(&mut pending, &mut watch, |response| {
            if let Some(skew) = &self.skew {
                skew.measure(response.headers(), now, || self.clock.now());
            }
        });
        let state = match progress.await {
            Progress::Response(response) => {
                self.pay_back(&signed);
                return Outcome::Response(response);
            }
            Progress::Refused(response) => match self.refusal::<O>(&signed, *response) {
                Ok(failure) => return Outcome::Refused(Box::new(failure)),
                Err(response) => State::Ended(Ok(response)),
            },
            Progress::Ended(outcome) => State::Ended(*outcome),
            Progress::Pending => State::Pending(pending, body.clone()),
        };
        drop(in_flight);
        let sent = Sent {
            state,
            connection,
            invocation: invocation.text(),
        };
        self.fall_back(Done::Sent(Box::new(sent)), budget)
    }

    fn fall_back(&self, done: Done, budget: Budget) -> Outcome<'_> {
        Outcome::Fallback(Fallback {
            done,
            spent: budget.spent(),
            components: &self.components,
            timeouts: &self.timeouts,
        })
    }

    /// The failure of a refusal that is final, as the SDK reads it; the response, if the SDK reads
    /// something else.
    #[expect(
        clippy::result_large_err,
        reason = "both are large, and one is always used"
    )]
    fn refusal<O: ApiOperation>(
        &self,
        signed: &SignedRequest,
        response: HttpResponse,
    ) -> Result<Failure, HttpResponse> {
        let Some(deserializer) = signed.settings.load::<SharedResponseDeserializer>() else {
            return Err(response);
        };
        let read = deserializer.deserialize_nonstreaming_with_config(&response, &self.bag);
        let mut error = None;
        if let Err(failed) = read {
            let _ = failed.map_operation_error(|failed| error = failed.downcast::<O::Error>().ok());
        }
        match error {
            Some(error) if error.code().is_some_and(|code| FINAL.contains(&code)) => {
                let error = SdkError::service_error(error, response);
                Ok(Failure::from_refusal(error))
            }
            _ => Err(response),
        }
    }

    /// Leaves the call to the orchestrator, within what is left of its time. Credentials may have taken
    /// some.
    fn without(&self, budget: Budget) -> Outcome<'_> {
        match budget.spent() >= WORTH_COUNTING {
            true => self.fall_back(Done::Nothing, budget),
            false => Outcome::NotSent,
        }
    }

    /// Gives the request to the HTTP client. `None` when that has to be left to the SDK.
    fn give(
        &self,
        signed: &SignedRequest,
        body: &Bytes,
        stamp: Stamp,
        invocation: Invocation,
        connection: &CaptureSmithyConnection,
    ) -> Option<HttpConnectorFuture> {
        let trace = self.trace().ok()?;
        let mut request = signed.request(body, stamp, invocation, trace)?;
        request.add_extension(connection.clone());
        Some(self.connector().call(request))
    }

    fn connector(&self) -> &SharedHttpConnector {
        self.connector.get_or_init(|| {
            let mut settings = HttpConnectorSettings::builder();
            settings.set_connect_timeout(self.timeouts.connect_timeout());
            settings.set_read_timeout(self.timeouts.read_timeout());
            self.http
                .http_connector(&settings.build(), &self.components)
        })
    }

    /// The SDK's cached identity, or a new one from the client's provider. `None` when that takes
    /// longer than the client allows.
    async fn identity(&self, budget: Budget) -> Option<Result<Identity, BoxError>> {
        let resolver = self.resolver.clone();
        let mut identity =
            self.identities
                .resolve_cached_identity(resolver, &self.components, &self.bag);
        match budget.left() {
            None => Some(identity.await),
            Some(left) => Deadline::of(&self.sleep, left).wait(&mut identity).await,
        }
    }

    fn service_time(&self, now: SystemTime) -> SystemTime {
        self.skew.as_ref().map_or(now, |skew| skew.correct(now))
    }

    /// The header by which AWS notices functions that call themselves without end; as the SDK
    /// takes it from the environment.
    fn trace(&self) -> Result<Option<String>, ()> {
        if !self.is_lambda {
            return Ok(None);
        }
        match std::env::var("_X_AMZN_TRACE_ID") {
            Ok(trace) if trace.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => Ok(Some(trace)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            _ => Err(()),
        }
    }

    /// Gives to the quota of retries what a success gives back.
    fn pay_back(&self, signed: &SignedRequest) {
        if signed.quota.is_full() {
            return;
        }
        let mut attempt = Layer::new("dynamodel::FastPath");
        attempt.store_put(RequestAttempts::new(1));
        attempt.store_put(signed.quota.clone());
        let mut bag = ConfigBag::base();
        bag.push_shared_layer(self.config.clone());
        bag.push_layer(attempt);
        let mut success = InterceptorContext::new(Input::erase(()));
        success.set_output_or_error(Ok(Output::erase(())));
        let strategy = self.components.retry_strategy();
        // A success is never sent again, whatever the strategy says.
        let _ = strategy.should_attempt_retry(&success, &self.components, &bag);
    }
}

/// `true` if nothing but the operation and the table's ARN can matter for the endpoint.
fn is_plain(tables: &Tables) -> bool {
    match tables {
        Tables::One(table) => !table.trim().is_empty(),
        Tables::Many(tables) => !tables.iter().any(|table| table.starts_with("arn:")),
    }
}
