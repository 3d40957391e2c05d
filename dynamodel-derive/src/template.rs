//! Key templates: `"ORDER#{placed_at}#{address.zip}"` as literals and fields.

use proc_macro2::{Ident, Span};
use syn::LitStr;

use crate::names::plain;

/// A template.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) span: Span,
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Clone)]
pub(crate) enum Piece {
    Literal(String),
    /// A field of the entity, and below it fields of documents.
    Part(Vec<Ident>),
}

impl Template {
    pub(crate) fn parse(text: &LitStr) -> syn::Result<Template> {
        let span = text.span();
        let error = |message: &str| Err(syn::Error::new(span, message));
        let value = text.value();
        let (mut pieces, mut literal) = (Vec::new(), String::new());
        let mut rest = value.as_str();
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            match c {
                '{' | '}' if after.starts_with(c) => {
                    literal.push(c);
                    rest = &after[1..];
                }
                '{' => {
                    let Some((name, after)) = after.split_once('}') else {
                        return error(
                            "a `{` of the template is not closed; write `{field}`, or `{{` for the character",
                        );
                    };
                    if !literal.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Part(part(name, span)?));
                    rest = after;
                }
                '}' => {
                    return error("a `}` of the template has no `{`; write `}}` for the character");
                }
                c => {
                    literal.push(c);
                    rest = after;
                }
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        if pieces.is_empty() {
            return error("a template has at least one character; a key is never empty");
        }
        Ok(Template { span, pieces })
    }

    /// The parts, in order.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[Ident]> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Part(path) => Some(path.as_slice()),
            Piece::Literal(_) => None,
        })
    }

    /// The template as it was written.
    pub(crate) fn text(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.replace('{', "{{").replace('}', "}}"),
            Piece::Part(path) => format!("{{{}}}", dotted(path)),
        });
        pieces.collect()
    }

    /// The template with `{}` for every part: equal for templates that differ in names only.
    pub(crate) fn shape(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.replace('{', "{{"),
            Piece::Part(_) => "{}".to_owned(),
        });
        pieces.collect()
    }
}

/// `address.zip`, as it is written.
pub(crate) fn dotted(path: &[Ident]) -> String {
    let names: Vec<String> = path.iter().map(plain).collect();
    names.join(".")
}

fn part(text: &str, span: Span) -> syn::Result<Vec<Ident>> {
    let ident = |name: &str| {
        let parsed =
            syn::parse_str::<Ident>(name).or_else(|_| syn::parse_str(&format!("r#{name}")));
        let mut ident = parsed.map_err(|_| {
            let message = format!("`{{{text}}}` names no field; write `{{field}}`, or `{{document.field}}` for one of a document");
            syn::Error::new(span, message)
        })?;
        ident.set_span(span);
        Ok(ident)
    };
    text.split('.').map(|name| ident(name.trim())).collect()
}
