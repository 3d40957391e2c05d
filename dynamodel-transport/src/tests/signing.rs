//! Signatures by the SDK's own signer, to compare with.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;

use super::fake::Sent;

const SIGNATURE: [&str; 3] = ["authorization", "x-amz-date", "x-amz-security-token"];

/// Signs a request with this body for DynamoDB.
pub(crate) fn sign_request(
    request: &mut HttpRequest,
    body: &[u8],
    credentials: Credentials,
    region: &str,
    time: SystemTime,
) {
    let identity = Identity::from(credentials);
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("dynamodb")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let signable = SignableRequest::new(
        request.method(),
        request.uri(),
        request.headers().iter(),
        SignableBody::Bytes(body),
    );
    let instructions = sign(signable.unwrap(), &params.into());
    let (headers, _) = instructions.unwrap().into_parts().0.into_parts();
    for header in headers {
        let (name, value) = (header.name(), header.value().to_owned());
        request.headers_mut().insert(name, value);
    }
}

/// Panics unless key id, token, date and signature of a request are those that these credentials make
/// at the time that it tells.
pub(super) fn assert_signed_with(sent: &Sent, credentials: Credentials) {
    let mut request = HttpRequest::new(SdkBody::from(sent.body.as_slice()));
    request.set_method("POST").unwrap();
    request.set_uri(sent.uri.clone()).unwrap();
    for (name, value) in &sent.headers {
        // The SDK counts attempts in headers that are not signed.
        if !SIGNATURE.contains(&name.as_str()) && !name.starts_with("amz-sdk-") {
            request.headers_mut().append(name.clone(), value.clone());
        }
    }
    sign_request(
        &mut request,
        &sent.body,
        credentials,
        "eu-central-1",
        time_of(sent),
    );
    for name in SIGNATURE {
        assert_eq!(sent.header(name), request.headers().get(name), "{sent:?}");
    }
}

/// The time that a request was signed at.
pub(super) fn time_of(sent: &Sent) -> SystemTime {
    let date = sent.header("x-amz-date").unwrap();
    let (day, time) = date.split_once('T').unwrap();
    let [year, month, day] = [&day[..4], &day[4..6], &day[6..]];
    let [hour, minute, second] = [&time[..2], &time[2..4], &time[4..6]];
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    let date = DateTime::from_str(&text, Format::DateTime).unwrap();
    date.try_into().unwrap()
}
