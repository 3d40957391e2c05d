//! Each part of the SDK that is known by more than its public API, as the SDK of `Cargo.lock` has it.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{AppName, Credentials};
use aws_smithy_runtime_api::client::interceptors::OverriddenHooks;
use aws_smithy_runtime_api::client::runtime_plugin::SharedRuntimePlugin;
use aws_smithy_types::timeout::TimeoutConfig;

use super::*;
use crate::client_parts::ClientParts;
use crate::operations::{
    ApiOperation, BatchGetItem, BatchWriteItem, DeleteItem, GetItem, PutItem, Query, Scan,
    TransactGetItems, TransactWriteItems, UpdateItem,
};
use crate::user_agent;

fn config() -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("AKID", "SECRET", None, None, "test"))
}

fn client() -> Client {
    Client::from_conf(config().build())
}

/// The names and plugins of all ten operations.
fn operations() -> [(&'static str, SharedRuntimePlugin); 10] {
    fn of<O: ApiOperation>() -> (&'static str, SharedRuntimePlugin) {
        (O::NAME, O::sdk_plugin())
    }
    [
        of::<GetItem>(),
        of::<PutItem>(),
        of::<UpdateItem>(),
        of::<DeleteItem>(),
        of::<Query>(),
        of::<Scan>(),
        of::<BatchGetItem>(),
        of::<BatchWriteItem>(),
        of::<TransactWriteItems>(),
        of::<TransactGetItems>(),
    ]
}

#[test]
fn probe_shows_components_and_configuration() {
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(7));
    let config = config().timeout_config(timeouts.build());
    let (components, layer) = run_probe(&Client::from_conf(config.build())).unwrap();
    let probes = components.interceptors().filter(is_probe).count();
    assert_eq!(probes, 1);
    assert!(components.interceptors().count() > CLIENT_INTERCEPTORS.len());
    let timeouts = layer.load::<TimeoutConfig>().unwrap();
    assert_eq!(timeouts.operation_timeout(), Some(Duration::from_secs(7)));
}

#[test]
fn configuration_is_copied_value_by_value() {
    let retries = RetryConfig::standard().with_max_attempts(7);
    let config = config()
        .app_name(AppName::new("app").unwrap())
        .endpoint_url("http://localhost:1")
        .use_fips(true)
        .use_dual_stack(true)
        .retry_config(retries);
    let (_, layer) = run_probe(&Client::from_conf(config.build())).unwrap();
    let region = layer.load::<aws_types::region::Region>().unwrap();
    assert_eq!(region.as_ref(), "eu-central-1");
    assert!(layer.load::<aws_types::app_name::AppName>().is_some());
    assert!(
        layer
            .load::<aws_types::endpoint_config::UseFips>()
            .unwrap()
            .0
    );
    assert!(
        layer
            .load::<aws_types::endpoint_config::UseDualStack>()
            .unwrap()
            .0
    );
    let url = layer.load::<aws_types::endpoint_config::EndpointUrl>();
    assert_eq!(url.unwrap().0, "http://localhost:1");
    let retries = layer.load::<RetryConfig>().unwrap();
    assert_eq!(retries.max_attempts(), 7);
    assert!(layer.load::<aws_types::SigningName>().is_some());
    assert!(
        layer
            .load::<AuthSchemeAndEndpointOrchestrationV2>()
            .is_some()
    );
}

#[test]
fn interceptors_of_a_client_are_known() {
    let parts = ClientParts::from_client(&client()).unwrap();
    assert_eq!(parts.unknown_interceptor(), None);
    let mut names: Vec<_> = parts.components.interceptors().map(|i| i.name()).collect();
    names.sort_unstable();
    assert_eq!(names, CLIENT_INTERCEPTORS);
    assert_eq!(
        unknown_interceptor(&["New", "EnforceContentLength"]),
        Some("New")
    );
    assert_eq!(
        unknown_interceptor(&[USER_AGENT, USER_AGENT]),
        Some(USER_AGENT)
    );
}

#[test]
fn measuring_interceptors_of_a_client_are_those_of_its_metrics() {
    let metrics = metrics();
    let (components, _) = run_probe(&client()).unwrap();
    let mut interceptors: Vec<_> = components.interceptors().collect();
    let all = interceptors.len();
    remove_measuring(&mut interceptors, &metrics);
    let empty = RuntimeComponentsBuilder::new("test");
    let measuring = metrics.runtime_components(&empty).interceptors().count();
    assert!(measuring > 0);
    assert_eq!(interceptors.len(), all - measuring);
}

#[test]
fn retry_classifiers_of_a_client_are_known() {
    let parts = ClientParts::from_client(&client()).unwrap();
    let classifiers = parts.components.retry_classifiers();
    let names: Vec<_> = classifiers.map(|classifier| classifier.name()).collect();
    assert_eq!(names, CLIENT_CLASSIFIERS);
    assert!(are_known_classifiers(&names));
    assert!(!are_known_classifiers(&["New"]));
}

