//! An HTTP client that answers from a script and remembers what was sent.

mod components;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame};

pub(super) use self::components::{Clock, Marker, OneInvocation, StoppedClock, TimersClock};

/// Outcome of one request.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// The service responds.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// The connection breaks.
    Break,
    /// The request hangs.
    Hang,
    /// The request hangs, and the connection has not read the request.
    Unread,
    /// The answer begins and never ends.
    Stall,
    /// The answer comes in two parts: its headers late, and the end of its body later still.
    Late(Duration, Duration, &'static str),
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

    /// The same answer with one more header.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Step::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
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
    poisoned: Arc<AtomicU32>,
}

impl Fake {
    pub(super) fn new(script: impl IntoIterator<Item = Step>) -> Self {
        Fake {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            sent: Arc::default(),
            poisoned: Arc::default(),
        }
    }

    /// Appends to the script.
    pub(super) fn then(&self, script: impl IntoIterator<Item = Step>) {
        self.script.lock().unwrap().extend(script);
    }

    /// Number of connections that are not to be used again.
    pub(super) fn poisoned(&self) -> u32 {
        self.poisoned.load(Ordering::Relaxed)
    }

    /// The requests that were sent so far.
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
        if let Some(capture) = request.extension::<CaptureSmithyConnection>() {
            let poisoned = self.poisoned.clone();
            let connection = ConnectionMetadata::builder()
                .proxied(false)
                .poison_fn(move || {
                    poisoned.fetch_add(1, Ordering::Relaxed);
                })
                .build();
            capture.set_connection_retriever(move || Some(connection.clone()));
        }
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
            Step::Unread => HttpConnectorFuture::new(async move {
                let _unread = request;
                std::future::pending().await
            }),
            Step::Stall => {
                let stalled = SdkBody::from_body_1_x(Parts(vec![b"{"], None));
                let response = HttpResponse::new(200.try_into().unwrap(), stalled);
                HttpConnectorFuture::ready(Ok(response))
            }
            Step::Late(before, between, body) => {
                let (begin, end) = body.as_bytes().split_at(body.len() / 2);
                HttpConnectorFuture::new(async move {
                    tokio::time::sleep(before).await;
                    let late = Box::pin(tokio::time::sleep(between));
                    let body = SdkBody::from_body_1_x(Parts(vec![begin, end], Some(late)));
                    Ok(HttpResponse::new(200.try_into().unwrap(), body))
                })
            }
        }
    }
}

/// A body of several parts. The second one comes late; without a time, never.
struct Parts(Vec<&'static [u8]>, Option<Pin<Box<tokio::time::Sleep>>>);

impl Body for Parts {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let is_first = self.0.len() == 2 || self.1.is_none() && !self.0.is_empty();
        match &mut self.1 {
            _ if is_first => {}
            None => return Poll::Pending,
            Some(late) if !late.is_elapsed() => ready!(late.as_mut().poll(cx)),
            Some(_) => {}
        }
        let part = (!self.0.is_empty()).then(|| self.0.remove(0));
        Poll::Ready(part.map(|part| Ok(Frame::data(Bytes::from_static(part)))))
    }
}
