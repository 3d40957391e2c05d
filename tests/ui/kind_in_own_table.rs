use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "cars", kind = "car")]
struct Car {
    #[dynamo(partition)]
    plate: String,
}

fn main() {}
