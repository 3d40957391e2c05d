// conditions and updates of an entity with such a field: one more where the field itself is used
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    views: u64,
    inner: Inner,
}

struct Inner {
    views: u64,
}

fn main() {
    let _ = Thing::update(1u64).apply(|t| t.views.add(1)).when(|t| t.id.exists());
    let _ = Thing::scan().filter(|t| t.views.gt(3));
    let _ = Thing::update(1u64).apply(|t| t.inner.at(|i| i.views).add(1));
}
