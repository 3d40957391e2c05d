//! Building blocks that several test clients share.

pub mod relay;
