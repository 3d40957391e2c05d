// `or_create_empty` is for entities whose attributes may all be absent.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "topics")]
struct Topic {
    #[dynamo(partition)]
    name: String,
    note: Option<String>,
    #[dynamo(default)]
    hits: u32,
    #[dynamo(version)]
    version: u64,
}

#[derive(Entity)]
#[dynamo(table = "pages")]
struct Page {
    #[dynamo(partition)]
    url: String,
    note: Option<String>,
    title: String,
}

fn main() {
    let _ = Topic::update("rust").or_create_empty();
    let _ = Page::update("/").apply(|p| p.title.set("Home")).or_create_empty();
}