#[test]
fn interceptors_of_all_operations_are_known() {
    for (operation, plugin) in operations() {
        let components = plugin.runtime_components(&RuntimeComponentsBuilder::new(operation));
        let parts = components
            .interceptors()
            .map(|i| part_of(operation, i.name()));
        let parts: Option<Vec<_>> = parts.collect();
        let parts = parts.unwrap();
        let endpoints = parts.iter().filter(|part| **part == Part::EndpointParams);
        assert_eq!(endpoints.count(), 1, "{operation}");
        assert!(parts.contains(&Part::Untyped), "{operation}");
    }
    assert_eq!(
        part_of("GetItem", &format!("PutItem{ENDPOINT_PARAMS}")),
        None
    );
    assert_eq!(part_of("GetItem", "GetItemNewInterceptor"), None);
}

#[test]
fn interceptors_of_an_operation_stand_behind_those_of_the_client() {
    let (components, _) = run_probe(&client()).unwrap();
    let plugin = GetItem::sdk_plugin();
    let operation = plugin.runtime_components(&RuntimeComponentsBuilder::new(GetItem::NAME));
    let mut interceptors: Vec<_> = components.interceptors().collect();
    let all = interceptors.len();
    remove_operation_interceptors(&mut interceptors, &operation).unwrap();
    assert_eq!(interceptors.len(), all - operation.interceptors().count());
    interceptors.reverse();
    assert!(remove_operation_interceptors(&mut interceptors, &operation).is_err());
}

#[test]
fn retry_classifiers_of_an_operation_are_told_from_those_of_the_client() {
    let (components, _) = run_probe(&client()).unwrap();
    let plugin = GetItem::sdk_plugin();
    let operation = plugin.runtime_components(&RuntimeComponentsBuilder::new(GetItem::NAME));
    let theirs = operation.retry_classifiers().count();
    assert!(theirs > 0);
    let all = components.retry_classifiers().count();
    let kept = without_operation_classifiers(components.retry_classifiers(), &operation);
    assert_eq!(kept.len(), all - theirs);
}

#[test]
fn components_of_a_client_are_those_of_defaults() {
    let configured = config()
        .endpoint_url("http://localhost:1")
        .retry_config(RetryConfig::standard().with_max_attempts(7));
    for client in [client(), Client::from_conf(configured.build())] {
        let parts = ClientParts::from_client(&client).unwrap();
        for component in Component::ALL {
            assert!(is_default(component, &parts.components), "{component:?}");
        }
    }
    let adaptive = config().retry_config(RetryConfig::adaptive()).build();
    let parts = ClientParts::from_client(&Client::from_conf(adaptive)).unwrap();
    assert!(is_default(Component::EndpointResolver, &parts.components));
}

#[test]
fn names_of_components_end_where_they_end() {
    let name = "DefaultResolver";
    assert!(has_name(
        "SharedEndpointResolver(DowncastParams(DefaultResolver { .. }))",
        name
    ));
    assert!(has_name(
        "Some(SharedEndpointResolver(DefaultResolver))",
        name
    ));
    assert!(!has_name(
        "SharedEndpointResolver(DefaultResolverOfMine)",
        name
    ));
    assert!(!has_name("DefaultResolver", name));
    assert!(has_text(&Some(1), "Some(1)"));
    assert!(!has_text(&Some(1), "Some(1) "));
    assert!(!has_text(&Some(12), "Some(1)"));
}

fn metrics() -> MetricsRuntimePlugin {
    let metrics = MetricsRuntimePlugin::builder()
        .with_scope("aws-sdk-dynamodb")
        .with_time_source(aws_smithy_async::time::SharedTimeSource::default());
    metrics.build().unwrap()
}

#[test]
fn metrics_that_go_nowhere_are_known() {
    assert!(!has_telemetry(&metrics()));
}

#[test]
fn client_of_defaults_makes_no_https_client() {
    let client = Client::from_conf(config().http_client(NoHttp).build());
    let (components, _) = run_probe(&client).unwrap();
    let http = format!("{:?}", components.http_client());
    assert!(http.contains("NoHttp"), "{http}");
    assert_eq!(default_texts().len(), Component::ALL.len());
}

#[test]
fn cached_user_agent_has_every_hook_of_the_sdks() {
    let parts = ClientParts::from_client(&client()).unwrap();
    let mut interceptors = parts.components.interceptors();
    let sdk = interceptors.find(|i| i.name() == USER_AGENT).unwrap();
    let [ours] = <[_; 1]>::try_from(user_agent::lean(vec![sdk.clone()])).unwrap();
    assert_eq!(ours.overridden_hooks(), sdk.overridden_hooks());
    assert_ne!(ours.overridden_hooks(), OverriddenHooks::all());
}

#[test]
fn interceptors_without_effect_are_the_sdks() {
    for name in ["EnforceContentLength", "RecursionDetectionInterceptor"] {
        assert!(CLIENT_INTERCEPTORS.contains(&name));
        assert!(matches!(effect(name, false), Effect::None));
    }
    assert!(matches!(
        effect("RecursionDetectionInterceptor", true),
        Effect::Own
    ));
    assert!(matches!(effect(USER_AGENT, false), Effect::UserAgent));
    assert!(matches!(effect("New", false), Effect::Own));
}
