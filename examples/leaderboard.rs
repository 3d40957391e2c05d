//! The leaderboard of a game.
//!
//! | The game asks for | By | Served by |
//! |---|---|---|
//! | a player's best score of a season | game, season, player | `Score::get` |
//! | the best ten | game, season | `Score::ranking(..).descending().limit(10)` |
//! | the list page by page | game, season, cursor | `.page_size(..).start_at(cursor).page` |
//! | the players just above and below a player | game, season, score | `.sort(score)` both ways |
//! | a player's rank | game, season, score | `.sort(score > mine).count` |
//! | a player's scores in all games | player | `Score::query` |
//!
//! The index has two partition attributes, which DynamoDB supports natively, and sorts by the score. A
//! score is only written when it is better than the stored one, by one conditional update, which also
//! creates the item for a player's first game.
//!
//! A rank costs a read of all index entries above it; an application reads it now and then, and shows
//! the neighbours instead. Global indexes follow a write within a moment, so ranks do too.
//!
//! `cargo run --example leaderboard` runs it on the embedded engine; `-- --help` lists the other databases.

use dynamodel::{BatchWrite, Cursor, Db, Entity, Error, Projection};
use dynamodel_examples::{Outcome, connect};

/// The best score of a player in a season of a game.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "scores")]
#[dynamo(index(ranking, partition = (game, season), sort = score, project = [name]))]
struct Score {
    #[dynamo(partition)]
    player_id: u32,
    /// Game and season, such as `rally#2026-1`.
    #[dynamo(sort)]
    board: String,
    game: String,
    season: String,
    score: u64,
    name: String,
    games_played: u64,
}

/// A line of the list, with the attributes that the index holds.
#[derive(Debug, Clone, PartialEq, Eq, Projection)]
#[dynamo(of = Score)]
struct Entry {
    score: u64,
    name: String,
}

const GAME: &str = "rally";
const SEASON: &str = "2026-1";
const PLAYERS: u32 = 200;

/// Stores the score if it is the player's best, and returns `true` if it did.
async fn submit(db: &Db, player_id: u32, name: &str, score: u64) -> Result<bool, Error> {
    let board = format!("{GAME}#{SEASON}");
    let first = Score {
        player_id,
        board: board.clone(),
        game: GAME.into(),
        season: SEASON.into(),
        score,
        name: name.into(),
        games_played: 0,
    };
    let update = Score::update(player_id, board)
        .apply(|s| (s.score.set(score), s.name.set(name), s.games_played.add(1)))
        .when(|s| s.score.lt(score))
        .or_create(first);
    match update.send(db).await {
        Ok(()) => Ok(true),
        Err(e) if e.is_condition_failed() => Ok(false),
        Err(e) => Err(e),
    }
}

async fn top(db: &Db, players: usize) -> Result<Vec<Entry>, Error> {
    let ranking = Score::ranking(GAME, SEASON).descending();
    ranking.limit(players).select::<Entry>().all(db).await
}

/// Returns up to `each_way` players above and below a score, best first.
async fn around(db: &Db, score: u64, each_way: usize) -> Result<Vec<Entry>, Error> {
    let above = Score::ranking(GAME, SEASON).sort(|k| k.score.ge(score));
    let above = above.limit(each_way + 1).select::<Entry>().all(db);
    let below = Score::ranking(GAME, SEASON).sort(|k| k.score.lt(score));
    let below = below.descending().limit(each_way).select::<Entry>().all(db);
    let (above, below) = tokio::try_join!(above, below)?;
    Ok(above.into_iter().rev().chain(below).collect())
}

/// Rank of a score; 1 is the best.
async fn rank(db: &Db, score: u64) -> Result<u64, Error> {
    let better = Score::ranking(GAME, SEASON).sort(|k| k.score.gt(score));
    Ok(better.count(db).await? + 1)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let Some(db) = connect("The leaderboard of a game.").await? else {
        return Ok(());
    };
    db.create_table::<Score>().await?;
    // No two scores are equal: 37 and 1,000 have no common factor.
    let scores = (0..PLAYERS).map(|player_id| Score {
        player_id,
        board: format!("{GAME}#{SEASON}"),
        game: GAME.to_owned(),
        season: SEASON.to_owned(),
        score: u64::from(player_id * 37 % 1_000) * 10,
        name: format!("player-{player_id:03}"),
        games_played: 1,
    });
    BatchWrite::new().put_all(scores).send(&db).await?;

    only_better_scores_count(&db).await?;
    the_list(&db).await?;

    Ok(db.delete_table::<Score>().await?)
}

async fn only_better_scores_count(db: &Db) -> Outcome {
    assert!(
        submit(db, 1_000, "Ada", 5_005).await?,
        "the first is the best"
    );
    assert!(
        !submit(db, 1_000, "Ada", 4_000).await?,
        "a worse one is not written"
    );
    assert!(submit(db, 1_000, "Ada", 6_005).await?);
    let ada = Score::get(1_000_u32, "rally#2026-1")
        .consistent()
        .send(db)
        .await?;
    let ada = ada.ok_or("Ada has a score")?;
    println!(
        "Ada's best score is {}, her rank {}",
        ada.score,
        rank(db, ada.score).await?
    );
    assert_eq!(ada.score, 6_005);

    let neighbours = around(db, ada.score, 2).await?;
    for entry in &neighbours {
        println!("  {:>5}  {}", entry.score, entry.name);
    }
    assert_eq!(neighbours.len(), 5);
    assert_eq!(neighbours[2].name, "Ada");
    assert!(neighbours.is_sorted_by_key(|entry| std::cmp::Reverse(entry.score)));
    Ok(())
}

async fn the_list(db: &Db) -> Outcome {
    let best = top(db, 3).await?;
    println!("the best three:");
    for (rank, entry) in (1..).zip(&best) {
        println!("  {rank}. {:>5}  {}", entry.score, entry.name);
    }
    assert_eq!(best[0].score, 9_990);
    assert_eq!(rank(db, best[2].score).await?, 3);

    // Page by page, as a client requests them: the cursor goes to the client and comes back as text.
    let mut cursor: Option<String> = None;
    let (mut list, mut pages) = (Vec::new(), 0);
    loop {
        let start = cursor.as_deref().map(str::parse::<Cursor>).transpose()?;
        let ranking = Score::ranking(GAME, SEASON).descending().page_size(50);
        let page = ranking.start_at(start).select::<Entry>().page(db).await?;
        list.extend(page.items);
        pages += 1;
        cursor = page.next.map(|next| next.to_string());
        if cursor.is_none() {
            break;
        }
    }
    println!("{} players on {pages} pages", list.len());
    assert_eq!(list.len(), PLAYERS as usize + 1);
    assert!(list.is_sorted_by_key(|entry| std::cmp::Reverse(entry.score)));
    assert_eq!(list[..3], best);
    Ok(())
}
