//! The merged order is exact: compared with a sort of the same data, at every page size.

use std::cmp::Ordering;

use dynamodel::Cursor;
use dynamodel_tests::is_embedded;

use super::*;

/// Reads all pages by a cursor that is passed as text.
async fn paged(
    db: &Db,
    size: usize,
    query: impl Fn() -> dynamodel::Query<Order, OrderByRegion>,
) -> Vec<Order> {
    let (mut items, mut cursor) = (Vec::new(), None::<Cursor>);
    for _ in 0..500 {
        let page = query().page_size(size).start_at(cursor.take());
        let page = page.page(db).await.unwrap();
        assert!(page.items.len() <= size);
        items.extend(page.items);
        match page.next {
            Some(next) => cursor = Some(next.to_string().parse().unwrap()),
            None => return items,
        }
    }
    panic!("it has no end");
}

fn key(o: &Order) -> (Option<Decimal>, Option<Vec<u8>>, Option<String>) {
    let digest = o.digest.as_ref().map(|d| d.to_vec());
    (o.amount, digest, o.note.clone())
}

fn shard_of(o: &Order) -> u64 {
    shard(&[('S', &o.id), ('N', "1e0")], 5)
}

/// Returns an order with few distinct values, so that many are equal, and with values that are easily
/// sorted wrongly.
pub(super) fn random_order(random: &mut fastrand::Rng, n: usize) -> Order {
    let amounts = [
        "-99999999999999999999",
        "-10",
        "-9.5",
        "-9",
        "-0.001",
        "0",
        "0.0010",
        "0.01",
        "1",
        "1.50",
        "2",
        "10",
        "10.000000000000000001",
        "11",
        "99",
        "100",
        "7922816251426433759",
    ];
    let digests: [&[u8]; 6] = [&[0], &[0, 0], &[1], &[1, 255], &[127], &[128]];
    let notes = [
        "A", "B", "a", "a b", "aa", "z", "é", "\u{FFFD}", "𝄞", "\u{1}",
    ];
    Order {
        region: Some("eu".to_owned()),
        year: Some(2026),
        amount: random.choice(amounts).map(|text| text.parse().unwrap()),
        digest: random
            .choice(digests)
            .map(|bytes| Binary::from(bytes.to_vec())),
        note: random.choice(notes).map(str::to_owned),
        ..order(format!("{n}-{}", random.u32(..)), n as u64)
    }
}

#[tokio::test]
async fn merge_keeps_order_of_random_items() {
    let rounds = if is_embedded() { 4 } else { 2 };
    for seed in 0..rounds {
        let mut random = fastrand::Rng::with_seed(seed);
        let count = [40, 0, 5, 70][seed as usize % 4];
        let items: Vec<Order> = (0..count).map(|n| random_order(&mut random, n)).collect();
        let db = orders(items.clone()).await;
        put(&db, [order("other", 1)]).await;
        let query = || Order::by_region("eu", 2026_u16);
        let all = query().all(&db).await.unwrap();
        check(&all, &items, |order| order);
        let back = query().descending().all(&db).await.unwrap();
        check(&back, &items, Ordering::reverse);
        for size in [1, 3, 20, 64, 1_000] {
            assert_eq!(
                paged(&db, size, query).await,
                all,
                "seed {seed}, pages of {size}"
            );
        }
        for size in [1, 8] {
            let pages = paged(&db, size, || query().descending()).await;
            assert_eq!(pages, back, "seed {seed}, pages of {size}");
        }
        assert_eq!(query().count(&db).await.unwrap(), count as u64);
        let first = query().first(&db).await.unwrap();
        assert_eq!(first.as_ref(), all.first());
        for limit in [1, 10, 57] {
            let some = query().limit(limit).all(&db).await.unwrap();
            assert_eq!(some, all[..all.len().min(limit)]);
            let some = query().limit(limit).page_size(3).all(&db).await.unwrap();
            assert_eq!(some, all[..all.len().min(limit)]);
        }
    }
}

