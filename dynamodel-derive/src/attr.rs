//! The grammar of `#[dynamo(..)]`: from tokens to values that keep their spans.

mod entity;
mod field;
mod table;

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Path, Token, Type, parenthesized};

pub(crate) use self::entity::{
    BillingAttr, EncryptionAttr, EntityAttrs, IndexAttr, KeyPart, OptionsAttr, Project, TableAttr,
};
pub(crate) use self::field::{FieldAttrs, StoredAttr};
pub(crate) use self::table::{Discriminator, KeyName, TableAttrs, TableIndexAttr, TableProject};
use crate::errors::Errors;
use crate::names::{RenameRule, hint, nearest, one_of, plain};

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// The keys that a place knows, and what the place is called in errors.
#[derive(Clone, Copy)]
struct Place {
    name: &'static str,
    keys: &'static [&'static str],
    /// Keys and name of another place, for keys that are written in the wrong place.
    elsewhere: &'static [(&'static [&'static str], &'static str)],
}

const ENTITY: Place = Place {
    name: "an entity",
    keys: &[
        "table",
        "key",
        "index",
        "local_index",
        "rename_all",
        "kind",
        "kind_alias",
        "untyped",
        "crate",
        "billing",
        "stream",
        "encryption",
        "tags",
        "deletion_protection",
        "point_in_time_recovery",
        "table_class",
        "rename_fn",
        "partial",
        "new",
    ],
    elsewhere: &[(FIELD_KEYS, "a field of the entity")],
};

const TABLE: Place = Place {
    name: "a table",
    keys: &[
        "name",
        "partition",
        "sort",
        "index",
        "local_index",
        "ttl",
        "discriminator",
        "crate",
        "billing",
        "stream",
        "encryption",
        "tags",
        "deletion_protection",
        "point_in_time_recovery",
        "table_class",
    ],
    elsewhere: &[
        (ENTITY.keys, "an entity"),
        (FIELD_KEYS, "a field of an entity"),
    ],
};

const COLLECTION: Place = Place {
    name: "a collection",
    keys: &["crate"],
    elsewhere: &[(ENTITY.keys, "an entity"), (TABLE.keys, "a table")],
};

const FIELD_KEYS: &[&str] = &[
    "partition",
    "sort",
    "rename",
    "version",
    "ttl",
    "skip",
    "default",
    "created_at",
    "updated_at",
    "write_token",
    "with",
    "kind",
    "from",
    "into",
    "try_from",
    "serde",
    "unique",
    "immutable",
    "id",
    "rest",
    "in_key",
    "keep_key",
];

const FIELD: Place = Place {
    name: "a field of an entity",
    keys: FIELD_KEYS,
    elsewhere: &[(ENTITY.keys, "the struct")],
};

const DOCUMENT_FIELD: Place = Place {
    name: "a field of a document",
    keys: &[
        "rename", "default", "skip", "with", "kind", "from", "into", "try_from", "serde", "rest",
    ],
    elsewhere: &[
        (DOCUMENT.keys, "the struct or enum"),
        (FIELD_KEYS, "a field of an entity"),
    ],
};

const DOCUMENT: Place = Place {
    name: "a document",
    keys: &[
        "rename_all",
        "crate",
        "transparent",
        "from",
        "into",
        "try_from",
        "tag",
    ],
    elsewhere: &[(FIELD_KEYS, "a field"), (ENTITY.keys, "an entity")],
};

const VARIANT: Place = Place {
    name: "a variant",
    keys: &["rename", "rename_all"],
    elsewhere: &[(DOCUMENT.keys, "the enum"), (FIELD_KEYS, "a field")],
};

const PROJECTION: Place = Place {
    name: "a projection",
    keys: &["of", "crate"],
    elsewhere: &[
        (ENTITY.keys, "the entity"),
        (FIELD_KEYS, "a field of the entity"),
    ],
};

const PROJECTION_FIELD: Place = Place {
    name: "a field of a projection",
    keys: &["default"],
    elsewhere: &[
        (
            &["rest"],
            "a field of the entity: a projection reads the attributes that its fields name, and no others",
        ),
        (
            FIELD_KEYS,
            "the field of the entity: a projection takes names and stored forms from it",
        ),
    ],
};

