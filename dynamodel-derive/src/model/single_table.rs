//! An entity in a table that it shares with others.

use proc_macro2::Ident;
use syn::{LitStr, Path};

use super::{Entity, Field, generated};
use crate::attr::{EntityAttrs, IndexAttr, KeyPart, Spanned, TableAttr};
use crate::errors::Errors;
use crate::names::{plain, type_name};
use crate::template::{Form, Piece, Template, dotted};

/// The templates of an entity.
pub(crate) struct SingleTable {
    pub(crate) table: Path,
    /// The type of the items.
    pub(crate) kind: String,
    /// Further types of the items.
    pub(crate) kind_aliases: Vec<LitStr>,
    /// `true` if items without a type are the entity's, too.
    pub(crate) untyped: bool,
    /// `true` if the texts of parts may contain delimiters of the templates.
    pub(crate) any_text: bool,
    pub(crate) partition: Template,
    pub(crate) sort: Option<Template>,
    pub(crate) indexes: Vec<SingleTableIndex>,
    /// Every part, each once; those of the primary key first.
    pub(crate) parts: Vec<Vec<Ident>>,
    /// Number of the parts that are in the primary key.
    pub(crate) key_parts: usize,
}

/// An index of the table, as the entity uses it.
pub(crate) struct SingleTableIndex {
    pub(crate) local: bool,
    /// The name on the table.
    pub(crate) name: Ident,
    /// The name of the constructor.
    pub(crate) alias: Ident,
    /// The generated type.
    pub(crate) ty: Ident,
    /// Of a local index, the table's.
    pub(crate) partition: Template,
    pub(crate) sort: Option<Template>,
    /// Number of shards that the entity's writes are spread over.
    pub(crate) shards: Option<Spanned<u16>>,
}

/// Role of a field in the templates of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartRole {
    /// In no template.
    None,
    /// In the primary key.
    Primary,
    /// In index keys whose other parts are in the primary key.
    Alone,
    /// In index keys with other parts that can change.
    Together,
    /// A document with a part inside. `alone` is `true` if it is set as a whole: its parts are in
    /// index keys whose other parts are in the primary key.
    Around { alone: bool },
}

impl SingleTable {
    /// Reads the templates. `None` for an entity with a table of its own, or when they have mistakes.
    pub(super) fn read(
        attrs: &mut EntityAttrs,
        entity: &Ident,
        errors: &mut Errors,
    ) -> Option<SingleTable> {
        let Some(TableAttr::Type(table)) = &attrs.table else {
            if let Some(key) = &attrs.key {
                errors.at(key.span, "key templates belong to an entity of a shared table; name a type with `#[derive(Table)]`, `table = App`");
            }
            let kind = attrs.kind.as_ref().map(LitStr::span);
            let aliases = attrs.kind_aliases.as_ref().map(|aliases| aliases.span);
            if let Some(span) = kind.or(aliases).or(attrs.untyped) {
                errors.at(span, "types tell the entities of a shared table apart, and this entity has a table of its own; remove this");
            }
            return None;
        };
        let Some(key) = attrs.key.take() else {
            if errors.is_empty() {
                errors.on(table, "`table` without quotes is a type that entities share, and the entity needs key templates: add `key(partition = \"USER#{user_id}\")`; the name of a table of its own stands in quotes");
            }
            return None;
        };
        let before = errors.len();
        let mut indexes = Vec::new();
        for index in std::mem::take(&mut attrs.indexes) {
            indexes.extend(SingleTableIndex::read(
                index,
                &key.partition,
                entity,
                errors,
            ));
        }
        if errors.len() > before {
            return None;
        }
        let mut single = SingleTable {
            table: table.clone(),
            kind: attrs
                .kind
                .as_ref()
                .map_or_else(|| plain(entity), LitStr::value),
            kind_aliases: attrs
                .kind_aliases
                .take()
                .map_or_else(Vec::new, |aliases| aliases.value),
            untyped: attrs.untyped.is_some(),
            any_text: key.any_text,
            partition: key.partition,
            sort: key.sort,
            indexes,
            parts: Vec::new(),
            key_parts: 0,
        };
        for template in std::iter::once(&single.partition).chain(&single.sort) {
            add(&mut single.parts, template);
        }
        single.key_parts = single.parts.len();
        for index in &single.indexes {
            for template in std::iter::once(&index.partition).chain(&index.sort) {
                add(&mut single.parts, template);
            }
        }
        Some(single)
    }

    /// The position of a part.
    pub(crate) fn position(&self, path: &[Ident]) -> usize {
        let name = dotted(path);
        let mut parts = self.parts.iter();
        parts.position(|p| dotted(p) == name).unwrap_or_default()
    }

    /// Returns `true` for the partition key and the sort key whose template is this field alone.
    pub(crate) fn alone(&self, field: &Field) -> [bool; 2] {
        let is_field = |template: &Template| {
            let name = plain(&field.ident);
            matches!(template.alone(), Some([own]) if plain(own) == name)
        };
        [
            is_field(&self.partition),
            self.sort.as_ref().is_some_and(is_field),
        ]
    }

