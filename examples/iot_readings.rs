//! Readings of many sensors: loaded in bulk, queried by time, deleted by DynamoDB when they are old.
//!
//! | The dashboard asks for | By | Served by |
//! |---|---|---|
//! | a sensor's last reading | sensor | `Reading::query(..).descending().first` |
//! | a sensor's readings of an hour | sensor, times | `Reading::query(..).sort(between)` |
//! | readings that are too hot | sensor, times | the same with a filter |
//! | statistics over everything | | `Reading::scan().segments(4)`, in parallel |
//!
//! Writes: `BulkWriter` takes the readings from a stream of any length and writes them no faster than
//! the given rate. It reports its progress; an interrupted load goes on from the reported position, and
//! so does a scan from its cursor.
//!
//! A reading lives for 30 days: its `ttl` attribute holds the time of expiry, and DynamoDB deletes the
//! item some time later, at no cost. Until the item is deleted, `unexpired()` leaves it out.
//!
//! `cargo run --example iot_readings` runs it on the embedded engine; `-- --help` lists the other databases.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use dynamodel::{BulkWriter, Db, Entity, Error, ScanCursor};
use dynamodel_examples::{Outcome, connect};
use futures_util::{Stream, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};

/// Measurement of a sensor.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "readings")]
struct Reading {
    #[dynamo(partition)]
    sensor: String,
    /// Seconds since 1970.
    #[dynamo(sort)]
    at: u64,
    celsius: f64,
    #[dynamo(ttl)]
    expires_at: u64,
}

const SENSORS: u64 = 8;
const MINUTES: u64 = 500;
const DAY: u64 = 24 * 60 * 60;

/// Readings of every sensor for every minute until `end`, as a file or a queue would deliver them. The
/// source fails at the position `breaks_at`.
fn readings(end: u64, breaks_at: Option<u64>) -> impl Stream<Item = Result<Reading, Error>> {
    let begin = end - MINUTES * 60;
    stream::iter((0..SENSORS * MINUTES).map(move |position| {
        if breaks_at == Some(position) {
            return Err(Error::other("the source has broken down"));
        }
        let (minute, sensor) = (position / SENSORS, position % SENSORS);
        let at = begin + minute * 60;
        Ok(Reading {
            sensor: format!("sensor-{sensor}"),
            at,
            celsius: 18.0 + sensor as f64 + (minute % 60) as f64 / 10.0,
            // The clock of one sensor is a year behind: its readings have expired before they are
            // written.
            expires_at: if sensor == 7 {
                at - 335 * DAY
            } else {
                at + 30 * DAY
            },
        })
    }))
}

#[tokio::main]
async fn main() -> Outcome {
    let Some(db) = connect("Readings of many sensors.").await? else {
        return Ok(());
    };
    db.create_table::<Reading>().await?;
    let end = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 3_600 * 3_600;

    load(&db, end).await?;
    by_time(&db, end).await?;
    statistics(&db).await?;

    Ok(db.delete_table::<Reading>().await?)
}

async fn load(db: &Db, end: u64) -> Outcome {
    let all = SENSORS * MINUTES;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {msg}")?;
    let bar = ProgressBar::new(all).with_style(style);
    let writer = || {
        let bar = bar.clone();
        BulkWriter::new()
            .items_per_second(4_000.0)
            .on_progress(move |progress| {
                bar.set_position(progress.position);
                bar.set_message(format!("{} units", progress.capacity_units));
            })
    };

    // The source fails; the readings taken from it before are stored, and the report has their position.
    let broken = writer().try_load(db, readings(end, Some(1_700))).await;
    let Err(broken) = broken else {
        return Err("the source did not break".into());
    };
    let report = broken.bulk_report().ok_or(broken.to_string())?;
    let position = report.progress.position;
    bar.suspend(|| println!("interrupted at position {position}"));
    assert_eq!(position, 1_700);

    let rest = writer().start_at(position);
    let report = rest.try_load(db, readings(end, None)).await?;
    bar.finish_and_clear();
    let progress = report.progress;
    println!("loaded the other {} of {all} readings", progress.stored);
    assert_eq!((progress.position, progress.stored), (all, all - position));
    assert!(report.refused.is_empty());
    let seconds = progress.elapsed.as_secs_f64();
    assert!(
        progress.stored as f64 / seconds < 4_400.0,
        "at the given rate"
    );
    Ok(())
}

async fn by_time(db: &Db, end: u64) -> Outcome {
    let last = Reading::query("sensor-3").descending().first(db).await?;
    let last = last.ok_or("the sensor has readings")?;
    println!("the last reading of sensor 3: {} degrees", last.celsius);
    assert_eq!(last.at, end - 60);

    let hour = || Reading::query("sensor-3").sort(|k| k.at.between(end - 3_600, end - 1));
    let readings = hour().all(db).await?;
    let hot = hour().filter(|r| r.celsius.gt(26.0)).count(db).await?;
    println!(
        "{} readings in the last hour, {hot} of them above 26 degrees",
        readings.len()
    );
    assert_eq!(readings.len(), 60);
    assert_eq!(
        hot,
        readings.iter().filter(|r| r.celsius > 26.0).count() as u64
    );

    let stored = Reading::query("sensor-7").count(db).await?;
    let live = Reading::query("sensor-7").unexpired().count(db).await?;
    println!("sensor 7 has a wrong clock: {stored} readings, {live} of them count");
    assert!(stored <= MINUTES && live == 0);
    Ok(())
}

/// Reads 1,000 readings by a scan in four segments, and the rest from its cursor, as another process would.
async fn statistics(db: &Db) -> Outcome {
    // The scan reads an interrupted page again, so readings are counted as a set.
    let mut seen = HashSet::new();
    let mut hottest = f64::MIN;
    let mut add = |reading: Reading| {
        hottest = hottest.max(reading.celsius);
        seen.insert((reading.sensor, reading.at));
    };
    let scan = || Reading::scan().unexpired().page_size(100);
    let mut first = scan().segments(4).resumable(db);
    for _ in 0..1_000 {
        first.try_next().await?.map(&mut add);
    }
    let saved = first.cursor().to_string();
    drop(first);
    let cursor: ScanCursor = saved.parse()?;
    let mut rest = scan().resume_at(cursor).resumable(db);
    while let Some(reading) = rest.try_next().await? {
        add(reading);
    }
    assert!(rest.cursor().is_finished());
    println!(
        "{} readings count, the hottest of {hottest} degrees",
        seen.len()
    );
    assert_eq!(
        seen.len() as u64,
        (SENSORS - 1) * MINUTES,
        "none is left out"
    );
    assert_eq!(hottest, 18.0 + 6.0 + 5.9);
    Ok(())
}
