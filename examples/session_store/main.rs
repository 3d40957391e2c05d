//! A session store: loading, queries by key and by index, versions, paging and expiry.
//!
//! ```text
//! cargo run --example session_store            # in process
//! cargo run --example session_store -- --help  # on a server or on AWS
//! ```

mod model;
mod record;

use std::time::{SystemTime, UNIX_EPOCH};

use dynamodel::{Cursor, Db, Entity};
use dynamodel_examples::{Outcome, connect};
use futures_util::{StreamExt, TryStreamExt, stream};

use model::{CartLine, Device, Session, SessionByDevice, SessionSummary};
use record::SessionRecord;

/// The user with the most sessions in the sample data.
const USER: &str = "user-001";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let Some(db) = connect("A session store on DynamoDB, in nine steps.").await? else {
        return Ok(());
    };

    let sessions = read_lines(include_str!("sessions.jsonl"))?;
    let Some(newest) = sessions.iter().rfind(|s| s.user_id == USER).cloned() else {
        return Err(format!("the sample data has no session of {USER}").into());
    };

    create_and_load(&db, sessions).await?;
    read_one(&db, &newest).await?;
    query_by_user(&db).await?;
    query_by_index(&db, &newest).await?;
    count_views(&db, &newest).await?;
    save_under_a_version(&db, &newest).await?;
    turn_pages(&db).await?;
    leave_out_what_is_expired(&db).await?;
    delete(&db, &newest).await?;

    db.delete_table::<Session>().await?;
    Ok(())
}

fn read_lines(lines: &str) -> serde_json::Result<Vec<Session>> {
    let records = lines.lines().map(serde_json::from_str::<SessionRecord>);
    records.map(|r| r.map(Session::from)).collect()
}

async fn create_and_load(db: &Db, sessions: Vec<Session>) -> Outcome {
    title("Create the table and load it");
    db.create_table::<Session>().await?;

    let count = sessions.len();
    let writes = sessions.into_iter().map(|s| s.create().send(db));
    let mut writes = stream::iter(writes).buffer_unordered(16);
    while writes.try_next().await?.is_some() {}
    println!("{count} sessions written, 16 at a time");
    let unexpired = scan(db).await?;
    println!("{unexpired} of them not expired, counted by a scan in four segments");
    Ok(())
}

async fn scan(db: &Db) -> Outcome<u64> {
    let mut stream = Session::scan().segments(4).unexpired().stream(db);
    let mut found = 0;
    while let Some(_session) = stream.try_next().await? {
        found += 1;
    }
    Ok(found)
}

async fn read_one(db: &Db, newest: &Session) -> Outcome {
    title("Read one session by its key");
    let session = Session::get(&newest.user_id, &newest.session_id)
        .consistent()
        .send(db)
        .await?;
    let session = session.ok_or("the session that was just written is not there")?;
    println!("{} of {}", session.session_id, session.user_id);
    println!(
        "at {} with {} articles for {} cents in the cart",
        session.data.current_page,
        session.data.cart.len(),
        session.data.cart_cents()
    );
    let nobody = Session::get("nobody", "never").send(db).await?;
    println!("of somebody unknown: {nobody:?}");
    Ok(())
}

async fn query_by_user(db: &Db) -> Outcome {
    title("A user's sessions in March with more than 20 views, newest first");
    let busy: Vec<SessionSummary> = Session::query(USER)
        .sort(|k| k.session_id.begins_with("2026-03-"))
        .filter(|s| s.views.gt(20))
        .descending()
        .select::<SessionSummary>()
        .all(db)
        .await?;
    for s in busy {
        println!(
            "{}  {:<7}  {:>2} views",
            s.session_id,
            name(s.device),
            s.views
        );
    }
    Ok(())
}

async fn query_by_index(db: &Db, newest: &Session) -> Outcome {
    title("The same table, by its indexes");
    let by_token = Session::by_token(&newest.auth_token).first(db).await?;
    println!(
        "by token:     {}",
        by_token.map_or("nobody".to_owned(), |s| s.user_id)
    );

    // The index holds keys and the user agent only, so that is what comes back.
    let phones: Vec<SessionByDevice> = Session::by_device("acme", Device::Mobile)
        .sort(|k| k.last_accessed.ge(newest.last_accessed - 86_400))
        .select::<SessionByDevice>()
        .all(db)
        .await?;
    let silent = phones.iter().filter(|s| s.user_agent.is_none()).count();
    println!(
        "by device:    {} phones of acme within a day, {silent} without a user agent",
        phones.len()
    );

    let recent = Session::by_activity(USER)
        .descending()
        .consistent()
        .limit(3)
        .all(db)
        .await?;
    for s in recent {
        println!("by activity:  {}", s.session_id);
    }
    Ok(())
}

