//! The operations that [`Transport`](super::Transport) can send.

use std::fmt;

use aws_sdk_dynamodb::operation as sdk;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugins, SharedRuntimePlugin};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::ProvideErrorKind;
use tracing::Span;

use super::capture::Captured;
use super::lane::Slot;
use super::plugin;

/// An operation of DynamoDB's API, tied to the SDK's operation of the same name: its error type,
/// its settings and its reading of error bodies are the SDK's.
pub(crate) trait ApiOperation: Send + Sync + fmt::Debug + 'static {
    /// The name in the API.
    const NAME: &'static str;
    /// The value of the `x-amz-target` header.
    const TARGET: &'static str;
    /// The SDK's error of the operation.
    type Error: std::error::Error + ProvideErrorMetadata + ProvideErrorKind + Send + Sync + 'static;

    /// The SDK's plugin of the operation.
    fn sdk_plugin() -> SharedRuntimePlugin;

    /// What the orchestrator is run with.
    fn plugins(operations: &Operations) -> &RuntimePlugins;

    /// What the lane has learned of the operation.
    fn slot(slots: &Slots) -> &Slot;

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
                type Error = sdk::$module::$error;

                fn sdk_plugin() -> SharedRuntimePlugin {
                    SharedRuntimePlugin::new(sdk::$module::$name::new())
                }

                fn plugins(operations: &Operations) -> &RuntimePlugins {
                    &operations.$module
                }

                fn slot(slots: &Slots) -> &Slot {
                    &slots.$module
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

        /// What the lane has learned of every operation.
        #[derive(Debug, Default)]
        pub(crate) struct Slots {
            $($module: Slot,)*
        }

        /// The prepared plugins of every operation.
        pub(crate) struct Operations {
            $($module: RuntimePlugins,)*
        }

        impl Operations {
            /// Prepares every operation for the client whose parts were captured.
            pub(super) fn prepare(captured: &Captured) -> Result<Self, BoxError> {
                let shared = plugin::Shared::new(captured);
                Ok(Operations {
                    $($module: plugin::prepare::<$name>(&shared)?,)*
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
