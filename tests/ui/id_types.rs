// An id that dynamodel makes is text or a type of ids.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "tasks")]
struct Task {
    #[dynamo(partition, id = "uuid7")]
    id: u64,
}

fn main() {}
