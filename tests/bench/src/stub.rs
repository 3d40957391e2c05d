//! An HTTP client that answers every request at once with canned bytes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use tokio::sync::Barrier;

/// Answers by operation.
#[derive(Debug, Clone)]
pub struct Stub {
    answers: Arc<HashMap<String, Bytes>>,
    /// Errors by operation.
    refusals: Arc<HashMap<String, Bytes>>,
    calls: Arc<AtomicU64>,
    /// After so many calls, pages are empty and the last.
    pages: u64,
    /// Answers when so many requests wait for theirs.
    gate: Option<Arc<Barrier>>,
}

impl Stub {
    /// Answers the operation of each name with the bytes beside it, and anything else with `{}`.
    pub fn new(answers: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Self {
        Stub {
            answers: by_target(answers),
            refusals: Arc::default(),
            calls: Arc::default(),
            pages: u64::MAX,
            gate: None,
        }
    }

    /// Refuses the operation of each name with status 400 and the bytes beside it.
    pub fn refusing(mut self, errors: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Self {
        self.refusals = by_target(errors);
        self
    }

    /// Ends every query and scan after so many pages in all.
    pub fn ending_after(mut self, pages: u64) -> Self {
        self.pages = pages;
        self
    }

    /// Answers no request before `requests` of them are under way at the same time.
    pub fn gathering(mut self, requests: usize) -> Self {
        self.gate = Some(Arc::new(Barrier::new(requests)));
        self
    }

    /// How many requests came in.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// A client that sends here, otherwise as the SDK makes it: signed, with retries and timeouts.
    pub fn client(&self) -> Client {
        let token = "IQoJb3JpZ2luX2VjEHoaCWV1LXdlc3QtMSJHMEUCIQDexampletoken".repeat(8);
        let credentials =
            Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", Some(token), None, "stub");
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(credentials)
            .http_client(self.clone())
            .build();
        Client::from_conf(config)
    }
}

fn by_target(
    bodies: impl IntoIterator<Item = (&'static str, Vec<u8>)>,
) -> Arc<HashMap<String, Bytes>> {
    let target = |name: &str| format!("DynamoDB_20120810.{name}");
    let bodies = bodies.into_iter();
    Arc::new(bodies.map(|(k, v)| (target(k), v.into())).collect())
}

impl HttpConnector for Stub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = if self.calls.fetch_add(1, Ordering::Relaxed) < self.pages {
            self.answers.get(target).cloned()
        } else {
            Some(Bytes::from_static(
                br#"{"Count":0,"Items":[],"ScannedCount":0}"#,
            ))
        };
        let body = body.unwrap_or_else(|| Bytes::from_static(b"{}"));
        let (status, body) = match self.refusals.get(target) {
            Some(error) => (400, error.clone()),
            None => (200, body),
        };
        let status = StatusCode::try_from(status).expect("200 and 400 are statuses");
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        let headers = response.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.0");
        headers.insert(
            "x-amzn-requestid",
            "4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG",
        );
        match self.gate.clone() {
            None => HttpConnectorFuture::ready(Ok(response)),
            Some(gate) => HttpConnectorFuture::new(async move {
                gate.wait().await;
                Ok(response)
            }),
        }
    }
}

impl HttpClient for Stub {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
