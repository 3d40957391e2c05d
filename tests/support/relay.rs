//! An HTTP client for the SDK that applies a rule to each request and can pass it on to another client.

use std::fmt::Debug;

use aws_sdk_dynamodb::config::{Builder, Config};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

/// Rule for requests on their way to another client. Clones share all state of the rule, because the SDK
/// may create several connectors.
pub trait Rule: Debug + Clone + Send + Sync + 'static {
    /// Responds to the request, or passes it on to `behind`.
    fn apply(&self, request: HttpRequest, behind: &SharedHttpConnector) -> HttpConnectorFuture;
}

/// Returns the configuration with a client that applies the rule in front of the configuration's own
/// client: the embedded engine's, or that of a real endpoint.
pub fn with_rule(config: &Config, rule: impl Rule) -> Builder {
    let behind = config
        .http_client()
        .unwrap_or_else(|| aws_smithy_http_client::Builder::new().build_http());
    config.to_builder().http_client(Relay { rule, behind })
}

#[derive(Debug)]
struct Relay<R> {
    rule: R,
    behind: SharedHttpClient,
}

impl<R: Rule> HttpClient for Relay<R> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            rule: self.rule.clone(),
            behind: self.behind.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Connector<R> {
    rule: R,
    behind: SharedHttpConnector,
}

impl<R: Rule> HttpConnector for Connector<R> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.rule.apply(request, &self.behind)
    }
}

/// Returns the operation of a request, such as `PutItem`.
pub fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

/// Returns the error of a connection that breaks.
pub fn broken() -> ConnectorError {
    ConnectorError::io("the connection was reset".into())
}

/// Returns a response with a JSON body.
///
/// # Panics
/// If the status is not between 100 and 999.
pub fn response(status: u16, body: String) -> HttpResponse {
    let status = status.try_into().expect("a status between 100 and 999");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    let headers = response.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.0");
    response
}
