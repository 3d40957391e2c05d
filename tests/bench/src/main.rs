//! Measures the cost of dynamodel beside the alternatives, on one HTTP client that responds at once.
//!
//! `cargo run --release -p dynamodel-bench [-- [--json] [--rounds N] [--repeat N] [CASE[/CONTESTANT] ..]]`
//!
//! With `--features toasty`, toasty is measured too.
//!
//! `CASE` and `CONTESTANT` are names or parts of names; without any, everything is measured. `--json`
//! prints one JSON object per line. `--repeat` runs the chosen cases N times without measuring them, for
//! a profiler.

mod codec;
mod measure;
mod operations;
mod options;
mod refused;
mod report;
mod sent;
#[cfg(feature = "toasty")]
mod toasty;

use measure::{Contestant, measure};
use options::Options;

/// A benchmark: one operation with one shape of items.
struct Case<'a> {
    name: String,
    /// Prepares the contestants; only those of chosen cases are prepared.
    prepare: Box<dyn FnOnce() -> Prepared<'a> + 'a>,
}

/// Contestants of a case, ready to run.
struct Prepared<'a> {
    /// Size of the DynamoDB JSON of the request or response.
    bytes: usize,
    contestants: Vec<Contestant<'a>>,
}

fn main() {
    let options = Options::of_arguments(std::env::args().skip(1));
    let world = operations::World::new();
    let mut cases = operations::cases(&world);
    #[cfg(feature = "toasty")]
    toasty::join(&world, &mut cases);
    cases.push(refused::case());
    cases.extend(codec::cases());
    options.choose(&mut cases, |case| &case.name);
    for Case { name, prepare } in cases {
        let mut case = prepare();
        if options.repeat.is_none() {
            sent::check(&name, &mut case.contestants);
        }
        options.choose_contestants(&name, &mut case.contestants);
        if let Some(times) = options.repeat {
            for contestant in &mut case.contestants {
                (0..times).for_each(|_| (contestant.run)());
            }
            continue;
        }
        let rows = measure(case.contestants, options.rounds);
        match options.json {
            true => report::print_json(&name, &rows),
            false => report::print_table(&name, case.bytes, &rows),
        }
    }
}

const RAW: &str = "raw";
const SERDE: &str = "raw + serde_dynamo";
const MODYNE: &str = "modyne";
#[cfg(feature = "toasty")]
const TOASTY: &str = "toasty";
const OURS: &str = "dynamodel";
/// Without the fast path.
const ORCHESTRATED: &str = "dynamodel, orchestrator";
/// On the SDK's operations with typed inputs and outputs.
const PLAIN: &str = "dynamodel, plain path";
const BORROWED: &str = "dynamodel, borrowed";
const ORCHESTRATED_BORROWED: &str = "dynamodel, orchestrator, borrowed";
/// Steps that no decoder can avoid.
const FLOORS: [&str; 2] = ["floor: skip the JSON", "floor: clone the structs"];
