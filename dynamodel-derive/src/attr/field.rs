//! Attributes of a field.

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Expr, Ident, LitStr, Path, Token, Type};

use super::{
    DOCUMENT_FIELD, FIELD, PROJECTION_FIELD, Place, Spanned, choice, each_item, equals_choice,
    equals_path, equals_text, equals_type, flag, once,
};
use crate::errors::Errors;
use crate::names::plain;

/// Attributes of a field of an entity, a document or a projection.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) partition: Option<Span>,
    pub(crate) sort: Option<Span>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) version: Option<Span>,
    pub(crate) ttl: Option<Span>,
    pub(crate) skip: Option<Span>,
    /// `default`, perhaps with an expression.
    pub(crate) default: Option<Option<Expr>>,
    pub(crate) created_at: Option<Span>,
    pub(crate) updated_at: Option<Span>,
    pub(crate) write_token: Option<Span>,
    pub(crate) unique: Option<Span>,
    pub(crate) immutable: Option<Span>,
    /// `keep_key`: holds the key under which the item was read.
    pub(crate) keep_key: Option<Span>,
    /// `in_key`: stored in the key alone.
    pub(crate) in_key: Option<Span>,
    /// The kind of the ids that the library makes.
    pub(crate) id: Option<Spanned<&'static str>>,
    pub(crate) stored: Option<StoredAttr>,
    /// Keeps the attributes that no other field has.
    pub(crate) rest: Option<Span>,
}

/// A stored form that differs from the field's type.
#[derive(Clone)]
pub(crate) enum StoredAttr {
    /// `with = module`, `kind = S`.
    With {
        module: Path,
        kind: Option<&'static str>,
        span: Span,
    },
    /// `serde`, perhaps with `kind = S`.
    Serde {
        kind: Option<&'static str>,
        span: Span,
    },
    /// `from = T, into = T`; or `try_from = T, into = T`.
    Convert {
        ty: Box<Type>,
        fallible: bool,
        span: Span,
    },
}

impl StoredAttr {
    pub(crate) fn span(&self) -> Span {
        match self {
            StoredAttr::With { span, .. }
            | StoredAttr::Serde { span, .. }
            | StoredAttr::Convert { span, .. } => *span,
        }
    }
}

/// `from`, `try_from` and `into`, on a field or on a document.
#[derive(Default)]
pub(crate) struct Conversion {
    from: Option<(Type, Span)>,
    try_from: Option<(Type, Span)>,
    into: Option<(Type, Span)>,
}

impl Conversion {
    pub(super) fn parse(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let slot = match plain(key).as_str() {
            "from" => &mut self.from,
            "try_from" => &mut self.try_from,
            _ => &mut self.into,
        };
        once(slot, key, (equals_type(key, input)?, key.span()))
    }

    /// The two directions as one stored form.
    pub(crate) fn finish(self, errors: &mut Errors) -> Option<StoredAttr> {
        let (from, fallible) = match (self.from, self.try_from) {
            (Some(_), Some((_, span))) => {
                errors.at(span, "`from` and `try_from` exclude each other; keep one");
                return None;
            }
            (Some(from), None) => (Some(from), false),
            (None, from) => (from, true),
        };
        match (from, self.into) {
            (None, None) => None,
            (Some((ty, span)), Some((into, _))) => {
                if ty != into {
                    errors.on(&into, "`into` names another type than `from`; the stored form is one type, give it to both");
                }
                Some(StoredAttr::Convert {
                    ty: Box::new(ty),
                    fallible,
                    span,
                })
            }
            (Some((_, span)), None) => {
                errors.at(
                    span,
                    "the way back is missing; add `into` with the same type",
                );
                None
            }
            (None, Some((_, span))) => {
                errors.at(
                    span,
                    "the way back is missing; add `from` or `try_from` with the same type",
                );
                None
            }
        }
    }
}

/// The data types that `kind = ..` names, and the markers of the runtime.
const KINDS: [(&str, &str); 9] = [
    ("S", "S"),
    ("N", "N"),
    ("B", "B"),
    ("BOOL", "Bool"),
    ("L", "L"),
    ("M", "M"),
    ("SS", "Ss"),
    ("NS", "Ns"),
    ("BS", "Bs"),
];

