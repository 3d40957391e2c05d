//! [`Model`]: a diagram of tables, keys and access patterns, from code.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::model::entity::Item;
use crate::model::schema::{EntitySchema, Form, KeySchema, KeyTemplates, PartSchema, Piece};

/// A diagram of tables: the keys of their entities, their indexes and access patterns.
///
/// `Display` writes text for a terminal or a comment; [`to_mermaid`](Self::to_mermaid) returns a
/// diagram for a Markdown page.
///
/// ```
/// use dynamodel::{Entity, Model, Table};
///
/// #[derive(Table)]
/// #[dynamo(name = "app", partition = "pk", sort = "sk")]
/// struct App;
/// #[derive(Entity)]
/// #[dynamo(table = App, key(partition = "USER#{id}", sort = "PROFILE"))]
/// struct User { id: String }
///
/// let diagram = Model::of::<(User,)>().to_string();
/// assert_eq!(diagram, "\
/// Table app
///
/// | Entity | Index | Partition key  | Sort key     |
/// |--------|-------|----------------|--------------|
/// | User   | table | pk = USER#{id} | sk = PROFILE |
///
/// | Access pattern  | Reads | By             |
/// |-----------------|-------|----------------|
/// | User::get(id)   | table | the whole key  |
/// | User::query(id) | table | pk = USER#{id} |
/// ");
/// ```
#[derive(Clone)]
pub struct Model {
    entities: Vec<&'static EntitySchema>,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.entities.iter().map(|e| e.entity))
            .finish()
    }
}

/// Tuples of up to 12 entities.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of entities",
    label = "expected a tuple of entities",
    note = "write `Model::of::<(User, Order)>()`, and `(User,)` for one"
)]
pub trait Entities {
    #[doc(hidden)]
    const SCHEMAS: &'static [&'static EntitySchema];
}

macro_rules! tuples {
    ($(($($e:ident)*))*) => {$(
        impl<$($e: Item),*> Entities for ($($e,)*) {
            const SCHEMAS: &'static [&'static EntitySchema] = &[$($e::ITEM_SCHEMA),*];
        }
    )*};
}
tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I) (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}

/// The key of an entity in the table or an index.
struct Place {
    /// The index's name; `None` for the table.
    index: Option<&'static str>,
    /// The constructor of the query.
    function: &'static str,
    partition: Vec<(&'static str, String)>,
    sort: Vec<(&'static str, String)>,
    /// The parameters of the query.
    parameters: Vec<&'static str>,
    /// The parameters of the whole key.
    all: Vec<&'static str>,
}

impl Model {
    /// Creates the diagram of these entities.
    pub fn of<T: Entities>() -> Self {
        Model {
            entities: T::SCHEMAS.to_vec(),
        }
    }

    /// Returns the tables' names, each once, in the order of the entities.
    fn tables(&self) -> Vec<&'static str> {
        let mut tables = Vec::new();
        for entity in &self.entities {
            if !tables.contains(&entity.table) {
                tables.push(entity.table);
            }
        }
        tables
    }

    fn of_table(&self, table: &str) -> impl Iterator<Item = &'static EntitySchema> {
        self.entities
            .iter()
            .copied()
            .filter(move |e| e.table == table)
    }

