//! An HTTP client that answers from a script and remembers what was sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_runtime::invocation_id::{InvocationId, InvocationIdGenerator};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

/// What happens to one request.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// It is answered.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// The connection breaks.
    Break,
    /// It hangs.
    Hang,
}

impl Step {
    pub(super) fn ok(body: &str) -> Step {
        Step::answer(200, body)
    }

    pub(super) fn answer(status: u16, body: &str) -> Step {
        let crc = crc32fast::hash(body.as_bytes());
        Step::Answer {
            status,
            headers: vec![
                ("x-amz-crc32", crc.to_string()),
                ("x-amzn-requestid", format!("REQUEST{crc}")),
            ],
            body: body.to_owned(),
        }
    }

    /// The service's error `code`, with the status that DynamoDB gives it.
    pub(super) fn error(code: &str) -> Step {
        let status = if code == "InternalServerError" {
            500
        } else {
            400
        };
        let body = format!(
            r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"a message"}}"#
        );
        Step::answer(status, &body)
    }

    /// The same answer, damaged on its way.
    pub(super) fn corrupted(mut self) -> Step {
        if let Step::Answer { body, .. } = &mut self {
            body.push(' ');
        }
        self
    }
}

/// A request as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    pub(super) uri: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Sent {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Answers with the steps of a script, and then with its last one over and over.
#[derive(Debug, Clone)]
pub(super) struct Fake {
    script: Arc<Mutex<VecDeque<Step>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Fake {
    pub(super) fn new(script: impl IntoIterator<Item = Step>) -> Self {
        Fake {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            sent: Arc::default(),
        }
    }

    /// What was sent so far.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// The configuration of a client that sends to this one, with retries that do not wait.
    pub(super) fn config(&self) -> Builder {
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKID", "SECRET", None, None, "test"))
            .retry_config(retries)
            .http_client(self.clone())
    }
}

impl HttpClient for Fake {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        headers.sort();
        self.sent.lock().unwrap().push(Sent {
            uri: request.uri().to_owned(),
            headers,
            body: request.body().bytes().unwrap().to_vec(),
        });
        let mut script = self.script.lock().unwrap();
        let step = match script.len() {
            0 | 1 => script.front().cloned(),
            _ => script.pop_front(),
        };
        match step.expect("the script is not empty") {
            Step::Answer {
                status,
                headers,
                body,
            } => {
                let mut response =
                    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
                for (name, value) in headers {
                    response.headers_mut().insert(name, value);
                }
                HttpConnectorFuture::ready(Ok(response))
            }
            Step::Break => {
                HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset".into())))
            }
            Step::Hang => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

/// Every request at the same time.
#[derive(Debug)]
pub(super) struct StoppedClock;

impl TimeSource for StoppedClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_760_000_000)
    }
}

/// Every request with the same id.
#[derive(Debug)]
pub(super) struct OneInvocation;

impl InvocationIdGenerator for OneInvocation {
    fn generate(&self) -> Result<Option<InvocationId>, BoxError> {
        Ok(Some(InvocationId::new("one-invocation".to_owned())))
    }
}
