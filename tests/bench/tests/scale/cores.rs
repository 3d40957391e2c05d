//! Test that the segments of a scan are decoded on all threads of the runtime.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use dynamodel::wire::{ReadError, Reader, Writer};
use dynamodel::{Attribute, Db, Entity, kind};
use dynamodel_bench::stub::Stub;
use futures_util::TryStreamExt;

use crate::{turn, two_threads};

#[derive(Debug, Entity)]
#[dynamo(table = "readings")]
struct Reading {
    #[dynamo(partition)]
    id: String,
    decoded: Decoded,
}

/// Attribute whose decoding waits until a second thread decodes one too.
#[derive(Debug)]
struct Decoded;

static THREADS: Mutex<Option<HashSet<ThreadId>>> = Mutex::new(None);
static ARRIVAL: Condvar = Condvar::new();

impl Attribute for Decoded {
    type Value = Self;
    type Kind = kind::N;

    fn write(&self, w: &mut Writer) {
        1u32.write(w);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        u32::read(r)?;
        let mut threads = THREADS.lock().unwrap();
        let here = threads.get_or_insert_default();
        here.insert(thread::current().id());
        ARRIVAL.notify_all();
        let is_alone = |here: &mut Option<HashSet<_>>| here.as_ref().is_none_or(|t| t.len() < 2);
        let limit = Duration::from_secs(60);
        let waited = ARRIVAL.wait_timeout_while(threads, limit, is_alone);
        match waited.unwrap().1.timed_out() {
            true => Err(ReadError::expected("a second thread that decodes")),
            false => Ok(Decoded),
        }
    }
}

#[test]
fn segments_of_a_scan_are_decoded_on_both_threads() {
    let _turn = turn();
    let page = br#"{"Count":1,"Items":[{"id":{"S":"a"},"decoded":{"N":"1"}}],"ScannedCount":1}"#;
    let stub = Stub::new([("Scan", page.to_vec())]);
    let db = Db::new(stub.client());
    let runtime = two_threads();
    // The fast path captures the first request. Requests that wait for the capture would all continue on
    // one thread, so the test sends this one before the scan.
    runtime.block_on(Reading::scan().count(&db)).unwrap();
    let scan = Reading::scan().segments(4).stream(&db);
    let readings: Vec<Reading> = runtime.block_on(scan.try_collect()).unwrap();
    assert_eq!(readings.len(), 4);
}
