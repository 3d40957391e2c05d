//! Entities with features that those of the benchmarks lack: versions, indexes, unique values, shared
//! tables.

use dynamodel::wire::Writer;
use dynamodel::{Collection, Entity, Table};

/// Entity with a version and indexes, one of them sharded.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "visits", index(by_page, partition = page, sort = at))]
#[dynamo(index(by_site, partition = site, sort = at, shards = 4))]
pub(crate) struct Visit {
    #[dynamo(partition)]
    pub(crate) user: String,
    #[dynamo(sort)]
    pub(crate) at: u64,
    pub(crate) page: String,
    pub(crate) site: String,
    #[dynamo(version)]
    pub(crate) version: u64,
}

pub(crate) fn visit(at: u64) -> Visit {
    Visit {
        user: "ada".to_owned(),
        at,
        page: "/cart".to_owned(),
        site: "shop".to_owned(),
        version: 0,
    }
}

#[derive(Table)]
#[dynamo(name = "desk", partition = "pk", sort = "sk")]
pub(crate) struct Desk;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Desk, key(partition = "TEAM#{team}", sort = "AGENT#{name}"))]
pub(crate) struct Agent {
    pub(crate) team: String,
    pub(crate) name: String,
    #[dynamo(unique)]
    pub(crate) email: String,
}

pub(crate) fn agent(email: &str) -> Agent {
    Agent {
        team: "t1".to_owned(),
        name: "ada".to_owned(),
        email: email.to_owned(),
    }
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Desk, key(partition = "TEAM#{team}", sort = "TICKET#{opened}#{id}"))]
pub(crate) struct Ticket {
    pub(crate) team: String,
    pub(crate) opened: u64,
    pub(crate) id: String,
    pub(crate) subject: String,
}

pub(crate) fn ticket(opened: u64) -> Ticket {
    Ticket {
        team: "t1".to_owned(),
        opened,
        id: "7f3a".to_owned(),
        subject: "the printer is on fire".to_owned(),
    }
}

#[derive(Debug, PartialEq, Collection)]
pub(crate) enum DeskItem {
    Agent(Agent),
    Ticket(Ticket),
}

/// Returns the item as it is stored.
pub(crate) fn stored<E: Entity>(item: &E) -> String {
    let mut w = Writer::new();
    item.write_item(&mut w);
    String::from_utf8(w.finish().unwrap()).unwrap()
}

/// Response to GetItem.
pub(crate) fn found<E: Entity>(item: &E) -> Vec<u8> {
    format!(r#"{{"Item":{}}}"#, stored(item)).into_bytes()
}

/// Last page of a query or scan.
pub(crate) fn last_page(items: &[String]) -> Vec<u8> {
    let (count, items) = (items.len(), items.join(","));
    format!(r#"{{"Count":{count},"Items":[{items}],"ScannedCount":{count}}}"#).into_bytes()
}
