//! Each operation as the SDK composes it, which the plain path shows, beside the raw path's.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::endpoint::Params;
use aws_sdk_dynamodb::config::{AppName, StalledStreamProtectionConfig};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::retries::classifiers::ClassifyRetry;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::plain_path::{EXCHANGES, json};
use super::*;

/// Interceptors that both paths have in their own way: they measure, or keep the progress of a call.
const OF_A_PATH: [&str; 3] = [
    "MetricsInterceptor",
    "TelemetryBytesInterceptor",
    "dynamodel::Observer",
];

/// Values that the raw path does without: the token of its transactions is in their bodies, and what
/// measures is there with a telemetry provider alone.
const LEFT_OUT: [&str; 3] = [
    "IdempotencyTokenProvider",
    "MeasurementsContainer",
    "OperationTelemetry",
];

/// Makes the token of a transaction of writes. dynamodel's requests have one.
const TOKEN: &str = "IdempotencyTokenInterceptor";

#[derive(Debug)]
struct Composition {
    interceptors: Vec<&'static str>,
    classifiers: Vec<&'static str>,
    params: Params,
    /// Names of the types of the values in the configuration.
    values: BTreeSet<String>,
}

/// Takes notes of each call.
#[derive(Debug, Clone, Default)]
struct Notes(Arc<Mutex<Option<Composition>>>);

#[dyn_dispatch_hint]
impl Intercept for Notes {
    fn name(&self) -> &'static str {
        "Notes"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let params = cfg.load::<EndpointResolverParams>();
        let params = params.and_then(|params| params.get::<Params>());
        *self.0.lock().unwrap() = Some(Composition {
            interceptors: components.interceptors().map(|i| i.name()).collect(),
            classifiers: components.retry_classifiers().map(|c| c.name()).collect(),
            params: params.ok_or("there are no parameters")?.clone(),
            values: values(&format!("{cfg:?}")),
        });
        Ok(())
    }
}

/// Names of the types in the text of a configuration.
fn values(text: &str) -> BTreeSet<String> {
    let values = text.split("TypeErasedBox[").skip(1);
    let names = values.filter_map(|value| {
        let (_, value) = value.split_once("]:")?;
        let value = value.strip_prefix("Set(").unwrap_or(value);
        let value = value.trim_start_matches(['[', '"']);
        let end = value.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        Some(value[..end.unwrap_or(value.len())].to_owned())
    });
    names.collect()
}

/// Tables of a rendered request, as dynamodel names them to the transport.
fn tables(request: &str) -> Tables {
    let request = json(request.as_bytes());
    if let Some(table) = request["TableName"].as_str() {
        return Tables::One(table.into());
    }
    if let Some(tables) = request["RequestItems"].as_object() {
        return Tables::Many(tables.keys().map(|table| table.as_str().into()).collect());
    }
    let steps = request["TransactItems"].as_array().unwrap().iter();
    let tables = steps.map(|step| {
        let (_, step) = step.as_object().unwrap().iter().next().unwrap();
        step["TableName"].as_str().unwrap().into()
    });
    Tables::Many(tables.collect())
}

/// The compositions of the plain and of the raw path, for each operation.
async fn compositions(change: fn(Builder) -> Builder) -> Vec<(&'static str, [Composition; 2])> {
    let mut all = Vec::new();
    for (operation, request, response) in EXCHANGES {
        let mut seen = Vec::new();
        for options in [PLAIN, RAW] {
            let (fake, notes) = (Fake::new([Step::ok(response)]), Notes::default());
            let config = change(fake.config()).interceptor(notes.clone());
            let transport = Transport::new(&Client::from_conf(config.build()), options);
            let body = request.as_bytes().to_vec().into();
            transport
                .send(operation, tables(request), body)
                .await
                .unwrap();
            seen.push(notes.0.lock().unwrap().take().unwrap());
        }
        all.push((operation.name(), seen.try_into().unwrap()));
    }
    all
}

#[tokio::test]
async fn raw_path_composes_every_operation_as_the_sdk_does() {
    let all = compositions(|config| config).await;
    assert_eq!(all.len(), 10);
    for (operation, [sdk, ours]) in all {
        let is_token = |name: &str| operation == "TransactWriteItems" && name == TOKEN;
        let endpoint = format!("{operation}{}", crate::sdk_internals::ENDPOINT_PARAMS);
        let telemetry = format!("{operation}TelemetryInputCaptureInterceptor");
        let theirs = sdk.interceptors.iter().copied();
        let theirs = theirs.filter(|name| !OF_A_PATH.contains(name) && !is_token(name));
        let theirs = theirs.filter(|name| *name != telemetry);
        let theirs = theirs.map(|name| match name == endpoint {
            true => "dynamodel::EndpointParams",
            false => name,
        });
        let raw = ours.interceptors.iter().copied();
        let raw = raw.filter(|name| !OF_A_PATH.contains(name));
        assert_eq!(
            theirs.collect::<Vec<_>>(),
            raw.collect::<Vec<_>>(),
            "{operation}"
        );
        assert_eq!(sdk.classifiers, ours.classifiers, "{operation}");
    }
}

#[tokio::test]
async fn endpoint_parameters_of_every_operation_are_the_sdks() {
    let changes: [fn(Builder) -> Builder; 3] = [
        |config| config,
        |config| config.endpoint_url("http://localhost:1"),
        |config| config.use_fips(true).use_dual_stack(true),
    ];
    for change in changes {
        for (operation, [sdk, ours]) in compositions(change).await {
            assert_eq!(sdk.params, ours.params, "{operation}");
        }
    }
}

#[tokio::test]
async fn configuration_of_every_operation_lacks_no_value_of_the_sdks() {
    let configured = |config: Builder| {
        config
            .app_name(AppName::new("app").unwrap())
            .endpoint_url("http://localhost:1")
            .timeout_config(TimeoutConfig::builder().build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .invocation_id_generator(fake::OneInvocation)
    };
    for (operation, [sdk, ours]) in compositions(configured).await {
        let lost: Vec<_> = sdk.values.difference(&ours.values).collect();
        assert_eq!(lost, LEFT_OUT, "{operation}");
        for value in ["AppName", "EndpointUrl", "RetryConfig", "TimeoutConfig"] {
            assert!(ours.values.contains(value), "{value}: {:?}", ours.values);
        }
    }
}
