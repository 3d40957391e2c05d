//! A shared table whose items have no attribute with their type: their keys tell them apart.

use dynamodel::{
    BatchGet, BatchWrite, Collection, Db, Entity, ErrorKind, Projection, Table, Transaction,
};
use dynamodel_tests::db;
use futures_util::TryStreamExt;

use crate::raw;

#[derive(Table)]
#[dynamo(name = "club", partition = "PK", sort = "SK", discriminator = none)]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
struct Club;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Club, key(partition = "CLUB#{club}", sort = "INFO"))]
struct Info {
    club: String,
    city: String,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Club, key(partition = "CLUB#{club}", sort = "MEMBER#{nick}"))]
#[dynamo(index(gsi1 as by_rank, partition = "RANK#{rank}", sort = "{nick}"))]
struct Member {
    club: String,
    nick: String,
    rank: u32,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Club, key(partition = "CLUB#{club}", sort = "MEMBER#{nick}#FEE#{year}"))]
#[dynamo(index(gsi1 as by_rank, partition = "RANK#{rank}", sort = "{nick}#{year}"))]
struct Fee {
    club: String,
    nick: String,
    year: u32,
    rank: u32,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Club, key(partition = "NOTE#{title}", sort = "NOTE", any_text))]
struct Note {
    title: String,
}

#[derive(Debug, PartialEq, Collection)]
enum ClubItem {
    Info(Info),
    Member(Member),
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Member)]
struct Rank {
    rank: u32,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Member)]
struct RankView<'a> {
    nick: &'a str,
}

fn member(nick: &str) -> Member {
    Member {
        club: "c".into(),
        nick: nick.into(),
        rank: 1,
    }
}

/// A table with two members, each with three fees, and one club; the first items are those of
/// another program.
async fn club() -> Db {
    let db = db().await;
    db.create_table::<Club>().await.unwrap();
    let info = r#"{"PK":{"S":"CLUB#c"},"SK":{"S":"INFO"},"club":{"S":"c"},"city":{"S":"Bern"}}"#;
    raw::put::<Info>(&db, info).await;
    let z = r#"{"PK":{"S":"CLUB#c"},"SK":{"S":"MEMBER#z"},"club":{"S":"c"},"nick":{"S":"z"},
        "rank":{"N":"1"},"gsi1pk":{"S":"RANK#0000000001"},"gsi1sk":{"S":"z"}}"#;
    raw::put::<Member>(&db, z).await;
    member("a").create().send(&db).await.unwrap();
    for nick in ["a", "z"] {
        for year in [2024, 2025, 2026] {
            let fee = Fee {
                club: "c".into(),
                nick: nick.into(),
                year,
                rank: 1,
            };
            fee.create().send(&db).await.unwrap();
        }
    }
    db
}

#[tokio::test]
async fn reads_tell_items_apart_by_their_keys() {
    let db = &club().await;
    let both = vec![member("a"), member("z")];
    assert_eq!(Info::get("c").send(db).await.unwrap().unwrap().city, "Bern");
    assert_eq!(
        Member::get("c", "z").send(db).await.unwrap(),
        Some(member("z"))
    );
    assert_eq!(Member::query("c").all(db).await.unwrap(), both);
    assert_eq!(Member::query("c").count(db).await.unwrap(), 2);
    assert_eq!(Member::query("c").limit(1).count(db).await.unwrap(), 1);
    assert_eq!(
        Member::query("c").descending().first(db).await.unwrap(),
        Some(member("z"))
    );
    assert_eq!(Member::query("c").limit(2).all(db).await.unwrap(), both);
    let streamed: Vec<Member> = Member::query("c").stream(db).try_collect().await.unwrap();
    assert_eq!(streamed, both);
    let ranks = Member::query("c").select::<Rank>().all(db).await.unwrap();
    assert_eq!(ranks, [Rank { rank: 1 }, Rank { rank: 1 }]);
    let rank = Member::get("c", "a")
        .select::<Rank>()
        .send(db)
        .await
        .unwrap();
    assert_eq!(rank, Some(Rank { rank: 1 }));
    assert_eq!(Member::scan().all(db).await.unwrap(), both);
    assert_eq!(Member::scan().segments(3).count(db).await.unwrap(), 2);
    assert_eq!(Fee::scan().count(db).await.unwrap(), 6);
    assert_eq!(Member::by_rank(1_u32).all(db).await.unwrap(), both);
    assert_eq!(Member::by_rank(1_u32).count(db).await.unwrap(), 2);
    assert_eq!(
        Member::by_rank(1_u32).hydrate().all(db).await.unwrap(),
        both
    );
    let page = Member::query("c").page_size(3).page(db).await.unwrap();
    assert_eq!(page.items, [member("a")]);
    let found = BatchGet::new([Member::key("c", "a"), Member::key("c", "x")])
        .send(db)
        .await;
    assert_eq!(found.unwrap(), [Some(member("a")), None]);
}

