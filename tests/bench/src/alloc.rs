//! Global allocator that counts the allocations of a measured thread, or the bytes of the whole process.

#![allow(unsafe_code, reason = "a global allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Allocations of a piece of code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls of the allocator for new or more memory.
    pub allocations: u64,
    /// Largest number of bytes in use at one time, above those in use before.
    pub peak_bytes: u64,
}

/// Runs the function and returns what this thread allocated meanwhile.
pub fn measure<T>(function: impl FnOnce() -> T) -> (T, Usage) {
    COUNTED.set(Some(Counted::default()));
    let value = function();
    let counted = COUNTED.take().unwrap_or_default();
    let usage = Usage {
        allocations: counted.allocations,
        peak_bytes: counted.peak.unsigned_abs(),
    };
    (value, usage)
}

/// Runs the function and returns the largest number of bytes that the process had in use, above those in
/// use before. Only one thread at a time may call this function.
pub fn peak_of_process<T>(function: impl FnOnce() -> T) -> (T, u64) {
    LIVE.store(0, Ordering::SeqCst);
    PEAK.store(0, Ordering::SeqCst);
    IS_WATCHED.store(true, Ordering::SeqCst);
    let value = function();
    IS_WATCHED.store(false, Ordering::SeqCst);
    (value, PEAK.load(Ordering::SeqCst).unsigned_abs())
}

/// `true` while the bytes of the process are counted; otherwise an allocation costs one check of this
/// flag.
static IS_WATCHED: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

#[derive(Clone, Copy, Default)]
struct Counted {
    allocations: u64,
    live: i64,
    peak: i64,
}

thread_local! {
    static COUNTED: Cell<Option<Counted>> = const { Cell::new(None) };
}

/// The system's allocator with counters per thread and for the process.
#[derive(Debug)]
pub struct Counting;

#[inline(always)]
fn count(allocations: u64, bytes: i64) {
    if let Some(mut counted) = COUNTED.get() {
        counted.allocations += allocations;
        counted.live += bytes;
        counted.peak = counted.peak.max(counted.live);
        COUNTED.set(Some(counted));
    }
    if IS_WATCHED.load(Ordering::Relaxed) {
        let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
        PEAK.fetch_max(live, Ordering::Relaxed);
    }
}

// SAFETY: every call is passed on unchanged to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as i64 - layout.size() as i64);
        unsafe { System.realloc(place, layout, size) }
    }
}
