// A batch cannot check versions, so it refuses versioned writes.
#[path = "model/mod.rs"]
mod model;

use dynamodel::BatchWrite;
use model::Session;

fn write(session: Session, other: Session) {
    let _ = BatchWrite::new().put(session);
    let _ = BatchWrite::new().put_all([dynamodel::Entity::put(other)]);
}

fn main() {}
