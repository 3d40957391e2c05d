// A query gives all partition attributes, and sort attributes from the left, each of its type.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "parcels")]
#[dynamo(index(by_all, partition = (tenant, kind, year, depot), sort = (priority, at, code, name)))]
struct Parcel {
    #[dynamo(partition)]
    id: u64,
    tenant: String,
    kind: String,
    year: u16,
    depot: String,
    priority: i32,
    at: u64,
    code: String,
    name: String,
}

fn too_few() {
    let _ = Parcel::by_all("t", "k", 2026_u16);
}

fn wrong_type() {
    let _ = Parcel::by_all("t", "k", "2026", "d");
}

fn not_the_first() {
    let _ = Parcel::by_all("t", "k", 2026_u16, "d").sort(|k| k.at.eq(1));
}

fn skips_one() {
    let _ = Parcel::by_all("t", "k", 2026_u16, "d").sort(|k| k.priority.eq(1).code.eq("c"));
}

fn after_a_range() {
    let _ = Parcel::by_all("t", "k", 2026_u16, "d").sort(|k| k.priority.gt(1).at.eq(1));
}

fn prefix_of_a_number() {
    let _ = Parcel::by_all("t", "k", 2026_u16, "d").sort(|k| k.priority.begins_with("1"));
}

fn main() {}
