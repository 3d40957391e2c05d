//! What dynamodel costs beside what one would use instead, on one HTTP client that answers at once.
//!
//! `cargo run --release -p dynamodel-bench [-- [--json] [--rounds N] [--repeat N] [CASE[/CONTESTANT] ..]]`
//!
//! With `--features toasty`, toasty takes part too.
//!
//! `CASE` and `CONTESTANT` are parts of names, or whole ones; without any, everything is measured. `--json`
//! prints one object a line. `--repeat` runs what is chosen N times without measuring it, for a profiler.

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
/// Without the verified lane.
const ORCHESTRATED: &str = "dynamodel, orchestrator";
const BORROWED: &str = "dynamodel, borrowed";
const ORCHESTRATED_BORROWED: &str = "dynamodel, orchestrator, borrowed";
/// What no decoder can do without.
const FLOORS: [&str; 2] = ["floor: skip the JSON", "floor: clone the structs"];