    /// Returns the diagram as a Mermaid entity relationship diagram: each table with the entities
    /// that it holds, and each entity with its key attributes.
    pub fn to_mermaid(&self) -> String {
        let mut out = String::from("erDiagram\n");
        for table in self.tables() {
            for entity in self.of_table(table) {
                let name = entity.entity;
                // Writing to a `String` cannot fail.
                let _ = writeln!(out, "    \"{}\" ||--o{{ {name} : holds", quoted(table));
                let _ = writeln!(out, "    {name} {{");
                for place in places(entity) {
                    let mark = if place.index.is_none() { " PK" } else { "" };
                    for (attribute, template) in place.partition.iter().chain(&place.sort) {
                        let kind = entity.table_schema().key_kind(attribute);
                        let (attribute, template) = (word(attribute), quoted(template));
                        let _ = writeln!(out, "        {kind} {attribute}{mark} \"{template}\"");
                    }
                }
                for unique in entity.unique {
                    let kind = entity.attribute(unique.attribute).map_or("S", |a| a.kind);
                    let attribute = word(unique.attribute);
                    let _ = writeln!(out, "        {kind} {attribute} UK \"unique\"");
                }
                out.push_str("    }\n");
            }
        }
        out
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, table) in self.tables().into_iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            let mut keys = vec![
                ["Entity", "Index", "Partition key", "Sort key"]
                    .map(str::to_owned)
                    .to_vec(),
            ];
            let mut patterns = vec![
                ["Access pattern", "Reads", "By"]
                    .map(str::to_owned)
                    .to_vec(),
            ];
            for entity in self.of_table(table) {
                for place in places(entity) {
                    let index = place.index.unwrap_or("table").to_owned();
                    let name = entity.entity;
                    let (partition, sort) = (shown(&place.partition), shown(&place.sort));
                    keys.push(vec![
                        name.to_owned(),
                        index.clone(),
                        partition.clone(),
                        sort.clone(),
                    ]);
                    if place.index.is_none() {
                        let pattern = format!("{name}::get({})", place.all.join(", "));
                        patterns.push(vec![pattern, index.clone(), "the whole key".to_owned()]);
                    }
                    if place.index.is_none() {
                        for unique in entity.unique {
                            let guards = format!("unique items of {}", unique.attribute);
                            let mut cells = guard_cells(entity, unique.attribute);
                            keys.push(vec![
                                name.to_owned(),
                                guards.clone(),
                                // A table without a sort key has no second cell.
                                cells.next().unwrap_or_default(),
                                cells.next().unwrap_or_default(),
                            ]);
                            let field = unique.field;
                            let pattern = format!("{name}::get_by_{field}({field})");
                            patterns.push(vec![pattern, guards, "the unique value".to_owned()]);
                        }
                    }
                    let pattern = format!(
                        "{name}::{}({})",
                        place.function,
                        place.parameters.join(", ")
                    );
                    patterns.push(vec![pattern, index, partition]);
                }
            }
            writeln!(f, "Table {table}\n")?;
            grid(f, &keys)?;
            writeln!(f)?;
            grid(f, &patterns)?;
        }
        Ok(())
    }
}

/// Returns the keys of the unique items of a unique attribute.
fn guard_cells(
    entity: &'static EntitySchema,
    attribute: &'static str,
) -> impl Iterator<Item = String> {
    let kind = entity
        .single_table
        .map_or(String::new(), |s| format!("{}#", s.kind));
    let partition = entity.key.partition.first();
    let partition =
        partition.map(|name| format!("{name} = _unique#{kind}{attribute}#{{{attribute}}}"));
    let sort = entity
        .key
        .sort
        .first()
        .map(|name| format!("{name} = _unique"));
    partition.into_iter().chain(sort)
}

/// Returns the keys of the entity: of the table itself, then of the indexes that the entity uses.
fn places(entity: &'static EntitySchema) -> Vec<Place> {
    match entity.single_table {
        Some(single) => {
            let table = templated(
                None,
                "query",
                entity.key,
                single.key,
                single.parts,
                single.key,
            );
            let indexes = single.indexes.iter().map(|i| {
                let (name, mut templates) = (i.index.name, i.key);
                if i.index.local {
                    templates.partition = single.key.partition;
                }
                let mut place = templated(
                    Some(name),
                    i.alias,
                    i.index.key,
                    templates,
                    single.parts,
                    single.key,
                );
                if let (Some(shards), Some((_, text))) = (i.shards, place.partition.first_mut()) {
                    let last = shards.count.saturating_sub(1);
                    text.push_str(&format!("#{{000..{last:03}}}"));
                }
                place
            });
            std::iter::once(table).chain(indexes).collect()
        }
        None => {
            let table = plain(entity, None, entity.key);
            let indexes = entity.indexes.iter();
            let indexes = indexes.map(|i| {
                let mut place = plain(entity, Some(i.name), i.key);
                let shards = i.shards.and_then(|s| Some((s.attribute?, s.count)));
                if let Some((attribute, count)) = shards {
                    let mut parts = place.partition.iter_mut();
                    if let Some((_, text)) = parts.find(|(name, _)| *name == attribute) {
                        *text = format!("{{0..{}}}", count.saturating_sub(1));
                    }
                    place.parameters.retain(|name| *name != attribute);
                }
                place
            });
            std::iter::once(table).chain(indexes).collect()
        }
    }
}