/// Calls `item` for each `key ..` of the `#[dynamo(..)]` attributes. A mistake in one item is
/// collected, and the next one is read.
fn each_item(
    attrs: &[syn::Attribute],
    place: Place,
    errors: &mut Errors,
    mut item: impl FnMut(&Ident, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    for attr in attrs.iter().filter(|a| a.path().is_ident("dynamo")) {
        if let Err(e) = attr.meta.require_list() {
            errors.add(e);
            continue;
        }
        let parsed = attr.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                let outcome = Ident::parse_any(input).and_then(|key| {
                    known(&key, place)?;
                    item(&key, input, errors)
                });
                if let Err(e) = outcome {
                    errors.add(e);
                } else if !input.is_empty() && !input.peek(Token![,]) {
                    errors.add(input.error("expected a comma, or the end of the attribute"));
                }
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        });
        if let Err(e) = parsed {
            errors.add(e);
        }
    }
}

/// Refuses a key that the place does not know.
fn known(key: &Ident, place: Place) -> syn::Result<()> {
    let name = plain(key);
    let name = name.as_str();
    if place.keys.contains(&name) {
        return Ok(());
    }
    let elsewhere = place
        .elsewhere
        .iter()
        .find(|(keys, _)| keys.contains(&name));
    let message = match (elsewhere, nearest(name, place.keys.iter().copied())) {
        (Some((_, owner)), _) => {
            format!("`{name}` does not belong on {}, but on {owner}", place.name)
        }
        (None, Some(near)) => format!("unknown attribute `{name}`; did you mean `{near}`?"),
        (None, None) => format!(
            "unknown attribute `{name}`; {} knows {}",
            place.name,
            one_of(place.keys.iter().copied()).replace(" or ", " and ")
        ),
    };
    Err(syn::Error::new(key.span(), message))
}

/// Stores a value that may be given once.
fn once<T>(slot: &mut Option<T>, key: &Ident, value: T) -> syn::Result<()> {
    if slot.is_some() {
        let name = plain(key);
        return Err(syn::Error::new(
            key.span(),
            format!("`{name}` is given twice; keep one"),
        ));
    }
    *slot = Some(value);
    Ok(())
}

/// `= "text"`.
fn equals_text(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<LitStr> {
    let name = plain(key);
    let usage = format!("expected a string, for instance `{name} = \"{example}\"`");
    equals(key, input, &usage)?;
    input
        .parse::<LitStr>()
        .map_err(|e| syn::Error::new(e.span(), usage))
}

/// `=`, or what is expected instead.
fn equals(key: &Ident, input: ParseStream<'_>, usage: &str) -> syn::Result<()> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        return Ok(());
    }
    let span = if input.is_empty() || input.peek(Token![,]) {
        key.span()
    } else {
        input.span()
    };
    Err(syn::Error::new(span, usage))
}

/// A key that stands alone.
fn flag(key: &Ident, input: ParseStream<'_>) -> syn::Result<Span> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(key.span());
    }
    let name = plain(key);
    Err(input.error(format!("`{name}` stands alone, without a value")))
}

