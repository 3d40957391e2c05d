//! Writes: single items, updates, versions, unique values, batches, bulk loads and transactions.

mod batch_faults;
mod batches;
mod bulk;
mod concurrency;
mod crud;
mod diff;
mod index_keys;
mod kept_keys;
mod or_create;
mod parents;
mod refusals;
mod returned_items;
mod transactions;
mod ttl;
mod unique;
mod unversioned;
mod updates;
mod versions;
mod whole;
mod workload;
