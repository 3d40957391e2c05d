//! An HTTP client that responds to every request at once with canned bytes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{AsyncSleep, BehaviorVersion, Credentials, Region, Sleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use tokio::sync::Barrier;

use crate::recorder::record;

/// HTTP client with a response for each operation.
#[derive(Debug, Clone)]
pub struct Stub {
    answers: Arc<HashMap<String, Bytes>>,
    /// Error responses by operation.
    refusals: Arc<HashMap<String, Bytes>>,
    calls: Arc<AtomicU64>,
    /// Number of full pages; later ones are empty and the last.
    pages: u64,
    /// Holds back responses until that number of requests is in flight.
    gate: Arc<OnceLock<Barrier>>,
    /// `true` if other tasks run before a response.
    yields: bool,
    /// `true` if the time of the client's timeouts stands still.
    patient: bool,
    /// `true` if each response has bytes of its own.
    copies: bool,
}

impl Stub {
    /// Responds to each named operation with the given bytes, and to anything else with `{}`.
    pub fn new(answers: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Self {
        Stub {
            answers: by_target(answers),
            refusals: Arc::default(),
            calls: Arc::default(),
            pages: u64::MAX,
            gate: Arc::default(),
            yields: false,
            patient: false,
            copies: false,
        }
    }

    /// Responds to each named operation with status 400 and the given bytes.
    pub fn refusing(mut self, errors: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Self {
        self.refusals = by_target(errors);
        self
    }

    /// Ends every query and scan after the given number of pages in all.
    pub fn ending_after(mut self, pages: u64) -> Self {
        self.pages = pages;
        self
    }

    /// Lets other tasks run before a response, as a network does.
    pub fn yielding(mut self) -> Self {
        self.yields = true;
        self
    }

    /// Keeps the client's timeouts from firing, so that no result depends on the machine's speed.
    pub fn patient(mut self) -> Self {
        self.patient = true;
        self
    }

    /// From now on responds to no request before `requests` of them are in flight at the same time.
    pub fn gather(&self, requests: usize) {
        self.gate.get_or_init(|| Barrier::new(requests));
    }

    /// Responds with new bytes each time, as a network does, so that a kept response occupies memory.
    pub fn copying(mut self) -> Self {
        self.copies = true;
        self
    }

    /// Number of requests received.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Resets the count of requests, and so the count of pages.
    pub fn rewind(&self) {
        self.calls.store(0, Ordering::Relaxed);
    }

    /// Returns a client that sends to this stub and is otherwise as the SDK builds it: signed, with
    /// retries and timeouts.
    pub fn client(&self) -> Client {
        let token = "IQoJb3JpZ2luX2VjEHoaCWV1LXdlc3QtMSJHMEUCIQDexampletoken".repeat(8);
        let credentials =
            Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", Some(token), None, "stub");
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(credentials)
            .http_client(self.clone());
        Client::from_conf(match self.patient {
            true => config.sleep_impl(Patient).build(),
            false => config.build(),
        })
    }
}

fn by_target(
    bodies: impl IntoIterator<Item = (&'static str, Vec<u8>)>,
) -> Arc<HashMap<String, Bytes>> {
    let target = |name: &str| format!("DynamoDB_20120810.{name}");
    let bodies = bodies.into_iter();
    Arc::new(bodies.map(|(k, v)| (target(k), v.into())).collect())
}

impl Stub {
    /// Returns the status and the body of the response to an operation.
    fn answer(&self, target: &str) -> (u16, Bytes) {
        const END: Bytes = Bytes::from_static(br#"{"Count":0,"Items":[],"ScannedCount":0}"#);
        let is_over = self.calls.fetch_add(1, Ordering::Relaxed) >= self.pages;
        if let Some(error) = self.refusals.get(target) {
            return (400, error.clone());
        }
        let body = match self.answers.get(target) {
            _ if is_over => END,
            Some(answer) if self.copies => Bytes::copy_from_slice(answer),
            Some(answer) => answer.clone(),
            None => Bytes::from_static(b"{}"),
        };
        (200, body)
    }
}

impl HttpConnector for Stub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        record(target, &request);
        let (status, body) = self.answer(target);
        let status = StatusCode::try_from(status).expect("200 and 400 are statuses");
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        let headers = response.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.0");
        headers.insert(
            "x-amzn-requestid",
            "4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG",
        );
        if !self.yields && self.gate.get().is_none() {
            return HttpConnectorFuture::ready(Ok(response));
        }
        let stub = self.clone();
        HttpConnectorFuture::new(async move {
            if let Some(gate) = stub.gate.get() {
                gate.wait().await;
            }
            if stub.yields {
                tokio::task::yield_now().await;
            }
            Ok(response)
        })
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

/// A sleep that never ends.
#[derive(Debug)]
struct Patient;

impl AsyncSleep for Patient {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::pending())
    }
}
