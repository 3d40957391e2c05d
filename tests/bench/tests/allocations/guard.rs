//! Runs operations on a stub, and compares their usage with their ceilings.

use dynamodel::{Db, Error};
use dynamodel_bench::alloc;
use dynamodel_bench::stub::Stub;
use tokio::runtime::Runtime;

use crate::ceiling::Ceiling;

/// Measures operations on one stub, on the fast path and with all requests through the SDK's
/// orchestrator.
pub(crate) struct Guard {
    stub: Stub,
    runtime: Runtime,
    fast_path: Db,
    sdk: Db,
    complaints: Vec<String>,
}

impl Guard {
    pub(crate) fn new(stub: Stub) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let sdk = Db::builder().client(stub.client()).fast_path(false);
        Guard {
            runtime: runtime.unwrap(),
            fast_path: Db::new(stub.client()),
            sdk: sdk.build(),
            stub,
            complaints: Vec::new(),
        }
    }

    /// Compares an operation with its ceilings on the fast path and through the orchestrator.
    pub(crate) fn both<T>(
        &mut self,
        what: &str,
        [on_fast_path, orchestrated]: [Ceiling; 2],
        operation: impl AsyncFn(&Db) -> Result<T, Error>,
    ) {
        self.fast_path(what, on_fast_path, &operation);
        let usage = self.usage(&self.sdk, &operation);
        self.hold(&format!("{what}, orchestrator"), orchestrated, usage);
    }

    /// Compares an operation with its ceiling on the fast path. None of its requests may fall back.
    pub(crate) fn fast_path<T>(
        &mut self,
        what: &str,
        ceiling: Ceiling,
        operation: impl AsyncFn(&Db) -> Result<T, Error>,
    ) {
        let before = self.fast_path.transport_status().fast_path();
        let usage = self.usage(&self.fast_path, &operation);
        let after = self.fast_path.transport_status().fast_path();
        let handed_over = after.fell_back() - before.fell_back();
        let answered = after.succeeded() - before.succeeded();
        assert_eq!(handed_over, 0, "{what}: {after:?}");
        let requests = self.stub.calls() * RUNS;
        assert_eq!(answered, requests, "{what}: {after:?}");
        self.hold(&format!("{what}, fast path"), ceiling, usage);
    }

    /// Returns the usage of the last run of an operation; the runs before fill caches.
    fn usage<T>(&self, db: &Db, operation: impl AsyncFn(&Db) -> Result<T, Error>) -> alloc::Usage {
        let run = || {
            self.stub.rewind();
            self.runtime.block_on(operation(db))
        };
        (1..RUNS).for_each(|_| drop(run().unwrap()));
        let (result, usage) = alloc::measure(run);
        result.unwrap();
        usage
    }

    fn hold(&mut self, what: &str, ceiling: Ceiling, usage: alloc::Usage) {
        self.complaints.extend(ceiling.check(what, usage).err());
    }
}

/// Number of runs of an operation.
const RUNS: u64 = 3;

/// Reports all complaints at once, so that one run shows every ceiling that needs a change.
impl Drop for Guard {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.complaints.is_empty() {
            panic!("\n{}\n", self.complaints.join("\n"));
        }
    }
}
