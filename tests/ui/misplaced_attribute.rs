// an attribute of a field does not belong on the struct, nor the other way round
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things", ttl)]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(stream = new_image)]
    name: String,
}

fn main() {}
