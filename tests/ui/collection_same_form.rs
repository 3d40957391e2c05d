use dynamodel::{Collection, Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "USER#{user}", sort = "ITEM#{book}"))]
struct Book {
    user: String,
    book: String,
}

#[derive(Entity)]
#[dynamo(table = App, key(partition = "USER#{user}", sort = "ITEM#{film}"))]
struct Film {
    user: String,
    film: String,
}

#[derive(Collection)]
enum Shelf {
    Book(Book),
    Film(Film),
}

fn main() {}
