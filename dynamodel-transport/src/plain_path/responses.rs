//! The SDK's typed outputs and errors as the JSON that the service sends. Metrics of item collections
//! are not written: no request asks for them.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation as sdk;
use aws_sdk_dynamodb::types::error::{
    ConditionalCheckFailedException, TransactionCanceledException,
};
use aws_sdk_dynamodb::types::{
    CancellationReason, Capacity, ConsumedCapacity, KeysAndAttributes, WriteRequest,
};

use super::requests::Item;
use dynamodel_wire::{WriteError, Writer, write_attributes};

pub(super) fn get_item(output: &sdk::get_item::GetItemOutput, w: &mut Writer) {
    single(w, "Item", output.item(), output.consumed_capacity());
}

pub(super) fn put_item(output: &sdk::put_item::PutItemOutput, w: &mut Writer) {
    single(
        w,
        "Attributes",
        output.attributes(),
        output.consumed_capacity(),
    );
}

pub(super) fn update_item(output: &sdk::update_item::UpdateItemOutput, w: &mut Writer) {
    single(
        w,
        "Attributes",
        output.attributes(),
        output.consumed_capacity(),
    );
}

pub(super) fn delete_item(output: &sdk::delete_item::DeleteItemOutput, w: &mut Writer) {
    single(
        w,
        "Attributes",
        output.attributes(),
        output.consumed_capacity(),
    );
}

pub(super) fn query(output: &sdk::query::QueryOutput, w: &mut Writer) {
    page(
        w,
        output.items.as_deref(),
        [output.count(), output.scanned_count()],
        output.last_evaluated_key(),
        output.consumed_capacity(),
    );
}

pub(super) fn scan(output: &sdk::scan::ScanOutput, w: &mut Writer) {
    page(
        w,
        output.items.as_deref(),
        [output.count(), output.scanned_count()],
        output.last_evaluated_key(),
        output.consumed_capacity(),
    );
}

pub(super) fn batch_get_item(output: &sdk::batch_get_item::BatchGetItemOutput, w: &mut Writer) {
    if let Some(responses) = output.responses() {
        by_table(w, "Responses", responses, |items, w| {
            list(w, items, write_attributes)
        });
    }
    if let Some(keys) = output.unprocessed_keys() {
        by_table(w, "UnprocessedKeys", keys, keys_and_attributes);
    }
    capacities(w, output.consumed_capacity.as_deref());
}

pub(super) fn batch_write_item(
    output: &sdk::batch_write_item::BatchWriteItemOutput,
    w: &mut Writer,
) {
    if let Some(items) = output.unprocessed_items() {
        by_table(w, "UnprocessedItems", items, |writes, w| {
            list(w, writes, write_request);
        });
    }
    capacities(w, output.consumed_capacity.as_deref());
}

pub(super) fn transact_write_items(
    output: &sdk::transact_write_items::TransactWriteItemsOutput,
    w: &mut Writer,
) {
    capacities(w, output.consumed_capacity.as_deref());
}

pub(super) fn transact_get_items(
    output: &sdk::transact_get_items::TransactGetItemsOutput,
    w: &mut Writer,
) {
    if let Some(responses) = output.responses.as_deref() {
        w.member("Responses");
        list(w, responses, |response, w| {
            w.begin_map();
            optional_item(w, "Item", response.item());
            w.end_map();
        });
    }
    capacities(w, output.consumed_capacity.as_deref());
}

/// The body of the error, with the stored item where there is one.
pub(super) fn condition_failed(error: &ConditionalCheckFailedException) -> Vec<u8> {
    error_body("ConditionalCheckFailedException", error.message(), |w| {
        item_of_error(w, error.item());
    })
}

/// The body of the error, with a reason for each operation.
pub(super) fn transaction_canceled(error: &TransactionCanceledException) -> Vec<u8> {
    error_body("TransactionCanceledException", error.message(), |w| {
        w.member("CancellationReasons");
        list(w, error.cancellation_reasons(), cancellation_reason);
    })
}

fn error_body(code: &str, message: Option<&str>, rest: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    w.begin_map();
    text(&mut w, "__type", code);
    if let Some(message) = message {
        text(&mut w, "message", message);
    }
    rest(&mut w);
    w.end_map();
    w.finish().unwrap_or_default()
}

/// The item of an error, or nothing if it can't be written: only an interceptor can put such a value
/// into it, and the rest of the error is there without.
fn item_of_error(w: &mut Writer, item: Option<&Item>) {
    let Some(item) = item else { return };
    let mut own = Writer::new();
    write_attributes(item, &mut own);
    if let Ok(json) = own.finish() {
        w.member("Item");
        w.raw(&json);
    }
}

fn cancellation_reason(reason: &CancellationReason, w: &mut Writer) {
    w.begin_map();
    if let Some(code) = reason.code() {
        text(w, "Code", code);
    }
    if let Some(message) = reason.message() {
        text(w, "Message", message);
    }
    item_of_error(w, reason.item());
    w.end_map();
}

