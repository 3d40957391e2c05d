//! Tests that scans in several segments use several threads.

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynamodel::wire::{ReadError, Reader, Writer};
use dynamodel::{Attribute, BatchWrite, Db, Entity, Error, Projection, Scan, kind};
use dynamodel_tests::faults::{self, Fault};
use dynamodel_tests::support::relay::{Rule, operation, with_rule};
use dynamodel_tests::{config, connect, db};
use futures_util::TryStreamExt;
use tokio::time::{sleep, timeout};

const ITEMS: u64 = 64;
/// Time limit, after which a test treats an operation as one that never ends.
const LONG: Duration = Duration::from_secs(60);

/// Place where two threads must be at the same time.
#[derive(Debug)]
struct Room {
    guests: Mutex<Guests>,
    arrived: Condvar,
}

#[derive(Debug)]
struct Guests {
    present: usize,
    /// `true` once two threads were there at the same time.
    have_met: bool,
}

impl Room {
    const fn new() -> Self {
        Room {
            guests: Mutex::new(Guests {
                present: 0,
                have_met: false,
            }),
            arrived: Condvar::new(),
        }
    }

    /// Holds this thread until another one comes; returns `false` if none does in time. After two have
    /// met, no thread is held.
    fn meet(&self) -> bool {
        let mut guests = self.guests.lock().unwrap();
        guests.present += 1;
        guests.have_met |= guests.present > 1;
        self.arrived.notify_all();
        let alone = |guests: &mut Guests| !guests.have_met;
        let waited = self
            .arrived
            .wait_timeout_while(guests, Duration::from_secs(5), alone);
        let (mut guests, _) = waited.unwrap();
        guests.present -= 1;
        guests.have_met
    }

    /// Returns `true` if two threads have met since the last call.
    fn have_met(&self) -> bool {
        std::mem::take(&mut self.guests.lock().unwrap().have_met)
    }
}

/// The room in which a [`Meeting`] is read; only one test uses it.
static READING: Room = Room::new();

/// Attribute whose decoding needs two threads at the same time.
#[derive(Debug, Clone, PartialEq)]
struct Meeting;

impl Attribute for Meeting {
    type Value = Meeting;
    type Kind = kind::Bool;
    fn write(&self, w: &mut Writer) {
        w.bool(true);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.bool()?;
        match READING.meet() {
            true => Ok(Meeting),
            false => Err(ReadError::expected("another thread that reads meanwhile")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "meetings")]
struct Meet {
    #[dynamo(partition)]
    id: u64,
    meeting: Meeting,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "talks")]
struct Talk {
    #[dynamo(partition)]
    id: u64,
    title: String,
}

#[derive(Debug, Projection)]
#[dynamo(of = Talk)]
struct TalkView<'a> {
    id: u64,
    title: &'a str,
}

async fn talks(db: &Db) {
    db.create_table::<Talk>().await.unwrap();
    let talks = (0..ITEMS).map(|id| Talk {
        id,
        title: format!("talk {id}"),
    });
    BatchWrite::new().put_all(talks).send(db).await.unwrap();
}

fn scan() -> Scan<Talk> {
    Talk::scan().segments(4)
}

#[track_caller]
fn check_ids(ids: impl IntoIterator<Item = u64>, what: &str) {
    let mut ids: Vec<u64> = ids.into_iter().collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..ITEMS).collect::<Vec<_>>(), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scan_decodes_items_on_several_threads_at_once() {
    // Not on an endpoint, where the network may wake a task that is queued on the very thread that
    // waits.
    let db = Db::embedded().unwrap();
    db.create_table::<Meet>().await.unwrap();
    let items = (0..ITEMS).map(|id| Meet {
        id,
        meeting: Meeting,
    });
    BatchWrite::new().put_all(items).send(&db).await.unwrap();

    let scan = || Meet::scan().segments(4);
    let check = |what: &str, items: Result<Vec<Meet>, Error>| {
        check_ids(items.unwrap().into_iter().map(|item| item.id), what);
        assert!(READING.have_met(), "{what}");
    };
    check("all", scan().all(&db).await);
    check("all pages", scan().page_size(5).all(&db).await);
    check("stream", scan().stream(&db).try_collect().await);
    let results = scan().stream_results(&db);
    check("stream of results", results.try_collect().await);
    check("resumable", scan().resumable(&db).try_collect().await);
    let begun = scan().page_size(1).resumable(&db).cursor();
    let rest = Meet::scan().resume_at(begun);
    check("resumed", rest.all(&db).await);
}

