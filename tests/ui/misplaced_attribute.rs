// A field attribute cannot be on the struct, nor a struct attribute on a field.
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