#[track_caller]
fn check(found: &[Order], expected: &[Order], direction: fn(Ordering) -> Ordering) {
    for pair in found.windows(2) {
        let order = key(&pair[0]).cmp(&key(&pair[1]));
        let order = order.then_with(|| shard_of(&pair[0]).cmp(&shard_of(&pair[1])));
        assert!(direction(order).is_le(), "{pair:?}");
    }
    let sorted = |orders: &[Order]| {
        let mut ids: Vec<String> = orders.iter().map(|o| o.id.clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(sorted(found), sorted(expected));
}

/// In a shared table, the template's text keeps the order, and so does the merge.
#[tokio::test]
async fn merge_keeps_order_of_shared_table_items() {
    let db = dynamodel_tests::db().await;
    db.create_table::<App>().await.unwrap();
    let mut random = fastrand::Rng::with_seed(3);
    let mut tasks: Vec<Task> = (0..120)
        .map(|n| Task {
            title: format!("{}", random.u8(..3)),
            ..task(n, random.u64(..40) * 1_000)
        })
        .collect();
    put(&db, tasks.clone()).await;
    put(
        &db,
        [Task {
            state: Some("openly".into()),
            ..task("x", 1)
        }],
    )
    .await;
    tasks.sort_by_key(|t| {
        let pk = format!("USER#{}", t.user);
        let shard = shard(&[('S', &pk), ('S', "TASK#0000000007")], 16);
        (t.due, t.title.clone(), shard)
    });
    let query = || Task::by_state("open");
    let keys = |tasks: &[Task]| {
        let keys = tasks.iter().map(|t| (t.due, t.title.clone()));
        keys.collect::<Vec<_>>()
    };
    let all = query().all(&db).await.unwrap();
    assert_eq!(keys(&all), keys(&tasks));
    for size in [1, 9, 50] {
        let (mut paged, mut cursor) = (Vec::new(), None);
        loop {
            let page = query()
                .page_size(size)
                .start_at(cursor)
                .page(&db)
                .await
                .unwrap();
            paged.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, all);
    }
    let range = query()
        .sort(|k| k.due.between(5_000, 20_000))
        .all(&db)
        .await
        .unwrap();
    let expected = all.iter().filter(|t| (5_000..=20_000).contains(&t.due));
    assert!(range.iter().eq(expected));
    let one = query().sort(|k| k.due.eq(5_000).title.begins_with("1"));
    let expected = all.iter().filter(|t| t.due == 5_000 && t.title == "1");
    assert!(one.all(&db).await.unwrap().iter().eq(expected));
}

/// Shards whose pages end at different places, because of the limit of 1 MB, are merged without a gap.
#[tokio::test]
async fn large_items_are_merged_without_gap() {
    let note = "x".repeat(150_000);
    let items = (0..60_u64).map(|n| Order {
        note: Some(note.clone()),
        ..order(n, n * 7 % 60)
    });
    let db = dynamodel_tests::db().await;
    db.create_table::<Big>().await.unwrap();
    put(
        &db,
        items.map(|o| Big {
            id: o.id,
            kind: 1,
            at: o.placed_at,
            note: note.clone(),
        }),
    )
    .await;
    let expected: Vec<u64> = (0..60).collect();
    let of = |items: &[Big]| items.iter().map(|b| b.at).collect::<Vec<_>>();
    let all = Big::by_kind(1_u8).all(&db).await.unwrap();
    assert_eq!(of(&all), expected);
    let (mut paged, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = Big::by_kind(1_u8).start_at(cursor).page(&db).await.unwrap();
        pages += 1;
        paged.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(of(&paged), expected);
    assert!(pages > 1);
}

#[derive(Debug, PartialEq, Entity)]
#[dynamo(table = "big", index(by_kind, partition = kind, sort = at, shards = 3))]
struct Big {
    #[dynamo(partition)]
    id: String,
    kind: u8,
    at: u64,
    note: String,
}
