//! Tests that the benchmark runs, and prints its JSON and its tables.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Runs the benchmark and returns its output.
fn bench(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dynamodel-bench"));
    let output = command.args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Checks that a case has a row for each contestant, and that each row has all numbers.
fn check(case: &str, contestants: &[&str]) {
    let printed = bench(&["--json", "--rounds", "1", case]);
    let rows: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut found = BTreeSet::new();
    for row in &rows {
        assert_eq!(row["case"], case);
        for number in ["ns_per_op", "allocs_per_op", "peak_bytes"] {
            assert!(row[number].as_f64().is_some(), "{number} of {row}");
        }
        assert!(row["ns_per_op"].as_f64() > Some(0.0), "{row}");
        found.insert(row["contestant"].as_str().unwrap());
    }
    assert_eq!(found, contestants.iter().copied().collect(), "{case}");
    assert_eq!(rows.len(), contestants.len(), "{case}");
}

const ALL: [&str; 6] = [
    "raw",
    "raw + serde_dynamo",
    "modyne",
    "dynamodel, plain path",
    "dynamodel, orchestrator",
    "dynamodel",
];

/// `GetItem` is also part of another case's name: only the case of that whole name is measured.
#[test]
fn operation_cases_measure_every_contestant() {
    check("GetItem", &ALL);
    check("PutItem", &ALL);
    let without_plain = [ALL[0], ALL[1], ALL[2], ALL[4], ALL[5]];
    check("TransactWriteItems of 25 puts", &without_plain);
    let [raw, _, rest @ ..] = ALL;
    check("UpdateItem with condition", &[&[raw], &rest[..]].concat());
    let [.., orchestrated, ours] = ALL;
    check("PutItem that is refused", &[raw, orchestrated, ours]);
}

#[test]
fn page_case_measures_owned_and_borrowed_contestants() {
    let borrowed = ["dynamodel, borrowed", "dynamodel, orchestrator, borrowed"];
    let contestants = [&ALL[..], &borrowed].concat();
    check("Query page of 1 MB, 60 attributes, nested", &contestants);
}

#[test]
fn codec_cases_measure_contestants_and_floors() {
    let [raw, serde, .., ours] = ALL;
    check("encode an item, 3 attributes", &[raw, serde, ours]);
    let floors = ["floor: skip the JSON", "floor: clone the structs", ours];
    check("decode a page of 1 MB, 60 attributes, nested", &floors);
}

#[test]
fn contestant_argument_limits_output_to_one_row() {
    let printed = bench(&["--json", "--rounds", "1", "GetItem/dynamodel"]);
    assert_eq!(printed.lines().count(), 1, "{printed}");
}

#[test]
fn decoding_table_shows_ratio_to_floors() {
    let case = "decode a page of 1 MB, 60 attributes, nested";
    let printed = bench(&["--rounds", "1", case]);
    let line = printed
        .lines()
        .find_map(|line| line.strip_suffix(" x floors"));
    let times = line.and_then(|line| line.strip_prefix("dynamodel: "));
    assert!(times.unwrap().parse::<f64>().unwrap() > 0.0, "{printed}");
}