    /// Every template, each attribute's once.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let primary = std::iter::once(&self.partition).chain(&self.sort);
        primary.chain(self.index_templates())
    }

    /// Every template whose attribute changes with an update.
    fn index_templates(&self) -> impl Iterator<Item = &Template> {
        self.indexes.iter().flat_map(|i| {
            let partition = (!i.local).then_some(&i.partition);
            partition.into_iter().chain(&i.sort)
        })
    }

    /// The parts of a template that an update can change.
    fn changeable(&self, template: &Template) -> Vec<usize> {
        let positions = template.parts().map(|path| self.position(path));
        positions.filter(|p| *p >= self.key_parts).collect()
    }

    /// The parts that have to be known to set those of an index: its own first, then those that they
    /// share a template with.
    pub(crate) fn group(&self, index: &SingleTableIndex) -> Vec<usize> {
        let mut group: Vec<usize> = Vec::new();
        let own = (!index.local).then_some(&index.partition);
        for part in own
            .into_iter()
            .chain(&index.sort)
            .flat_map(|t| self.changeable(t))
        {
            if !group.contains(&part) {
                group.push(part);
            }
        }
        loop {
            let known = group.len();
            for parts in self.index_templates().map(|t| self.changeable(t)) {
                if parts.iter().any(|p| group.contains(p)) {
                    let new: Vec<usize> =
                        parts.into_iter().filter(|p| !group.contains(p)).collect();
                    group.extend(new);
                }
            }
            if group.len() == known {
                return group;
            }
        }
    }

    pub(crate) fn role(&self, field: &Field) -> PartRole {
        let name = plain(&field.ident);
        let of_field = |path: &[Ident]| path.first().is_some_and(|first| plain(first) == name);
        let mut role = PartRole::None;
        let mut is_around = false;
        for (i, path) in self
            .parts
            .iter()
            .enumerate()
            .filter(|(_, path)| of_field(path))
        {
            is_around |= path.len() > 1;
            if i < self.key_parts {
                return match is_around {
                    true => PartRole::Around { alone: false },
                    false => PartRole::Primary,
                };
            }
            let mut templates = self.index_templates().map(|t| self.changeable(t));
            let together = templates.any(|parts| parts.contains(&i) && parts.len() > 1);
            role = match role {
                PartRole::Together => PartRole::Together,
                _ if together => PartRole::Together,
                _ => PartRole::Alone,
            };
        }
        match is_around {
            true => PartRole::Around {
                alone: role == PartRole::Alone,
            },
            false => role,
        }
    }
}

fn add(parts: &mut Vec<Vec<Ident>>, template: &Template) {
    for path in template.parts() {
        if !parts.iter().any(|p| dotted(p) == dotted(path)) {
            parts.push(path.to_vec());
        }
    }
}

impl SingleTableIndex {
    fn read(
        attr: IndexAttr,
        partition_of_table: &Template,
        entity: &Ident,
        errors: &mut Errors,
    ) -> Option<SingleTableIndex> {
        let span = attr.name.span();
        if let Some(name) = &attr.stored_name {
            errors.at(name.span(), "the table names its indexes; write `index(gsi1 as by_email, ..)` with the table's name");
        }
        if attr.project.is_some() {
            errors.at(
                span,
                "the table says what its indexes hold; remove `project`",
            );
        }
        let mut template = |key: Option<KeyPart>| match key? {
            KeyPart::Template(template) => Some(template),
            KeyPart::Fields(fields) => {
                let field = fields.first().map_or_else(|| "field".to_owned(), plain);
                let span = fields.first().map_or(span, Ident::span);
                errors.at(span, format!("the keys of a shared table are filled by templates; write `\"{{{field}}}\"`"));
                None
            }
        };
        let (given, sort) = (attr.partition.is_some(), template(attr.sort));
        let partition = if attr.local {
            Some(partition_of_table.clone())
        } else {
            template(attr.partition)
        };
        if !given && !attr.local {
            errors.at(
                span,
                "the index has no partition template; add `partition = \"..\"`",
            );
        }
        let alias = attr.alias.unwrap_or_else(|| attr.name.clone());
        Some(SingleTableIndex {
            local: attr.local,
            ty: Ident::new(&type_name(entity, &plain(&alias)), generated(alias.span())),
            name: attr.name,
            alias,
            partition: partition?,
            sort,
            shards: attr.shards,
        })
    }
}

impl Entity {
    /// Returns the role of the field in the templates of keys.
    pub(crate) fn part_role(&self, field: &Field) -> PartRole {
        self.single_table
            .as_ref()
            .map_or(PartRole::None, |s| s.role(field))
    }
}

/// Returns the parts that stand directly before another one, with their forms.
pub(crate) fn adjacent(template: &Template) -> impl Iterator<Item = (&[Ident], Form)> {
    let pairs = template.pieces.windows(2);
    pairs.filter_map(|pair| match pair {
        [Piece::Part(path, form), Piece::Part(..)] => Some((path.as_slice(), *form)),
        _ => None,
    })
}
