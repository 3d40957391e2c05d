// the struct of optional fields is generated where it is asked for
use dynamodel::{Entity, Partial};

#[derive(Entity)]
#[dynamo(table = "pages")]
struct Page {
    #[dynamo(partition)]
    url: String,
}

#[derive(Entity)]
#[dynamo(table = "asked", partial = true)]
struct Asked {
    #[dynamo(partition)]
    url: String,
}

fn fields(partial: Partial<Page>) {
    let _ = partial.into_fields();
}

fn main() {}
