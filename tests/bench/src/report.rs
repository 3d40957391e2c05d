//! Output of the measurements, as a table or as JSON.

use crate::measure::Row;
use crate::{FLOORS, OURS, RAW, SERDE};

pub(crate) fn print_json(case: &str, rows: &[Row]) {
    for row in rows {
        let object = serde_json::json!({
            "case": case,
            "contestant": row.contestant,
            "ns_per_op": row.ns.round(),
            "allocs_per_op": row.usage.allocations,
            "peak_bytes": row.usage.peak_bytes,
        });
        println!("{object}");
    }
}

pub(crate) fn print_table(case: &str, bytes: usize, rows: &[Row]) {
    let faster =
        |than: Option<f64>, ns: f64| than.map_or(String::new(), |t| format!("{:.2}", t / ns));
    let (raw, serde) = (time_of(RAW, rows), time_of(SERDE, rows));
    println!("\n### {case} ({bytes} bytes)\n");
    println!("| | µs | x raw | x {SERDE} | MB/s | allocations | peak KB |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for Row {
        contestant,
        ns,
        usage,
    } in rows
    {
        println!(
            "| {contestant} | {:.2} | {} | {} | {:.0} | {} | {:.1} |",
            ns / 1e3,
            faster(raw, *ns),
            faster(serde, *ns),
            bytes as f64 / ns * 1e3,
            usage.allocations,
            usage.peak_bytes as f64 / 1024.0,
        );
    }
    if let Some(times) = times_the_floors(rows) {
        println!("\n{OURS}: {times:.2} x floors");
    }
}

fn time_of(contestant: &str, rows: &[Row]) -> Option<f64> {
    let row = rows.iter().find(|row| row.contestant == contestant);
    row.map(|row| row.ns)
}

/// Ratio of the time of decoding to the time of the steps that no decoder can avoid.
fn times_the_floors(rows: &[Row]) -> Option<f64> {
    let [skip, clone] = FLOORS.map(|floor| time_of(floor, rows));
    Some(time_of(OURS, rows)? / (skip? + clone?))
}
