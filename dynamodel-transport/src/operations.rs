//! The operations of DynamoDB's API that [`Transport`](super::Transport) can send.

use std::fmt;
use std::pin::Pin;

use aws_sdk_dynamodb::operation as sdk;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugins, SharedRuntimePlugin};
use bytes::Bytes;
use tracing::Span;

use super::client_parts::ClientParts;
#[cfg(feature = "fast-path")]
use super::fast_path::Cache;
use super::orchestrator;
use super::plain_path::TypedOperation;
use super::{Failure, Response, Tables, Transport};

/// A call in flight, in a box: its future is large, and callers move it around.
pub type Sending<'t> = Pin<Box<dyn Future<Output = Result<Response, Failure>> + Send + 't>>;

/// An operation of DynamoDB's API, tied to the SDK's operation of the same name: its error type,
/// its settings and its reading of error bodies are the SDK's.
pub(crate) trait ApiOperation: TypedOperation {
    /// The name in the API.
    const NAME: &'static str;
    /// The value of the `x-amz-target` header.
    const TARGET: &'static str;

    /// The SDK's plugin of the operation.
    fn sdk_plugin() -> SharedRuntimePlugin;

    /// The plugins that the orchestrator is run with.
    fn plugins(operations: &Operations) -> &RuntimePlugins;

    /// The fast path's cache of the operation.
    #[cfg(feature = "fast-path")]
    fn cache(caches: &Caches) -> &Cache;

    /// The span that the SDK opens around the operation.
    fn span() -> Span;

    /// An error that the SDK does not know.
    fn unhandled(source: BoxError) -> Self::Error;
}

macro_rules! operations {
    ($($name:ident $module:ident $error:ident;)*) => {
        $(
            #[doc = concat!("The operation `", stringify!($name), "`.")]
            #[derive(Debug)]
            pub(crate) enum $name {}

            impl ApiOperation for $name {
                const NAME: &'static str = stringify!($name);
                const TARGET: &'static str = concat!("DynamoDB_20120810.", stringify!($name));

                fn sdk_plugin() -> SharedRuntimePlugin {
                    SharedRuntimePlugin::new(sdk::$module::$name::new())
                }

                fn plugins(operations: &Operations) -> &RuntimePlugins {
                    &operations.$module
                }

                #[cfg(feature = "fast-path")]
                fn cache(caches: &Caches) -> &Cache {
                    &caches.$module
                }

                fn span() -> Span {
                    tracing::debug_span!(
                        concat!("DynamoDB.", stringify!($name)),
                        "rpc.service" = "DynamoDB",
                        "rpc.method" = stringify!($name),
                        "sdk_invocation_id" = fastrand::u32(1_000_000..10_000_000),
                        "rpc.system" = "aws-api",
                    )
                }

                fn unhandled(source: BoxError) -> Self::Error {
                    sdk::$module::$error::unhandled(source)
                }
            }
        )*

        /// An operation of DynamoDB's API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                $name,
            )*
        }

        impl Operation {
            /// The name in the API.
            pub fn name(self) -> &'static str {
                match self {
                    $(Operation::$name => stringify!($name),)*
                }
            }

            /// `true` if the operation changes nothing.
            pub fn is_read(self) -> bool {
                matches!(
                    self,
                    Operation::GetItem
                        | Operation::Query
                        | Operation::Scan
                        | Operation::BatchGetItem
                        | Operation::TransactGetItems
                )
            }
        }

        impl Transport {
            /// Sends `body` as the request of an operation; the SDK retries it as it retries its own.
            /// One call is one allocation, and the futures compile once, here.
            ///
            /// # Errors
            /// The error that the service responded with, and whatever came in between.
            pub fn send(&self, operation: Operation, tables: Tables, body: Bytes) -> Sending<'_> {
                match operation {
                    $(Operation::$name => Box::pin(self.call::<$name>(tables, body)),)*
                }
            }
        }

        /// The fast path's caches of every operation.
        #[cfg(feature = "fast-path")]
        #[derive(Debug, Default)]
        pub(crate) struct Caches {
            $($module: Cache,)*
        }

        /// The prepared plugins of every operation.
        pub(crate) struct Operations {
            $($module: RuntimePlugins,)*
        }

        impl Operations {
            /// Prepares every operation for the client of these parts.
            ///
            /// # Errors
            /// When an operation of the SDK is not made up in the way that is known.
            pub(super) fn prepare(client: &ClientParts) -> Result<Self, BoxError> {
                let shared = orchestrator::Shared::new(client);
                Ok(Operations {
                    $($module: orchestrator::prepare::<$name>(&shared)?,)*
                })
            }
        }
    };
}

operations! {
    GetItem get_item GetItemError;
    PutItem put_item PutItemError;
    UpdateItem update_item UpdateItemError;
    DeleteItem delete_item DeleteItemError;
    Query query QueryError;
    Scan scan ScanError;
    BatchGetItem batch_get_item BatchGetItemError;
    BatchWriteItem batch_write_item BatchWriteItemError;
    TransactWriteItems transact_write_items TransactWriteItemsError;
    TransactGetItems transact_get_items TransactGetItemsError;
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").finish_non_exhaustive()
    }
}
