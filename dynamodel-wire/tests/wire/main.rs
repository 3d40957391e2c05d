//! The codec, against the SDK's own and against hostile bytes.

mod hostile;
mod item;
mod messages;
mod sdk;
mod types;
