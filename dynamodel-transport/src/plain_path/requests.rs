//! Rendered requests as the SDK's typed ones, member by member.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation as sdk;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, DeleteRequest, Get, KeysAndAttributes, Put, PutRequest,
    TransactGetItem, TransactWriteItem, Update, WriteRequest,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::super::call::Observer;
use super::super::operations::{
    BatchGetItem, BatchWriteItem, DeleteItem, GetItem, PutItem, Query, Scan, TransactGetItems,
    TransactWriteItems, UpdateItem,
};
use super::{TypedOperation, responses};
use dynamodel_wire::{ReadError, Reader, Writer, read_attributes};

/// An item or a key.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Reads an object into a builder by its setters; a member that has none is an error.
macro_rules! object {
    ($builder:expr, $r:ident, { $($member:literal => $setter:ident($read:expr),)* }) => {{
        let mut builder = $builder;
        let mut more = $r.begin_map()?;
        while more {
            let name = $r.map_key()?;
            builder = match &*name {
                $($member => builder.$setter(Some($read($r)?)),)*
                _ => return Err(unknown(&name)),
            };
            more = $r.end_entry()?;
        }
        builder
    }};
}

/// The typed form of an operation whose members are listed.
macro_rules! typed {
    ($($name:ident $module:ident $fluent:ident $output:ident $error:ident $error_body:ident $members:tt)*) => {$(
        impl TypedOperation for $name {
            type Request = sdk::$module::builders::$fluent;
            type Output = sdk::$module::$output;
            type Error = sdk::$module::$error;

            fn read(client: &Client, r: &mut Reader<'_>) -> Result<Self::Request, ReadError> {
                Ok(object!(client.$module(), r, $members))
            }

            async fn send(
                request: Self::Request,
                observer: Observer<Self::Error>,
            ) -> Result<Self::Output, SdkError<Self::Error, HttpResponse>> {
                request.customize().interceptor(observer).send().await
            }

            fn write(output: &Self::Output, w: &mut Writer) {
                responses::$module(output, w);
            }

            fn error_body(error: &Self::Error) -> Option<Vec<u8>> {
                typed!(@error $error_body sdk::$module::$error, error)
            }
        }
    )*};
    (@error without_items $error:path, $value:ident) => {{
        let _ = $value;
        None
    }};
    (@error refused $error:path, $value:ident) => {{
        use $error as OperationError;
        match $value {
            OperationError::ConditionalCheckFailedException(refused) => {
                Some(responses::condition_failed(refused))
            }
            _ => None,
        }
    }};
    (@error canceled $error:path, $value:ident) => {{
        use $error as OperationError;
        match $value {
            OperationError::TransactionCanceledException(canceled) => {
                Some(responses::transaction_canceled(canceled))
            }
            _ => None,
        }
    }};
}

