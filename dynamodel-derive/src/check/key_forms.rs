//! Rules of the forms of key parts, and of fields that stand in the key alone.

use proc_macro2::Span;

use super::fields::roles;
use crate::errors::Errors;
use crate::model::{Entity, Field, SingleTable};
use crate::names::plain;
use crate::template::{Form, Piece, Template, dotted};

/// Applies the rules of forms.
pub(super) fn forms(single: &SingleTable, errors: &mut Errors) {
    for template in single.templates() {
        for (at, piece) in template.pieces.iter().enumerate() {
            if let Piece::Part(path, form @ (Form::Plain | Form::Escaped)) = piece {
                let part = format!("{{{}{form}}}", dotted(path));
                end(template, &part, *form, template.pieces.get(at + 1), errors);
            }
        }
    }
}

/// The end of a part without a fixed width is found by the literal that follows.
fn end(template: &Template, part: &str, form: Form, next: Option<&Piece>, errors: &mut Errors) {
    let problem = match next {
        Some(Piece::Part(..)) => {
            format!("nothing tells where `{part}` ends; put a literal such as `#` behind it")
        }
        Some(Piece::Literal(text)) if form == Form::Escaped && text.starts_with(is_of_escape) => {
            format!(
                "`{part}` writes escapes such as `%23`, and the literal behind it begins with a character of these; begin it with a delimiter such as `#`"
            )
        }
        _ => return,
    };
    errors.at(template.span, problem);
}

/// Returns `true` for a character that stands in escapes.
fn is_of_escape(c: char) -> bool {
    matches!(c, '%' | '0'..='9' | 'A'..='F')
}

/// A field that stands in the key alone is a part of the primary key that can be read back, and
/// nothing else.
pub(super) fn in_key(entity: &Entity, errors: &mut Errors) {
    for field in &entity.fields {
        let Some(span) = field.attrs.in_key else {
            continue;
        };
        match &entity.single_table {
            Some(single) => in_template(single, field, span, errors),
            None if entity.understood => errors.at(span, "`in_key` belongs to an entity of a shared table, whose templates make the key; the key of this table is the marked fields themselves, so remove it"),
            None => {}
        }
        alone(field, errors);
    }
}

/// One field of an entity of a shared table keeps the stored key, and nothing else describes it.
pub(super) fn keep_key(entity: &Entity, errors: &mut Errors) {
    let mut first = None;
    for field in &entity.fields {
        let (attrs, Some(span)) = (&field.attrs, field.attrs.keep_key) else {
            continue;
        };
        if entity.single_table.is_none() && entity.understood {
            errors.at(span, "`keep_key` belongs to an entity of a shared table, whose templates make the key; here the key is the marked fields as they are stored, so remove it, and give them types that keep the stored form, such as `String`");
        }
        if let Some(first) = first.replace(plain(&field.ident)) {
            errors.at(
                span,
                format!("`{first}` keeps the stored key already; remove one of the two"),
            );
        }
        let own = [
            attrs.partition,
            attrs.sort,
            attrs.unique,
            attrs.immutable,
            attrs.in_key,
            attrs.skip,
        ];
        let of_form = attrs.stored.as_ref().map(|form| form.span());
        let name = attrs.rename.as_ref().map(syn::LitStr::span);
        let default = attrs.default.as_ref().and(attrs.keep_key);
        let id = attrs.id.as_ref().map(|id| id.span);
        let others = own
            .into_iter()
            .chain([of_form, name, default, id])
            .flatten();
        for span in others.chain(roles(field).map(|(_, span)| span)) {
            errors.at(
                span,
                "a field that is marked `keep_key` is no attribute of the item; remove this",
            );
        }
    }
}

fn in_template(single: &SingleTable, field: &Field, span: Span, errors: &mut Errors) {
    let name = plain(&field.ident);
    let mut primary = std::iter::once(&single.partition).chain(&single.sort);
    let pieces = || single.templates().flat_map(|t| &t.pieces);
    let is_field = |path: &[proc_macro2::Ident]| matches!(path, [own] if plain(own) == name);
    if !primary.any(|template| template.parts().any(is_field)) {
        let elsewhere = pieces().any(|p| matches!(p, Piece::Part(path, _) if is_field(path)));
        let what = match elsewhere {
            true => "an index key, which an item may lack, but not in the entity's own key",
            false => "no template of the entity's key, so that nothing would store it",
        };
        errors.at(
            span,
            format!("`{name}` is in {what}; name it in `key(..)`, or remove `in_key`"),
        );
    }
    let primary = std::iter::once(&single.partition).chain(&single.sort);
    for piece in primary.flat_map(|t| &t.pieces) {
        if let Piece::Part(path, form @ (Form::Lower | Form::Upper)) = piece
            && is_field(path)
        {
            errors.at(
                span,
                format!("the key holds `{{{name}{form}}}`, from which the field cannot be read back; remove `in_key`, or the form"),
            );
        }
    }
}

/// Nothing else describes an attribute of the field, because there is none.
fn alone(field: &Field, errors: &mut Errors) {
    let attrs = &field.attrs;
    let others = [
        ("rename", attrs.rename.as_ref().map(syn::LitStr::span)),
        ("default", attrs.default.as_ref().and(attrs.in_key)),
        ("immutable", attrs.immutable),
    ];
    let others = others
        .into_iter()
        .filter_map(|(what, at)| Some((what, at?)));
    for (what, span) in others {
        errors.at(
            span,
            format!("a field that is marked `in_key` is no attribute of the item, so it has no use for `{what}`; remove one of the two"),
        );
    }
}
