//! Attributes of an entity: its table, indexes and options.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Ident, LitInt, LitStr, Path, Token, bracketed, parenthesized};

use super::{
    ENTITY, Spanned, each_item, equals, equals_choice, equals_fields, equals_path, equals_text,
    flag, inside, once, rename_rule, skip_rest,
};
use crate::errors::Errors;
use crate::names::{RenameRule, hint, plain};
use crate::template::Template;

/// Attributes of an entity.
#[derive(Default)]
pub(crate) struct EntityAttrs {
    pub(crate) root: Option<Path>,
    pub(crate) table: Option<TableAttr>,
    pub(crate) key: Option<KeyAttr>,
    pub(crate) rename_all: Option<RenameRule>,
    /// `kind = "car"`: the type that the items have in a shared table.
    pub(crate) kind: Option<LitStr>,
    /// `kind_alias = ["Car"]`: further types of its items.
    pub(crate) kind_aliases: Option<Spanned<Vec<LitStr>>>,
    /// `untyped`: items without a type are the entity's, too.
    pub(crate) untyped: Option<Span>,
    pub(crate) indexes: Vec<IndexAttr>,
    pub(crate) options: OptionsAttr,
    /// `partial`: a struct with every field an `Option` is generated.
    pub(crate) partial: Option<Span>,
    pub(crate) new: Option<Span>,
    /// New names of constructors: the old name and the new one.
    pub(crate) functions: Vec<(String, Ident)>,
}

/// `table = "name"`, or `table = App`.
pub(crate) enum TableAttr {
    Name(LitStr),
    Type(Path),
}

/// `key(partition = "..", sort = "..")`.
pub(crate) struct KeyAttr {
    pub(crate) span: Span,
    pub(crate) partition: Template,
    pub(crate) sort: Option<Template>,
    /// `any_text`: the texts of parts may contain delimiters of the templates.
    pub(crate) any_text: bool,
}

/// A key of an index: fields, or a template.
pub(crate) enum KeyPart {
    Fields(Vec<Ident>),
    Template(Template),
}

/// `index(..)` or `local_index(..)`.
pub(crate) struct IndexAttr {
    pub(crate) local: bool,
    pub(crate) name: Ident,
    /// `name as alias`.
    pub(crate) alias: Option<Ident>,
    pub(crate) stored_name: Option<LitStr>,
    pub(crate) partition: Option<KeyPart>,
    pub(crate) sort: Option<KeyPart>,
    pub(crate) project: Option<Project>,
    pub(crate) shards: Option<Spanned<u16>>,
}

/// Attributes that an index holds beside the keys.
pub(crate) enum Project {
    All,
    Keys,
    Include(Vec<Ident>),
}

/// Options of the table, for its creation.
#[derive(Default)]
pub(crate) struct OptionsAttr {
    pub(crate) billing: Option<BillingAttr>,
    pub(crate) stream: Option<&'static str>,
    pub(crate) encryption: Option<EncryptionAttr>,
    pub(crate) tags: Option<Vec<(String, LitStr)>>,
    pub(crate) deletion_protection: Option<Span>,
    pub(crate) point_in_time_recovery: Option<Span>,
    pub(crate) table_class: Option<&'static str>,
}

pub(crate) enum BillingAttr {
    OnDemand,
    Provisioned { read: LitInt, write: LitInt },
}

pub(crate) enum EncryptionAttr {
    AwsManaged,
    Key(LitStr),
}

const CONSTRUCTORS: [&str; 7] = ["key", "get", "update", "delete", "check", "query", "new"];

impl EntityAttrs {
    pub(crate) fn parse(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut out = EntityAttrs::default();
        each_item(attrs, ENTITY, errors, |key, input, errors| {
            match plain(key).as_str() {
                "crate" => once(&mut out.root, key, equals_path(key, input, "dynamodel")?),
                "table" => once(&mut out.table, key, table(key, input)?),
                "key" => once(&mut out.key, key, key_templates(key, input)?),
                "rename_all" => once(&mut out.rename_all, key, rename_rule(key, input)?),
                "kind" => once(&mut out.kind, key, equals_text(key, input, "car")?),
                "kind_alias" => once(&mut out.kind_aliases, key, kind_aliases(key, input)?),
                "untyped" => once(&mut out.untyped, key, flag(key, input)?),
                "index" => index(key, input, false, errors).map(|i| out.indexes.push(i)),
                "local_index" => index(key, input, true, errors).map(|i| out.indexes.push(i)),
                "partial" => once(&mut out.partial, key, flag(key, input)?),
                "new" => once(&mut out.new, key, flag(key, input)?),
                "rename_fn" => functions(key, input, &mut out.functions),
                _ => out.options.parse(key, input),
            }
        });
        out
    }
}

