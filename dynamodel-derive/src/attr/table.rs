//! Attributes of a table.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Path, Token, bracketed, parenthesized};

use super::{
    OptionsAttr, Spanned, TABLE, each_item, equals, equals_choice, equals_path, equals_text, once,
    skip_rest,
};
use crate::errors::Errors;
use crate::names::{hint, plain};

/// Attributes of a table.
#[derive(Default)]
pub(crate) struct TableAttrs {
    pub(crate) root: Option<Path>,
    pub(crate) name: Option<LitStr>,
    pub(crate) partition: Option<KeyName>,
    pub(crate) sort: Option<KeyName>,
    pub(crate) ttl: Option<LitStr>,
    pub(crate) discriminator: Option<Discriminator>,
    pub(crate) indexes: Vec<TableIndexAttr>,
    pub(crate) options: OptionsAttr,
}

/// `discriminator = "_type"` or `discriminator = none`.
pub(crate) enum Discriminator {
    Attribute(LitStr),
    None,
}

/// The name of a key attribute, with its type: `"pk"` or `"at": N`.
#[derive(Clone)]
pub(crate) struct KeyName {
    pub(crate) name: LitStr,
    /// S, N or B, if it is given.
    pub(crate) kind: Option<Spanned<&'static str>>,
}

/// `index(..)` or `local_index(..)`, with the names of attributes.
pub(crate) struct TableIndexAttr {
    pub(crate) local: bool,
    pub(crate) name: Ident,
    pub(crate) stored_name: Option<LitStr>,
    pub(crate) partition: Option<KeyName>,
    pub(crate) sort: Option<KeyName>,
    pub(crate) project: Option<TableProject>,
}

/// Attributes that an index of a table holds beside the keys.
pub(crate) enum TableProject {
    All,
    Keys,
    /// The listed attributes, by their stored names.
    Include(Vec<LitStr>),
}

impl TableAttrs {
    pub(crate) fn parse(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut out = TableAttrs::default();
        each_item(attrs, TABLE, errors, |key, input, _| {
            match plain(key).as_str() {
                "crate" => once(&mut out.root, key, equals_path(key, input, "dynamodel")?),
                "name" => once(&mut out.name, key, equals_text(key, input, "app")?),
                "partition" => once(&mut out.partition, key, key_name(key, input, "pk")?),
                "sort" => once(&mut out.sort, key, key_name(key, input, "sk")?),
                "ttl" => once(&mut out.ttl, key, equals_text(key, input, "expires")?),
                "discriminator" => once(&mut out.discriminator, key, discriminator(key, input)?),
                "index" => index(key, input, false).map(|i| out.indexes.push(i)),
                "local_index" => index(key, input, true).map(|i| out.indexes.push(i)),
                _ => out.options.parse(key, input),
            }
        });
        out
    }
}

/// `= "_type"`, or `= none`.
fn discriminator(key: &Ident, input: ParseStream<'_>) -> syn::Result<Discriminator> {
    let fork = input.fork();
    if fork.parse::<Token![=]>().is_ok() && fork.peek(Ident) {
        let (none, _) = equals_choice(key, input, &[("none", ())])?;
        let () = none;
        return Ok(Discriminator::None);
    }
    equals_text(key, input, "_type").map(Discriminator::Attribute)
}

fn index(key: &Ident, input: ParseStream<'_>, local: bool) -> syn::Result<TableIndexAttr> {
    let usage = if local {
        "expected a name and a sort attribute, for instance `local_index(lsi1, sort = \"lsi1sk\")`"
    } else {
        "expected a name and attributes, for instance `index(gsi1, partition = \"gsi1pk\", sort = \"gsi1sk\")`"
    };
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(key.span(), usage));
    }
    let content;
    parenthesized!(content in input);
    let name = content.call(Ident::parse_any);
    let name = name.map_err(|_| syn::Error::new(key.span(), usage))?;
    if content.peek(Token![=]) {
        let message = format!("the index has no name; {usage}");
        return Err(syn::Error::new(name.span(), message));
    }
    let mut out = TableIndexAttr {
        local,
        name,
        stored_name: None,
        partition: None,
        sort: None,
        project: None,
    };
    // Skips the rest, because text after a mistake would be reported as another one.
    index_parts(&content, &mut out).inspect_err(|_| skip_rest(&content))?;
    Ok(out)
}

/// Parses the parts that follow the name of an index.
fn index_parts(content: ParseStream<'_>, out: &mut TableIndexAttr) -> syn::Result<()> {
    let local = out.local;
    while !content.is_empty() {
        content.parse::<Token![,]>()?;
        if content.is_empty() {
            break;
        }
        let key = content.call(Ident::parse_any)?;
        if key == "project" {
            once(&mut out.project, &key, project(&key, content)?)?;
            continue;
        }
        let (slot, example) = match plain(&key).as_str() {
            "partition" if !local => (&mut out.partition, "gsi1pk"),
            "sort" => (&mut out.sort, "gsi1sk"),
            "name" => {
                once(
                    &mut out.stored_name,
                    &key,
                    equals_text(&key, content, "gsi-1")?,
                )?;
                continue;
            }
            "partition" => {
                let message = "a local index has the partition key of the table; remove `partition`, or make it an `index(..)`";
                return Err(syn::Error::new(key.span(), message));
            }
            "shards" => {
                let message = "an entity says how its writes to an index are spread; write `shards` to the entity, `index(gsi1 as by_status, .., shards = 16)`";
                return Err(syn::Error::new(key.span(), message));
            }
            other => {
                let known = ["partition", "sort", "project", "name"];
                let known = if local { &known[1..] } else { &known[..] };
                let hint = hint(other, known.iter().copied());
                let message = format!("unknown part `{other}` of an index of a table; {hint}");
                return Err(syn::Error::new(key.span(), message));
            }
        };
        once(slot, &key, key_name(&key, content, example)?)?;
    }
    Ok(())
}

/// `= "pk"`, or `= "at": N`.
fn key_name(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<KeyName> {
    let name = equals_text(key, input, example)?;
    if !input.peek(Token![:]) {
        return Ok(KeyName { name, kind: None });
    }
    input.parse::<Token![:]>()?;
    let usage = format!(
        "the type of a key attribute is `S`, `N` or `B`, for instance `\"{}\": N`",
        name.value()
    );
    let word = Ident::parse_any(input).map_err(|e| syn::Error::new(e.span(), &usage))?;
    let known = ["S", "N", "B"].into_iter().find(|known| word == *known);
    let kind = Some(Spanned {
        value: known.ok_or_else(|| syn::Error::new(word.span(), usage))?,
        span: word.span(),
    });
    Ok(KeyName { name, kind })
}

/// `= all`, `= keys` or `= ["a", "b"]`.
fn project(key: &Ident, input: ParseStream<'_>) -> syn::Result<TableProject> {
    let usage =
        "`project` is `all`, `keys` or a list of stored names, `project = [\"status\", \"total\"]`";
    equals(key, input, usage)?;
    if input.peek(syn::token::Bracket) {
        let content;
        bracketed!(content in input);
        let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)
            .inspect_err(|_| skip_rest(&content))
            .map_err(|e| syn::Error::new(e.span(), usage))?;
        return Ok(TableProject::Include(names.into_iter().collect()));
    }
    let word = Ident::parse_any(input).map_err(|e| syn::Error::new(e.span(), usage))?;
    match plain(&word).as_str() {
        "all" => Ok(TableProject::All),
        "keys" => Ok(TableProject::Keys),
        _ => Err(syn::Error::new(word.span(), usage)),
    }
}
