//! Signatures as [Signature Version 4] has them, for requests that differ in little.
//!
//! A [`Signer`] is made from a request that the SDK has signed, and only when it makes the very
//! same `Authorization` header for it. What stays the same from request to request is prepared:
//! the text of the canonical request around its length and date, and the key of the day.
//!
//! [Signature Version 4]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

use std::fmt;
use std::sync::Mutex;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::amz_date::Stamp;
use super::invocation::HEX;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The text before the secret access key, in the first key.
const KEY_PREFIX: &str = "AWS4";
/// Of the text that is signed.
const BEGINNING: &str = "AWS4-HMAC-SHA256\n";

/// Signs requests of one operation, endpoint, day and pair of credentials.
pub(super) struct Signer {
    /// The canonical request up to the hash of the body.
    canonical: Vec<Part>,
    /// The text behind the date in the text that is signed: the scope, such as
    /// `20260131/eu-central-1/dynamodb/aws4_request`, between two line ends.
    scope: String,
    /// The header's value up to the signature.
    authorization: String,
    key: Hmac<Sha256>,
    started: Mutex<Started>,
}

/// Hash states of requests of one second up to the hash of their bodies, one for each of some lengths:
/// more than half of what a signature takes, and requests come in few lengths.
#[derive(Default)]
struct Started {
    date: String,
    hashes: [Option<(usize, Sha256)>; 16],
}

/// A piece of the canonical request.
enum Part {
    Text(String),
    /// The length of the body.
    Length,
    /// The value of `x-amz-date`.
    Date,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// Captures a request with this body that was signed with these credentials.
    ///
    /// # Errors
    /// When the request is not one that this signer can sign, with the reason.
    pub(super) fn capture(
        request: &HttpRequest,
        body: &[u8],
        credentials: &Credentials,
    ) -> Result<Signer, &'static str> {
        let authorization = header(request, "authorization")?;
        let (credential, signed, _) =
            parts_of(authorization).ok_or("the SDK signs in an unknown way")?;
        let scope = credential
            .strip_prefix(credentials.access_key_id())
            .and_then(|scope| scope.strip_prefix('/'))
            .ok_or("the SDK signs with other credentials")?;
        let signer = Signer {
            canonical: canonical(request, signed)?,
            scope: format!("\n{scope}\n"),
            authorization: format!(
                "{ALGORITHM} Credential={credential}, SignedHeaders={signed}, Signature="
            ),
            key: key_of(credentials.secret_access_key(), scope)?,
            started: Mutex::default(),
        };
        let date = header(request, "x-amz-date")?;
        if signer.sign(date, body) == authorization {
            Ok(signer)
        } else {
            Err("the SDK's signature is another one")
        }
    }

    /// The `Authorization` header of a request of the signer's day.
    pub(super) fn sign(&self, date: &str, body: &[u8]) -> String {
        let mut canonical = self.started(date, body.len());
        canonical.update(hex(&Sha256::digest(body).into()));

        let mut signature = self.key.clone();
        for text in [BEGINNING, date, &self.scope] {
            signature.update(text.as_bytes());
        }
        signature.update(&hex(&canonical.finalize().into()));
        let signature = hex(&signature.finalize().into_bytes().into());

        let mut header = String::with_capacity(self.authorization.len() + signature.len());
        header.push_str(&self.authorization);
        // Hexadecimal digits are text.
        header.push_str(std::str::from_utf8(&signature).unwrap_or_default());
        header
    }

    /// The hash of the canonical request up to that of the body.
    fn started(&self, date: &str, length: usize) -> Sha256 {
        // Computing the hash again is cheaper than waiting for a lock.
        let Ok(mut started) = self.started.try_lock() else {
            return self.start(date, length);
        };
        if started.date != date {
            *started = Started {
                date: date.to_owned(),
                ..Started::default()
            };
        }
        let place = length % started.hashes.len();
        match started.hashes.get(place) {
            Some(Some((known, hash))) if *known == length => hash.clone(),
            _ => {
                let hash = self.start(date, length);
                if let Some(place) = started.hashes.get_mut(place) {
                    *place = Some((length, hash.clone()));
                }
                hash
            }
        }
    }

    fn start(&self, date: &str, length: usize) -> Sha256 {
        let mut canonical = Sha256::new();
        for part in &self.canonical {
            match part {
                Part::Text(text) => canonical.update(text),
                Part::Length => canonical.update(itoa::Buffer::new().format(length)),
                Part::Date => canonical.update(date),
            }
        }
        canonical
    }

    /// `true` if the key is that of the day.
    pub(super) fn is_of_day(&self, stamp: &Stamp) -> bool {
        stamp.is_on_day_of(self.scope.trim_start())
    }
}

/// Credential, signed headers and signature.
fn parts_of(authorization: &str) -> Option<(&str, &str, &str)> {
    let parts = authorization.strip_prefix(ALGORITHM)?;
    let (credential, parts) = parts
        .strip_prefix(" Credential=")?
        .split_once(", SignedHeaders=")?;
    let (signed, signature) = parts.split_once(", Signature=")?;
    Some((credential, signed, signature))
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Result<&'a str, &'static str> {
    let mut values = request.headers().get_all(name);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err("the SDK's requests lack a header"),
        _ => Err("the SDK's requests have a header twice"),
    }
}

/// The canonical request of a `POST` to the request's path.
fn canonical(request: &HttpRequest, signed: &str) -> Result<Vec<Part>, &'static str> {
    let uri = request.uri().parse::<http::Uri>();
    let uri = uri.map_err(|_| "the endpoint is not a URI")?;
    if request.method() != "POST" || uri.query().is_some() {
        return Err("the SDK's requests are no plain POST");
    }
    let mut parts = Vec::new();
    let mut text = format!("POST\n{}\n\n", uri.path());
    for name in signed.split(';') {
        text.push_str(name);
        text.push(':');
        let varying = match name {
            "content-length" => Some(Part::Length),
            "x-amz-date" => Some(Part::Date),
            _ => None,
        };
        match varying {
            Some(part) => {
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(part);
            }
            None if name == "host" && !request.headers().contains_key(name) => {
                let host = uri.authority().ok_or("the endpoint has no host")?;
                text.push_str(host.as_str());
            }
            None => text.push_str(header(request, name)?.trim()),
        }
        text.push('\n');
    }
    text.push('\n');
    text.push_str(signed);
    text.push('\n');
    parts.push(Part::Text(text));
    Ok(parts)
}

/// The key for requests of this scope. The copies of the secret, and of the keys on the way, are
/// zeroized; so are hash states, by their crates.
fn key_of(secret: &str, scope: &str) -> Result<Hmac<Sha256>, &'static str> {
    let keyed = |key: &[u8]| {
        Hmac::<Sha256>::new_from_slice(key).map_err(|_| "the secret access key is no key")
    };
    // With its capacity, so that no part of the secret stays behind when the text grows.
    let mut text = Zeroizing::new(String::with_capacity(KEY_PREFIX.len() + secret.len()));
    text.push_str(KEY_PREFIX);
    text.push_str(secret);
    let mut key = keyed(text.as_bytes())?;
    for part in scope.split('/') {
        key.update(part.as_bytes());
        let bytes = Zeroizing::new(<[u8; 32]>::from(key.finalize().into_bytes()));
        key = keyed(&*bytes)?;
    }
    Ok(key)
}

fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    let mut text = [0; 64];
    let (pairs, _) = text.as_chunks_mut();
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = HEX[usize::from(*byte)];
    }
    text
}

#[cfg(test)]
mod tests;