#[tokio::test]
async fn collection_of_untyped_table_reads_its_members() {
    let db = &club().await;
    let items = ClubItem::query("c").all(db).await.unwrap();
    assert_eq!(items.len(), 3);
    assert!(matches!(
        &items[..],
        [ClubItem::Info(_), ClubItem::Member(_), ClubItem::Member(_)]
    ));
    assert_eq!(
        ClubItem::query("c").skip_unknown().all(db).await.unwrap(),
        items
    );
}

#[tokio::test]
async fn items_are_written_without_a_type() {
    let db = &club().await;
    let z = Member::get("c", "z").send(db).await.unwrap().unwrap();
    Member { rank: 2, ..z }.put().send(db).await.unwrap();
    Member::update("c", "z")
        .apply(|m| m.rank.set(3))
        .send(db)
        .await
        .unwrap();
    assert_eq!(
        Member::get("c", "z").send(db).await.unwrap().unwrap().rank,
        3
    );
    member("a").remove().send(db).await.unwrap();
    for item in raw::all::<Member>(db).await {
        assert!(!item.contains_key("_type") && !item.contains_key(""));
    }
}

#[tokio::test]
async fn key_that_could_be_another_entity_s_is_refused() {
    let db = &club().await;
    let hostile = || member("a#FEE#0000002024");
    let results = [
        hostile().put().send(db).await.map(drop),
        hostile().create().send(db).await.map(drop),
        hostile().remove().send(db).await,
        Member::delete("c", "a#FEE#0000002024").send(db).await,
        Member::get("c", "a#FEE#0000002024")
            .send(db)
            .await
            .map(drop),
        Member::update("c", "a#FEE#0000002024")
            .apply(|m| m.rank.set(1))
            .send(db)
            .await,
        BatchWrite::new().put(hostile()).send(db).await,
        BatchWrite::new()
            .put(hostile())
            .allow_delimiters()
            .send(db)
            .await,
        {
            let mut tx = Transaction::new();
            tx.put(hostile().put());
            tx.send(db).await.map(drop)
        },
    ];
    for (i, result) in results.into_iter().enumerate() {
        let e = result.expect_err(&format!("operation {i}"));
        let is_refused = matches!(e.kind(), ErrorKind::InvalidKey | ErrorKind::InvalidValue);
        assert!(is_refused, "operation {i}: {e:?}");
        assert!(e.to_string().contains("`nick`"), "operation {i}: {e}");
    }
    assert_eq!(Fee::scan().count(db).await.unwrap(), 6);
    // Where the entity says that no other has such keys, any text will do.
    let note = Note {
        title: "C# and F#".into(),
    };
    note.clone().create().send(db).await.unwrap();
    assert_eq!(
        Note::get("C# and F#").send(db).await.unwrap(),
        Some(note.clone())
    );
    assert_eq!(
        Note::scan().all(db).await.unwrap(),
        std::slice::from_ref(&note)
    );
    BatchWrite::new().put(note).send(db).await.unwrap();
}

#[tokio::test]
async fn borrowed_items_of_untyped_table_are_read_only_where_no_other_entity_has_any() {
    let db = &club().await;
    let read = Member::query("c").borrowed::<RankView>().page(db).await;
    let e = read.expect_err("the read is refused");
    assert!(
        e.is_invalid_request() && e.to_string().contains("any_type"),
        "{e}"
    );
    let query = Member::query("c").sort(|k| k.nick.eq("z")).any_type();
    let page = query.borrowed::<RankView>().page(db).await.unwrap();
    assert_eq!(page.items().unwrap(), [RankView { nick: "z" }]);
}

#[tokio::test]
async fn item_with_key_of_own_form_and_other_fields_is_told() {
    let db = &club().await;
    let other = r#"{"PK":{"S":"CLUB#c"},"SK":{"S":"MEMBER#q"},"club":{"S":"c"},"nick":{"S":"Q"},
        "rank":{"N":"1"}}"#;
    raw::put::<Member>(db, other).await;
    let e = Member::query("c").all(db).await.unwrap_err();
    assert!(e.is_unreadable(), "{e}");
    assert_eq!(e.attribute_path().as_deref(), Some("SK"));
}
