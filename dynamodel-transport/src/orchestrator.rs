//! The raw path: the SDK's orchestrator with the client's plugin, the SDK's plugin of the operation, and
//! ours, which replaces how requests are written and responses are read.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use aws_smithy_runtime::client::orchestrator::invoke;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, Output};
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{
    RuntimePlugin, RuntimePlugins, SharedRuntimePlugin, StaticRuntimePlugin,
};
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer, Layer};
use aws_types::request_id::RequestId;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http_body::{Body, Frame};
use tracing::Instrument;

use super::call::{CORRUPT, Call, Observer, has_its_checksum};
use super::client_parts::ClientParts;
use super::endpoint::EndpointParams;
use super::sdk_internals::{self, Part};
use super::shown::is_request_id;
use super::{ApiOperation, Failure, FailureKind, Response, Tables};

/// The input of every operation: the request, and the call that waits for the response.
pub(super) struct RawInput {
    pub(super) body: Bytes,
    pub(super) tables: Tables,
    pub(super) call: Call,
}

impl std::fmt::Debug for RawInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawInput").finish_non_exhaustive()
    }
}

/// The output of every operation: the call keeps the response.
#[derive(Debug)]
struct Responded;

/// Sends the request through the SDK's orchestrator.
pub(super) async fn send<O: ApiOperation>(
    plugins: &RuntimePlugins,
    tables: Tables,
    body: Bytes,
) -> Result<Response, Failure> {
    let call = Call::default();
    let input = Input::erase(RawInput {
        body,
        tables,
        call: call.clone(),
    });
    let span = O::span();
    let run = || invoke("DynamoDB", O::NAME, input, plugins);
    let sent = match span.is_disabled() {
        true => run().await,
        false => Box::pin(run().instrument(span)).await,
    };
    match sent {
        Err(error) => {
            let error = error.map_service_error(|error| match error.downcast::<O::Error>() {
                Ok(error) => error,
                Err(error) => O::unhandled(error.into()),
            });
            Err(Failure::from_sdk(error, call.progress()))
        }
        Ok(_) => call.take_response().ok_or_else(|| {
            let replaced = "an interceptor replaced the response of the service";
            let kind = FailureKind::Response(replaced.into());
            call.progress().unreadable(None, kind)
        }),
    }
}

/// The parts that all operations of a client share.
pub(super) struct Shared {
    client: Vec<SharedRuntimePlugin>,
    endpoint: SharedInterceptor,
}

impl Shared {
    pub(super) fn new(captured: &ClientParts) -> Self {
        Shared {
            client: captured.plugins(),
            endpoint: SharedInterceptor::permanent(EndpointParams::default()),
        }
    }
}

/// Prepares operation `O` of a client.
pub(super) fn prepare<O: ApiOperation>(shared: &Shared) -> Result<RuntimePlugins, BoxError> {
    let sdk = O::sdk_plugin();
    let settings = sdk.config().ok_or("an SDK operation has no settings")?;
    if settings.load::<SharedResponseDeserializer>().is_none() {
        return Err("an SDK operation has no response deserializer".into());
    }

    let mut ours = Layer::new("dynamodel");
    ours.store_put(SharedRequestSerializer::new(Serializer {
        target: O::TARGET,
    }));
    ours.store_put(SharedResponseDeserializer::new(Deserializer {
        sdk: settings.clone(),
    }));
    let ours = StaticRuntimePlugin::new().with_config(ours.freeze());

    let sdk = StaticRuntimePlugin::new()
        .with_config(settings)
        .with_runtime_components(components::<O>(&sdk, &shared.endpoint)?);
    Ok(RuntimePlugins::new()
        .with_client_plugins(shared.client.iter().cloned())
        .with_operation_plugin(sdk)
        .with_operation_plugin(ours))
}

/// The components of the SDK's operation, with our interceptors where its own read the input.
fn components<O: ApiOperation>(
    sdk: &SharedRuntimePlugin,
    endpoint: &SharedInterceptor,
) -> Result<RuntimeComponentsBuilder, BoxError> {
    let mut components = sdk
        .runtime_components(&RuntimeComponentsBuilder::new(O::NAME))
        .into_owned();
    let mut has_endpoint = false;
    let mut interceptors = Vec::new();
    for interceptor in components.interceptors() {
        match sdk_internals::part_of(O::NAME, interceptor.name()) {
            Some(Part::EndpointParams) => {
                has_endpoint = true;
                interceptors.push(endpoint.clone());
            }
            Some(Part::InputTelemetry) => {}
            Some(Part::Untyped) => interceptors.push(interceptor),
            None => {
                let name = interceptor.name();
                return Err(format!("the SDK has an unknown interceptor, {name}").into());
            }
        }
    }
    if !has_endpoint {
        return Err("an SDK operation has no endpoint parameters".into());
    }
    interceptors.push(SharedInterceptor::permanent(
        Observer::<O::Error>::of_configured_calls(),
    ));
    components.set_interceptors(interceptors.into_iter());
    Ok(components)
}

/// Makes the HTTP request of a [`RawInput`].
#[derive(Debug)]
struct Serializer {
    target: &'static str,
}

impl SerializeRequest for Serializer {
    fn serialize_input(&self, input: Input, cfg: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let input = input.downcast::<RawInput>();
        let input = input.map_err(|_| "the input is not dynamodel's")?;
        cfg.interceptor_state().store_put(input.call);
        let length = input.body.len();
        let mut request = http::Request::new(SdkBody::from(input.body));
        *request.method_mut() = http::Method::POST;
        let headers = request.headers_mut();
        // The SDK adds nine more, of its own and for the signature.
        headers.reserve(12);
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-amz-json-1.0"),
        );
        headers.insert(
            HeaderName::from_static("x-amz-target"),
            HeaderValue::from_static(self.target),
        );
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        Ok(request.try_into()?)
    }
}

/// Gives successful bodies to the call and errors to the SDK's deserializer.
#[derive(Debug)]
struct Deserializer {
    sdk: FrozenLayer,
}

impl DeserializeResponse for Deserializer {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        cfg: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let body = response
            .body()
            .bytes()
            .ok_or_else(|| OrchestratorError::response("the body was not read".into()))?;
        if !has_its_checksum(response.headers(), body) {
            return Err(OrchestratorError::response(CORRUPT.into()));
        }
        if !response.status().is_success() {
            let sdk = self.sdk.load::<SharedResponseDeserializer>();
            let sdk = sdk.ok_or_else(|| OrchestratorError::other("no error deserializer"))?;
            return sdk.deserialize_nonstreaming_with_config(response, cfg);
        }
        let request_id = response.request_id();
        tracing::debug!(request_id = ?request_id.filter(|id| is_request_id(id)));
        let call = cfg.load::<Call>();
        let call =
            call.ok_or_else(|| OrchestratorError::other("no call waits for the response"))?;
        call.respond(shared(response.body(), body), request_id);
        Ok(Output::erase(Responded))
    }
}

/// The bytes of a body that was read, without a copy where it shares them.
fn shared(body: &SdkBody, bytes: &[u8]) -> Bytes {
    let mut context = Context::from_waker(Waker::noop());
    let frame = body.try_clone().map(|mut body| {
        let frame = Pin::new(&mut body).poll_frame(&mut context);
        frame.map_ok(Frame::into_data)
    });
    match frame {
        Some(Poll::Ready(Some(Ok(Ok(data))))) if data.len() == bytes.len() => data,
        _ => Bytes::copy_from_slice(bytes),
    }
}
