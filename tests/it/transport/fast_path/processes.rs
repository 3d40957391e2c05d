//! Settings of a whole process: these tests run themselves again, in a process of their own.

use std::process::Command;
use std::sync::{Arc, Mutex};

use aws_smithy_observability::global::set_telemetry_provider;
use aws_smithy_observability::instruments::{
    AsyncInstrumentBuilder, AsyncMeasure, Histogram, InstrumentBuilder, MonotonicCounter,
    ProvideInstrument, UpDownCounter,
};
use aws_smithy_observability::meter::{Meter, ProvideMeter};
use aws_smithy_observability::{Attributes, Context, TelemetryProvider};

use super::Note;
use super::server::{at, server};

/// `true` in the test's own process. Elsewhere, runs the test there, after which it is done.
fn is_inside(test: &str, environment: &[(&str, &str)]) -> bool {
    const INSIDE: &str = "DYNAMODEL_TEST_INSIDE";
    if std::env::var(INSIDE).is_ok_and(|inside| inside == test) {
        return true;
    }
    let (_, module) = module_path!().split_once("::").unwrap();
    let path = format!("{module}::{test}");
    let mut inside = Command::new(std::env::current_exe().unwrap());
    inside.args(["--exact", &path]).env(INSIDE, test);
    inside.envs(environment.iter().copied());
    let output = inside.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    // Without a test of that name nothing would fail.
    assert!(told.contains("test result: ok. 1 passed"), "{told}");
    false
}

/// In an AWS Lambda function the SDK sends the id of the invocation along, which its runtime keeps in
/// the environment.
#[tokio::test]
async fn invocations_of_lambda_are_traced() {
    const NAME: &str = "invocations_of_lambda_are_traced";
    const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    let lambda = [
        ("AWS_LAMBDA_FUNCTION_NAME", "function"),
        ("_X_AMZN_TRACE_ID", TRACE),
    ];
    if !is_inside(NAME, &lambda) {
        return;
    }
    let (address, asked) = server([]);
    let db = at(&address, |config| config);
    for _ in 0..2 {
        Note::get("a").send(&db).await.unwrap();
    }
    assert_eq!(db.transport_status().fast_path().succeeded(), 2);
    let header = format!("\r\nx-amzn-trace-id: {}\r\n", TRACE.to_lowercase());
    for head in &*asked.lock().unwrap() {
        assert!(head.contains(&header), "{head}");
    }
}

/// Takes note of what the SDK measures: the name, the method and the value.
#[derive(Debug, Clone, Default)]
struct Notes(Arc<Mutex<Vec<(String, String)>>>);

impl Notes {
    /// Events since the last call, without the values, which vary.
    fn take(&self) -> Vec<(String, String)> {
        let mut notes = std::mem::take(&mut *self.0.lock().unwrap());
        notes.sort();
        notes
    }
}

/// One of the instruments.
#[derive(Debug)]
struct Instrument(String, Notes);

impl Histogram for Instrument {
    fn record(&self, _: f64, attributes: Option<&Attributes>, _: Option<&dyn Context>) {
        let method = attributes.and_then(|attributes| attributes.get("rpc.method"));
        let note = (self.0.clone(), format!("{method:?}"));
        self.1.0.lock().unwrap().push(note);
    }
}

impl ProvideMeter for Notes {
    fn get_meter(&self, _scope: &'static str, _attributes: Option<&Attributes>) -> Meter {
        Meter::new(Arc::new(self.clone()))
    }

    /// Mark of the SDK's own provider in the user agent.
    fn provider_name(&self) -> &'static str {
        "AwsSmithyObservabilityOtelProvider"
    }
}

type Asynchronous<T> = Arc<dyn AsyncMeasure<Value = T>>;

const ONLY_HISTOGRAMS: &str = "the SDK makes histograms only";

impl ProvideInstrument for Notes {
    fn create_histogram(
        &self,
        builder: InstrumentBuilder<'_, Arc<dyn Histogram>>,
    ) -> Arc<dyn Histogram> {
        Arc::new(Instrument(builder.get_name().to_string(), self.clone()))
    }

    fn create_gauge(
        &self,
        _: AsyncInstrumentBuilder<'_, Asynchronous<f64>, f64>,
    ) -> Asynchronous<f64> {
        unreachable!("{ONLY_HISTOGRAMS}")
    }

    fn create_up_down_counter(
        &self,
        _: InstrumentBuilder<'_, Arc<dyn UpDownCounter>>,
    ) -> Arc<dyn UpDownCounter> {
        unreachable!("{ONLY_HISTOGRAMS}")
    }

    fn create_async_up_down_counter(
        &self,
        _: AsyncInstrumentBuilder<'_, Asynchronous<i64>, i64>,
    ) -> Asynchronous<i64> {
        unreachable!("{ONLY_HISTOGRAMS}")
    }

    fn create_monotonic_counter(
        &self,
        _: InstrumentBuilder<'_, Arc<dyn MonotonicCounter>>,
    ) -> Arc<dyn MonotonicCounter> {
        unreachable!("{ONLY_HISTOGRAMS}")
    }

    fn create_async_monotonic_counter(
        &self,
        _: AsyncInstrumentBuilder<'_, Asynchronous<u64>, u64>,
    ) -> Asynchronous<u64> {
        unreachable!("{ONLY_HISTOGRAMS}")
    }
}

/// A telemetry provider closes the fast path, and is told of dynamodel's requests what it is told of the
/// SDK's. (If it is not seen at all, its crate is of another version than the SDK's.)
#[tokio::test]
async fn a_telemetry_provider_is_seen() {
    if !is_inside("a_telemetry_provider_is_seen", &[]) {
        return;
    }
    let (address, asked) = server([]);
    let earlier = at(&address, |config| config);

    let notes = Notes::default();
    let provider = TelemetryProvider::builder().meter_provider(Arc::new(notes.clone()));
    set_telemetry_provider(provider.build()).unwrap();
    let db = at(&address, |config| config);
    let obstacle = db.transport_status().fast_path().ineligible_because();
    assert_eq!(obstacle, Some("the SDK's metrics are collected"));
    Note::get("a").send(&db).await.unwrap();
    let ours = notes.take();
    let get = db.client().get_item().table_name("notes");
    let id = aws_sdk_dynamodb::types::AttributeValue::S("a".into());
    get.key("id", id).send().await.unwrap();
    let theirs = notes.take();
    assert_eq!(ours, theirs);
    let call = ("smithy.client.call.duration", "GetItem");
    let is_call = |(name, method): &&(String, String)| name == call.0 && method.contains(call.1);
    assert_eq!(ours.iter().filter(is_call).count(), 1, "{ours:?}");

    let asked = asked.lock().unwrap().clone();
    let agents = asked.iter().map(|head| {
        let agent = head.split_once("x-amz-user-agent: ").unwrap().1;
        agent.lines().next().unwrap()
    });
    let [ours, theirs] = agents.collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(ours, theirs);

    // A provider is looked for when a database is made; one that does nothing counts as none.
    Note::get("a").send(&earlier).await.unwrap();
    assert_eq!(earlier.transport_status().fast_path().succeeded(), 1);
    assert_eq!(notes.take(), []);
    set_telemetry_provider(TelemetryProvider::noop()).unwrap();
    assert!(
        at(&address, |config| config)
            .transport_status()
            .fast_path()
            .is_open()
    );
}
