// Numbers without zeros before them do not sort as numbers.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "{number:plain}"))]
struct Visit {
    id: String,
    number: u32,
}

fn queries() {
    let _ = Visit::query("u").sort(|k| k.number.ge(9));
}

fn main() {}
