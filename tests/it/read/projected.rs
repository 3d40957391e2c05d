//! Indexes of a shared table that hold only some of the attributes.

use dynamodel::{Db, Entity, Projection, Table};
use dynamodel_tests::db;

#[derive(Table)]
#[dynamo(name = "shop", partition = "pk", sort = "sk")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk", project = ["Total", "status"]))]
#[dynamo(index(gsi2, partition = "gsi2pk", project = keys))]
#[dynamo(index(gsi3, partition = "gsi3pk", sort = "sk", project = all))]
#[dynamo(local_index(lsi1, sort = "lsi1sk", project = ["note"]))]
struct Shop;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shop, key(partition = "USER#{user}", sort = "ORDER#{number}"))]
#[dynamo(index(gsi1 as by_status, partition = "STATUS#{status}", sort = "{total}"))]
#[dynamo(index(gsi2 as by_city, partition = "CITY#{city}"))]
#[dynamo(index(gsi3 as by_note, partition = "NOTE#{note}", sort = "ORDER#{number}"))]
#[dynamo(local_index(lsi1 as by_total, sort = "{total}"))]
struct Order {
    user: String,
    number: u32,
    status: String,
    #[dynamo(rename = "Total")]
    total: u32,
    city: String,
    note: Option<String>,
}

/// The attributes that `gsi1` holds, named like the fields; the stored names are the entity's.
#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Order)]
struct Sum {
    total: u32,
    status: String,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Order)]
struct Note {
    note: Option<String>,
}

fn order(number: u32) -> Order {
    Order {
        user: "u1".to_owned(),
        number,
        status: "open".to_owned(),
        total: 100 - number,
        city: "Ulm".to_owned(),
        note: Some("n".to_owned()),
    }
}

async fn shop() -> Db {
    let db = db().await;
    db.create_table::<Shop>().await.unwrap();
    for number in 0..8 {
        order(number).create().send(&db).await.unwrap();
    }
    db
}

#[tokio::test]
async fn table_description_matches_projected_attributes() {
    let db = shop().await;
    db.create_table::<Shop>().await.unwrap();
    let info = db.describe_table::<Shop>().await.unwrap();
    assert!(info.differences().is_empty(), "{:?}", info.differences());
    let info = db.describe_table::<Whole>().await.unwrap();
    let expected = ["index `gsi1` projects the keys and `Total`, `status`, the entity all"];
    assert_eq!(info.differences(), expected);
}

#[derive(Table)]
#[dynamo(name = "shop", partition = "pk", sort = "sk")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
struct Whole;

#[tokio::test]
async fn projected_attributes_are_read_from_index() {
    let db = shop().await;
    let sums = Order::by_status("open")
        .select::<Sum>()
        .all(&db)
        .await
        .unwrap();
    assert!(sums.iter().map(|s| s.total).eq(93..=100));
    let some = Order::by_status("open")
        .sort(|k| k.total.le(95))
        .filter(|o| o.status.eq("open") & o.total.ne(94))
        .select::<Sum>();
    assert!(
        some.all(&db)
            .await
            .unwrap()
            .iter()
            .map(|s| s.total)
            .eq([93, 95])
    );
    let notes = Order::by_total("u1").consistent().select::<Note>();
    assert_eq!(notes.all(&db).await.unwrap().len(), 8);
    // An index that holds all attributes returns whole entities.
    let whole = Order::by_note("n").all(&db).await.unwrap();
    assert!(whole.into_iter().eq((0..8).map(order)));
    let part = Order::by_note("n")
        .select::<Note>()
        .first(&db)
        .await
        .unwrap();
    assert_eq!(part.unwrap().note.as_deref(), Some("n"));
    assert_eq!(Order::by_city("Ulm").count(&db).await.unwrap(), 8);
}

#[tokio::test]
async fn hydrate_returns_whole_entities_in_order_of_index() {
    let db = shop().await;
    let orders = Order::by_status("open").hydrate().all(&db).await.unwrap();
    assert!(orders.into_iter().eq((0..8).rev().map(order)));
    let page = Order::by_status("open")
        .page_size(3)
        .hydrate()
        .page(&db)
        .await
        .unwrap();
    assert!(page.items.into_iter().eq((5..8).rev().map(order)));
    let rest = Order::by_status("open").start_at(page.next).hydrate();
    assert!(
        rest.all(&db)
            .await
            .unwrap()
            .into_iter()
            .eq((0..5).rev().map(order))
    );
    let of_city = Order::by_city("Ulm").hydrate().all(&db).await.unwrap();
    assert_eq!(of_city.len(), 8);
    let by_total = Order::by_total("u1").sort(|k| k.total.gt(97)).hydrate();
    assert!(
        by_total
            .all(&db)
            .await
            .unwrap()
            .into_iter()
            .eq((0..3).rev().map(order))
    );
}

#[tokio::test]
async fn update_changes_projected_attributes_in_index() {
    let db = shop().await;
    Order::update("u1", 3_u32)
        .apply(|o| (o.total.set(1), o.note.remove()))
        .send(&db)
        .await
        .unwrap();
    let first = Order::by_status("open")
        .select::<Sum>()
        .first(&db)
        .await
        .unwrap();
    assert_eq!(first.unwrap().total, 1);
    assert_eq!(Order::by_note("n").count(&db).await.unwrap(), 7);
}