impl FieldAttrs {
    pub(crate) fn of_entity(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        FieldAttrs::parse(attrs, FIELD, errors)
    }

    pub(crate) fn of_document(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        FieldAttrs::parse(attrs, DOCUMENT_FIELD, errors)
    }

    pub(crate) fn of_projection(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        FieldAttrs::parse(attrs, PROJECTION_FIELD, errors)
    }

    fn parse(attrs: &[syn::Attribute], place: Place, errors: &mut Errors) -> Self {
        let mut out = FieldAttrs::default();
        let mut with: Option<(Path, Span)> = None;
        let mut serde: Option<Span> = None;
        let mut kind: Option<(&'static str, Ident)> = None;
        let mut conversion = Conversion::default();
        each_item(attrs, place, errors, |key, input, _| {
            match plain(key).as_str() {
                "partition" => once(&mut out.partition, key, flag(key, input)?),
                "sort" => once(&mut out.sort, key, flag(key, input)?),
                "rename" => once(&mut out.rename, key, equals_text(key, input, "Name")?),
                "version" => once(&mut out.version, key, flag(key, input)?),
                "ttl" => once(&mut out.ttl, key, flag(key, input)?),
                "skip" => once(&mut out.skip, key, flag(key, input)?),
                "default" => once(&mut out.default, key, default(input)?),
                "created_at" => once(&mut out.created_at, key, flag(key, input)?),
                "updated_at" => once(&mut out.updated_at, key, flag(key, input)?),
                "write_token" => once(&mut out.write_token, key, flag(key, input)?),
                "with" => {
                    let module = equals_path(key, input, "my_module")?;
                    once(&mut with, key, (module, key.span()))
                }
                "kind" => once(&mut kind, key, equals_choice(key, input, &KINDS)?),
                "serde" => once(&mut serde, key, flag(key, input)?),
                "unique" => once(&mut out.unique, key, flag(key, input)?),
                "in_key" => once(&mut out.in_key, key, flag(key, input)?),
                "keep_key" => once(&mut out.keep_key, key, flag(key, input)?),
                "immutable" => once(&mut out.immutable, key, flag(key, input)?),
                "id" => once(&mut out.id, key, id(key, input)?),
                "rest" => once(&mut out.rest, key, flag(key, input)?),
                _ => conversion.parse(key, input),
            }
        });
        let conversion = conversion.finish(errors);
        if let Some((_, word)) = &kind
            && with.is_none()
            && serde.is_none()
        {
            errors.at(
                word.span(),
                "`kind` belongs to `with` or `serde`; elsewhere the type says how it is stored",
            );
        }
        let kind = kind.map(|(kind, _)| kind);
        let with = with.map(|(module, span)| StoredAttr::With { module, kind, span });
        let serde = serde.map(|span| StoredAttr::Serde { kind, span });
        out.stored = match (with, serde, conversion) {
            (Some(form), None, Some(_)) => {
                errors.at(
                    form.span(),
                    "`with` and `from`/`into` exclude each other; keep one",
                );
                None
            }
            (None, Some(form), Some(_)) | (Some(_), Some(form), _) => {
                errors.at(
                    form.span(),
                    "`serde` stores the field's own type; keep either it or `with`, `from` and `into`",
                );
                None
            }
            (with, serde, conversion) => with.or(serde).or(conversion),
        };
        out
    }
}

/// `= "uuid7"` or `= "ulid"`, with the function that fills the field.
fn id(key: &Ident, input: ParseStream<'_>) -> syn::Result<Spanned<&'static str>> {
    let kinds = [("uuid7", "fill_uuid7"), ("ulid", "fill_ulid")];
    let text = equals_text(key, input, "uuid7")?;
    Ok(Spanned {
        value: choice(&text.value(), text.span(), &kinds)?,
        span: key.span(),
    })
}

/// Nothing, or `= expr`.
fn default(input: ParseStream<'_>) -> syn::Result<Option<Expr>> {
    if !input.peek(Token![=]) {
        return Ok(None);
    }
    input.parse::<Token![=]>()?;
    input.parse().map(Some)
}
