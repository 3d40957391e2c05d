//! Checks between entities and their table, evaluated at compile time.

use crate::model::schema::{
    EntitySchema, KeySchema, KeyTemplates, Piece, SingleTable, TableSchema, kind_in,
};

/// Checks that the schemas of an entity and its table agree. Evaluated at compile time.
#[doc(hidden)]
pub const fn agree(entity: &EntitySchema, table: &TableSchema) {
    let mut i = 0;
    while i < entity.attributes.len() {
        let name = entity.attributes[i].name;
        let mut taken = contains(table.key.partition, name) || contains(table.key.sort, name);
        let mut j = 0;
        while j < table.indexes.len() {
            let key = &table.indexes[j].key;
            taken = taken || contains(key.partition, name) || contains(key.sort, name);
            j += 1;
        }
        assert!(
            !taken || is_own_key(entity, name),
            "a field of the entity is stored under the name of a key attribute of its table, which a template fills; rename the field or the attribute, or make the field the key by a template of the field alone, `\"{{field}}\"`"
        );
        if let Some(discriminator) = table.discriminator {
            assert!(
                !same(discriminator, name),
                "a field of the entity is stored under the name of the table's discriminator; rename the field, or choose another `discriminator = \"..\"`"
            );
        }
        i += 1;
    }
    match (entity.ttl, table.ttl) {
        (Some(own), Some(shared)) => assert!(
            same(own, shared),
            "the `ttl` field of the entity is stored under another name than the `ttl` attribute of its table; rename it with `#[dynamo(rename = \"..\")]`"
        ),
        (Some(_), None) => panic!(
            "the entity has a `ttl` field, but its table has no Time to Live; add `ttl = \"..\"` to the table"
        ),
        (None, _) => {}
    }
}

/// Returns `true` if the field that is stored under this name is the key attribute of that name: of
/// the primary key, or of an index that the entity uses.
const fn is_own_key(entity: &EntitySchema, name: &str) -> bool {
    let Some(single) = entity.single_table else {
        return false;
    };
    if is_own_part(single, &single.table.key, &single.key, name) {
        return true;
    }
    let mut i = 0;
    while i < single.indexes.len() {
        let index = &single.indexes[i];
        if is_own_part(single, &index.index.key, &index.key, name) {
            return true;
        }
        i += 1;
    }
    false
}

const fn is_own_part(
    single: &SingleTable,
    key: &KeySchema,
    templates: &KeyTemplates,
    name: &str,
) -> bool {
    (contains(key.partition, name) && is_value_of(single, templates.partition, name))
        || (contains(key.sort, name) && is_value_of(single, templates.sort, name))
}

/// Returns `true` if the template is the field that is stored under this name.
const fn is_value_of(single: &SingleTable, template: &[Piece], name: &str) -> bool {
    match template {
        [Piece::Value(part)] => match single.parts[*part].path {
            [own] => single.parts[*part].stored && same(own, name),
            _ => false,
        },
        _ => false,
    }
}

/// Checks that each key attribute has the type that the table declares. Evaluated at compile time.
#[doc(hidden)]
pub const fn key_types(entity: &EntitySchema) {
    let Some(single) = entity.single_table else {
        return;
    };
    key_type(
        entity,
        single,
        single.table.key.partition,
        single.key.partition,
        false,
    );
    key_type(
        entity,
        single,
        single.table.key.sort,
        single.key.sort,
        false,
    );
    let mut i = 0;
    while i < single.indexes.len() {
        let index = &single.indexes[i];
        let sharded = index.shards.is_some();
        key_type(
            entity,
            single,
            index.index.key.partition,
            index.key.partition,
            sharded,
        );
        key_type(entity, single, index.index.key.sort, index.key.sort, false);
        i += 1;
    }
    assert!(
        entity.unique.is_empty() || single.table.is_text(single.table.key.partition[0]),
        "a table whose partition key is no text cannot hold the unique items of unique attributes, whose keys are text; remove `unique`"
    );
}

const fn key_type(
    entity: &EntitySchema,
    single: &SingleTable,
    names: &[&str],
    template: &[Piece],
    sharded: bool,
) {
    let (&[name, ..], [_, ..]) = (names, template) else {
        return;
    };
    let kind = kind_in(single.table.attributes, name);
    let [Piece::Value(part)] = template else {
        assert!(
            same(kind, "S"),
            "a key attribute that the table declares as a number or binary is one field, and the entity's template is text; write the field alone, `\"{{field}}\"`"
        );
        return;
    };
    assert!(
        !sharded,
        "the partition key of the index is the field itself or a number, which no shard can be added to; remove `shards`, or give the index a partition attribute of its own"
    );
    let part = &single.parts[*part];
    let is_own = is_value_of(single, template, name);
    assert!(
        part.stored || !matches!(part.path, [own] if same(own, name)),
        "the field is the key attribute itself, under its own name; remove `in_key`"
    );
    if is_own {
        assert!(
            same(kind_in(entity.attributes, name), kind),
            "a field is the key attribute of its name, and is stored as another type than the table declares; write the type to the table, for instance `partition = \"id\": N`, or rename the field"
        );
    } else {
        assert!(
            same(kind, "N") && part.number,
            "a key attribute that the table declares as a number is made of a field that is a number; use another field in the template"
        );
    }
}

