//! Queries and scans whose index is chosen at run time, their clones, and cursors made of items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{AnyIndex, Cursor, Db, Entity, Error, Projection, Query, Scan};
use dynamodel_tests::db;
use futures_util::TryStreamExt;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "scores")]
#[dynamo(index(by_game, partition = game, sort = points))]
#[dynamo(index(by_day, partition = day, project = keys))]
#[dynamo(index(by_team, partition = team, sort = points, shards = 2))]
#[dynamo(local_index(by_points, sort = points))]
struct Score {
    #[dynamo(partition)]
    player: String,
    #[dynamo(sort)]
    round: u32,
    game: Option<String>,
    points: u32,
    day: u32,
    team: String,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Score)]
struct Played {
    player: String,
    round: u32,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Score)]
struct Points {
    points: u32,
}

fn score(player: &str, round: u32) -> Score {
    Score {
        player: player.into(),
        round,
        game: Some("go".into()),
        points: 7,
        day: 1,
        team: "red".into(),
    }
}

async fn scores() -> Db {
    let db = db().await;
    db.create_table::<Score>().await.unwrap();
    for player in ["a", "b", "c"] {
        for round in 0..4 {
            score(player, round).create().send(&db).await.unwrap();
        }
    }
    db
}

/// A list as a service would write it: one query of several.
fn list(by: &str) -> Query<Score, AnyIndex<Score>> {
    match by {
        "player" => Score::query("a").any_index(),
        "points" => Score::by_points("a").descending().any_index(),
        "team" => Score::by_team("red").concurrency(1).any_index(),
        _ => Score::by_game("go").sort(|k| k.points.eq(7)).any_index(),
    }
}

