// An attribute of the table's key cannot have a shard.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(inverted, partition = "sk", sort = "pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "USER#{user}", sort = "GROUP#{group}"))]
#[dynamo(index(inverted as of_group, partition = "GROUP#{group}", sort = "USER#{user}", shards = 4))]
struct Member {
    user: String,
    group: String,
}

fn main() {}
