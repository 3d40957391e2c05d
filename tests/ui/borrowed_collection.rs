// A borrowed enum has a variant for each entity of its collection, and no other variant.
use dynamodel::{Collection, Entity, Projection, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "U"))]
struct User {
    id: String,
}

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "P"))]
struct Page {
    id: String,
}

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "N"))]
struct Note {
    id: String,
}

#[derive(Collection)]
enum Item {
    User(User),
    Page(Page),
}

#[derive(Projection)]
#[dynamo(of = User)]
struct UserView<'a> {
    id: &'a str,
}

#[derive(Projection)]
#[dynamo(of = Page)]
struct PageView<'a> {
    id: &'a str,
}

#[derive(Projection)]
#[dynamo(of = Note)]
struct NoteView<'a> {
    id: &'a str,
}

#[derive(Projection)]
#[dynamo(of = Item)]
enum Few<'a> {
    User(UserView<'a>),
}

#[derive(Projection)]
#[dynamo(of = Item)]
enum Many<'a> {
    User(UserView<'a>),
    Page(PageView<'a>),
    Note(NoteView<'a>),
}

#[derive(Projection)]
#[dynamo(of = User)]
enum OfUser<'a> {
    User(UserView<'a>),
}

#[derive(Projection)]
#[dynamo(of = Item)]
enum Owned<'a> {
    User(UserView<'a>),
    Page(Page),
}

fn main() {
    let _ = Item::query("u").borrowed::<UserView>();
    let _ = Item::query("u").borrowed::<User>();
}
