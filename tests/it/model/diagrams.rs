//! Diagrams of the key schema, and hydration of projected indexes.

use dynamodel::{Entity, Model};
use dynamodel_tests::db;

use crate::entities::{Device, Session, session};
use crate::model::single_table::{Order, User};

#[test]
fn diagram_as_text_lists_keys_and_queries() {
    let picture = Model::of::<(User, Order, Session)>().to_string();
    for line in [
        "Table app",
        "| User | table | pk = USER#{user_id} | sk = PROFILE |",
        "| Order | gsi1 | gsi1pk = STATUS#{status} | gsi1sk = {priority}#{placed_at} |",
        "| Order | lsi1 | pk = USER#{user_id} | lsi1sk = TOTAL#{total}#{note} |",
        "| Order::get(user_id, placed_at, order_id) | table | the whole key |",
        "| Order::by_zip(address.zip) | gsi2 | gsi2pk = ZIP#{address.zip} |",
        "Table sessions",
        "| Session::by_device(tenant, device) | by_device | tenant = {tenant}, device = {device} |",
    ] {
        let words = |line: &str| {
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let mut lines = picture.lines();
        assert!(lines.any(|l| words(l) == words(line)), "{line}\n{picture}");
    }
}

#[test]
fn diagram_as_mermaid_lists_entities_and_keys() {
    let picture = Model::of::<(User, Session)>().to_mermaid();
    assert!(picture.starts_with("erDiagram\n"));
    for line in [
        "    \"app\" ||--o{ User : holds",
        "        S pk PK \"USER#{user_id}\"",
        "        S gsi2pk \"EMAIL#{email}\"",
        "        N last_accessed \"{last_accessed}\"",
    ] {
        assert!(picture.lines().any(|l| l == line), "{line}\n{picture}");
    }
}

#[tokio::test]
async fn projected_indexes_are_hydrated_in_order() {
    let db = db().await;
    db.create_table::<Session>().await.unwrap();
    for at in [5_u64, 3, 9, 1] {
        let mut s = session("u1", &format!("s{at}"));
        s.last_accessed = at;
        s.create().send(&db).await.unwrap();
    }
    let query = || Session::by_device("acme", Device::Mobile).sort(|k| k.last_accessed.ge(3));
    let found = query().descending().hydrate().all(&db).await.unwrap();
    let at: Vec<u64> = found.iter().map(|s| s.last_accessed).collect();
    assert_eq!(at, [9, 5, 3]);
    assert_eq!(found[0].data.cart.len(), 1);
    let page = query().page_size(2).hydrate().page(&db).await.unwrap();
    assert_eq!(page.items.len(), 2);
    let rest = query()
        .start_at(page.next)
        .hydrate()
        .all(&db)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
}