/// `index(name, partition = .., sort = .., project = .., name = "..")`.
fn index(
    key: &Ident,
    input: ParseStream<'_>,
    local: bool,
    errors: &mut Errors,
) -> syn::Result<IndexAttr> {
    let usage = if local {
        "expected a name and a sort key, for instance `local_index(by_time, sort = time)`"
    } else {
        "expected a name and a partition key, for instance `index(by_email, partition = email)`"
    };
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(key.span(), usage));
    }
    inside(input, |content| {
        let name = content.call(Ident::parse_any);
        let name = name.map_err(|_| syn::Error::new(key.span(), usage))?;
        if content.peek(Token![=]) {
            let message = format!("the index has no name; {usage}");
            return Err(syn::Error::new(name.span(), message));
        }
        let alias = if content.peek(Token![as]) {
            content.parse::<Token![as]>()?;
            Some(content.call(Ident::parse_any)?)
        } else {
            None
        };
        let mut out = IndexAttr {
            local,
            name,
            alias,
            stored_name: None,
            partition: None,
            sort: None,
            project: None,
            shards: None,
        };
        if let Err(e) = index_parts(content, &mut out, errors) {
            // The index stays, so that code which queries it has no errors of its own.
            errors.add(e);
            skip_rest(content);
        }
        Ok(out)
    })
}

/// Parses the parts that follow the name of an index.
fn index_parts(
    input: ParseStream<'_>,
    out: &mut IndexAttr,
    errors: &mut Errors,
) -> syn::Result<()> {
    let known = ["partition", "sort", "project", "name", "shards"];
    while !input.is_empty() {
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            break;
        }
        let key = input.call(Ident::parse_any)?;
        match plain(&key).as_str() {
            "partition" => {
                if out.local {
                    errors.at(
                        key.span(),
                        "a local index has the partition key of the table; remove `partition`, or make it an `index(..)`",
                    );
                }
                once(&mut out.partition, &key, key_part(&key, input)?)?;
            }
            "sort" => once(&mut out.sort, &key, key_part(&key, input)?)?,
            "project" => once(&mut out.project, &key, project(&key, input)?)?,
            "name" => once(
                &mut out.stored_name,
                &key,
                equals_text(&key, input, "by-email")?,
            )?,
            "shards" => {
                let count = shards(&key, input)?;
                if out.local {
                    errors.at(
                        key.span(),
                        "a local index lies in the partitions of the table, which no shards can spread; remove `shards`, or make it an `index(..)`",
                    );
                } else {
                    once(&mut out.shards, &key, count)?;
                }
            }
            other => {
                let known = if out.local { &known[1..4] } else { &known[..] };
                let hint = hint(other, known.iter().copied());
                let message = format!("unknown part `{other}` of an index; {hint}");
                return Err(syn::Error::new(key.span(), message));
            }
        }
    }
    Ok(())
}

/// `= 16`.
fn shards(key: &Ident, input: ParseStream<'_>) -> syn::Result<Spanned<u16>> {
    let usage = "`shards` is how many partitions the writes of one key are spread over, from 2 to 256, for instance `shards = 16`";
    equals(key, input, usage)?;
    let count: LitInt = input
        .parse()
        .map_err(|e: syn::Error| syn::Error::new(e.span(), usage))?;
    match count.base10_parse::<u16>() {
        Ok(value @ 2..=256) => Ok(Spanned {
            value,
            span: count.span(),
        }),
        _ => Err(syn::Error::new(count.span(), usage)),
    }
}

/// `= ["Car", "vehicle"]`.
fn kind_aliases(key: &Ident, input: ParseStream<'_>) -> syn::Result<Spanned<Vec<LitStr>>> {
    let usage = "`kind_alias` is the types that older items have, `kind_alias = [\"Car\"]`";
    equals(key, input, usage)?;
    if !input.peek(syn::token::Bracket) {
        return Err(input.error(usage));
    }
    let content;
    bracketed!(content in input);
    let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)
        .inspect_err(|_| skip_rest(&content))
        .map_err(|e| syn::Error::new(e.span(), usage))?;
    Ok(Spanned {
        value: names.into_iter().collect(),
        span: key.span(),
    })
}

/// `= "name"`, or `= Type`.
fn table(key: &Ident, input: ParseStream<'_>) -> syn::Result<TableAttr> {
    let fork = input.fork();
    fork.parse::<Token![=]>().ok();
    if fork.call(Path::parse_mod_style).is_ok() {
        return equals_path(key, input, "App").map(TableAttr::Type);
    }
    equals_text(key, input, "sessions").map(TableAttr::Name)
}

