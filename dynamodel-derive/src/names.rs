//! Rename rules, near misses, and names that are taken.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;

/// Rule that turns the names of fields or variants into stored names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RenameRule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl RenameRule {
    /// The rules by the names that users write.
    pub(crate) const ALL: [(&'static str, RenameRule); 8] = [
        ("lowercase", RenameRule::Lower),
        ("UPPERCASE", RenameRule::Upper),
        ("PascalCase", RenameRule::Pascal),
        ("camelCase", RenameRule::Camel),
        ("snake_case", RenameRule::Snake),
        ("SCREAMING_SNAKE_CASE", RenameRule::ScreamingSnake),
        ("kebab-case", RenameRule::Kebab),
        ("SCREAMING-KEBAB-CASE", RenameRule::ScreamingKebab),
    ];

    /// Applies the rule to the name of a field, which is in `snake_case`. Same results as serde.
    pub(crate) fn apply(self, field: &str) -> String {
        match self {
            RenameRule::Lower | RenameRule::Snake => field.to_owned(),
            RenameRule::Upper | RenameRule::ScreamingSnake => field.to_uppercase(),
            RenameRule::Pascal => field.split('_').map(capitalized).collect(),
            RenameRule::Camel => decapitalized(&RenameRule::Pascal.apply(field)),
            RenameRule::Kebab => field.replace('_', "-"),
            RenameRule::ScreamingKebab => field.to_uppercase().replace('_', "-"),
        }
    }

    /// Applies the rule to the name of a variant, which is in `PascalCase`. Same results as serde.
    pub(crate) fn apply_to_variant(self, variant: &str) -> String {
        match self {
            RenameRule::Lower => variant.to_lowercase(),
            RenameRule::Upper => variant.to_uppercase(),
            RenameRule::Pascal => variant.to_owned(),
            RenameRule::Camel => decapitalized(variant),
            RenameRule::Snake => snake(variant),
            RenameRule::ScreamingSnake | RenameRule::Kebab | RenameRule::ScreamingKebab => {
                self.apply(&snake(variant))
            }
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn decapitalized(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn snake(variant: &str) -> String {
    let mut out = String::new();
    for (i, c) in variant.char_indices() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The name of a module for a type: `HTTPSession` gives `http_session`.
pub(crate) fn module_name(ty: &str) -> String {
    let chars: Vec<char> = ty.chars().collect();
    let mut out = String::with_capacity(ty.len() + 4);
    for (i, c) in chars.iter().enumerate() {
        let is_start = |next: Option<&char>| next.is_some_and(|n| n.is_lowercase());
        let after_word = i.checked_sub(1).and_then(|i| chars.get(i));
        let after_word = after_word
            .is_some_and(|b| *b != '_' && (!b.is_uppercase() || is_start(chars.get(i + 1))));
        if c.is_uppercase() && after_word {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The Rust name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// A type name of several parts: `Session` and `by_token` give `SessionByToken`.
pub(crate) fn type_name(owner: &Ident, part: &str) -> String {
    format!("{}{}", plain(owner), RenameRule::Pascal.apply(part))
}

/// The candidate that a misspelt name most likely means.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|c| (distance(&name, &c.to_lowercase()), c))
        .filter(|(distance, c)| {
            *distance <= name.chars().count().max(c.chars().count()).div_ceil(3)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

/// The number of edits (insert, delete, replace, swap of neighbours) between two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (row[j] + usize::from(x != *y))
                .min(row[j + 1] + 1)
                .min(next[j] + 1);
            if j > 0 && previous == Some(*y) && x == b[j - 1] {
                cost = cost.min(before[j - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(x);
    }
    row[b.len()]
}

/// `a`, `b` or `c`, each in backquotes.
pub(crate) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// `; did you mean ..` for a near miss, else the list of what exists.
pub(crate) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected {}", one_of(known)),
    }
}

/// Every identifier in the tokens: names that a generated item must not shadow.
pub(crate) fn identifiers(tokens: TokenStream, into: &mut HashSet<String>) {
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => {
                into.insert(plain(&ident));
            }
            TokenTree::Group(group) => identifiers(group.stream(), into),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The number under which the runtime finds a field: FNV-1a of its name.
pub(crate) fn field_hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The text between the quotes of a JSON string.
pub(crate) fn json_escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rename_rules_match_serde() {
        let names = |apply: fn(RenameRule, &str) -> String, name: &str| {
            RenameRule::ALL.map(|(_, rule)| apply(rule, name))
        };
        assert_eq!(
            names(RenameRule::apply, "very_tasty"),
            [
                "very_tasty",
                "VERY_TASTY",
                "VeryTasty",
                "veryTasty",
                "very_tasty",
                "VERY_TASTY",
                "very-tasty",
                "VERY-TASTY"
            ]
        );
        assert_eq!(
            names(RenameRule::apply_to_variant, "VeryTasty"),
            [
                "verytasty",
                "VERYTASTY",
                "VeryTasty",
                "veryTasty",
                "very_tasty",
                "VERY_TASTY",
                "very-tasty",
                "VERY-TASTY"
            ]
        );
        assert_eq!(RenameRule::Snake.apply_to_variant("Z42"), "z42");
        assert_eq!(RenameRule::Camel.apply("z"), "z");
    }

    #[test]
    fn module_name_keeps_acronyms_together() {
        for (ty, name) in [
            ("Session", "session"),
            ("CartLine", "cart_line"),
            ("HTTPSession", "http_session"),
            ("UserV2", "user_v2"),
            ("Odd_Name", "odd_name"),
            ("URL", "url"),
            ("lower", "lower"),
        ] {
            assert_eq!(module_name(ty), name, "{ty}");
        }
    }

    #[test]
    fn nearest_finds_misspelt_key() {
        let keys = ["partition", "sort", "ttl", "version"];
        for (name, near) in [
            ("partitoin", Some("partition")),
            ("Sort", Some("sort")),
            ("tll", Some("ttl")),
            ("colour", None),
        ] {
            assert_eq!(nearest(name, keys), near, "{name}");
        }
    }

    #[test]
    fn hashes_are_fnv1a() {
        // The published test vectors.
        for (text, hash) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(field_hash(text), hash, "{text}");
        }
    }
}
