//! The message of each mistake, and that it is the only one.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::expand;

/// The texts of all `compile_error!` calls.
fn messages(expansion: TokenStream) -> Vec<String> {
    let mut out = Vec::new();
    let mut in_error = false;
    for tree in expansion {
        match tree {
            TokenTree::Ident(ident) => in_error |= ident == "compile_error",
            TokenTree::Group(group) if in_error => {
                in_error = false;
                let text: syn::LitStr = syn::parse2(group.stream()).expect("a message");
                out.push(text.value());
            }
            _ => {}
        }
    }
    out
}

/// An entity with these attributes and fields has these mistakes.
fn check_entity(attrs: TokenStream, fields: TokenStream, expected: &[&str]) {
    let expansion = expand::entity(quote!(#attrs struct E { #fields }));
    check(expansion, expected);
}

#[track_caller]
fn check(expansion: TokenStream, expected: &[&str]) {
    let formatted = syn::parse2::<syn::File>(expansion.clone());
    assert!(formatted.is_ok(), "not parseable: {expansion}");
    assert_eq!(messages(expansion), expected);
}

#[test]
fn mistakes_in_keys_name_remedy() {
    let table = quote!(#[dynamo(table = "things")]);
    check_entity(
        table.clone(),
        quote!(id: u64),
        &[
            "the entity has no partition key; mark one field, for instance `#[dynamo(partition)] id`",
        ],
    );
    check_entity(
        table.clone(),
        quote!(#[dynamo(partition)] a: u64, #[dynamo(partition)] b: u64),
        &["`a` is the partition key already, and a table has one; did you mean `sort`?"],
    );
    check_entity(
        table.clone(),
        quote!(#[dynamo(partition, version)] a: u64, #[dynamo(sort, skip)] b: u64),
        &[
            "a key never changes, so it cannot be the `version` field; use another field",
            "a skipped field is not stored, so it cannot be a key; remove one of the two",
        ],
    );
    check_entity(
        table,
        quote!(#[dynamo(partition, sort)] a: u64),
        &["a field is the partition key or the sort key, not both; remove one of the two"],
    );
}

#[test]
fn mistakes_in_tables_name_remedy() {
    let id = quote!(#[dynamo(partition)] id: u64);
    check_entity(
        quote!(),
        id.clone(),
        &["the entity names no table; add `#[dynamo(table = \"name\")]`"],
    );
    check_entity(
        quote!(#[dynamo(table = App)]),
        id.clone(),
        &[
            "`table` without quotes is a type that entities share, and the entity needs key templates: add `key(partition = \"USER#{user_id}\")`; the name of a table of its own stands in quotes",
        ],
    );
    check_entity(
        quote!(#[dynamo(table = "a b")]),
        id.clone(),
        &["the name of a table has no ' '; use only a-z, A-Z, 0-9, `_`, `.` and `-`"],
    );
    check_entity(
        quote!(#[dynamo(table = "")]),
        id,
        &["the name of a table has 3 to 255 characters, and this one 0; choose another"],
    );
}

#[test]
fn unknown_attributes_list_known_ones() {
    check_entity(
        quote!(#[dynamo(tabel = "things", colour = 3, ttl)]),
        quote!(#[dynamo(partitoin)] id: u64, #[dynamo(table = "x")] b: u64),
        &[
            "unknown attribute `tabel`; did you mean `table`?",
            "unknown attribute `colour`; an entity knows `table`, `key`, `index`, `local_index`, `rename_all`, `kind`, `kind_alias`, `untyped`, `crate`, `billing`, `stream`, `encryption`, `tags`, `deletion_protection`, `point_in_time_recovery`, `table_class`, `rename_fn`, `partial` and `new`",
            "`ttl` does not belong on an entity, but on a field of the entity",
            "unknown attribute `partitoin`; did you mean `partition`?",
            "`table` does not belong on a field of an entity, but on the struct",
        ],
    );
}

#[test]
fn mistakes_in_shared_tables_name_remedy() {
    let table = quote!(#[dynamo(table = App, key(partition = "USER#{id}", sort = "{at}{name}"))]);
    let fields = quote!(id: u64, at: u64, name: String);
    check_entity(table.clone(), fields.clone(), &[]);
    check_entity(
        quote!(#table #[dynamo(billing = on_demand)]),
        quote!(#fields, #[dynamo(partition)] other: u64),
        &[
            "templates make the keys of table `App`; remove this and name the field in `key(partition = \"..\")`",
            "table `App` has its own options; move `billing`, `stream` and the like to it",
        ],
    );
    check_entity(
        quote!(#[dynamo(table = App, key(partition = "{idd}#{v}#{idd}"))]),
        quote!(id: u64, #[dynamo(version)] v: u64),
        &[
            "the entity has no field `idd`; did you mean `id`?",
            "`v` is the `version` field, which the library writes; use another field in the template",
            "`idd` is in the template twice; remove one",
        ],
    );
    check_entity(
        quote!(#[dynamo(table = App, key(partition = "{id"))]),
        quote!(id: u64),
        &["a `{` of the template is not closed; write `{field}`, or `{{` for the character"],
    );
    check_entity(
        quote!(#table #[dynamo(index(gsi1 as get, partition = "X#{at}"), index(gsi1, partition = name))]),
        fields.clone(),
        &["the keys of a shared table are filled by templates; write `\"{name}\"`"],
    );
    check_entity(
        quote!(#table #[dynamo(index(gsi1 as get, partition = "X#{at}"), index(gsi1 as name, partition = "{at}"))]),
        fields,
        &[
            "`get` is a function of the entity already; name the index by what it finds, `gsi1 as by_get`",
            "the entity uses the index `gsi1` twice; an item has one key in an index",
            "`name` is a field of the entity; call the index otherwise, for instance `by_name`",
        ],
    );
}

#[test]
fn tables_of_several_entities() {
    let table = |attrs: TokenStream, expected: &[&str]| {
        check(expand::table(quote!(#attrs struct App;)), expected)
    };
    table(
        quote!(#[dynamo(name = "app", partition = "pk", sort = "sk")]),
        &[],
    );
    table(
        quote!(#[dynamo(index(gsi1, sort = "pk"))]),
        &[
            "the table has no name; add `#[dynamo(name = \"app\")]`",
            "the table has no partition key; add `#[dynamo(partition = \"pk\")]`",
            "index \"gsi1\" has no partition key; add `partition = \"gsi1pk\"`",
        ],
    );
    table(
        quote!(#[dynamo(name = "app", partition = "pk", local_index(lsi1, sort = "pk"))]),
        &[
            "local index \"lsi1\" needs a table with a sort key; add `sort = \"sk\"` to the table",
            "the attribute `pk` has another use in the table; choose another name",
        ],
    );
    table(
        quote!(#[dynamo(name = "app", partition = "pk", descriminator = "kind")]),
        &["unknown attribute `descriminator`; did you mean `discriminator`?"],
    );
}

#[test]
fn mistakes_in_unique_fields_name_remedy() {
    let table = quote!(#[dynamo(table = "things")]);
    check_entity(
        table.clone(),
        quote! {
            #[dynamo(partition, unique)] id: String,
            #[dynamo(unique, skip)] cached: u32,
            #[dynamo(unique, version)] version: u64,
            #[dynamo(unique)] email: Option<String>,
        },
        &[
            "a field of the primary key cannot be `unique`: the key is what its unique items name, and two items never have the same; remove `unique`",
            "a skipped field is not stored, so it cannot be `unique`; remove one of the two",
            "the `version` field cannot be `unique`: it says something of the item, and does not tell it from others; use another field",
        ],
    );
    check_entity(
        quote!(#[dynamo(table = App, key(partition = "USER#{email}", sort = "USER"))]),
        quote!(#[dynamo(unique)] email: String),
        &[
            "a field of the primary key cannot be `unique`: the key is what its unique items name, and two items never have the same; remove `unique`",
        ],
    );
    check_entity(
        quote!(#[dynamo(table = "things", index(get_by_email, partition = name))]),
        quote!(#[dynamo(partition)] id: String, name: String, #[dynamo(unique)] email: String),
        &["`get_by_email` reads by the unique field `email` already; call the index otherwise"],
    );
}

#[test]
fn borrowed_items_of_collections() {
    let of = quote!(#[dynamo(of = Item)]);
    let check_view = |code: TokenStream, expected: &[&str]| {
        check(expand::projection(code), expected);
    };
    check_view(
        quote!(#of enum View { User(UserView) }),
        &[
            "a projection is a struct with named fields, named like those of the entity; an enum borrows the items of a collection, and has a lifetime: `enum View<'a> { Order(OrderView<'a>) }`",
        ],
    );
    check_view(
        quote!(
            enum View<'a> {
                User(UserView<'a>),
            }
        ),
        &["the items are those of a collection; add `#[dynamo(of = Collection)]`"],
    );
    check_view(
        quote!(#of enum View<'a> {}),
        &[
            "there is nothing to read; add a variant for each entity of the collection: `Order(OrderView<'a>)`",
        ],
    );
    check_view(
        quote!(#of enum View<'a> { User, #[dynamo(rename = "o")] Order(OrderView<'a>) }),
        &[
            "a variant holds what an entity of the collection borrows as: `Order(OrderView<'a>)`",
            "a variant that holds a projection has no attributes; put them on the projection",
        ],
    );
}

#[test]
fn mistakes_in_fields_of_key_name_remedy() {
    check_entity(
        quote!(#[dynamo(table = "things")]),
        quote!(#[dynamo(partition, in_key)] id: String),
        &[
            "`in_key` belongs to an entity of a shared table, whose templates make the key; the key of this table is the marked fields themselves, so remove it",
        ],
    );
    let table = |key: &str| quote!(#[dynamo(table = App, key(partition = #key), index(gsi1, partition = "{b}"))]);
    check_entity(
        table("A#{a}"),
        quote! {
            #[dynamo(in_key, rename = "x")] a: String,
            #[dynamo(in_key)] b: String,
            #[dynamo(in_key)] c: String,
        },
        &[
            "a field that is marked `in_key` is no attribute of the item, so it has no use for `rename`; remove one of the two",
            "`b` is in an index key, which an item may lack, but not in the entity's own key; name it in `key(..)`, or remove `in_key`",
            "`c` is in no template of the entity's key, so that nothing would store it; name it in `key(..)`, or remove `in_key`",
        ],
    );
    check_entity(
        table("A#{a:lower}#{b:upper}"),
        quote! {
            #[dynamo(in_key)] a: String,
            #[dynamo(in_key, default, immutable)] b: String,
        },
        &[
            "the key holds `{a:lower}`, from which the field cannot be read back; remove `in_key`, or the form",
            "the key holds `{b:upper}`, from which the field cannot be read back; remove `in_key`, or the form",
            "a field that is marked `in_key` is no attribute of the item, so it has no use for `default`; remove one of the two",
            "a field that is marked `in_key` is no attribute of the item, so it has no use for `immutable`; remove one of the two",
        ],
    );
}

#[test]
fn mistakes_in_kept_keys_name_remedy() {
    check_entity(
        quote!(#[dynamo(table = "things")]),
        quote!(#[dynamo(partition)] id: String, #[dynamo(keep_key)] key: StoredKey),
        &[
            "`keep_key` belongs to an entity of a shared table, whose templates make the key; here the key is the marked fields as they are stored, so remove it, and give them types that keep the stored form, such as `String`",
        ],
    );
    check_entity(
        quote!(#[dynamo(table = App, key(partition = "{id}{key}"))]),
        quote! {
            id: u8,
            #[dynamo(keep_key, rename = "k")] key: StoredKey,
            #[dynamo(keep_key)] other: StoredKey,
        },
        &[
            "a field that is marked `keep_key` is no attribute of the item; remove this",
            "`key` keeps the stored key already; remove one of the two",
            "`key` keeps the stored key, and is no part of it; use another field in the template",
        ],
    );
}

#[test]
fn forms_of_parts_name_remedy() {
    for (key, expected) in [
        (
            "{a:plian}",
            "unknown form `plian` of a part, which is a word or digits such as `05`; did you mean `plain`?",
        ),
        (
            "{a:}",
            "unknown form `` of a part, which is a word or digits such as `05`; expected `plain`, `lower`, `upper` or `escaped`",
        ),
        (
            "{a:5}",
            "`5` is no form; write `05` for 5 digits with zeros before the number",
        ),
        (
            "{a:099}",
            "a number has 1 to 39 digits, for instance `{n:05}`",
        ),
        (
            "{a:plain}{b}",
            "nothing tells where `{a:plain}` ends; put a literal such as `#` behind it",
        ),
        (
            "{a:escaped}{b}",
            "nothing tells where `{a:escaped}` ends; put a literal such as `#` behind it",
        ),
        (
            "{a:escaped}2{b}",
            "`{a:escaped}` writes escapes such as `%23`, and the literal behind it begins with a character of these; begin it with a delimiter such as `#`",
        ),
    ] {
        check_entity(
            quote!(#[dynamo(table = App, key(partition = #key))]),
            quote!(a: String, b: String),
            &[expected],
        );
    }
    check_entity(
        quote!(#[dynamo(table = App, key(partition = "{a: lower}#{b:05}", sort = "{c:escaped}#{d:plain}"))]),
        quote!(a: String, b: u32, c: String, d: u8),
        &[],
    );
}
