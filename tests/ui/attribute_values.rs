// The derive checks the values of its attributes.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things", stream = new_imges, billing = provisioned(read = 0, write = 1))]
#[dynamo(rename_all = "camelcase", rename_fn(qurey = "q"), tags(a = 1))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
}

fn main() {}