/// A segment whose page is used up is asked for the next one, although another segment's page is waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_requests_next_page_of_used_up_segment_before_other_pages_are_used() {
    let (db, faults) = faults::db().await;
    talks(&db).await;
    let sent = async |least: usize| {
        let sends = async {
            while faults.sent("Scan").len() < least {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(LONG, sends).await.expect("requests are sent");
    };
    let mut stream = Talk::scan().segments(2).page_size(1).stream(&db);
    stream.try_next().await.unwrap().expect("an item");
    sent(2).await;
    // Both pages have arrived by then; one of them is used up.
    sleep(Duration::from_millis(200)).await;
    stream.try_next().await.unwrap().expect("an item");
    sent(3).await;
}

/// A response that is there at once does not keep the other segments from being requested.
#[tokio::test]
async fn stream_with_response_at_once_requests_pages_of_all_segments() {
    let count = Arc::default();
    let db = db_behind(OnScan::Respond(Arc::clone(&count))).await;
    let mut stream = Talk::scan().segments(3).stream(&db);
    stream.try_next().await.unwrap().expect("an item");
    assert!(count.load(Ordering::SeqCst) >= 3);
}

/// Rule for the requests of scans; others pass.
#[derive(Debug, Clone)]
enum OnScan {
    /// Sends the requests only when two threads do so at the same time.
    Meet(Arc<Room>),
    /// Holds the requests in flight, and counts them, until they are dropped.
    Hold(Arc<AtomicUsize>),
    /// Counts the requests, and responds at once with a page of one talk.
    Respond(Arc<AtomicUsize>),
}

async fn db_behind(on_scan: OnScan) -> Db {
    let config = config().await.build();
    let config = with_rule(&config, on_scan).build();
    connect(aws_sdk_dynamodb::Client::from_conf(config))
}

impl Rule for OnScan {
    fn apply(&self, request: HttpRequest, behind: &SharedHttpConnector) -> HttpConnectorFuture {
        if operation(&request) != "Scan" {
            return behind.call(request);
        }
        match self {
            OnScan::Meet(room) if room.meet() => behind.call(request),
            OnScan::Meet(_) => {
                let alone = "no other thread sends meanwhile".into();
                HttpConnectorFuture::ready(Err(ConnectorError::other(alone, None)))
            }
            OnScan::Respond(count) => {
                count.fetch_add(1, Ordering::SeqCst);
                HttpConnectorFuture::ready(Ok(page_of_one_talk()))
            }
            OnScan::Hold(held) => {
                let held = Held::new(held);
                HttpConnectorFuture::new(async move {
                    let _held = held;
                    std::future::pending().await
                })
            }
        }
    }
}

fn page_of_one_talk() -> HttpResponse {
    let body = r#"{"Count":1,"ScannedCount":1,"Items":[{"id":{"N":"1"},"title":{"S":"a talk"}}]}"#;
    HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::from(body))
}

/// A request in flight; counted until it is dropped.
struct Held(Arc<AtomicUsize>);

