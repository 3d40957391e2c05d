// An index key has at most four partition and four sort attributes.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(wide, partition = (a, b, c, d, e), sort = (f, g, h, i, j)))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    h: u8,
    i: u8,
    j: u8,
}

fn main() {}
