//! Counting the views of a website, day by day.
//!
//! | The site asks for | By | Served by |
//! |---|---|---|
//! | the views of a page on a day | page, day | `Views::get` |
//! | the views of a page in a month | page, days | `Views::query(..).sort(day)` |
//! | the pages of a day, most viewed first | day | `Views::by_day(..).descending` |
//! | the views of a hot page on a day | page, day | one `BatchGet` of all its parts |
//!
//! Writes: a view is one `update` that adds to the stored number, or creates the item of the day: no
//! read, no retry, and no view is lost however many come at once.
//!
//! DynamoDB writes one item at most 1,000 times a second. The views of a hotter page are spread over
//! several items; each view picks one at random, and a reader adds them up.
//!
//! `cargo run --example view_counter` runs it on the embedded engine; `-- --help` lists the other databases.

use dynamodel::{BatchGet, Db, Entity, Error, Projection, Table};
use dynamodel_examples::{Outcome, connect};
use futures_util::future::try_join_all;

/// The views of a page on one day.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "page-views", index(by_day, partition = day, sort = views))]
struct Views {
    #[dynamo(partition)]
    page: String,
    /// Date as `2026-03-01`.
    #[dynamo(sort)]
    day: String,
    views: u64,
    /// Origin of the first view of the day.
    referrer: Option<String>,
}

/// Projection of the number of views.
#[derive(Debug, Projection)]
#[dynamo(of = HotViews)]
struct Count {
    views: u64,
}

/// Table of the pages that get too many views for one item.
#[derive(Table)]
#[dynamo(name = "hot-page-views", partition = "pk", sort = "sk")]
struct HotPages;

/// One part of the views of a hot page on one day. Its key consists of the fields.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = HotPages, key(partition = "{page}#{part}", sort = "{day}"))]
struct HotViews {
    page: String,
    part: u8,
    day: String,
    views: u64,
}

/// Number of items for a hot page: enough for 8,000 views a second.
const PARTS: u8 = 8;

/// Counts a view, and returns the views of the day including this one.
async fn view(db: &Db, page: &str, day: &str, referrer: &str) -> Result<u64, Error> {
    let counted = Views::update(page, day)
        .apply(|v| (v.views.add(1), v.referrer.set_if_absent(referrer)))
        .or_create(Views {
            page: page.into(),
            day: day.into(),
            views: 0,
            referrer: None,
        })
        .returning_new()
        .send(db)
        .await?;
    Ok(counted.views)
}

async fn hot_view(db: &Db, page: &str, day: &str) -> Result<(), Error> {
    let part = fastrand::u8(..PARTS);
    let new = HotViews {
        page: page.into(),
        part,
        day: day.into(),
        views: 0,
    };
    let update = HotViews::update(page, part, day).apply(|v| v.views.add(1));
    update.or_create(new).send(db).await
}

/// Views in each part of a hot page.
async fn hot_views(db: &Db, page: &str, day: &str) -> Result<Vec<u64>, Error> {
    let parts = (0..PARTS).map(|part| HotViews::key(page, part, day));
    let counts = BatchGet::new(parts).select::<Count>().consistent();
    let counts = counts.send(db).await?.into_iter();
    Ok(counts.map(|count| count.map_or(0, |c| c.views)).collect())
}

#[tokio::main]
async fn main() -> Outcome {
    let Some(db) = connect("Counting the views of a website.").await? else {
        return Ok(());
    };
    db.create_table::<Views>().await?;
    db.create_table::<HotPages>().await?;

    many_at_once(&db).await?;
    by_day_and_month(&db).await?;
    a_hot_page(&db).await?;

    db.delete_table::<Views>().await?;
    Ok(db.delete_table::<HotPages>().await?)
}

async fn many_at_once(db: &Db) -> Outcome {
    let visitors = (0..25).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                view(&db, "/", "2026-03-01", "https://example.org/").await?;
            }
            Ok::<_, Error>(())
        })
    });
    for visitor in try_join_all(visitors).await? {
        visitor?;
    }
    let views = Views::get("/", "2026-03-01").consistent().send(db).await?;
    let views = views.ok_or("nobody was there")?;
    println!("25 visitors, 20 views each: {} views", views.views);
    assert_eq!(views.views, 500, "none is lost, none counts twice");
    assert_eq!(view(db, "/", "2026-03-01", "elsewhere").await?, 501);
    Ok(())
}

async fn by_day_and_month(db: &Db) -> Outcome {
    let visits = [
        ("/about", "2026-03-01", 3),
        ("/", "2026-03-02", 2),
        ("/", "2026-04-01", 1),
    ];
    for (page, day, views) in visits {
        for _ in 0..views {
            view(db, page, day, "https://example.org/").await?;
        }
    }
    let march = Views::query("/").sort(|k| k.day.between("2026-03-01", "2026-03-31"));
    let march = march.consistent().all(db).await?;
    let sum: u64 = march.iter().map(|day| day.views).sum();
    println!(
        "the front page in March: {sum} views on {} days",
        march.len()
    );
    assert_eq!((sum, march.len()), (503, 2));

    // Global indexes follow within a moment; meanwhile these pages get no views.
    let top = Views::by_day("2026-03-01")
        .descending()
        .limit(10)
        .all(db)
        .await?;
    println!("the pages of the first day:");
    for page in &top {
        println!("  {:>4}  {}", page.views, page.page);
    }
    let pages: Vec<_> = top.iter().map(|v| (v.page.as_str(), v.views)).collect();
    assert_eq!(pages, [("/", 501), ("/about", 3)]);
    assert_eq!(
        top[0].referrer.as_deref(),
        Some("https://example.org/"),
        "of the first view"
    );
    Ok(())
}

async fn a_hot_page(db: &Db) -> Outcome {
    let views = (0..400).map(|_| hot_view(db, "/sale", "2026-03-01"));
    try_join_all(views).await?;
    let parts = hot_views(db, "/sale", "2026-03-01").await?;
    let sum: u64 = parts.iter().sum();
    println!("the hot page: {sum} views in {} parts", parts.len());
    assert_eq!(sum, 400);
    assert!(
        parts.iter().all(|part| *part < 200),
        "no item has most of them"
    );
    assert_eq!(
        hot_views(db, "/sale", "2026-03-02").await?,
        [0; PARTS as usize]
    );
    Ok(())
}
