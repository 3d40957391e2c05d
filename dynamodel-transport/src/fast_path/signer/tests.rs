//! Every signature is the one of the SDK's own signer.

use std::time::{Duration, UNIX_EPOCH};

use aws_smithy_types::body::SdkBody;
use proptest::prelude::*;

use super::*;
use crate::tests::signing::sign_request;

/// A request of which everything may vary.
#[derive(Debug, Clone)]
struct Sample {
    url: String,
    region: String,
    access_key: String,
    secret: String,
    token: Option<String>,
    target: String,
    agent: String,
    seconds: u64,
    body: Vec<u8>,
}

fn samples() -> impl Strategy<Value = Sample> {
    let url = "https?://[a-z][a-z0-9-]{0,20}(\\.[a-z]{2,8}){1,3}(:[0-9]{4})?(/[a-zA-Z0-9_-]{0,9})?";
    let credentials = (
        "[A-Z0-9]{16,24}",
        "[a-zA-Z0-9/+]{1,60}",
        proptest::option::of("[!-~]{1,400}"),
    );
    let headers = ("[A-Za-z]{3,30}", "[!-~]( ?[!-~]){0,60}");
    let body = proptest::collection::vec(any::<u8>(), 0..600);
    let times = 0..250_000_000_000_u64;
    let region = "[a-z]{2}-[a-z]{4,9}-[1-9]";
    (url, region, credentials, headers, times, body).prop_map(
        |(url, region, (access_key, secret, token), (target, agent), seconds, body)| Sample {
            url,
            region,
            access_key,
            secret,
            token,
            target,
            agent,
            seconds,
            body,
        },
    )
}

impl Sample {
    fn credentials(&self) -> Credentials {
        let token = self.token.clone();
        Credentials::new(&self.access_key, &self.secret, token, None, "test")
    }

    /// The request, signed by `aws-sigv4`.
    fn signed(&self, body: &[u8], seconds: u64) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").unwrap();
        request.set_uri(self.url.clone()).unwrap();
        let headers = request.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.0");
        headers.insert("content-length", body.len().to_string());
        headers.insert("x-amz-target", self.target.clone());
        headers.insert("x-amz-user-agent", self.agent.clone());
        headers.insert("user-agent", "not signed");

        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        sign_request(&mut request, body, self.credentials(), &self.region, time);
        request
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// A signer of one request signs any other of the same day, to the byte.
    #[test]
    fn signatures_are_those_of_the_sdk(
        sample in samples(),
        body in proptest::collection::vec(any::<u8>(), 0..3_000),
        second in 0..86_400_u64,
    ) {
        let captured = sample.signed(&sample.body, sample.seconds);
        let signer = Signer::capture(&captured, &sample.body, &sample.credentials()).unwrap();

        let seconds = sample.seconds / 86_400 * 86_400 + second;
        let expected = sample.signed(&body, seconds);
        let stamp = Stamp::of(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        prop_assert_eq!(expected.headers().get("x-amz-date"), Some(stamp.as_str()));
        prop_assert!(signer.is_of_day(&stamp));
        let signature = signer.sign(stamp.as_str(), &body);
        prop_assert_eq!(expected.headers().get("authorization"), Some(&*signature));

        let next_day = Stamp::of(UNIX_EPOCH + Duration::from_secs(seconds + 86_400)).unwrap();
        prop_assert!(!signer.is_of_day(&next_day));
    }

    /// The hash state of a length and a second serves no other.
    #[test]
    fn signatures_of_any_order_are_those_of_the_sdk(
        sample in samples(),
        requests in proptest::collection::vec((0..40_usize, any::<u8>(), 0..3_u64), 1..12),
    ) {
        let seconds = sample.seconds / 86_400 * 86_400;
        let captured = sample.signed(&sample.body, seconds);
        let signer = Signer::capture(&captured, &sample.body, &sample.credentials()).unwrap();
        for (length, byte, second) in requests {
            let body = vec![byte; length];
            let expected = sample.signed(&body, seconds + second);
            let stamp = Stamp::of(UNIX_EPOCH + Duration::from_secs(seconds + second)).unwrap();
            let signature = signer.sign(stamp.as_str(), &body);
            prop_assert_eq!(expected.headers().get("authorization"), Some(&*signature));
        }
    }

    /// A request that is not quite the signed one is not captured from.
    #[test]
    fn nothing_is_learned_from_another_signature(sample in samples(), change in 0..6_usize) {
        let mut request = sample.signed(&sample.body, sample.seconds);
        let mut body = sample.body.clone();
        let mut credentials = sample.credentials();
        let headers = request.headers_mut();
        match change {
            0 => drop(headers.insert("x-amz-target", "Another")),
            1 => drop(headers.insert("x-amz-date", "19990101T000000Z")),
            2 => drop(headers.remove("authorization")),
            3 => body.push(0),
            4 => credentials = Credentials::new(&sample.access_key, "another", None, None, "test"),
            _ => credentials = Credentials::new("ANOTHER", &sample.secret, None, None, "test"),
        }
        prop_assert!(Signer::capture(&request, &body, &credentials).is_err());
    }
}

#[test]
fn secrets_are_not_shown() {
    let sample = Sample {
        url: "https://localhost/".into(),
        region: "eu-west-1".into(),
        access_key: "AKIDEXAMPLE".into(),
        secret: "SECRET".into(),
        token: Some("TOKEN".into()),
        target: "Get".into(),
        agent: "agent".into(),
        seconds: 0,
        body: b"{}".to_vec(),
    };
    let request = sample.signed(b"{}", 0);
    let signer = Signer::capture(&request, b"{}", &sample.credentials()).unwrap();
    let shown = format!("{signer:?}");
    for hidden in ["SECRET", "TOKEN", "AKID"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