#[tokio::test]
async fn query_of_any_index_reads_as_query_of_that_index() {
    let db = scores().await;
    for (by, count) in [("player", 4), ("points", 4), ("team", 12), ("game", 12)] {
        let all = list(by).all(&db).await.unwrap();
        assert_eq!(all.len(), count, "{by}");
        let (mut paged, mut next) = (Vec::new(), None);
        loop {
            let query = list(by).filter(|s| s.day.eq(1)).page_size(3).start_at(next);
            let page = query.page(&db).await.unwrap();
            paged.extend(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(paged, all, "{by}");
        assert_eq!(list(by).count(&db).await.unwrap(), count as u64, "{by}");
        let streamed: Vec<Score> = list(by).stream(&db).try_collect().await.unwrap();
        assert_eq!(streamed, all, "{by}");
    }
    let keys = Score::by_day(1_u32).select::<Played>().any_index();
    assert_eq!(keys.all(&db).await.unwrap().len(), 12);
    let whole = Score::by_day(1_u32).select::<Played>().any_index();
    let debug = format!("{whole:?}");
    assert!(debug.contains("by_day"), "{debug}");
}

#[tokio::test]
async fn scan_of_any_index_reads_as_scan_of_that_index() {
    let db = scores().await;
    let unplayed = Score {
        game: None,
        ..score("d", 1)
    };
    unplayed.create().send(&db).await.unwrap();
    let scan = |of_index: bool| -> Scan<Score, AnyIndex<Score>> {
        match of_index {
            true => Score::scan().index::<ScoreByGame>().any_index(),
            false => Score::scan().segments(2).any_index(),
        }
    };
    assert_eq!(scan(false).all(&db).await.unwrap().len(), 13);
    assert_eq!(scan(true).all(&db).await.unwrap().len(), 12);
}

/// The compiler refuses these for indexes that it knows.
#[tokio::test]
async fn settings_that_chosen_index_does_not_serve_are_refused_before_sending() {
    let db = scores().await;
    let refused = async |query: Query<Score, AnyIndex<Score>>, text: &str| {
        let error = query.all(&db).await.unwrap_err();
        assert_eq!(error.attempts(), 0);
        assert_eq!(error.entity(), Some("Score"));
        assert!(error.to_string().contains(text), "{error}");
    };
    refused(list("game").consistent(), "index `by_game` is global").await;
    refused(
        list("game").filter(|s| s.points.gt(1)),
        "a key of the queried index",
    )
    .await;
    let keys = || Score::by_day(1_u32).select::<Played>().any_index();
    let error = keys().select::<Points>().all(&db).await.unwrap_err();
    let text = "index `by_day` does not hold `points`";
    assert!(error.to_string().contains(text), "{error}");
    let error = keys().filter(|s| s.team.eq("red")).all(&db).await;
    assert!(error.unwrap_err().to_string().contains("does not hold"));

    let consistent = list("points").consistent().all(&db).await.unwrap();
    assert_eq!(consistent.len(), 4);
    let consistent = list("player").consistent().select::<Points>();
    assert_eq!(consistent.all(&db).await.unwrap().len(), 4);
}

#[tokio::test]
async fn clone_of_query_or_scan_reads_the_same_and_repeats_its_refusal() {
    let db = scores().await;
    let query = Score::query("a").filter(|s| s.points.ge(1)).limit(3);
    let (count, all) = (query.clone().count(&db), query.clone().all(&db));
    assert_eq!((count.await.unwrap(), all.await.unwrap().len()), (3, 3));
    let scan = Score::scan().segments(2);
    assert_eq!(scan.clone().count(&db).await.unwrap(), 12);
    assert_eq!(scan.all(&db).await.unwrap().len(), 12);

    let long = "x".repeat(3_000);
    let refused = Score::query(long.as_str());
    let (once, again) = (refused.clone().to_json(), refused.clone().to_json());
    let (once, again) = (once.unwrap_err(), again.unwrap_err());
    assert_eq!(once.to_string(), again.to_string());
    assert!(once.is_invalid_key() && again.is_invalid_key());
    let last = refused.all(&db).await.unwrap_err();
    assert!(last.is_invalid_key());
    assert_eq!(last.entity(), Some("Score"));

    let refused = Score::scan().segments(0);
    let (once, again) = (refused.clone().to_json(), refused.to_json());
    assert_eq!(
        once.unwrap_err().to_string(),
        again.unwrap_err().to_string()
    );
}

#[tokio::test]
async fn cursor_after_item_continues_behind_it_in_table_and_every_index() {
    let db = scores().await;
    let check = async |query: Query<Score, AnyIndex<Score>>, what: &str| {
        let all = query.clone().all(&db).await.unwrap();
        for at in 0..all.len() {
            let cursor = Cursor::after(&query, &all[at]).unwrap();
            let text: Cursor = cursor.to_string().parse().unwrap();
            assert_eq!(text, cursor);
            let rest = query.clone().start_at(cursor).all(&db).await.unwrap();
            assert_eq!(rest, all[at + 1..], "{what} {at}");
        }
        let sized = query.clone().page_size(2).page(&db).await.unwrap();
        let own = Cursor::after(&query, &all[1]).unwrap();
        assert_eq!(sized.next.as_ref(), Some(&own), "{what}");
    };
    check(list("player"), "table").await;
    check(list("points"), "local, descending").await;
    check(list("game"), "global").await;
    check(Score::by_game("go").descending().any_index(), "descending").await;

    let scan = Score::scan();
    let all = scan.clone().all(&db).await.unwrap();
    let cursor = Cursor::after(&scan, &all[4]);
    assert_eq!(scan.start_at(cursor).all(&db).await.unwrap(), all[5..]);
    // The item is deleted meanwhile.
    let query = Score::by_game("go");
    let all = query.clone().all(&db).await.unwrap();
    all[0].clone().remove().send(&db).await.unwrap();
    let cursor = Cursor::after(&query, &all[0]).unwrap();
    assert_eq!(query.start_at(cursor).all(&db).await.unwrap(), all[1..]);
}

#[tokio::test]
async fn cursor_of_last_evaluated_key_continues_behind_it() {
    let db = scores().await;
    let raw = db.client().query().table_name(&*db.table_name::<Score>());
    let raw = raw.index_name("by_game").limit(5);
    let raw = raw.key_condition_expression("game = :g");
    let raw = raw.expression_attribute_values(":g", AttributeValue::S("go".into()));
    let page = raw.send().await.unwrap();
    let key = page.last_evaluated_key.unwrap();
    let query = Score::by_game("go");
    let all = query.clone().all(&db).await.unwrap();
    let cursor = Cursor::from_key(&query, &key).unwrap();
    assert_eq!(
        query.clone().start_at(cursor).all(&db).await.unwrap(),
        all[5..]
    );

    let refused = |key: &HashMap<String, AttributeValue>, text: &str| {
        let error = Cursor::from_key(&query, key).unwrap_err();
        assert!(
            error.is_invalid_cursor() && error.to_string().contains(text),
            "{error}"
        );
    };
    let mut short = key.clone();
    short.remove("points");
    refused(&short, "has no key");
    let mut long = key.clone();
    long.insert("day".into(), AttributeValue::N("1".into()));
    refused(&long, "no part of the key");
}

#[tokio::test]
async fn cursor_that_cannot_be_made_is_error_of_read_or_of_after() {
    let db = scores().await;
    let refused = |result: Result<Cursor, Error>, text: &str| {
        let error = result.unwrap_err();
        assert!(error.is_invalid_cursor(), "{error}");
        assert_eq!(error.entity(), Some("Score"));
        assert!(error.to_string().contains(text), "{error}");
    };
    let unplayed = Score {
        game: None,
        ..score("d", 1)
    };
    let after = || Cursor::after(&Score::by_game("go"), &unplayed);
    refused(after(), "the item has no key");
    refused(Cursor::after(&Score::by_team("red"), &unplayed), "sharded");
    let error = Score::by_game("go").start_at(after()).all(&db).await;
    assert!(error.unwrap_err().is_invalid_cursor());
    // Of another partition.
    let cursor = Cursor::after(&Score::query("d"), &unplayed);
    let error = Score::query("a").start_at(cursor).all(&db).await;
    assert!(error.unwrap_err().is_invalid_cursor());
}