fn templated(
    index: Option<&'static str>,
    function: &'static str,
    key: KeySchema,
    templates: KeyTemplates,
    parts: &'static [PartSchema],
    primary: KeyTemplates,
) -> Place {
    let texts = |names: &'static [&'static str], pieces: &[Piece]| {
        let names = names.iter().filter(|_| !pieces.is_empty());
        names.map(|name| (*name, template(pieces, parts))).collect()
    };
    let fields = |parts_of: Vec<usize>| {
        let fields = parts_of.into_iter().filter_map(|i| parts.get(i));
        fields.map(|part| part.field).collect()
    };
    let whole = primary.partition.iter().chain(primary.sort);
    Place {
        index,
        function,
        partition: texts(key.partition, templates.partition),
        sort: texts(key.sort, templates.sort),
        parameters: fields(crate::model::template::distinct(templates.partition)),
        all: fields(crate::model::template::distinct(whole)),
    }
}

fn plain(entity: &'static EntitySchema, index: Option<&'static str>, key: KeySchema) -> Place {
    let field = |name: &'static str| entity.attribute(name).map_or(name, |a| a.field);
    let texts = |names: &'static [&'static str]| {
        let text = |name: &&'static str| (*name, format!("{{{}}}", field(name)));
        names.iter().map(text).collect()
    };
    Place {
        index,
        function: index.unwrap_or("query"),
        partition: texts(key.partition),
        sort: texts(key.sort),
        parameters: key.partition.iter().map(|name| field(name)).collect(),
        all: key.attributes().map(field).collect(),
    }
}

fn template(pieces: &[Piece], parts: &[PartSchema]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Part(part, form) => {
                let field = parts.get(*part).map_or("", |p| p.field);
                let _ = write!(text, "{{{field}{}}}", form_of(*form));
            }
            Piece::Value(part) => {
                let field = parts.get(*part).map_or("", |p| p.field);
                let _ = write!(text, "{{{field}}}");
            }
        }
    }
    text
}

/// Returns the form as a template names it.
fn form_of(form: Form) -> Cow<'static, str> {
    match form {
        Form::Sorted => "".into(),
        Form::Plain => ":plain".into(),
        Form::Padded(digits) => format!(":0{digits}").into(),
        Form::Lower => ":lower".into(),
        Form::Upper => ":upper".into(),
        Form::Escaped(_) => ":escaped".into(),
    }
}

fn shown(key: &[(&str, String)]) -> String {
    let parts = key.iter().map(|(name, text)| format!("{name} = {text}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// Writes rows as a Markdown table; the first row is the head.
fn grid(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>]) -> fmt::Result {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for (i, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            write!(f, "| {cell:width$} ")?;
        }
        writeln!(f, "|")?;
        if i == 0 {
            for width in &widths {
                write!(f, "|{}", "-".repeat(width + 2))?;
            }
            writeln!(f, "|")?;
        }
    }
    Ok(())
}

/// Returns text for use in quotes in a Mermaid diagram.
fn quoted(text: &str) -> String {
    text.replace('"', "'")
}

/// Returns the name of an attribute as one word of a Mermaid diagram.
fn word(name: &str) -> String {
    name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "_")
}
