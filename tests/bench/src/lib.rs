//! Code that the benchmarks and the tests of resources share: entities, an HTTP client that responds
//! with canned bytes and records requests, and a counter of allocations.

pub mod alloc;
pub mod model;
pub mod recorder;
pub mod stub;

#[global_allocator]
static COUNTING: alloc::Counting = alloc::Counting;
