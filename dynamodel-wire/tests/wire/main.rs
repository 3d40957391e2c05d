//! Compares the codec with the SDK's own, and feeds it hostile bytes.

mod hostile;
mod item;
mod messages;
mod sdk;
mod types;