impl Held {
    fn new(held: &Arc<AtomicUsize>) -> Self {
        held.fetch_add(1, Ordering::SeqCst);
        Held(held.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scan_sends_requests_on_several_threads_at_once() {
    let room = Arc::new(Room::new());
    let db = db_behind(OnScan::Meet(room.clone())).await;
    talks(&db).await;

    assert_eq!(scan().count(&db).await.unwrap(), ITEMS);
    assert!(room.have_met(), "count");
    let limited = scan().page_size(3).limit(9);
    assert_eq!(limited.count(&db).await.unwrap(), 9);
    assert!(room.have_met(), "count up to a limit");

    let items = scan().all(&db).await.unwrap();
    check_ids(items.into_iter().map(|talk| talk.id), "all");
    assert!(room.have_met(), "all");

    // The closure runs on the caller's thread.
    let (caller, mut seen) = (std::thread::current().id(), Vec::new());
    let look = |talk: TalkView<'_>| {
        assert_eq!(std::thread::current().id(), caller);
        assert_eq!(talk.title, format!("talk {}", talk.id));
        seen.push(talk.id);
    };
    scan().borrowed::<TalkView>().each(&db, look).await.unwrap();
    check_ids(seen, "each");
    assert!(room.have_met(), "each");

    let pages = scan().page_size(5).borrowed::<TalkView>().pages(&db);
    let pages: Vec<_> = pages.try_collect().await.unwrap();
    let ids = pages.iter().flatten().map(|talk| talk.unwrap().id);
    check_ids(ids, "pages");
    assert!(room.have_met(), "pages");
}

/// Waits until `count` requests are in flight.
async fn until(held: &AtomicUsize, count: usize) {
    let reached = async {
        while held.load(Ordering::SeqCst) != count {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let reached = timeout(LONG, reached).await;
    assert!(reached.is_ok(), "{held:?} requests in place of {count}");
}

/// Checks that all requests of a read are in flight at the same time, and end when the read is dropped.
async fn check_dropped<T: Debug>(
    held: &AtomicUsize,
    segments: usize,
    reading: impl Future<Output = T>,
) {
    tokio::select! {
        ended = reading => panic!("no request is answered: {ended:?}"),
        () = until(held, segments) => {}
    }
    until(held, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_segment_has_a_request_in_flight_until_scan_is_dropped() {
    let held = Arc::new(AtomicUsize::new(0));
    let db = db_behind(OnScan::Hold(held.clone())).await;
    talks(&db).await;
    for segments in [2, 7] {
        let scan = || Talk::scan().segments(segments);
        check_dropped(&held, segments, scan().all(&db)).await;
        check_dropped(&held, segments, scan().count(&db)).await;
        let stream = async { scan().stream(&db).try_next().await };
        check_dropped(&held, segments, stream).await;
        let resumable = async { scan().resumable(&db).try_next().await };
        check_dropped(&held, segments, resumable).await;
        let each = scan().borrowed::<TalkView>().each(&db, |_| ());
        check_dropped(&held, segments, each).await;
        let pages = async { scan().borrowed::<TalkView>().pages(&db).try_next().await };
        check_dropped(&held, segments, pages).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scan_returns_items_in_order_of_segments() {
    let db = db().await;
    talks(&db).await;
    let mut items = Vec::new();
    for segment in 0..4 {
        let scan = Talk::scan().segment(segment, 4);
        items.extend(scan.all(&db).await.unwrap());
    }
    assert_eq!(scan().all(&db).await.unwrap(), items);
    assert_eq!(scan().page_size(3).all(&db).await.unwrap(), items);
    let limited = scan().page_size(3).limit(9).all(&db).await;
    assert_eq!(limited.unwrap().len(), 9);
    assert_eq!(scan().limit(0).all(&db).await.unwrap(), []);
}

/// Checks that a read fails if one of four requests is refused, although the others never get a
/// response.
async fn check_refused<T, F: Future<Output = Result<T, Error>>>(reading: impl FnOnce(Db) -> F) {
    let (db, faults) = faults::db().await;
    talks(&db).await;
    faults.next("Scan", [Fault::Refuse("ValidationException", 400)]);
    faults.always("Scan", Fault::Hang);
    let ended = timeout(LONG, reading(db)).await.expect("it ends");
    assert!(ended.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn error_of_one_segment_ends_the_others() {
    check_refused(async |db| scan().all(&db).await).await;
    check_refused(async |db| scan().count(&db).await).await;
    check_refused(async |db| scan().stream(&db).try_next().await).await;
    check_refused(async |db| scan().borrowed::<TalkView>().each(&db, |_| ()).await).await;
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "rooms")]
struct Hall {
    #[dynamo(partition)]
    name: String,
}

#[tokio::test]
async fn scan_sends_nothing_when_one_segment_cannot_continue() {
    let (db, faults) = faults::db().await;
    talks(&db).await;
    // The request of the first segment never ends, so only the second segment has a position to continue
    // from.
    faults.next("Scan", [Fault::Hang]);
    let mut talks = Talk::scan().segments(2).page_size(1).resumable(&db);
    assert!(talks.try_next().await.unwrap().is_some());
    let cursor = talks.cursor();
    drop(talks);
    faults.forget();
    let scan = || Hall::scan().resume_at(cursor.clone());
    let e = scan().all(&db).await.unwrap_err();
    assert!(e.is_invalid_cursor(), "{e}");
    let e = scan().count(&db).await.unwrap_err();
    assert!(e.is_invalid_cursor(), "{e}");
    assert_eq!(faults.sent("Scan").len(), 0);
}
