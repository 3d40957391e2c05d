//! What dynamodel costs beside what one would use instead, on one HTTP client that answers at once.
//!
//! `cargo run --release -p dynamodel-bench [-- [--json] [--rounds N] [--repeat N] [CASE[/CONTESTANT] ..]]`
//!
//! `CASE` and `CONTESTANT` are parts of names, or whole ones; without any, everything is measured. `--json` prints one object a
//! line. `--repeat` runs what is chosen N times without measuring it, for a profiler.

mod codec;
mod measure;
mod operations;
mod refused;

use measure::{Contestant, Row, measure};

/// Something to do.
struct Case<'a> {
    name: String,
    /// Makes ready who does it. Only what is measured is made.
    prepare: Box<dyn FnOnce() -> Prepared<'a> + 'a>,
}

/// Who does it.
struct Prepared<'a> {
    /// The bytes of DynamoDB JSON that go in or out.
    bytes: usize,
    contestants: Vec<Contestant<'a>>,
}

struct Options {
    json: bool,
    rounds: usize,
    repeat: Option<u64>,
    /// Parts of the names of a case and of a contestant.
    names: Vec<(String, String)>,
}

fn main() {
    let options = options();
    let world = operations::World::new();
    let mut cases = operations::cases(&world);
    cases.push(refused::case());
    cases.extend(codec::cases());
    for Case { name, prepare } in cases {
        if !options.names.is_empty() && !options.names.iter().any(|(case, _)| name.contains(case)) {
            continue;
        }
        let mut case = prepare();
        let whole = |part: &str| case.contestants.iter().any(|c| c.name == part);
        let wanted: Vec<_> = options
            .names
            .iter()
            .filter(|(c, _)| name.contains(c))
            .collect();
        let wanted: Vec<_> = wanted.iter().map(|(_, part)| (part, whole(part))).collect();
        let chosen = |contestant: &Contestant<'_>| {
            let is = |&(part, whole): &(&String, bool)| match whole {
                true => contestant.name == part,
                false => contestant.name.contains(part.as_str()),
            };
            wanted.is_empty() || wanted.iter().any(is)
        };
        case.contestants.retain(chosen);
        if let Some(times) = options.repeat {
            for contestant in &mut case.contestants {
                (0..times).for_each(|_| (contestant.run)());
            }
            continue;
        }
        let rows = measure(case.contestants, options.rounds);
        if options.json {
            print_json(&name, &rows);
        } else {
            print_table(&name, case.bytes, &rows);
        }
    }
}

fn options() -> Options {
    let mut options = Options {
        json: false,
        rounds: 15,
        repeat: None,
        names: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse().ok());
        match argument.as_str() {
            "--json" => options.json = true,
            "--rounds" => options.rounds = number().map_or(15, |n| n as usize),
            "--repeat" => options.repeat = number(),
            _ => {
                let (case, contestant) = argument.split_once('/').unwrap_or((&argument, ""));
                options.names.push((case.to_owned(), contestant.to_owned()));
            }
        }
    }
    options
}

fn print_json(case: &str, rows: &[Row]) {
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

fn print_table(case: &str, bytes: usize, rows: &[Row]) {
    let time_of = |contestant: &str| {
        rows.iter()
            .find(|r| r.contestant == contestant)
            .map(|r| r.ns)
    };
    let faster =
        |than: Option<f64>, ns: f64| than.map_or(String::new(), |t| format!("{:.2}", t / ns));
    let (raw, serde) = (time_of(RAW), time_of(SERDE));
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
}

const RAW: &str = "raw";
const SERDE: &str = "raw + serde_dynamo";
const MODYNE: &str = "modyne";
const OURS: &str = "dynamodel";
/// Without the verified lane.
const ORCHESTRATED: &str = "dynamodel, orchestrator";
const BORROWED: &str = "dynamodel, borrowed";
const ORCHESTRATED_BORROWED: &str = "dynamodel, orchestrator, borrowed";
