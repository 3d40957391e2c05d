//! Index keys of several attributes, up to four and four, and of the Time to Live.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dynamodel::{Binary, Db, Document, Entity};
use dynamodel_tests::db;

#[derive(Debug, Clone, Copy, PartialEq, Document)]
enum Kind {
    Small,
    Large,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "parcels")]
#[dynamo(index(
    by_all,
    partition = (tenant, kind, year, depot),
    sort = (priority, at, code, name),
))]
struct Parcel {
    #[dynamo(partition)]
    id: u64,
    tenant: String,
    kind: Kind,
    year: u16,
    depot: Option<Binary>,
    priority: i32,
    at: u64,
    code: Option<Binary>,
    #[dynamo(rename = "Name")]
    name: Option<String>,
}

fn parcel(id: u64, sort: (i32, u64, &[u8], &str)) -> Parcel {
    let (priority, at, code, name) = sort;
    Parcel {
        id,
        tenant: "acme".to_owned(),
        kind: Kind::Small,
        year: 2026,
        depot: Some([0, 255].into()),
        priority,
        at,
        code: Some(Binary::from(code.to_vec())),
        name: Some(name.to_owned()),
    }
}

/// Sort keys in the order of the index.
const SORTS: [(i32, u64, &[u8], &str); 12] = [
    (i32::MIN, 0, &[0], "a"),
    (-10, 5, &[0], "a"),
    (-9, 5, &[0], "a"),
    (1, 9, &[1], "a"),
    (1, 10, &[0, 255], "z"),
    (1, 10, &[1], "a"),
    (1, 10, &[1], "aa"),
    (1, 10, &[1], "ab"),
    (1, 10, &[1], "é"),
    (1, 10, &[1, 0], "a"),
    (1, 100, &[128], "a"),
    (i32::MAX, u64::MAX, &[255], "𝄞"),
];

async fn parcels() -> Db {
    let db = db().await;
    db.create_table::<Parcel>().await.unwrap();
    for (id, sort) in SORTS.iter().enumerate().rev() {
        let parcel = parcel(id as u64, *sort);
        parcel.create().send(&db).await.unwrap();
    }
    let other = Parcel {
        kind: Kind::Large,
        ..parcel(100, SORTS[0])
    };
    other.create().send(&db).await.unwrap();
    db
}

fn query() -> dynamodel::Query<Parcel, ParcelByAll> {
    Parcel::by_all("acme", Kind::Small, 2026_u16, [0, 255])
}

macro_rules! found {
    ($db:expr, $k:ident => $condition:expr) => {{
        let found = query().sort(|$k| $condition).all(&$db).await.unwrap();
        found.iter().map(|p| p.id).collect::<Vec<_>>()
    }};
}

