//! Fields that stand in the key alone, `#[dynamo(in_key)]`.

use dynamodel::{BatchWrite, Collection, Db, Entity, Projection, Table, Transaction};
use dynamodel_tests::db;

use crate::raw;

#[derive(Table)]
#[dynamo(name = "forum", partition = "PK", sort = "SK", discriminator = "t")]
#[dynamo(index(gsi1, partition = "G1", sort = "G1S"))]
struct Forum;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Forum, key(partition = "BOARD#{board}", sort = "POST#{day}#{post}"), partial)]
#[dynamo(index(gsi1 as by_author, partition = "{author}", sort = "{day}#{board}"))]
struct Post {
    #[dynamo(in_key)]
    board: String,
    #[dynamo(in_key)]
    day: String,
    #[dynamo(in_key)]
    post: u32,
    author: String,
    text: String,
    #[dynamo(version)]
    version: u64,
}

const STORED: &str = r##"{"PK":{"S":"BOARD#b"},"SK":{"S":"POST#2024-05-06#0000000007"},"t":{"S":"Post"},
    "G1":{"S":"ann"},"G1S":{"S":"2024-05-06#b"},"author":{"S":"ann"},"text":{"S":"hi"},"version":{"N":"1"}}"##;

fn post() -> Post {
    Post {
        board: "b".into(),
        day: "2024-05-06".into(),
        post: 7,
        author: "ann".into(),
        text: "hi".into(),
        version: 1,
    }
}

async fn forum() -> Db {
    let db = db().await;
    db.create_table::<Forum>().await.unwrap();
    db
}

#[derive(Debug, PartialEq, Collection)]
enum ForumItem {
    Post(Post),
}

#[tokio::test]
async fn parts_are_read_from_the_key_by_each_read() {
    let db = forum().await;
    raw::put::<Post>(&db, STORED).await;
    let get = || Post::get("b", "2024-05-06", 7_u32);
    assert_eq!(get().send(&db).await.unwrap(), Some(post()));
    assert_eq!(Post::scan().all(&db).await.unwrap(), [post()]);
    let queried = Post::query("b").sort(|k| k.day.eq("2024-05-06").post.between(1, 9));
    assert_eq!(queried.all(&db).await.unwrap(), [post()]);
    assert_eq!(Post::by_author("ann").all(&db).await.unwrap(), [post()]);
    let items = ForumItem::query("b").all(&db).await.unwrap();
    assert_eq!(items, [ForumItem::Post(post())]);
    let missed = Post::update("b", "2024-05-06", 7_u32).when(|p| p.text.eq("no"));
    let missed = missed.apply(|p| p.text.set("x")).send(&db).await;
    assert_eq!(missed.unwrap_err().current::<Post>(), Some(post()));
}

#[tokio::test]
async fn written_item_has_the_parts_in_its_key_alone() {
    let db = forum().await;
    let created = Post {
        version: 0,
        ..post()
    }
    .create()
    .send(&db)
    .await
    .unwrap();
    assert_eq!(created, post());
    assert_eq!(raw::all::<Post>(&db).await, [raw::item(STORED)]);
}

