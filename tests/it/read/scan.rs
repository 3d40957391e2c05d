//! Scans: segments, indexes, filters, limits.

use std::collections::BTreeSet;

use dynamodel::{Db, Entity, Error, Projection, Scan};
use dynamodel_tests::db;
use futures_util::TryStreamExt;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "points")]
#[dynamo(index(by_colour, partition = colour, sort = n, project = keys))]
#[dynamo(index(by_size, partition = size, project = [note]))]
struct Point {
    #[dynamo(partition)]
    id: String,
    n: u32,
    colour: Option<String>,
    size: u32,
    note: String,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Point)]
struct PointNumber {
    n: u32,
}

const COUNT: u32 = 60;

async fn points() -> Db {
    let db = db().await;
    db.create_table::<Point>().await.unwrap();
    for n in 0..COUNT {
        let point = Point {
            id: format!("point-{n}"),
            n,
            colour: (n % 3 == 0).then(|| "red".into()),
            size: n % 2,
            note: "-".into(),
        };
        point.create().send(&db).await.unwrap();
    }
    db
}

fn numbers(points: &[Point]) -> Vec<u32> {
    let mut numbers: Vec<u32> = points.iter().map(|p| p.n).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn scan_returns_every_item_once() {
    let db = points().await;
    let everything: Vec<u32> = (0..COUNT).collect();
    type Change = fn(Scan<Point>) -> Scan<Point>;
    let cases: [(&str, Change); 6] = [
        ("one segment", |s| s),
        ("pages", |s| s.page_size(7)),
        ("segments", |s| s.segments(4)),
        ("segments and pages", |s| s.segments(5).page_size(3)),
        ("many segments", |s| s.segments(200)),
        ("consistent", |s| s.consistent().segments(2)),
    ];
    for (name, change) in cases {
        let all = change(Point::scan()).all(&db).await.unwrap();
        assert_eq!(numbers(&all), everything, "{name}");
        let streamed: Vec<Point> = change(Point::scan())
            .stream(&db)
            .try_collect()
            .await
            .unwrap();
        assert_eq!(numbers(&streamed), everything, "{name}, streamed");
        let count = change(Point::scan()).count(&db).await.unwrap();
        assert_eq!(count, u64::from(COUNT), "{name}, counted");
    }
}

/// All requests run on one thread, while those of the segments and of the next page are in flight.
#[tokio::test]
async fn items_can_be_written_while_scan_reads_others() {
    let db = points().await;
    let limit = std::time::Duration::from_secs(60);
    for (segments, ahead) in [(4, false), (1, true), (4, true)] {
        let scan = Point::scan().segments(segments).page_size(3);
        let mut points = scan.prefetch(ahead).stream(&db);
        let mut seen = BTreeSet::new();
        while let Some(point) = points.try_next().await.unwrap() {
            assert!(seen.insert(point.n));
            let put = point.put().send(&db);
            tokio::time::timeout(limit, put).await.unwrap().unwrap();
        }
        assert_eq!(seen.len(), COUNT as usize);
    }
}

#[tokio::test]
async fn workers_share_segments_of_a_scan() {
    let db = points().await;
    for total in [1, 2, 7, 64] {
        let mut seen = Vec::new();
        for segment in 0..total {
            seen.extend(
                Point::scan()
                    .segment(segment, total)
                    .all(&db)
                    .await
                    .unwrap(),
            );
        }
        // Each item is in exactly one segment.
        assert_eq!(
            numbers(&seen),
            (0..COUNT).collect::<Vec<_>>(),
            "{total} segments"
        );
    }
    // A segment is read page by page with the cursor of each page.
    let (mut next, mut seen) = (None, 0);
    loop {
        let scan = Point::scan().segment(1, 3).page_size(4).start_at(next);
        let page = scan.page(&db).await.unwrap();
        seen += page.items.len() as u64;
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, Point::scan().segment(1, 3).count(&db).await.unwrap());
}

#[tokio::test]
async fn scan_respects_filters_and_limits() {
    let db = points().await;
    let some = || Point::scan().filter(|p| p.n.lt(10) & p.id.begins_with("point-"));
    assert_eq!(
        numbers(&some().all(&db).await.unwrap()),
        (0..10).collect::<Vec<_>>()
    );
    assert_eq!(some().count(&db).await.unwrap(), 10);
    let both = some().filter(|p| p.n.ge(8)).segments(3).all(&db).await;
    assert_eq!(numbers(&both.unwrap()), [8, 9]);
    for segments in [1, 4] {
        let limited = || Point::scan().segments(segments).limit(9).page_size(2);
        assert_eq!(limited().all(&db).await.unwrap().len(), 9);
        assert_eq!(limited().count(&db).await.unwrap(), 9);
        let streamed: Vec<Point> = limited().stream(&db).try_collect().await.unwrap();
        let distinct: BTreeSet<u32> = streamed.iter().map(|p| p.n).collect();
        assert_eq!((streamed.len(), distinct.len()), (9, 9));
        let few = some().segments(segments).limit(3).all(&db).await.unwrap();
        assert_eq!(few.len(), 3);
        assert!(
            some()
                .segments(segments)
                .limit(0)
                .all(&db)
                .await
                .unwrap()
                .is_empty()
        );
    }
    let first = Point::scan()
        .filter(|p| p.n.eq(41))
        .page_size(1)
        .first(&db)
        .await;
    assert_eq!(first.unwrap().map(|p| p.n), Some(41));
    let nothing = Point::scan().filter(|p| p.n.eq(999)).first(&db).await;
    assert_eq!(nothing.unwrap(), None);
}

#[tokio::test]
async fn index_scan_reads_projected_attributes() {
    let db = points().await;
    let red = Point::scan()
        .index::<PointByColour>()
        .select::<PointByColour>();
    let red = red.all(&db).await.unwrap();
    assert_eq!(red.len(), 20);
    assert!(red.iter().all(|p| p.n % 3 == 0));
    let scan = Point::scan().index::<PointByColour>();
    assert_eq!(scan.filter(|p| p.n.lt(6)).count(&db).await.unwrap(), 2);
    let sized = Point::scan()
        .index::<PointBySize>()
        .filter(|p| p.note.eq("-"));
    assert_eq!(
        sized.segments(2).count(&db).await.unwrap(),
        u64::from(COUNT)
    );
    let selected = Point::scan()
        .select::<PointNumber>()
        .limit(2)
        .all(&db)
        .await;
    assert_eq!(selected.unwrap().len(), 2);
}

fn check_invalid(result: Result<impl Sized, Error>, message: &str) {
    let e = result.err().expect("it contradicts itself");
    assert!(e.is_invalid_request(), "{e}");
    assert_eq!(e.attempts(), 0);
    assert_eq!(e.to_string(), format!("Scan Point: {message}"));
}

#[tokio::test]
async fn contradictory_scans_are_refused_before_sending() {
    let db = points().await;
    let many = "a scan has 1 to 1,000,000 segments";
    check_invalid(Point::scan().segments(0).all(&db).await, many);
    check_invalid(Point::scan().segments(1_000_001).count(&db).await, many);
    let numbered = "a scan has 1 to 1,000,000 segments, numbered from 0";
    check_invalid(Point::scan().segment(3, 3).all(&db).await, numbered);
    check_invalid(Point::scan().segment(0, 0).all(&db).await, numbered);
    let one = "a page belongs to one segment; use `segment(i, n)`";
    check_invalid(Point::scan().segments(2).page(&db).await, one);
    let start = "a scan in several segments has no single place to start; use `segment(i, n)`";
    let page = Point::scan().page_size(1).page(&db).await.unwrap();
    check_invalid(
        Point::scan().start_at(page.next).segments(2).all(&db).await,
        start,
    );
    check_invalid(
        Point::scan().segment(0, 2).segments(2).all(&db).await,
        start,
    );
    // A filter on an attribute that the index does not hold would silently find nothing.
    let scan = || Point::scan().index::<PointByColour>();
    let message = "the filter names `note`, which index `by_colour` does not hold; \
                   filter on what it projects, or read the table";
    check_invalid(
        scan().filter(|p| p.note.eq("-")).all_keys(&db).await,
        message,
    );
    let before = Point::scan()
        .filter(|p| p.note.eq("-"))
        .index::<PointByColour>();
    check_invalid(before.count(&db).await, message);
}

/// Reads the keys of an index that projects keys only.
trait AllKeys {
    async fn all_keys(self, db: &Db) -> Result<Vec<PointByColour>, Error>;
}
impl AllKeys for Scan<Point, PointByColour> {
    async fn all_keys(self, db: &Db) -> Result<Vec<PointByColour>, Error> {
        self.select::<PointByColour>().all(db).await
    }
}
