// A key cannot be a floating-point number.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_size, partition = size))]
struct Thing {
    #[dynamo(partition)]
    id: f64,
    size: f32,
}

fn main() {}