#[tokio::test]
async fn writes_by_value_and_by_key_meet_the_item() {
    let db = forum().await;
    raw::put::<Post>(&db, STORED).await;
    let mut read = Post::scan().all(&db).await.unwrap().remove(0);
    read.text = "put".into();
    let mut read = read.put().send(&db).await.unwrap();
    read.text = "replaced".into();
    let read = read.replace().send(&db).await.unwrap();
    let update = Post::update("b", "2024-05-06", 7_u32).apply(|p| p.author.set("bob"));
    let updated = update.returning_new().send(&db).await.unwrap();
    assert_eq!((updated.post, &*updated.author), (7, "bob"));
    assert_eq!(Post::by_author("bob").all(&db).await.unwrap().len(), 1);
    let mut next = Post::get("b", "2024-05-06", 7_u32)
        .modify(&db, |p| {
            p.text = "modified".into();
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(next.version, read.version + 2);
    let changed = Post {
        text: "diff".into(),
        ..next.clone()
    };
    next.diff(&changed).send(&db).await.unwrap();
    next = Post::scan().all(&db).await.unwrap().remove(0);
    assert_eq!(&*next.text, "diff");
    let mut tx = Transaction::new();
    tx.put(
        Post {
            text: "tx".into(),
            ..next.clone()
        }
        .put(),
    );
    tx.send(&db).await.unwrap();
    assert_eq!(raw::count::<Post>(&db).await, 1);
    BatchWrite::new()
        .put(next.put().unversioned())
        .send(&db)
        .await
        .unwrap();
    assert_eq!(raw::count::<Post>(&db).await, 1);
    let stored = raw::all::<Post>(&db).await.remove(0);
    for field in ["board", "day", "post"] {
        assert!(!stored.contains_key(field), "{field}");
    }
    let last = Post::scan().all(&db).await.unwrap().remove(0);
    last.remove().send(&db).await.unwrap();
    assert_eq!(raw::count::<Post>(&db).await, 0);
}

#[tokio::test]
async fn upsert_writes_no_attribute_for_part_of_key() {
    let db = forum().await;
    let update = Post::update("b", "d", 1_u32).apply(|p| p.text.set("new"));
    update.or_create(post_of("d", 1)).send(&db).await.unwrap();
    let stored = raw::all::<Post>(&db).await.remove(0);
    assert!(!stored.contains_key("board") && !stored.contains_key("post"));
    let read = Post::get("b", "d", 1_u32).send(&db).await.unwrap().unwrap();
    assert_eq!((&*read.text, &*read.day), ("new", "d"));
}

fn post_of(day: &str, number: u32) -> Post {
    Post {
        day: day.into(),
        post: number,
        version: 0,
        ..post()
    }
}

#[tokio::test]
async fn key_of_other_form_is_refused() {
    for (pk, sk, at) in [
        ("BOARD#b", "POST#d#7", "SK"),
        ("BOARD#b", "POST#d", "SK"),
        ("BOARD#b", "POST#d#00000000x7", "SK"),
        ("BOARD#b", "NOTE#d#0000000007", "SK"),
        ("board#b", "POST#d#0000000007", "PK"),
    ] {
        let db = forum().await;
        let stored = STORED
            .replace("BOARD#b", pk)
            .replace("POST#2024-05-06#0000000007", sk);
        raw::put::<Post>(&db, &stored).await;
        let refused = Post::scan().all(&db).await.unwrap_err();
        assert!(refused.is_unreadable(), "{refused}");
        assert_eq!(refused.attribute_path().as_deref(), Some(at));
    }
}

#[tokio::test]
async fn parts_with_escapes_read_back() {
    let db = forum().await;
    let post = Post {
        board: "a\"\\\n\u{e9}".into(),
        ..post_of("d", 3)
    };
    let stored = post.create().send(&db).await.unwrap();
    assert_eq!(Post::scan().all(&db).await.unwrap(), [stored]);
}

/// An entity that the library gives an id, which stands in the key alone.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Forum, key(partition = "NOTE#{id}", sort = "NOTE"), new)]
struct Note {
    #[dynamo(in_key, id = "uuid7")]
    id: uuid::Uuid,
    text: String,
}

#[tokio::test]
async fn made_id_stands_in_the_key_alone() {
    let db = forum().await;
    let note = Note::new("x").create().send(&db).await.unwrap();
    assert!(!note.id.is_nil());
    assert_eq!(Note::get(note.id).send(&db).await.unwrap(), Some(note));
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Post)]
struct Heading {
    post: u32,
    board: Option<String>,
    text: String,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Post)]
struct HeadingView<'a> {
    day: &'a str,
    post: u32,
    text: &'a str,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Post)]
struct OnlyText {
    text: String,
}

#[tokio::test]
async fn projections_read_parts_from_the_key() {
    let db = forum().await;
    raw::put::<Post>(&db, STORED).await;
    let heading = Heading {
        post: 7,
        board: Some("b".into()),
        text: "hi".into(),
    };
    let get = Post::get("b", "2024-05-06", 7_u32).select::<Heading>();
    let request = get.clone().to_json().unwrap();
    assert!(
        request.contains("\"PK\"") && request.contains("\"SK\""),
        "{request}"
    );
    assert!(!request.contains("board"), "{request}");
    assert_eq!(get.send(&db).await.unwrap().as_ref(), Some(&heading));
    let queried = Post::query("b").select::<Heading>().all(&db).await.unwrap();
    assert_eq!(queried, [heading]);
    let page = Post::by_author("ann").borrowed::<HeadingView>();
    let page = page.page(&db).await.unwrap();
    let view = HeadingView {
        day: "2024-05-06",
        post: 7,
        text: "hi",
    };
    assert_eq!(page.items().unwrap(), [view]);
    // A projection without parts of the key fetches no key, only the type beside its fields.
    let other = Post::query("b").select::<OnlyText>().to_json().unwrap();
    let other: serde_json::Value = serde_json::from_str(&other).unwrap();
    let fetched = other["ProjectionExpression"].as_str().unwrap();
    assert_eq!(fetched.split(',').count(), 2, "{other}");
}
