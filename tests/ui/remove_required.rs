// Only what an item can be read without is removed: an `Option`, a set, a field with a default, an
// element of a list or an entry of a map.
use std::collections::{BTreeMap, BTreeSet};

use dynamodel::{Document, Entity};

#[derive(Entity)]
#[dynamo(table = "pages")]
struct Page {
    #[dynamo(partition)]
    url: String,
    title: String,
    links: Vec<String>,
    meta: Meta,
    part: Option<Meta>,
    tags: BTreeSet<String>,
    counts: BTreeMap<String, u32>,
    #[dynamo(default)]
    hits: u32,
    #[dynamo(ttl)]
    expires: u64,
    note: Option<String>,
}

#[derive(Document)]
struct Meta {
    author: String,
    #[dynamo(default = 1)]
    edits: u32,
    editor: Option<String>,
}

fn main() {
    let _ = Page::update("/").apply(|p| (p.note.remove(), p.part.remove(), p.tags.remove()));
    let _ = Page::update("/").apply(|p| (p.hits.remove(), p.counts.key("a").remove()));
    let _ = Page::update("/").apply(|p| p.meta.at(|m| (m.edits.remove(), m.editor.remove())));
    let _ = Page::update("/").apply(|p| p.links.index(0).remove());

    let _ = Page::update("/").apply(|p| p.title.remove());
    let _ = Page::update("/").apply(|p| (p.links.remove(), p.meta.remove()));
    let _ = Page::update("/").apply(|p| p.expires.remove());
    let _ = Page::update("/").apply(|p| p.part.at(|m| m.author).remove());
}
