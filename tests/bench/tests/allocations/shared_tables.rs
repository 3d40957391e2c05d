//! Keys built from templates, and entities of several types read together.

use dynamodel::Entity;
use dynamodel_bench::stub::Stub;

use crate::ceiling::at_most;
use crate::guard::Guard;
use crate::model::{DeskItem, Ticket, agent, found, last_page, stored, ticket};

#[test]
fn template_key_operations_stay_below_ceilings() {
    let mut guard = Guard::new(Stub::new([("GetItem", found(&ticket(7)))]));
    guard.both(
        "GetItem by a template",
        [at_most(40, 4_880), at_most(254, 18_160)],
        async |db| {
            let found = Ticket::get("t1", 7u64, "7f3a").send(db).await?;
            assert_eq!(found, Some(ticket(7)));
            Ok(found)
        },
    );
    guard.both(
        "PutItem by a template",
        [at_most(37, 5_780), at_most(244, 19_060)],
        async |db| ticket(7).put().send(db).await,
    );
}

#[test]
fn collection_query_stays_below_ceilings() {
    let tickets = (0..24).map(|n| stored(&ticket(n)));
    let items: Vec<String> = std::iter::once(stored(&agent("ada@example.com")))
        .chain(tickets)
        .collect();
    let mut guard = Guard::new(Stub::new([("Query", last_page(&items))]));
    guard.both(
        "a query of a collection",
        [at_most(118, 8_690), at_most(323, 21_500)],
        async |db| {
            let items = DeskItem::query("t1").all(db).await?;
            assert_eq!(items.len(), 25);
            Ok(items)
        },
    );
}