fn single(w: &mut Writer, member: &str, item: Option<&Item>, capacity: Option<&ConsumedCapacity>) {
    optional_item(w, member, item);
    one_capacity(w, capacity);
}

fn page(
    w: &mut Writer,
    items: Option<&[Item]>,
    counts: [i32; 2],
    last_key: Option<&Item>,
    capacity: Option<&ConsumedCapacity>,
) {
    let [count, scanned] = counts;
    // An output that an interceptor has made may have items and no count. Limits are kept by it.
    let of_items = items.map_or(0, |items| i32::try_from(items.len()).unwrap_or(i32::MAX));
    w.member("Count");
    integer(w, if count == 0 { of_items } else { count });
    w.member("ScannedCount");
    integer(w, scanned);
    if let Some(items) = items {
        w.member("Items");
        list(w, items, write_attributes);
    }
    optional_item(w, "LastEvaluatedKey", last_key);
    one_capacity(w, capacity);
}

fn keys_and_attributes(keys: &KeysAndAttributes, w: &mut Writer) {
    w.begin_map();
    w.member("Keys");
    list(w, keys.keys(), write_attributes);
    w.end_map();
}

fn write_request(write: &WriteRequest, w: &mut Writer) {
    w.begin_map();
    if let Some(put) = write.put_request() {
        w.member("PutRequest");
        w.begin_map();
        optional_item(w, "Item", Some(put.item()));
        w.end_map();
    }
    if let Some(delete) = write.delete_request() {
        w.member("DeleteRequest");
        w.begin_map();
        optional_item(w, "Key", Some(delete.key()));
        w.end_map();
    }
    w.end_map();
}

fn optional_item(w: &mut Writer, member: &str, item: Option<&Item>) {
    if let Some(item) = item {
        w.member(member);
        write_attributes(item, w);
    }
}

fn one_capacity(w: &mut Writer, capacity: Option<&ConsumedCapacity>) {
    if let Some(capacity) = capacity {
        w.member("ConsumedCapacity");
        consumed_capacity(capacity, w);
    }
}

fn capacities(w: &mut Writer, all: Option<&[ConsumedCapacity]>) {
    if let Some(all) = all {
        w.member("ConsumedCapacity");
        list(w, all, consumed_capacity);
    }
}

fn consumed_capacity(capacity: &ConsumedCapacity, w: &mut Writer) {
    w.begin_map();
    if let Some(table) = capacity.table_name() {
        text(w, "TableName", table);
    }
    units(
        w,
        [
            capacity.capacity_units(),
            capacity.read_capacity_units(),
            capacity.write_capacity_units(),
        ],
    );
    if let Some(table) = capacity.table() {
        w.member("Table");
        index_capacity(table, w);
    }
    for (member, indexes) in [
        ("LocalSecondaryIndexes", capacity.local_secondary_indexes()),
        (
            "GlobalSecondaryIndexes",
            capacity.global_secondary_indexes(),
        ),
    ] {
        if let Some(indexes) = indexes {
            by_table(w, member, indexes, index_capacity);
        }
    }
    w.end_map();
}

fn index_capacity(capacity: &Capacity, w: &mut Writer) {
    w.begin_map();
    units(
        w,
        [
            capacity.capacity_units(),
            capacity.read_capacity_units(),
            capacity.write_capacity_units(),
        ],
    );
    w.end_map();
}

fn units(w: &mut Writer, units: [Option<f64>; 3]) {
    let members = ["CapacityUnits", "ReadCapacityUnits", "WriteCapacityUnits"];
    for (member, units) in members.into_iter().zip(units) {
        let Some(units) = units else { continue };
        w.member(member);
        if units.is_finite() {
            // With a fraction in any case, as the service writes them.
            w.raw(format!("{units:?}").as_bytes());
        } else {
            w.fail(WriteError::new("capacity units are finite"));
        }
    }
}

fn by_table<T>(
    w: &mut Writer,
    member: &str,
    all: &HashMap<String, T>,
    mut write: impl FnMut(&T, &mut Writer),
) {
    w.member(member);
    w.begin_map();
    for (name, value) in all {
        w.member(name);
        write(value, w);
    }
    w.end_map();
}

fn list<T>(w: &mut Writer, all: &[T], mut write: impl FnMut(&T, &mut Writer)) {
    w.raw(b"[");
    for value in all {
        w.comma();
        write(value, w);
    }
    w.raw(b"]");
}

fn text(w: &mut Writer, member: &str, text: &str) {
    w.member(member);
    w.raw(b"\"");
    w.text(text);
    w.raw(b"\"");
}

fn integer(w: &mut Writer, number: i32) {
    w.raw(itoa::Buffer::new().format(number).as_bytes());
}
