//! A shared table from its definition to a refused transaction: queries of a collection, a sharded index, borrowed items.

use dynamodel::{Collection, Document, Entity, Projection, Table, Transaction};
use dynamodel_tests::db;

#[derive(Table)]
#[dynamo(name = "desk", partition = "pk", sort = "sk")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
struct Desk;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Desk, key(partition = "TEAM#{team}", sort = "AGENT#{name}"))]
struct Agent {
    team: String,
    name: String,
    #[dynamo(unique)]
    email: String,
    open: u32,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Desk, key(partition = "TEAM#{team}", sort = "TICKET#{opened}#{id}"))]
#[dynamo(index(gsi1 as by_state, partition = "STATE#{state}", sort = "{opened}#{id}", shards = 8))]
struct Ticket {
    team: String,
    opened: u64,
    id: String,
    state: State,
    subject: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Document)]
enum State {
    Open,
    Closed,
}

#[derive(Debug, PartialEq, Collection)]
enum DeskItem {
    Agent(Agent),
    Ticket(Ticket),
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Ticket)]
struct TicketView<'a> {
    opened: u64,
    subject: &'a str,
}

fn ticket(opened: u64, state: State) -> Ticket {
    Ticket {
        team: "t1".into(),
        opened,
        id: format!("i{opened}"),
        state,
        subject: format!("subject {opened}"),
    }
}

#[tokio::test]
async fn a_shared_table_at_a_glance() {
    let db = db().await;
    db.create_table::<Desk>().await.unwrap();
    let ada = Agent {
        team: "t1".into(),
        name: "ada".into(),
        email: "ada@example.com".into(),
        open: 4,
    };
    ada.clone().create().send(&db).await.unwrap();
    for n in 0..20 {
        let state = if n % 4 == 3 {
            State::Closed
        } else {
            State::Open
        };
        ticket(n, state).create().send(&db).await.unwrap();
    }

    let of_team = DeskItem::query("t1").all(&db).await.unwrap();
    assert_eq!(of_team.len(), 21);
    assert_eq!(of_team[0], DeskItem::Agent(ada));
    assert_eq!(of_team[20], DeskItem::Ticket(ticket(19, State::Closed)));

    let oldest = Ticket::by_state(State::Open).limit(10).all(&db).await;
    let opened: Vec<u64> = oldest.unwrap().iter().map(|t| t.opened).collect();
    assert_eq!(opened, [0, 1, 2, 4, 5, 6, 8, 9, 10, 12]);

    let page = Ticket::query("t1").borrowed::<TicketView>().page(&db).await;
    let page = page.unwrap();
    let views = page.items().unwrap();
    assert_eq!(views.len(), 20);
    let last = TicketView {
        opened: 19,
        subject: "subject 19",
    };
    assert_eq!(views.last(), Some(&last));

    for (opened, refused_at) in [(20, None), (21, Some(5))] {
        let mut tx = Transaction::new();
        let one_more = Agent::update("t1", "ada").apply(|a| a.open.add(1));
        let agent = tx.update(one_more.when(|a| a.open.lt(5)));
        tx.put(ticket(opened, State::Open).create());
        let sent = tx.send(&db).await.err();
        let at = sent.and_then(|e| e.reason(agent)?.item.map(|a| a.open));
        assert_eq!(at, refused_at);
        let stored = Ticket::get("t1", opened, format!("i{opened}"));
        let stored = stored.consistent().send(&db).await.unwrap();
        assert_eq!(stored.is_none(), refused_at.is_some());
    }
}
