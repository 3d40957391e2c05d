// A borrowed item does not outlive its page.
#[path = "model/mod.rs"]
mod model;

use dynamodel::{Db, Error, Projection};
use model::Session;

#[derive(Projection)]
#[dynamo(of = Session)]
struct View<'a> {
    token: &'a str,
}

async fn read(db: &Db) -> Result<usize, Error> {
    let page = Session::query("u").borrowed::<View>().page(db).await?;
    let items = page.items()?;
    drop(page);
    Ok(items.len())
}

async fn keep(db: &Db) -> Result<Vec<String>, Error> {
    let mut all = Vec::new();
    let query = Session::query("u").borrowed::<View>();
    query.each(db, |item| all.push(item.token)).await?;
    Ok(all.iter().map(|token| token.to_string()).collect())
}

fn main() {
    let _ = (read, keep);
}