async fn count_views(db: &Db, newest: &Session) -> Outcome {
    title("Count a view and fill the cart, in one request and without reading first");
    let line = CartLine {
        sku: "SKU-00042".to_owned(),
        quantity: 1,
        price_cents: 1_999,
    };
    let session = Session::update(&newest.user_id, &newest.session_id)
        .apply(|s| {
            (
                s.views.add(1),
                s.data.at(|d| d.current_page).set("/cart"),
                s.data.at(|d| d.cart).append([line]),
                s.data.at(|d| d.prefs.key("theme")).set("dark"),
                s.tags.insert(["sale"]),
            )
        })
        .when(|s| s.expires_at.gt(now()))
        .returning_new()
        .send(db)
        .await?;
    println!("{} -> {} views", newest.views, session.views);
    println!(
        "{} -> {} articles, {} -> {} cents",
        newest.data.cart.len(),
        session.data.cart.len(),
        newest.data.cart_cents(),
        session.data.cart_cents()
    );
    Ok(())
}

async fn save_under_a_version(db: &Db, newest: &Session) -> Outcome {
    title("Two copies, two changes: the second save is refused, then made again");
    let key = || Session::get(&newest.user_id, &newest.session_id);
    let missing = "the session is gone";
    let mut mine = key().send(db).await?.ok_or(missing)?;
    let mut theirs = mine.clone();

    theirs.data.current_page = "/checkout".to_owned();
    let theirs = theirs.put().send(db).await?;
    println!("theirs is saved as version {}", theirs.version);

    mine.tags.insert("vip".to_owned());
    match mine.clone().put().send(db).await {
        Err(error) if error.is_conflict() => {
            let current = error.current::<Session>().ok_or(missing)?;
            println!(
                "mine is at version {}, stored is version {}, at {}",
                mine.version, current.version, current.data.current_page
            );
        }
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("a save over somebody else's change went through".into()),
    }

    let both = key()
        .modify(db, |s| {
            s.tags.insert("vip".to_owned());
            Ok(())
        })
        .await?;
    println!(
        "version {} has both: at {}, tags {:?}",
        both.version, both.data.current_page, both.tags
    );
    Ok(())
}

async fn turn_pages(db: &Db) -> Outcome {
    title("Page by page, with a cursor that travels as text");
    let mut cursor: Option<String> = None;
    loop {
        let start = cursor.as_deref().map(str::parse::<Cursor>).transpose()?;
        let query = Session::query(USER).page_size(10).start_at(start);
        let page = query.page(db).await?;
        println!("a page of {} sessions", page.items.len());
        cursor = page.next.map(|next| next.to_string());
        match &cursor {
            Some(text) => println!("the next page starts at a cursor of {} bytes", text.len()),
            None => return Ok(()),
        }
    }
}

async fn leave_out_what_is_expired(db: &Db) -> Outcome {
    title("What is expired counts no more, even while DynamoDB has not deleted it yet");
    let live = Session::query(USER).unexpired().count(db).await?;
    let expired = Session::query(USER).filter(|s| s.expires_at.le(now()));
    let expired = expired.all(db).await?;
    println!("{live} sessions count, {} are expired:", expired.len());
    for s in &expired {
        println!("{}  expired at {}", s.session_id, s.expires_at);
    }
    Ok(())
}

async fn delete(db: &Db, newest: &Session) -> Outcome {
    title("Delete");
    let delete = || Session::delete(&newest.user_id, &newest.session_id);
    match delete().when(|s| s.views.eq(0)).send(db).await {
        Err(error) if error.is_condition_failed() => println!("not while it has views"),
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("a session with views was deleted".into()),
    }
    let old = delete().returning_old().send(db).await?;
    let views = old.map_or(0, |s| s.views);
    println!("deleted, with {views} views");
    let left = Session::query(USER).unexpired().count(db).await?;
    println!("{left} unexpired sessions left");
    Ok(())
}

fn title(text: &str) {
    println!("\n== {text}");
}

fn name(device: Device) -> &'static str {
    match device {
        Device::Mobile => "mobile",
        Device::Desktop => "desktop",
    }
}

/// Seconds since the Unix epoch.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| d.as_secs())
}
