// An attribute of the table's key has the same template in the key and in an index.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(inverted, partition = "sk", sort = "pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "USER#{user}", sort = "GROUP#{group}"))]
#[dynamo(index(inverted as of_group, partition = "G#{group}", sort = "USER#{user}"))]
struct Member {
    user: String,
    group: String,
}

#[derive(Entity)]
#[dynamo(table = App, key(partition = "USER#{user}", sort = "TEAM#{team}"))]
#[dynamo(index(inverted as of_team, partition = "TEAM#{team}", sort = "{since}"))]
struct Player {
    user: String,
    team: String,
    since: u64,
}

fn main() {}
