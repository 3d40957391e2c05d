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
fn keys() {
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
fn tables() {
    let id = quote!(#[dynamo(partition)] id: u64);
    check_entity(
        quote!(),
        id.clone(),
        &["the entity names no table; add `#[dynamo(table = \"name\")]`"],
    );
    check_entity(
        quote!(#[dynamo(table = App)]),
        id.clone(),
        &["expected a string, for instance `table = \"sessions\"`"],
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
fn unknown_attributes() {
    check_entity(
        quote!(#[dynamo(tabel = "things", colour = 3, ttl)]),
        quote!(#[dynamo(partitoin)] id: u64, #[dynamo(table = "x")] b: u64),
        &[
            "unknown attribute `tabel`; did you mean `table`?",
            "unknown attribute `colour`; an entity knows `table`, `index`, `local_index`, `rename_all`, `crate`, `billing`, `stream`, `encryption`, `tags`, `deletion_protection`, `point_in_time_recovery`, `table_class` and `rename_fn`",
            "`ttl` does not belong on an entity, but on a field of the entity",
            "unknown attribute `partitoin`; did you mean `partition`?",
            "`table` does not belong on a field of an entity, but on the struct",
        ],
    );
}