typed! {
    GetItem get_item GetItemFluentBuilder GetItemOutput GetItemError without_items {
        "TableName" => set_table_name(string),
        "Key" => set_key(item),
        "ConsistentRead" => set_consistent_read(boolean),
        "ProjectionExpression" => set_projection_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
    PutItem put_item PutItemFluentBuilder PutItemOutput PutItemError refused {
        "TableName" => set_table_name(string),
        "Item" => set_item(item),
        "ConditionExpression" => set_condition_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ExpressionAttributeValues" => set_expression_attribute_values(item),
        "ReturnValues" => set_return_values(word),
        "ReturnValuesOnConditionCheckFailure" => set_return_values_on_condition_check_failure(word),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
    UpdateItem update_item UpdateItemFluentBuilder UpdateItemOutput UpdateItemError refused {
        "TableName" => set_table_name(string),
        "Key" => set_key(item),
        "UpdateExpression" => set_update_expression(string),
        "ConditionExpression" => set_condition_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ExpressionAttributeValues" => set_expression_attribute_values(item),
        "ReturnValues" => set_return_values(word),
        "ReturnValuesOnConditionCheckFailure" => set_return_values_on_condition_check_failure(word),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
    DeleteItem delete_item DeleteItemFluentBuilder DeleteItemOutput DeleteItemError refused {
        "TableName" => set_table_name(string),
        "Key" => set_key(item),
        "ConditionExpression" => set_condition_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ExpressionAttributeValues" => set_expression_attribute_values(item),
        "ReturnValues" => set_return_values(word),
        "ReturnValuesOnConditionCheckFailure" => set_return_values_on_condition_check_failure(word),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
    Query query QueryFluentBuilder QueryOutput QueryError without_items {
        "TableName" => set_table_name(string),
        "IndexName" => set_index_name(string),
        "KeyConditionExpression" => set_key_condition_expression(string),
        "FilterExpression" => set_filter_expression(string),
        "ProjectionExpression" => set_projection_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ExpressionAttributeValues" => set_expression_attribute_values(item),
        "Select" => set_select(word),
        "ConsistentRead" => set_consistent_read(boolean),
        "ScanIndexForward" => set_scan_index_forward(boolean),
        "Limit" => set_limit(integer),
        "ExclusiveStartKey" => set_exclusive_start_key(item),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
    Scan scan ScanFluentBuilder ScanOutput ScanError without_items {
        "TableName" => set_table_name(string),
        "IndexName" => set_index_name(string),
        "FilterExpression" => set_filter_expression(string),
        "ProjectionExpression" => set_projection_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ExpressionAttributeValues" => set_expression_attribute_values(item),
        "Select" => set_select(word),
        "ConsistentRead" => set_consistent_read(boolean),
        "Limit" => set_limit(integer),
        "Segment" => set_segment(integer),
        "TotalSegments" => set_total_segments(integer),
        "ExclusiveStartKey" => set_exclusive_start_key(item),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
    BatchGetItem batch_get_item BatchGetItemFluentBuilder BatchGetItemOutput BatchGetItemError without_items {
        "RequestItems" => set_request_items(|r: &mut Reader<'_>| by_table(r, keys_and_attributes)),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
    BatchWriteItem batch_write_item BatchWriteItemFluentBuilder BatchWriteItemOutput BatchWriteItemError without_items {
        "RequestItems" => set_request_items(|r: &mut Reader<'_>| by_table(r, |r| list(r, write_request))),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
    TransactWriteItems transact_write_items TransactWriteItemsFluentBuilder TransactWriteItemsOutput TransactWriteItemsError canceled {
        "TransactItems" => set_transact_items(|r: &mut Reader<'_>| list(r, transact_write_item)),
        "ClientRequestToken" => set_client_request_token(string),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
    TransactGetItems transact_get_items TransactGetItemsFluentBuilder TransactGetItemsOutput TransactGetItemsError canceled {
        "TransactItems" => set_transact_items(|r: &mut Reader<'_>| list(r, transact_get_item)),
        "ReturnConsumedCapacity" => set_return_consumed_capacity(word),
    }
}

fn keys_and_attributes(r: &mut Reader<'_>) -> Result<KeysAndAttributes, ReadError> {
    let read = object!(KeysAndAttributes::builder(), r, {
        "Keys" => set_keys(|r: &mut Reader<'_>| list(r, item)),
        "ConsistentRead" => set_consistent_read(boolean),
        "ProjectionExpression" => set_projection_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
    });
    read.build().map_err(incomplete)
}

fn write_request(r: &mut Reader<'_>) -> Result<WriteRequest, ReadError> {
    let read = object!(WriteRequest::builder(), r, {
        "PutRequest" => set_put_request(put_request),
        "DeleteRequest" => set_delete_request(delete_request),
    });
    Ok(read.build())
}

fn put_request(r: &mut Reader<'_>) -> Result<PutRequest, ReadError> {
    let read = object!(PutRequest::builder(), r, { "Item" => set_item(item), });
    read.build().map_err(incomplete)
}

fn delete_request(r: &mut Reader<'_>) -> Result<DeleteRequest, ReadError> {
    let read = object!(DeleteRequest::builder(), r, { "Key" => set_key(item), });
    read.build().map_err(incomplete)
}

fn transact_write_item(r: &mut Reader<'_>) -> Result<TransactWriteItem, ReadError> {
    let read = object!(TransactWriteItem::builder(), r, {
        "Put" => set_put(put),
        "Update" => set_update(update),
        "Delete" => set_delete(delete),
        "ConditionCheck" => set_condition_check(condition_check),
    });
    Ok(read.build())
}

fn put(r: &mut Reader<'_>) -> Result<Put, ReadError> {
    let read = object!(Put::builder(), r, {
        "TableName" => set_table_name(string),
        "Item" => set_item(item),
        "ConditionExpression" => set_condition_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ExpressionAttributeValues" => set_expression_attribute_values(item),
        "ReturnValuesOnConditionCheckFailure" => set_return_values_on_condition_check_failure(word),
    });
    read.build().map_err(incomplete)
}

fn update(r: &mut Reader<'_>) -> Result<Update, ReadError> {
    let read = object!(Update::builder(), r, {
        "TableName" => set_table_name(string),
        "Key" => set_key(item),
        "UpdateExpression" => set_update_expression(string),
        "ConditionExpression" => set_condition_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ExpressionAttributeValues" => set_expression_attribute_values(item),
        "ReturnValuesOnConditionCheckFailure" => set_return_values_on_condition_check_failure(word),
    });
    read.build().map_err(incomplete)
}

fn delete(r: &mut Reader<'_>) -> Result<Delete, ReadError> {
    let read = object!(Delete::builder(), r, {
        "TableName" => set_table_name(string),
        "Key" => set_key(item),
        "ConditionExpression" => set_condition_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ExpressionAttributeValues" => set_expression_attribute_values(item),
        "ReturnValuesOnConditionCheckFailure" => set_return_values_on_condition_check_failure(word),
    });
    read.build().map_err(incomplete)
}

fn condition_check(r: &mut Reader<'_>) -> Result<ConditionCheck, ReadError> {
    let read = object!(ConditionCheck::builder(), r, {
        "TableName" => set_table_name(string),
        "Key" => set_key(item),
        "ConditionExpression" => set_condition_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
        "ExpressionAttributeValues" => set_expression_attribute_values(item),
        "ReturnValuesOnConditionCheckFailure" => set_return_values_on_condition_check_failure(word),
    });
    read.build().map_err(incomplete)
}

fn transact_get_item(r: &mut Reader<'_>) -> Result<TransactGetItem, ReadError> {
    let read = object!(TransactGetItem::builder(), r, { "Get" => set_get(get), });
    Ok(read.build())
}

fn get(r: &mut Reader<'_>) -> Result<Get, ReadError> {
    let read = object!(Get::builder(), r, {
        "TableName" => set_table_name(string),
        "Key" => set_key(item),
        "ProjectionExpression" => set_projection_expression(string),
        "ExpressionAttributeNames" => set_expression_attribute_names(names),
    });
    read.build().map_err(incomplete)
}

fn item(r: &mut Reader<'_>) -> Result<Item, ReadError> {
    read_attributes(r)
}

fn string(r: &mut Reader<'_>) -> Result<String, ReadError> {
    r.json_string().map(String::from)
}

/// A text that stands for one of a few values.
fn word<T: for<'t> From<&'t str>>(r: &mut Reader<'_>) -> Result<T, ReadError> {
    r.json_string().map(|text| T::from(&*text))
}

fn integer(r: &mut Reader<'_>) -> Result<i32, ReadError> {
    let number = r.json_u64()?;
    i32::try_from(number).map_err(|_| ReadError::expected("a number of 32 bits in the request"))
}

fn boolean(r: &mut Reader<'_>) -> Result<bool, ReadError> {
    match r.raw_value()? {
        b"true" => Ok(true),
        b"false" => Ok(false),
        _ => Err(ReadError::expected("true or false in the request")),
    }
}

fn names(r: &mut Reader<'_>) -> Result<HashMap<String, String>, ReadError> {
    by_table(r, string)
}

/// An object whose names are the user's: of tables or placeholders.
fn by_table<T>(
    r: &mut Reader<'_>,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, ReadError>,
) -> Result<HashMap<String, T>, ReadError> {
    let mut all = HashMap::new();
    r.members(|name, r| {
        all.insert(name.to_owned(), read(r)?);
        Ok(())
    })?;
    Ok(all)
}

fn list<T>(
    r: &mut Reader<'_>,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, ReadError>,
) -> Result<Vec<T>, ReadError> {
    let mut all = Vec::new();
    r.json_list(|r| {
        all.push(read(r)?);
        Ok(())
    })?;
    Ok(all)
}

/// The error of a member that has no place in the typed request: sending without it could mean
/// something else.
#[cold]
fn unknown(member: &str) -> ReadError {
    ReadError::expected(format!(
        "a request without `{member}`, which the plain path does not know"
    ))
}

#[cold]
fn incomplete(error: BuildError) -> ReadError {
    ReadError::expected(format!("a whole request ({error})"))
}
