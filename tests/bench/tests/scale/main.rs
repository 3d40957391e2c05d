//! Tests with many items in little memory, and with many operations at the same time.

#[cfg(target_os = "linux")]
mod contention;
mod cores;
mod memory;
mod together;

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::Runtime;

/// Runs the tests one at a time, because they measure the whole process.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn two_threads() -> Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap()
}
