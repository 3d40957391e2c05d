// An index that holds only some attributes cannot return whole entities.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    async fn read(db: &dynamodel::Db) {
        let _ = Session::by_device("d").all(db).await;
        let _ = Session::by_device("d").select::<Session>();
    }
}
