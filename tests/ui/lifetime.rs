// An entity owns its data.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing<'a> {
    #[dynamo(partition)]
    id: u64,
    name: &'a str,
}

fn main() {}