#[tokio::test]
async fn created_table_has_all_index_attributes() {
    let db = parcels().await;
    let info = db.describe_table::<Parcel>().await.unwrap();
    assert!(info.differences().is_empty(), "{:?}", info.differences());
    let table = db.table_name::<Parcel>();
    let table = db
        .client()
        .describe_table()
        .table_name(&*table)
        .send()
        .await;
    let table = table.unwrap().table.unwrap();
    let index = &table.global_secondary_indexes()[0];
    let keys = index.key_schema().iter();
    let keys: Vec<String> = keys
        .map(|k| format!("{} {}", k.attribute_name(), k.key_type().as_str()))
        .collect();
    let expected = [
        "tenant HASH",
        "kind HASH",
        "year HASH",
        "depot HASH",
        "priority RANGE",
        "at RANGE",
        "code RANGE",
        "Name RANGE",
    ];
    assert_eq!(keys, expected);
    let mut kinds: Vec<String> = table
        .attribute_definitions()
        .iter()
        .map(|d| format!("{} {}", d.attribute_name(), d.attribute_type().as_str()))
        .collect();
    kinds.sort();
    let expected = [
        "Name S",
        "at N",
        "code B",
        "depot B",
        "id N",
        "kind S",
        "priority N",
        "tenant S",
        "year N",
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn sort_conditions_extend_from_left_to_right() {
    let db = parcels().await;
    let all = query().all(&db).await.unwrap();
    assert!(all.iter().map(|p| p.id).eq(0..12));
    let back = query().descending().all(&db).await.unwrap();
    assert!(back.iter().map(|p| p.id).eq((0..12).rev()));
    // Conditions on the first attribute.
    assert_eq!(found!(db, k => k.priority.eq(-9)), [2]);
    assert_eq!(found!(db, k => k.priority.lt(-9)), [0, 1]);
    assert_eq!(found!(db, k => k.priority.le(-9)), [0, 1, 2]);
    assert_eq!(found!(db, k => k.priority.gt(1)), [11]);
    assert_eq!(found!(db, k => k.priority.between(-10, -9)), [1, 2]);
    assert_eq!(found!(db, k => k.priority.ge(i32::MIN)).len(), 12);
    // Conditions on the second attribute.
    assert_eq!(found!(db, k => k.priority.eq(1).at.lt(10)), [3]);
    assert_eq!(found!(db, k => k.priority.eq(1).at.gt(10)), [10]);
    assert_eq!(
        found!(db, k => k.priority.eq(1).at.between(9, 10)),
        [3, 4, 5, 6, 7, 8, 9]
    );
    assert_eq!(
        found!(db, k => k.priority.eq(i32::MAX).at.eq(u64::MAX)),
        [11]
    );
    // Conditions on the third attribute.
    assert_eq!(
        found!(db, k => k.priority.eq(1).at.eq(10).code.lt([1])),
        [4]
    );
    assert_eq!(
        found!(db, k => k.priority.eq(1).at.eq(10).code.gt([1])),
        [9]
    );
    assert_eq!(
        found!(db, k => k.priority.eq(1).at.eq(10).code.begins_with([1])),
        [5, 6, 7, 8, 9]
    );
    assert_eq!(
        found!(db, k => k.priority.eq(1).at.eq(10).code.between([0], [0, 255])),
        [4]
    );
    // Conditions on the fourth attribute.
    let code = Binary::from([1]);
    macro_rules! names {
        ($name:ident => $test:expr) => {
            found!(db, k => { let $name = k.priority.eq(1).at.eq(10).code.eq(code.clone()).name; $test })
        };
    }
    assert_eq!(names!(n => n.eq("aa")), [6]);
    assert_eq!(names!(n => n.begins_with("a")), [5, 6, 7]);
    assert_eq!(names!(n => n.between("aa", "b")), [6, 7]);
    assert_eq!(names!(n => n.lt("aa")), [5]);
    assert_eq!(names!(n => n.le("aa")), [5, 6]);
    assert_eq!(names!(n => n.gt("ab")), [8]);
    assert_eq!(names!(n => n.ge("ab")), [7, 8]);
}

#[tokio::test]
async fn pages_of_index_with_many_attributes_continue() {
    let db = parcels().await;
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let page = query()
            .page_size(5)
            .start_at(cursor)
            .page(&db)
            .await
            .unwrap();
        ids.extend(page.items.into_iter().map(|p| p.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(ids.into_iter().eq(0..12));
}

#[tokio::test]
async fn item_without_index_attribute_is_not_in_index() {
    let db = parcels().await;
    let count = async || query().count(&db).await.unwrap();
    Parcel::update(3_u64)
        .apply(|p| p.code.remove())
        .send(&db)
        .await
        .unwrap();
    assert_eq!(count().await, 11);
    Parcel::update(4_u64)
        .apply(|p| p.depot.set(None))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(count().await, 10);
    let nameless = Parcel {
        name: None,
        ..parcel(5, SORTS[5])
    };
    nameless.put().send(&db).await.unwrap();
    assert_eq!(count().await, 9);
    let back = Parcel::update(3_u64).apply(|p| p.code.set([1]));
    back.send(&db).await.unwrap();
    assert_eq!(count().await, 10);
    // The items are out of the index, but still in the table.
    assert_eq!(Parcel::scan().count(&db).await.unwrap(), 13);
}

#[tokio::test]
async fn index_attributes_are_updated_like_others() {
    let db = parcels().await;
    Parcel::update(0_u64)
        .apply(|p| (p.priority.set(1), p.at.set(10), p.name.set("aaa")))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(
        found!(db, k => k.priority.eq(1).at.eq(10).code.eq([0])),
        [0]
    );
    Parcel::update(1_u64)
        .apply(|p| (p.priority.add(11), p.kind.set(Kind::Large)))
        .send(&db)
        .await
        .unwrap();
    let large = Parcel::by_all("acme", Kind::Large, 2026_u16, [0, 255]);
    let large = large.sort(|k| k.priority.eq(1)).all(&db).await.unwrap();
    assert_eq!(large[0].id, 1);
    let before = Parcel::get(2_u64).send(&db).await.unwrap().unwrap();
    let after = Parcel {
        year: 2027,
        ..before.clone()
    };
    before.diff(&after).send(&db).await.unwrap();
    let next_year = Parcel::by_all("acme", Kind::Small, 2027_u16, [0, 255]);
    assert_eq!(next_year.all(&db).await.unwrap(), [after]);
}

/// Defines an entity with an index by the time of expiry, for each type that the field can have.
macro_rules! expiring {
    ($name:ident, $table:literal, $time:ty) => {
        #[derive(Debug, Clone, PartialEq, Entity)]
        #[dynamo(table = $table)]
        #[dynamo(index(by_expiry, partition = kind, sort = expires_at))]
        #[dynamo(index(keys_by_expiry, partition = kind, sort = expires_at, project = keys))]
        struct $name {
            #[dynamo(partition)]
            id: u32,
            kind: String,
            #[dynamo(ttl, rename = "exp")]
            expires_at: $time,
        }
    };
}
expiring!(Lease, "leases", u64);
expiring!(Ticket, "tickets", Option<SystemTime>);

#[tokio::test]
async fn index_by_expiry_sorts_and_follows_updates() {
    let db = db().await;
    db.create_table::<Lease>().await.unwrap();
    assert!(
        db.describe_table::<Lease>()
            .await
            .unwrap()
            .differences()
            .is_empty()
    );
    for id in 0..10_u32 {
        let expires_at = 4_000_000_000 + u64::from(id * 7 % 10);
        let lease = Lease {
            id,
            kind: "k".into(),
            expires_at,
        };
        lease.create().send(&db).await.unwrap();
    }
    let soon = Lease::by_expiry("k").sort(|k| k.expires_at.lt(4_000_000_003));
    let soon = soon.all(&db).await.unwrap();
    assert!(soon.iter().map(|l| l.expires_at - 4_000_000_000).eq(0..3));
    Lease::update(9_u32)
        .apply(|l| l.expires_at.set(4_000_000_100))
        .send(&db)
        .await
        .unwrap();
    let last = Lease::by_expiry("k")
        .descending()
        .first(&db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((last.id, last.expires_at), (9, 4_000_000_100));
    Lease::update(9_u32)
        .apply(|l| l.expires_at.add(1))
        .send(&db)
        .await
        .unwrap();
    let keys = Lease::keys_by_expiry("k")
        .select::<LeaseKeysByExpiry>()
        .all(&db)
        .await
        .unwrap();
    assert_eq!(keys.last().unwrap().expires_at, 4_000_000_101);
    let e = Lease::by_expiry("k")
        .unexpired()
        .count(&db)
        .await
        .unwrap_err();
    assert!(e.is_invalid_request() && e.attempts() == 0, "{e}");
}

#[tokio::test]
async fn item_without_expiry_is_not_in_index() {
    let db = db().await;
    db.create_table::<Ticket>().await.unwrap();
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    for id in 0..4_u32 {
        // The fraction of a second is not stored.
        let time = at(4_000_000_000 + u64::from(id)) + Duration::from_millis(900);
        let expires_at = (id != 2).then_some(time);
        let ticket = Ticket {
            id,
            kind: "k".into(),
            expires_at,
        };
        ticket.create().send(&db).await.unwrap();
    }
    let ids = async || {
        let all = Ticket::by_expiry("k").all(&db).await.unwrap();
        all.into_iter().map(|t| t.id).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, [0, 1, 3]);
    let one = Ticket::by_expiry("k").sort(|k| k.expires_at.eq(at(4_000_000_001)));
    assert_eq!(
        one.first(&db).await.unwrap().unwrap().expires_at,
        Some(at(4_000_000_001))
    );
    Ticket::update(0_u32)
        .apply(|t| t.expires_at.remove())
        .send(&db)
        .await
        .unwrap();
    Ticket::update(2_u32)
        .apply(|t| t.expires_at.set(at(5)))
        .send(&db)
        .await
        .unwrap();
    Ticket::update(3_u32)
        .apply(|t| t.expires_at.set(None))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(ids().await, [2, 1]);
}