/// `= word`, one of the known ones.
fn equals_choice<T: Copy>(
    key: &Ident,
    input: ParseStream<'_>,
    choices: &[(&'static str, T)],
) -> syn::Result<(T, Ident)> {
    let names = choices.iter().map(|(name, _)| *name);
    equals(
        key,
        input,
        &format!("`{}` is one of {}", plain(key), one_of(names.clone())),
    )?;
    let word = Ident::parse_any(input).map_err(|e| {
        let names = one_of(names.clone());
        syn::Error::new(e.span(), format!("`{}` is one of {names}", plain(key)))
    })?;
    choice(&plain(&word), word.span(), choices).map(|value| (value, word))
}

fn choice<T: Copy>(word: &str, span: Span, choices: &[(&'static str, T)]) -> syn::Result<T> {
    match choices.iter().find(|(name, _)| *name == word) {
        Some((_, value)) => Ok(*value),
        None => {
            let hint = hint(word, choices.iter().map(|(name, _)| *name));
            Err(syn::Error::new(span, format!("unknown `{word}`; {hint}")))
        }
    }
}

/// `= "camelCase"`.
fn rename_rule(key: &Ident, input: ParseStream<'_>) -> syn::Result<RenameRule> {
    let text = equals_text(key, input, "camelCase")?;
    choice(&text.value(), text.span(), &RenameRule::ALL)
}

/// `= "path"` or `= path`.
fn equals_path(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<Path> {
    let usage = format!("expected a path, for instance `{} = {example}`", plain(key));
    equals(key, input, &usage)?;
    if let Ok(text) = input.fork().parse::<LitStr>() {
        input.parse::<LitStr>()?;
        return text
            .parse_with(Path::parse_mod_style)
            .map_err(|_| syn::Error::new(text.span(), usage));
    }
    input
        .call(Path::parse_mod_style)
        .map_err(|e| syn::Error::new(e.span(), usage))
}

/// `= Type`.
fn equals_type(key: &Ident, input: ParseStream<'_>) -> syn::Result<Type> {
    let usage = format!("expected a type, for instance `{} = String`", plain(key));
    equals(key, input, &usage)?;
    input
        .parse::<Type>()
        .map_err(|e| syn::Error::new(e.span(), usage))
}

/// Parses what is in parentheses. After an error the rest is skipped, so that it is the only one.
fn inside<T>(
    input: ParseStream<'_>,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    let content;
    parenthesized!(content in input);
    parse(&content).inspect_err(|_| skip_rest(&content))
}

/// Skips all that is left.
fn skip_rest(input: ParseStream<'_>) {
    while !input.is_empty() && input.parse::<TokenTree>().is_ok() {}
}

/// `= a` or `= (a, b)`.
fn equals_fields(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let name = plain(key);
    let usage =
        format!("expected a field or several, for instance `{name} = a` or `{name} = (a, b)`");
    equals(key, input, &usage)?;
    if !input.peek(syn::token::Paren) {
        let field = input.call(Ident::parse_any);
        return Ok(vec![field.map_err(|e| syn::Error::new(e.span(), usage))?]);
    }
    let span = input.span();
    inside(input, |content| {
        let fields =
            Punctuated::<Ident, Token![,]>::parse_terminated_with(content, Ident::parse_any)
                .map_err(|e| syn::Error::new(e.span(), &usage))?;
        if fields.is_empty() {
            return Err(syn::Error::new(span, &usage));
        }
        Ok(fields.into_iter().collect())
    })
}

/// Attributes of a document.
#[derive(Default)]
pub(crate) struct DocumentAttrs {
    pub(crate) root: Option<Path>,
    pub(crate) rename_all: Option<RenameRule>,
    pub(crate) transparent: Option<Span>,
    pub(crate) conversion: field::Conversion,
    pub(crate) tag: Option<LitStr>,
}

impl DocumentAttrs {
    pub(crate) fn parse(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut out = DocumentAttrs::default();
        each_item(attrs, DOCUMENT, errors, |key, input, _| {
            match plain(key).as_str() {
                "crate" => once(&mut out.root, key, equals_path(key, input, "dynamodel")?),
                "rename_all" => once(&mut out.rename_all, key, rename_rule(key, input)?),
                "transparent" => once(&mut out.transparent, key, flag(key, input)?),
                "tag" => once(&mut out.tag, key, equals_text(key, input, "kind")?),
                _ => out.conversion.parse(key, input),
            }
        });
        out
    }
}

/// Returns `true` if the struct names its table, as an entity does, and nothing that only a document
/// has: then it derives both.
pub(crate) fn is_of_entity(attrs: &[syn::Attribute]) -> bool {
    let mut keys = Vec::new();
    let mut ignored = Errors::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident("dynamo")) {
        let parsed = attr.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                keys.push(plain(&Ident::parse_any(input)?));
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        });
        parsed.unwrap_or_else(|e: syn::Error| ignored.add(e));
    }
    drop(ignored.finish());
    let is = |key: &str, place: Place| place.keys.contains(&key);
    keys.iter().any(|key| key == "table")
        && keys.iter().all(|key| is(key, ENTITY) || !is(key, DOCUMENT))
}

/// Attributes of a variant.
#[derive(Default)]
pub(crate) struct VariantAttrs {
    pub(crate) rename: Option<LitStr>,
    pub(crate) rename_all: Option<RenameRule>,
}

impl VariantAttrs {
    pub(crate) fn parse(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut out = VariantAttrs::default();
        each_item(attrs, VARIANT, errors, |key, input, _| {
            match plain(key).as_str() {
                "rename" => once(&mut out.rename, key, equals_text(key, input, "name")?),
                _ => once(&mut out.rename_all, key, rename_rule(key, input)?),
            }
        });
        out
    }
}

/// The path of the runtime crate, which is all that a collection knows.
pub(crate) fn collection_root(attrs: &[syn::Attribute], errors: &mut Errors) -> Option<Path> {
    let mut root = None;
    each_item(attrs, COLLECTION, errors, |key, input, _| {
        once(&mut root, key, equals_path(key, input, "dynamodel")?)
    });
    root
}

/// Attributes of a projection.
#[derive(Default)]
pub(crate) struct ProjectionAttrs {
    pub(crate) root: Option<Path>,
    pub(crate) of: Option<Type>,
}

impl ProjectionAttrs {
    pub(crate) fn parse(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut out = ProjectionAttrs::default();
        each_item(attrs, PROJECTION, errors, |key, input, _| {
            match plain(key).as_str() {
                "crate" => once(&mut out.root, key, equals_path(key, input, "dynamodel")?),
                _ => once(&mut out.of, key, equals_type(key, input)?),
            }
        });
        out
    }
}
