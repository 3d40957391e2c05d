// a key attribute is S, N or B
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: bool,
    #[dynamo(sort)]
    at: Vec<String>,
}

fn main() {}
