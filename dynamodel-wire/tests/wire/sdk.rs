//! The SDK's serializer and deserializer as the reference.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynamodel_wire::{self as wire, ReadError, Reader, Tag};
use proptest::prelude::*;

use crate::item::{Cart, Item, cart, item};

/// An HTTP client that returns the same body for every request and keeps the body of the last one.
#[derive(Debug, Clone, Default)]
struct Canned {
    response: Arc<Mutex<Vec<u8>>>,
    request: Arc<Mutex<Vec<u8>>>,
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // The SDK's request bodies are in memory, so their bytes are available.
        *self.request.lock().unwrap() = request.body().bytes().unwrap_or_default().to_vec();
        let body = SdkBody::from(self.response.lock().unwrap().clone());
        let status = StatusCode::try_from(200).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body)))
    }
}

impl HttpClient for Canned {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

struct Sdk {
    http: Canned,
    client: Client,
    runtime: tokio::runtime::Runtime,
}

impl Sdk {
    fn new() -> Self {
        let http = Canned::default();
        let credentials = Credentials::builder()
            .access_key_id("id")
            .secret_access_key("secret")
            .provider_name("test")
            .build();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(credentials)
            .http_client(http.clone())
            .build();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Sdk {
            http,
            client: Client::from_conf(config),
            runtime,
        }
    }

    /// Returns the item that the SDK reads from these bytes.
    fn read(&self, item: &[u8]) -> Option<Item> {
        *self.http.response.lock().unwrap() = [b"{\"Item\":", item, b"}"].concat();
        let get = self
            .client
            .get_item()
            .table_name("t")
            .key("k", AttributeValue::S("k".into()));
        self.runtime.block_on(get.send()).ok()?.item
    }

    /// Returns the request with which the SDK writes the item.
    fn write(&self, item: Item) -> Vec<u8> {
        *self.http.response.lock().unwrap() = b"{}".to_vec();
        let put = self.client.put_item().table_name("t").set_item(Some(item));
        self.runtime.block_on(put.send()).unwrap();
        self.http.request.lock().unwrap().clone()
    }
}

/// Reads the `Item` of a request.
fn item_in<T>(
    request: &[u8],
    read: impl Fn(&mut Reader<'_>) -> Result<T, ReadError>,
) -> Result<Option<T>, ReadError> {
    let mut r = Reader::new(request)?;
    let mut found = None;
    let mut more = r.begin_map()?;
    while more {
        match &*r.map_key()? {
            "Item" => found = Some(read(&mut r)?),
            _ => r.skip_value()?,
        }
        more = r.end_entry()?;
    }
    Ok(found)
}

#[test]
fn the_sdk_reads_what_we_write() {
    let sdk = Sdk::new();
    proptest!(|(item in item())| {
        let bytes = wire::item_to_vec(&item).unwrap();
        let read = sdk.read(&bytes);
        prop_assert_eq!(read.as_ref(), Some(&item));
        prop_assert_eq!(wire::item_from_slice(&bytes).unwrap(), item);
    });
}

#[test]
fn we_read_what_the_sdk_writes() {
    let sdk = Sdk::new();
    proptest!(|(item in item())| {
        let request = sdk.write(item.clone());
        let read = item_in(&request, wire::read_attributes).unwrap();
        prop_assert_eq!(read, Some(item));
    });
}

#[test]
fn entities_agree_with_the_sdk() {
    let sdk = Sdk::new();
    proptest!(|(cart in cart())| {
        let bytes = cart.to_bytes();
        let item = sdk.read(&bytes).unwrap();
        prop_assert_eq!(&wire::item_from_slice(&bytes).unwrap(), &item);
        prop_assert_eq!(item.contains_key("a note"), cart.note.is_some());
        prop_assert_eq!(item.contains_key("tags"), !cart.tags.is_empty());
        let request = sdk.write(item);
        prop_assert_eq!(item_in(&request, Cart::read_item).unwrap(), Some(cart));
    });
}

#[test]
fn escapes_duplicates_and_white_space_agree() {
    let sdk = Sdk::new();
    for item in [
        r#"{"a":{"S":"\u0041\ud83d\ude00\/\b\f\n\r\t\"\\\u0000"}}"#,
        "\t{ \"a\" :\r\n{ \"S\" : \"x\" } , \"b\" : { \"L\" : [ { \"N\" : \"1\" } , {\"BOOL\" : false } ] } }\n",
        r#"{"a":{"S":"first"},"a":{"N":"2"}}"#,
        r#"{"a":{"M":{"x":{"S":"1"},"x":{"S":"2"}}}}"#,
        r#"{"\u0061":{"\u0053":"x"},"":{"S":""}}"#,
        r#"{"s":{"SS":[ "a" ,"\n"]},"n":{"NS":["1"]},"b":{"BS":["AQ==", "A///"]}}"#,
        r#"{"s":{"SS":[]}}"#,
        r#"{"n":{"NULL":true},"m":{"M":{}},"l":{"L":[]},"b":{"B":""}}"#,
    ] {
        assert_eq!(
            wire::item_from_slice(item.as_bytes()).ok(),
            sdk.read(item.as_bytes()),
            "{item}"
        );
    }
}

/// JSON may escape the slashes of base64; the SDK does not unescape them.
#[test]
fn escaped_base64_is_unescaped() {
    let value: AttributeValue = wire::from_slice(br#"{"B":"A\/\/\u002f"}"#).unwrap();
    assert_eq!(value, AttributeValue::B(Blob::new([3, 255, 255])));
}

#[test]
fn depth_of_32_levels_agrees_with_sdk() {
    let sdk = Sdk::new();
    let mut value = AttributeValue::N("9".repeat(38));
    for level in 0..32 {
        value = match level % 2 {
            0 => AttributeValue::L(vec![value]),
            _ => AttributeValue::M([("k".to_owned(), value)].into()),
        };
    }
    let item = Item::from([("deep".to_owned(), value)]);
    let bytes = wire::item_to_vec(&item).unwrap();
    assert_eq!(wire::item_from_slice(&bytes).unwrap(), item);
    assert_eq!(sdk.read(&bytes), Some(item));
}

#[test]
fn sdk_value_holds_any_type() {
    let value: AttributeValue = wire::from_slice(br#"{"M":{"x":{"SS":["a"]}}}"#).unwrap();
    assert_eq!(
        wire::to_vec(&value).unwrap(),
        br#"{"M":{"x":{"SS":["a"]}}}"#
    );
    let r = Reader::new(br#"{"BS":["AQ=="]}"#).unwrap();
    assert_eq!(r.kind().unwrap(), Tag::Bs);
    for refused in [
        AttributeValue::N("one".into()),
        AttributeValue::Null(false),
        AttributeValue::Ss(vec![]),
        AttributeValue::Ns(vec!["1".into(), "0x".into()]),
    ] {
        assert!(wire::to_vec(&refused).is_err());
    }
}
