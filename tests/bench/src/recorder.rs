//! Recorder of requests, for comparing what the contestants send.

use std::cell::RefCell;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// A received request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub target: String,
    pub body: serde_json::Value,
}

thread_local! {
    static RECORDED: RefCell<Option<Vec<Request>>> = const { RefCell::new(None) };
}

/// Runs the function and returns the requests sent on this thread meanwhile.
pub fn recorded(function: impl FnOnce()) -> Vec<Request> {
    RECORDED.set(Some(Vec::new()));
    function();
    RECORDED.take().unwrap_or_default()
}

pub(crate) fn record(target: &str, request: &HttpRequest) {
    RECORDED.with_borrow_mut(|recorded| {
        let Some(recorded) = recorded else { return };
        let body = request.body().bytes().unwrap_or_default();
        recorded.push(Request {
            target: target.to_owned(),
            body: serde_json::from_slice(body).expect("requests are JSON"),
        });
    });
}
