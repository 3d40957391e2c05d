//! Writes are spread evenly over shards, by a hash that never changes.

use super::*;

/// Returns the shard that a put writes.
fn written(order: Order) -> usize {
    let json: serde_json::Value = serde_json::from_str(&order.put().to_json().unwrap()).unwrap();
    let shard = json["Item"]["_by_status_shard"]["N"].as_str().unwrap();
    shard.parse().unwrap()
}

fn written_task(task: Task) -> usize {
    let json: serde_json::Value = serde_json::from_str(&task.put().to_json().unwrap()).unwrap();
    let text = json["Item"]["gsi1pk"]["S"].as_str().unwrap().to_owned();
    let (template, shard) = text.split_at(text.len() - 4);
    assert_eq!(template, "STATE#open");
    shard.strip_prefix('#').unwrap().parse().unwrap()
}

/// Checks Pearson's statistic of 16 shards, which exceeds 44.3 by chance once in ten thousand times.
#[track_caller]
fn check_even(shards: impl Iterator<Item = usize>) {
    let mut found = [0_u32; 16];
    shards.for_each(|shard| found[shard] += 1);
    let total: u32 = found.iter().sum();
    let expected = f64::from(total) / 16.0;
    let chi_square: f64 = found
        .iter()
        .map(|n| (f64::from(*n) - expected).powi(2) / expected)
        .sum();
    assert!(
        total >= 4_000 && chi_square < 44.3,
        "{chi_square} {found:?}"
    );
}

#[test]
fn ascending_keys_are_spread_evenly() {
    check_even((0..5_000).map(|n| written(order(n, 0))));
    check_even((0..5_000).map(|n| written(order(format!("order-{n:08}"), 0))));
    check_even((0..5_000).map(|n| written(order(format!("{}", n * 1_000), 0))));
    // The same id with ascending sort keys.
    let line = |line| Order {
        line,
        ..order("one", 0)
    };
    check_even((0..5_000).map(|n| written(line(n))));
    check_even((0..5_000).map(|n| written_task(task(n, 0))));
    let number = |number| Task {
        number,
        ..task("u1", 0)
    };
    check_even((0..5_000).map(|n| written_task(number(n))));
}

#[test]
fn identifiers_are_spread_evenly() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut v4 = || uuid::Builder::from_random_bytes(random.u128(..).to_be_bytes()).into_uuid();
    check_even((0..5_000).map(|_| written(order(v4(), 0))));
    let mut random = fastrand::Rng::with_seed(8);
    let v7 = (0..5_000_u64).map(|n| {
        let mut tail = [0; 10];
        random.fill(&mut tail);
        uuid::Builder::from_unix_timestamp_millis(1_760_000_000_000 + n, &tail).into_uuid()
    });
    check_even(v7.map(|id| written(order(id, 0))));
    let mails = (0..5_000).map(|n| format!("customer{n}@example.com"));
    check_even(mails.map(|mail| written_task(task(mail, 0))));
}

#[test]
fn shard_hash_matches_its_description() {
    for n in 0..200_u32 {
        let (id, line) = (format!("order-{n}"), format!("{n}e0"));
        let expected = match n {
            // The canonical form of a number has no zeros at its end.
            0 => shard(&[('S', &id), ('N', "0e0")], 16),
            n if n % 100 == 0 => shard(&[('S', &id), ('N', &format!("{}e2", n / 100))], 16),
            n if n % 10 == 0 => shard(&[('S', &id), ('N', &format!("{}e1", n / 10))], 16),
            _ => shard(&[('S', &id), ('N', &line)], 16),
        };
        let found = written(Order {
            line: n,
            ..order(id, 0)
        });
        assert_eq!(found as u64, expected);
        let user = format!("u{n}");
        let expected = shard(
            &[('S', &format!("USER#{user}")), ('S', "TASK#0000000007")],
            16,
        );
        assert_eq!(written_task(task(user, 0)) as u64, expected);
    }
    // These literals keep the library's hash and this test's copy from being changed together.
    assert_eq!(written(order("a", 0)), 12);
    assert_eq!(written_task(task("a", 0)), 8);
}
