//! Key templates: `"ORDER#{placed_at}#{address.zip}"` as literals and fields, which may have a form,
//! `{number:05}`.

use proc_macro2::{Ident, Span};
use syn::LitStr;

use crate::names::{hint, plain};

/// A template.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) span: Span,
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Clone)]
pub(crate) enum Piece {
    Literal(String),
    /// A field of the entity, and below it fields of documents, in a form.
    Part(Vec<Ident>, Form),
}

/// The form of a part: `{n:plain}`, `{n:05}`, `{s:lower}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Sorted,
    Plain,
    Padded(u8),
    Lower,
    Upper,
    Escaped,
}

/// The forms with a name.
const FORMS: [(&str, Form); 4] = [
    ("plain", Form::Plain),
    ("lower", Form::Lower),
    ("upper", Form::Upper),
    ("escaped", Form::Escaped),
];

/// The greatest number of digits: that of the greatest integer.
const MOST_DIGITS: u8 = 39;

impl Form {
    fn parse(text: &str, span: Span) -> syn::Result<Form> {
        if let Some((_, form)) = FORMS.iter().find(|(name, _)| *name == text) {
            return Ok(*form);
        }
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let message = match text.parse::<u8>() {
            Ok(digits @ 1..=MOST_DIGITS) if is_number && text.starts_with('0') => {
                return Ok(Form::Padded(digits));
            }
            Ok(digits @ 1..=MOST_DIGITS) if is_number => {
                format!(
                    "`{text}` is no form; write `0{digits}` for {digits} digits with zeros before the number"
                )
            }
            _ if is_number => {
                format!("a number has 1 to {MOST_DIGITS} digits, for instance `{{n:05}}`")
            }
            _ => {
                let hint = hint(text, FORMS.iter().map(|(name, _)| *name));
                format!(
                    "unknown form `{text}` of a part, which is a word or digits such as `05`; {hint}"
                )
            }
        };
        Err(syn::Error::new(span, message))
    }
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Form::Sorted => Ok(()),
            Form::Padded(digits) => write!(f, ":0{digits}"),
            form => {
                let name = FORMS.iter().find(|(_, other)| other == form);
                write!(f, ":{}", name.map_or("", |(name, _)| name))
            }
        }
    }
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
                    let (name, form) = match name.split_once(':') {
                        Some((name, form)) => (name, Form::parse(form.trim(), span)?),
                        None => (name, Form::Sorted),
                    };
                    pieces.push(Piece::Part(part(name, span)?, form));
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
            Piece::Part(path, _) => Some(path.as_slice()),
            Piece::Literal(_) => None,
        })
    }

    /// The path of the template's only piece, if that is a part in its own form.
    pub(crate) fn alone(&self) -> Option<&[Ident]> {
        match self.pieces.as_slice() {
            [Piece::Part(path, Form::Sorted)] => Some(path),
            _ => None,
        }
    }

    /// The characters that a part in the form `escaped` does not contain, at this position: `%`, `#`
    /// and the other delimiters of the template, so that its end is found and the last part of a
    /// template cannot look like a longer template.
    pub(crate) fn special(&self, at: usize) -> String {
        let mut special = String::from("%#");
        let next = match self.pieces.get(at + 1) {
            Some(Piece::Literal(next)) => next.chars().next(),
            _ => None,
        };
        let literals = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(text) => Some(text.chars()),
            Piece::Part(..) => None,
        });
        let delimiters = literals.flatten().filter(|c| !c.is_alphanumeric());
        for c in delimiters.chain(next) {
            if !special.contains(c) {
                special.push(c);
            }
        }
        special
    }

    /// The template as it was written.
    pub(crate) fn text(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.replace('{', "{{").replace('}', "}}"),
            Piece::Part(path, form) => format!("{{{}{form}}}", dotted(path)),
        });
        pieces.collect()
    }

    /// The template with `{}` for every part: equal for templates that differ in names only.
    pub(crate) fn shape(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.replace('{', "{{"),
            Piece::Part(_, form) => format!("{{{form}}}"),
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