/// `(partition = "..", sort = "..")`.
fn key_templates(key: &Ident, input: ParseStream<'_>) -> syn::Result<KeyAttr> {
    let usage = "expected the key's templates, for instance `key(partition = \"USER#{user_id}\", sort = \"PROFILE\")`";
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(key.span(), usage));
    }
    let content;
    parenthesized!(content in input);
    let mut parts = KeyParts::default();
    // Skips the rest, because text after a mistake would be reported as another one.
    let read = parts.parse(&content, usage);
    read.inspect_err(|_| skip_rest(&content))?;
    let KeyParts {
        partition,
        sort,
        any_text,
    } = parts;
    Ok(KeyAttr {
        span: key.span(),
        partition: partition.ok_or_else(|| syn::Error::new(key.span(), usage))?,
        sort,
        any_text: any_text.is_some(),
    })
}

/// The parts of `key(..)` so far.
#[derive(Default)]
struct KeyParts {
    partition: Option<Template>,
    sort: Option<Template>,
    any_text: Option<Span>,
}

impl KeyParts {
    /// Parses what stands between the parentheses.
    fn parse(&mut self, content: ParseStream<'_>, usage: &str) -> syn::Result<()> {
        while !content.is_empty() {
            let part = content.call(Ident::parse_any)?;
            let slot = match plain(&part).as_str() {
                "partition" => Some(&mut self.partition),
                "sort" => Some(&mut self.sort),
                "any_text" => None,
                _ => return Err(syn::Error::new(part.span(), usage)),
            };
            match slot {
                Some(slot) => {
                    let text = equals_text(&part, content, "USER#{user_id}")?;
                    once(slot, &part, Template::parse(&text)?)?;
                }
                None => once(&mut self.any_text, &part, flag(&part, content)?)?,
            }
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}

/// Fields, or a template in quotes.
fn key_part(key: &Ident, input: ParseStream<'_>) -> syn::Result<KeyPart> {
    let fork = input.fork();
    if fork.parse::<Token![=]>().is_ok() && fork.peek(LitStr) {
        let text = equals_text(key, input, "STATUS#{status}")?;
        return Template::parse(&text).map(KeyPart::Template);
    }
    equals_fields(key, input).map(KeyPart::Fields)
}

/// `= all`, `= keys` or `= [a, b]`.
fn project(key: &Ident, input: ParseStream<'_>) -> syn::Result<Project> {
    let usage = "`project` is `all`, `keys` or a list of fields, `project = [a, b]`";
    equals(key, input, usage)?;
    if input.peek(syn::token::Bracket) {
        let content;
        bracketed!(content in input);
        let fields =
            Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, Ident::parse_any)
                .inspect_err(|_| skip_rest(&content))
                .map_err(|e| syn::Error::new(e.span(), usage))?;
        return Ok(Project::Include(fields.into_iter().collect()));
    }
    let word = Ident::parse_any(input).map_err(|e| syn::Error::new(e.span(), usage))?;
    match plain(&word).as_str() {
        "all" => Ok(Project::All),
        "keys" => Ok(Project::Keys),
        _ => Err(syn::Error::new(word.span(), usage)),
    }
}

/// `rename_fn(query = "query_by_user", ..)`.
fn functions(
    key: &Ident,
    input: ParseStream<'_>,
    out: &mut Vec<(String, Ident)>,
) -> syn::Result<()> {
    if !input.peek(syn::token::Paren) {
        let usage = "expected the new names, for instance `rename_fn(query = \"by_user\")`";
        return Err(syn::Error::new(key.span(), usage));
    }
    inside(input, |content| {
        while !content.is_empty() {
            let old = content.call(Ident::parse_any)?;
            let name = plain(&old);
            if !CONSTRUCTORS.contains(&name.as_str()) {
                let hint = hint(&name, CONSTRUCTORS);
                let message = format!("there is no constructor `{name}` to rename; {hint}");
                return Err(syn::Error::new(old.span(), message));
            }
            let new = equals_text(&old, content, "by_user")?;
            let ident = new.parse::<Ident>().map_err(|_| {
                let message = "expected the name of a function, for instance \"by_user\"";
                syn::Error::new(new.span(), message)
            })?;
            if out.iter().any(|(earlier, _)| *earlier == name) {
                let message = format!("`{name}` is renamed twice; keep one");
                return Err(syn::Error::new(old.span(), message));
            }
            out.push((name, ident));
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(())
    })
}

impl OptionsAttr {
    /// Returns `true` if any option was given.
    pub(crate) fn is_given(&self) -> bool {
        let flags = self.deletion_protection.or(self.point_in_time_recovery);
        let words = self.stream.or(self.table_class);
        self.billing.is_some()
            || self.encryption.is_some()
            || self.tags.is_some()
            || flags.is_some()
            || words.is_some()
    }

    pub(super) fn parse(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match plain(key).as_str() {
            "billing" => once(&mut self.billing, key, billing(key, input)?),
            "stream" => {
                let (view, _) = equals_choice(
                    key,
                    input,
                    &[
                        ("keys_only", "KeysOnly"),
                        ("new_image", "NewImage"),
                        ("old_image", "OldImage"),
                        ("new_and_old_images", "NewAndOldImages"),
                    ],
                )?;
                once(&mut self.stream, key, view)
            }
            "encryption" => once(&mut self.encryption, key, encryption(key, input)?),
            "tags" => once(&mut self.tags, key, tags(key, input)?),
            "deletion_protection" => once(&mut self.deletion_protection, key, flag(key, input)?),
            "point_in_time_recovery" => {
                once(&mut self.point_in_time_recovery, key, flag(key, input)?)
            }
            _ => {
                let (class, _) = equals_choice(
                    key,
                    input,
                    &[
                        ("standard", "Standard"),
                        ("infrequent_access", "StandardInfrequentAccess"),
                    ],
                )?;
                once(&mut self.table_class, key, class)
            }
        }
    }
}

/// `= on_demand` or `= provisioned(read = 5, write = 5)`.
fn billing(key: &Ident, input: ParseStream<'_>) -> syn::Result<BillingAttr> {
    let (provisioned, word) =
        equals_choice(key, input, &[("on_demand", false), ("provisioned", true)])?;
    if !provisioned {
        return Ok(BillingAttr::OnDemand);
    }
    let usage = "expected the capacity, `provisioned(read = 5, write = 5)`";
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(word.span(), usage));
    }
    inside(input, |content| {
        let (mut read, mut write) = (None, None);
        while !content.is_empty() {
            let key = content.call(Ident::parse_any)?;
            let slot = match plain(&key).as_str() {
                "read" => &mut read,
                "write" => &mut write,
                _ => return Err(syn::Error::new(key.span(), usage)),
            };
            equals(&key, content, usage)?;
            let units: LitInt = content
                .parse()
                .map_err(|e: syn::Error| syn::Error::new(e.span(), usage))?;
            if !units.base10_parse::<u32>().is_ok_and(|n| n > 0) {
                let message = "the capacity is a number from 1 to 4294967295";
                return Err(syn::Error::new(units.span(), message));
            }
            once(slot, &key, units)?;
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        match (read, write) {
            (Some(read), Some(write)) => Ok(BillingAttr::Provisioned { read, write }),
            _ => Err(syn::Error::new(word.span(), usage)),
        }
    })
}

/// `= aws_managed` or `= "kms-key"`.
fn encryption(key: &Ident, input: ParseStream<'_>) -> syn::Result<EncryptionAttr> {
    let usage = "`encryption` is `aws_managed` or the id, ARN or alias of a KMS key in quotes";
    equals(key, input, usage)?;
    if let Ok(text) = input.fork().parse::<LitStr>() {
        input.parse::<LitStr>()?;
        if text.value().is_empty() {
            return Err(syn::Error::new(text.span(), usage));
        }
        return Ok(EncryptionAttr::Key(text));
    }
    match input.call(Ident::parse_any) {
        Ok(word) if word == "aws_managed" => Ok(EncryptionAttr::AwsManaged),
        Ok(word) => Err(syn::Error::new(word.span(), usage)),
        Err(e) => Err(syn::Error::new(e.span(), usage)),
    }
}

/// `tags(team = "web", "cost-center" = "42")`.
fn tags(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<(String, LitStr)>> {
    let usage = "expected tags, for instance `tags(team = \"web\", \"cost-center\" = \"42\")`";
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(key.span(), usage));
    }
    inside(input, |content| {
        let mut tags: Vec<(String, LitStr)> = Vec::new();
        while !content.is_empty() {
            let span = content.span();
            let name = if let Ok(text) = content.fork().parse::<LitStr>() {
                content.parse::<LitStr>()?;
                text.value()
            } else {
                plain(&content.call(Ident::parse_any)?)
            };
            if !content.peek(Token![=]) {
                return Err(syn::Error::new(span, usage));
            }
            content.parse::<Token![=]>()?;
            if tags.iter().any(|(earlier, _)| *earlier == name) {
                let message = format!("the tag `{name}` is given twice; keep one");
                return Err(syn::Error::new(span, message));
            }
            let value = content.parse::<LitStr>();
            tags.push((name, value.map_err(|e| syn::Error::new(e.span(), usage))?));
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(tags)
    })
}
