// A table has at most 20 global and 5 local indexes.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(global_1, partition = name))]
#[dynamo(index(global_2, partition = name))]
#[dynamo(index(global_3, partition = name))]
#[dynamo(index(global_4, partition = name))]
#[dynamo(index(global_5, partition = name))]
#[dynamo(index(global_6, partition = name))]
#[dynamo(index(global_7, partition = name))]
#[dynamo(index(global_8, partition = name))]
#[dynamo(index(global_9, partition = name))]
#[dynamo(index(global_10, partition = name))]
#[dynamo(index(global_11, partition = name))]
#[dynamo(index(global_12, partition = name))]
#[dynamo(index(global_13, partition = name))]
#[dynamo(index(global_14, partition = name))]
#[dynamo(index(global_15, partition = name))]
#[dynamo(index(global_16, partition = name))]
#[dynamo(index(global_17, partition = name))]
#[dynamo(index(global_18, partition = name))]
#[dynamo(index(global_19, partition = name))]
#[dynamo(index(global_20, partition = name))]
#[dynamo(index(global_21, partition = name))]
#[dynamo(local_index(local_1, sort = name))]
#[dynamo(local_index(local_2, sort = name))]
#[dynamo(local_index(local_3, sort = name))]
#[dynamo(local_index(local_4, sort = name))]
#[dynamo(local_index(local_5, sort = name))]
#[dynamo(local_index(local_6, sort = name))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(sort)]
    at: u64,
    name: String,
}

fn main() {}
