//! Differences between a table and a schema.

use aws_sdk_dynamodb::types::{
    BillingMode, KeySchemaElement, KeyType, Projection, ProjectionType, SseStatus, SseType,
    TableClass as SdkTableClass, TableDescription,
};

use crate::model::schema::{Billing, IndexProjection, KeySchema, TableClass, TableSchema};

/// Returns each difference in words. Options that the schema leaves to DynamoDB's default are not
/// compared, and neither are indexes that the schema does not name, capacity units (auto scaling
/// changes them), tags, and the choice of the account's encryption key.
pub(super) fn differences(schema: &TableSchema, table: &TableDescription) -> Vec<String> {
    let mut found = Vec::new();
    compare_keys("the table", &schema.key, table.key_schema(), &mut found);
    compare_kinds(schema, table, &mut found);
    compare_indexes(schema, table, &mut found);
    compare_options(schema, table, &mut found);
    compare_storage(schema, table, &mut found);
    found
}

/// Returns the difference in the attribute that Time to Live uses, in words.
pub(super) fn time_to_live(expected: &str, actual: Option<&str>) -> Option<String> {
    match actual {
        Some(actual) if actual == expected => None,
        Some(actual) => Some(format!(
            "Time to Live is on `{actual}`, the entity has it on `{expected}`"
        )),
        None => Some(format!(
            "Time to Live is off, the entity has it on `{expected}`"
        )),
    }
}

fn compare_keys(
    whose: &str,
    expected: &KeySchema,
    actual: &[KeySchemaElement],
    found: &mut Vec<String>,
) {
    let names = |key_type: KeyType| {
        let of_type = actual.iter().filter(move |e| *e.key_type() == key_type);
        of_type
            .map(KeySchemaElement::attribute_name)
            .collect::<Vec<_>>()
    };
    for (what, expected, actual) in [
        ("partition", expected.partition, names(KeyType::Hash)),
        ("sort", expected.sort, names(KeyType::Range)),
    ] {
        if *expected != *actual {
            let (actual, expected) = (listed(&actual), listed(expected));
            found.push(format!(
                "{whose} has {what} key {actual}, the entity {expected}"
            ));
        }
    }
}

fn compare_kinds(schema: &TableSchema, table: &TableDescription, found: &mut Vec<String>) {
    for definition in table.attribute_definitions() {
        let (name, actual) = (
            definition.attribute_name(),
            definition.attribute_type().as_str(),
        );
        let expected = schema.key_kind(name);
        if is_key(schema, name) && expected != actual {
            found.push(format!(
                "key attribute `{name}` is {actual}, the entity has {expected}"
            ));
        }
    }
}

/// Returns `true` if the attribute is part of a key of the schema.
fn is_key(schema: &TableSchema, name: &str) -> bool {
    let mut indexes = schema.indexes.iter();
    schema.key.contains(name) || indexes.any(|i| i.key.contains(name))
}

fn compare_indexes(schema: &TableSchema, table: &TableDescription, found: &mut Vec<String>) {
    for index in schema.indexes {
        let name = index.name;
        let actual = if index.local {
            let mut locals = table.local_secondary_indexes().iter();
            locals
                .find(|i| i.index_name() == Some(name))
                .map(|i| (i.key_schema(), i.projection()))
        } else {
            let mut globals = table.global_secondary_indexes().iter();
            globals
                .find(|i| i.index_name() == Some(name))
                .map(|i| (i.key_schema(), i.projection()))
        };
        let Some((keys, projection)) = actual else {
            let kind = if index.local { "local" } else { "global" };
            found.push(format!("the {kind} index `{name}` is missing"));
            continue;
        };
        compare_keys(&format!("index `{name}`"), &index.key, keys, found);
        let actual = projection.map_or_else(String::new, shown);
        let expected = shown_expected(index.projection);
        if actual != expected {
            found.push(format!(
                "index `{name}` projects {actual}, the entity {expected}"
            ));
        }
    }
}

fn compare_options(schema: &TableSchema, table: &TableDescription, found: &mut Vec<String>) {
    let options = &schema.options;
    let mode = table.billing_mode_summary().and_then(|b| b.billing_mode());
    // A table that was always provisioned has no summary.
    let on_demand = mode == Some(&BillingMode::PayPerRequest);
    match options.billing {
        Billing::OnDemand if !on_demand => {
            found.push("the table has provisioned capacity, the entity on-demand".to_owned());
        }
        Billing::Provisioned { .. } if on_demand => {
            found.push("the table has on-demand capacity, the entity provisioned".to_owned());
        }
        Billing::OnDemand | Billing::Provisioned { .. } => {}
    }
    let stream = table.stream_specification().filter(|s| s.stream_enabled());
    let view = stream
        .and_then(|s| s.stream_view_type())
        .map(|v| v.as_str());
    if let Some(expected) = options.stream
        && view != Some(expected.as_str())
    {
        let actual = view.unwrap_or("no stream");
        found.push(format!(
            "the stream is {actual}, the entity has {}",
            expected.as_str()
        ));
    }
    if options.deletion_protection && table.deletion_protection_enabled() != Some(true) {
        found.push("deletion protection is off, the entity has it on".to_owned());
    }
}

/// Compares encryption and table class, except on DynamoDB Local, which accepts both and does not
/// return them.
fn compare_storage(schema: &TableSchema, table: &TableDescription, found: &mut Vec<String>) {
    let is_local = |arn: &str| arn.starts_with("arn:aws:dynamodb:ddblocal:");
    if table.table_arn().is_some_and(is_local) {
        return;
    }
    let options = &schema.options;
    let is_encrypted = table.sse_description().is_some_and(|s| {
        s.sse_type() == Some(&SseType::Kms) || s.status() == Some(&SseStatus::Enabled)
    });
    if options.encryption.is_some() && !is_encrypted {
        found.push(
            "the table is encrypted with a key that AWS owns, the entity's with one of the account"
                .to_owned(),
        );
    }
    let class = table.table_class_summary().and_then(|c| c.table_class());
    let is_infrequent = class == Some(&SdkTableClass::StandardInfrequentAccess);
    match options.table_class {
        Some(TableClass::Standard) if is_infrequent => {
            found.push(
                "the table class is STANDARD_INFREQUENT_ACCESS, the entity has STANDARD".to_owned(),
            );
        }
        Some(TableClass::StandardInfrequentAccess) if !is_infrequent => {
            found.push(
                "the table class is STANDARD, the entity has STANDARD_INFREQUENT_ACCESS".to_owned(),
            );
        }
        Some(_) | None => {}
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        format!("`{}`", names.join("`, `"))
    }
}

fn shown(projection: &Projection) -> String {
    match projection.projection_type() {
        Some(ProjectionType::Include) => {
            let mut names: Vec<&str> = projection
                .non_key_attributes()
                .iter()
                .map(String::as_str)
                .collect();
            names.sort_unstable();
            format!("the keys and {}", listed(&names))
        }
        Some(ProjectionType::KeysOnly) => "the keys only".to_owned(),
        _ => "all".to_owned(),
    }
}

fn shown_expected(projection: IndexProjection) -> String {
    match projection {
        IndexProjection::All => "all".to_owned(),
        IndexProjection::KeysOnly => "the keys only".to_owned(),
        IndexProjection::Include(names) => {
            let mut names = names.to_vec();
            names.sort_unstable();
            format!("the keys and {}", listed(&names))
        }
    }
}
