//! Tests of dynamodel on a client with AWS's Database Encryption SDK: see `tests/`.