/// Checks that no index key shares an attribute with the table's key in a refused way. `templates`
/// holds the messages for four cases: the partition key of the index is the partition key or the
/// sort key of the table, and the same for the sort key of the index; `None` allows the case.
/// Evaluated at compile time.
#[doc(hidden)]
pub const fn shared_attributes(
    index: &KeySchema,
    table: &KeySchema,
    templates: [Option<&str>; 4],
    shards: Option<&str>,
) {
    let keys = [
        (index.partition, table.partition),
        (index.partition, table.sort),
        (index.sort, table.partition),
        (index.sort, table.sort),
    ];
    let mut i = 0;
    while i < keys.len() {
        let (own, of_table) = keys[i];
        if !own.is_empty() && contains(of_table, own[0]) {
            if let Some(message) = templates[i] {
                panic!("{}", message);
            }
            if let (Some(message), true) = (shards, i < 2) {
                panic!("{}", message);
            }
        }
        i += 1;
    }
}

/// Checks that items of the entities of a collection can be told apart: no two have the same type, or
/// keys of the same form. Evaluated at compile time.
#[doc(hidden)]
pub const fn distinct_members(members: &[&SingleTable]) {
    let mut i = 0;
    while i < members.len() {
        let mut j = 0;
        while j < i {
            let (a, b) = (members[j], members[i]);
            assert!(
                !same(a.kind, b.kind),
                "an entity is in the collection twice; remove one, or use a `Vec`"
            );
            if a.is_of_kind(b.kind) || b.is_of_kind(a.kind) {
                refuse(&[
                    "entities `",
                    a.kind,
                    "` and `",
                    b.kind,
                    "` have a type in common; remove one of the `kind_alias`es",
                ]);
            }
            if a.key.has_form_of(&b.key) {
                refuse(&[
                    "entities `",
                    a.kind,
                    "` and `",
                    b.kind,
                    "` have keys of the same form, so that an item of one takes the place of one of the other; put a word of its own into the template of one",
                ]);
            }
            j += 1;
        }
        i += 1;
    }
}

/// Checks that an enum that borrows the items of a collection has a variant for each entity of the
/// collection, and no other variant. Evaluated at compile time.
#[doc(hidden)]
pub const fn same_members(collection: &[&SingleTable], borrowed: &[&SingleTable]) {
    let mut i = 0;
    while i < collection.len() {
        let mut is_borrowed = false;
        let mut j = 0;
        while j < borrowed.len() {
            is_borrowed = is_borrowed || same(borrowed[j].kind, collection[i].kind);
            j += 1;
        }
        assert!(
            is_borrowed,
            "an entity of the collection has no variant; add one with a projection of it that has a lifetime"
        );
        i += 1;
    }
    assert!(
        borrowed.len() <= collection.len(),
        "a variant borrows from an entity that is not in the collection, or has a variant already; remove it"
    );
}

/// Ends the compilation with the joined text.
const fn refuse(parts: &[&str]) -> ! {
    let mut text = [b' '; 1024];
    let (mut end, mut i) = (0, 0);
    while i < parts.len() {
        let (bytes, mut j) = (parts[i].as_bytes(), 0);
        while j < bytes.len() && end < text.len() {
            text[end] = bytes[j];
            end += 1;
            j += 1;
        }
        i += 1;
    }
    let (text, _) = text.split_at(end);
    match std::str::from_utf8(text) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("entities of one table cannot be told apart"),
    }
}

impl SingleTable {
    const fn is_of_kind(&self, kind: &str) -> bool {
        same(self.kind, kind) || contains(self.kind_aliases, kind)
    }
}

impl KeyTemplates {
    /// `true` if a key can be made by both templates, whatever their parts are called.
    const fn has_form_of(&self, other: &KeyTemplates) -> bool {
        let has_text = !is_value(self.partition) || !(self.sort.is_empty() || is_value(self.sort));
        // Keys that are fields have no text to be told apart by: the type alone tells.
        has_text
            && have_same_form(self.partition, other.partition)
            && have_same_form(self.sort, other.sort)
    }
}

const fn is_value(pieces: &[Piece]) -> bool {
    matches!(pieces, [Piece::Value(_)])
}

const fn have_same_form(a: &[Piece], b: &[Piece]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        let is_same = match (a[i], b[i]) {
            (Piece::Literal(a), Piece::Literal(b)) => same(a, b),
            (Piece::Literal(_), _) | (_, Piece::Literal(_)) => false,
            _ => true,
        };
        if !is_same {
            return false;
        }
        i += 1;
    }
    true
}

const fn contains(names: &[&str], name: &str) -> bool {
    let mut i = 0;
    while i < names.len() {
        if same(names[i], name) {
            return true;
        }
        i += 1;
    }
    false
}

pub(crate) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
