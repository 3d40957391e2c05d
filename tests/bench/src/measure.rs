//! Measures times and allocations of several ways to do one thing, side by side.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;
use dynamodel_bench::alloc;

/// One way to do an operation.
pub(crate) struct Contestant<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut() + 'a>,
}

pub(crate) fn contestant<'a, T>(
    name: &'static str,
    mut run: impl FnMut() -> T + 'a,
) -> Contestant<'a> {
    Contestant {
        name,
        run: Box::new(move || drop(black_box(run()))),
    }
}

/// Measurement of one contestant.
pub(crate) struct Row {
    pub(crate) contestant: &'static str,
    pub(crate) ns: f64,
    pub(crate) usage: alloc::Usage,
}

/// Approximate duration of one round of one contestant.
const ROUND: Duration = Duration::from_millis(30);

/// Returns the median of `rounds` rounds for each contestant. The contestants take turns, so that a
/// change of the machine's speed affects all of them, and the time is this thread's CPU time.
pub(crate) fn measure(mut contestants: Vec<Contestant<'_>>, rounds: usize) -> Vec<Row> {
    let mut iterations = Vec::new();
    let mut rows = Vec::new();
    for Contestant { name, run } in &mut contestants {
        // The first run fills caches: endpoints, table names, credentials.
        run();
        let once = timed(run, 3) / 3.0;
        iterations.push((ROUND.as_nanos() as f64 / once.max(20.0)).clamp(1.0, 1e6) as u32);
        let ((), usage) = alloc::measure(&mut *run);
        rows.push(Row {
            contestant: name,
            ns: 0.0,
            usage,
        });
    }
    let mut times = vec![Vec::with_capacity(rounds); contestants.len()];
    for _ in 0..rounds {
        for (i, contestant) in contestants.iter_mut().enumerate() {
            // The unmeasured runs replace the previous contestant's data in the CPU's caches and on the
            // heap.
            timed(&mut contestant.run, iterations[i].div_ceil(3));
            let ns = timed(&mut contestant.run, iterations[i]);
            times[i].push(ns / f64::from(iterations[i]));
        }
    }
    for (row, mut times) in rows.iter_mut().zip(times) {
        times.sort_by(f64::total_cmp);
        row.ns = times[times.len() / 2];
    }
    rows
}

fn timed(run: &mut Box<dyn FnMut() + '_>, times: u32) -> f64 {
    let start = ThreadTime::now();
    for _ in 0..times {
        run();
    }
    start.elapsed().as_nanos() as f64
}
