// `created_at` and `updated_at` fields are times, and a `write_token` field is a token.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(created_at)]
    created: bool,
    #[dynamo(write_token)]
    token: u64,
}

fn main() {}
