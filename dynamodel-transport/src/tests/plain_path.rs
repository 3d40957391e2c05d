//! The plain path beside the raw one, on the same script.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::error::{ErrorMetadata, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::CancellationReason;
use aws_sdk_dynamodb::types::error::{
    ConditionalCheckFailedException, TransactionCanceledException,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, Error, FinalizerInterceptorContextMut,
    InterceptorContext, Output,
};
use aws_smithy_runtime_api::client::interceptors::{
    Intercept, SharedInterceptor, dyn_dispatch_hint,
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span;

use super::*;
use crate::Operation;

/// A request of each operation with every member that dynamodel renders, and a response with every
/// member that it reads. `secret` stands where the interceptor of these tests rewrites values.
pub(super) const EXCHANGES: [(Operation, &str, &str); 10] = [
    (
        Operation::GetItem,
        r##"{"TableName":"t","Key":{"id":{"S":"secret"}},"ConsistentRead":true,
            "ProjectionExpression":"#n0","ExpressionAttributeNames":{"#n0":"a"},
            "ReturnConsumedCapacity":"INDEXES"}"##,
        r#"{"Item":{"id":{"S":"secret"},"n":{"N":"1"},"l":{"L":[{"NULL":true},{"BOOL":false}]},
            "m":{"M":{"b":{"B":"AAEC"}}},"ss":{"SS":["a","b"]},"ns":{"NS":["1.5"]},"bs":{"BS":["AA=="]}},
            "ConsumedCapacity":{"TableName":"t","CapacityUnits":1.5,"ReadCapacityUnits":1.0,
            "WriteCapacityUnits":0.5,"Table":{"CapacityUnits":1.0},
            "LocalSecondaryIndexes":{"l":{"CapacityUnits":0.25}},
            "GlobalSecondaryIndexes":{"g":{"ReadCapacityUnits":0.25}}}}"#,
    ),
    (
        Operation::PutItem,
        r##"{"TableName":"t","Item":{"id":{"S":"secret"},"n":{"N":"12345678901234567890"}},
            "ConditionExpression":"#n0 = :v0","ExpressionAttributeNames":{"#n0":"a"},
            "ExpressionAttributeValues":{":v0":{"S":"secret"}},"ReturnValues":"ALL_OLD",
            "ReturnValuesOnConditionCheckFailure":"ALL_OLD","ReturnConsumedCapacity":"INDEXES"}"##,
        r#"{"Attributes":{"id":{"S":"secret"}},"ConsumedCapacity":{"CapacityUnits":1.0}}"#,
    ),
    (
        Operation::UpdateItem,
        r##"{"TableName":"t","Key":{"id":{"S":"secret"}},"UpdateExpression":"SET #n0 = :v0",
            "ConditionExpression":"attribute_exists(#n0)","ExpressionAttributeNames":{"#n0":"a"},
            "ExpressionAttributeValues":{":v0":{"S":"secret"}},"ReturnValues":"ALL_NEW",
            "ReturnValuesOnConditionCheckFailure":"ALL_OLD","ReturnConsumedCapacity":"INDEXES"}"##,
        r#"{"Attributes":{"id":{"S":"secret"}}}"#,
    ),
    (
        Operation::DeleteItem,
        r##"{"TableName":"t","Key":{"id":{"S":"secret"}},"ConditionExpression":"#n0 = :v0",
            "ExpressionAttributeNames":{"#n0":"a"},"ExpressionAttributeValues":{":v0":{"S":"secret"}},
            "ReturnValues":"ALL_OLD","ReturnValuesOnConditionCheckFailure":"ALL_OLD",
            "ReturnConsumedCapacity":"INDEXES"}"##,
        r#"{"Attributes":{"id":{"S":"secret"}}}"#,
    ),
    (
        Operation::Query,
        r##"{"TableName":"t","IndexName":"i","KeyConditionExpression":"#n0 = :v0",
            "FilterExpression":"#n1 > :v1","ProjectionExpression":"#n0",
            "ExpressionAttributeNames":{"#n0":"a","#n1":"b"},
            "ExpressionAttributeValues":{":v0":{"S":"secret"},":v1":{"N":"1"}},"Select":"COUNT",
            "ConsistentRead":true,"ScanIndexForward":false,"Limit":7,
            "ExclusiveStartKey":{"id":{"S":"secret"}},"ReturnConsumedCapacity":"INDEXES"}"##,
        r#"{"Count":1,"ScannedCount":3,"Items":[{"id":{"S":"secret"}}],
            "LastEvaluatedKey":{"id":{"S":"secret"}},"ConsumedCapacity":{"CapacityUnits":0.5}}"#,
    ),
    (
        Operation::Scan,
        r##"{"TableName":"t","IndexName":"i","FilterExpression":"#n0 = :v0",
            "ProjectionExpression":"#n0","ExpressionAttributeNames":{"#n0":"a"},
            "ExpressionAttributeValues":{":v0":{"S":"secret"}},"Select":"COUNT",
            "ConsistentRead":false,"Limit":7,"Segment":0,"TotalSegments":4,
            "ExclusiveStartKey":{"id":{"S":"secret"}},"ReturnConsumedCapacity":"INDEXES"}"##,
        r#"{"Count":1,"ScannedCount":1,"Items":[{"id":{"S":"secret"}}],
            "LastEvaluatedKey":{"id":{"S":"secret"}}}"#,
    ),
    (
        Operation::BatchGetItem,
        r##"{"RequestItems":{"t":{"Keys":[{"id":{"S":"secret"}},{"id":{"S":"b"}}],
            "ConsistentRead":true,"ProjectionExpression":"#n0","ExpressionAttributeNames":{"#n0":"a"}}},
            "ReturnConsumedCapacity":"INDEXES"}"##,
        r#"{"Responses":{"t":[{"id":{"S":"secret"}}]},
            "UnprocessedKeys":{"t":{"Keys":[{"id":{"S":"secret"}}]}},
            "ConsumedCapacity":[{"TableName":"t","CapacityUnits":1.0}]}"#,
    ),
    (
        Operation::BatchWriteItem,
        r#"{"RequestItems":{"t":[{"PutRequest":{"Item":{"id":{"S":"secret"}}}},
            {"DeleteRequest":{"Key":{"id":{"S":"secret"}}}}]},"ReturnConsumedCapacity":"INDEXES"}"#,
        r#"{"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"id":{"S":"secret"}}}},
            {"DeleteRequest":{"Key":{"id":{"S":"secret"}}}}]},
            "ConsumedCapacity":[{"TableName":"t","CapacityUnits":1.0}]}"#,
    ),
    (
        Operation::TransactWriteItems,
        r##"{"TransactItems":[
            {"Put":{"TableName":"t","Item":{"id":{"S":"secret"}},"ConditionExpression":"#n0 = :v0",
                "ExpressionAttributeNames":{"#n0":"a"},"ExpressionAttributeValues":{":v0":{"N":"1"}},
                "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},
            {"Update":{"TableName":"t","Key":{"id":{"S":"secret"}},"UpdateExpression":"SET #n0 = :v0",
                "ConditionExpression":"#n0 = :v0","ExpressionAttributeNames":{"#n0":"a"},
                "ExpressionAttributeValues":{":v0":{"N":"1"}},
                "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},
            {"Delete":{"TableName":"t","Key":{"id":{"S":"secret"}},"ConditionExpression":"#n0 = :v0",
                "ExpressionAttributeNames":{"#n0":"a"},"ExpressionAttributeValues":{":v0":{"N":"1"}},
                "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},
            {"ConditionCheck":{"TableName":"t","Key":{"id":{"S":"secret"}},
                "ConditionExpression":"#n0 = :v0","ExpressionAttributeNames":{"#n0":"a"},
                "ExpressionAttributeValues":{":v0":{"N":"1"}},
                "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}}],
            "ClientRequestToken":"token","ReturnConsumedCapacity":"INDEXES"}"##,
        r#"{"ConsumedCapacity":[{"TableName":"t","CapacityUnits":2.0}]}"#,
    ),
    (
        Operation::TransactGetItems,
        r##"{"TransactItems":[{"Get":{"TableName":"t","Key":{"id":{"S":"secret"}},
            "ProjectionExpression":"#n0","ExpressionAttributeNames":{"#n0":"a"}}}],
            "ReturnConsumedCapacity":"INDEXES"}"##,
        r#"{"Responses":[{"Item":{"id":{"S":"secret"}}},{}],
            "ConsumedCapacity":[{"TableName":"t","CapacityUnits":2.0}]}"#,
    ),
];

pub(super) fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

async fn exchange(
    transport: &Transport,
    operation: Operation,
    body: &str,
) -> Result<Response, Failure> {
    let body = body.as_bytes().to_vec().into();
    let tables = Tables::One("t".into());
    transport.send(operation, tables, body).await
}

#[tokio::test]
async fn plain_path_keeps_every_member_of_all_operations() {
    for (operation, request, response) in EXCHANGES {
        let fake = Fake::new([Step::ok(response)]);
        let transport = Transport::new(&Client::from_conf(fake.config().build()), PLAIN);
        assert_eq!(transport.status().path(), TransportPath::Plain);
        let received = exchange(&transport, operation, request).await.unwrap();
        assert_eq!(
            json(&received.body),
            json(response.as_bytes()),
            "{operation:?}"
        );
        assert_eq!(received.attempts, 1);
        assert!(received.request_id.unwrap().starts_with("REQUEST"));
        let sent = fake.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(
            json(&sent[0].body),
            json(request.as_bytes()),
            "{operation:?}"
        );
        let target = format!("DynamoDB_20120810.{}", operation.name());
        assert_eq!(sent[0].header("x-amz-target"), Some(&*target));
    }
}

#[tokio::test]
async fn unknown_member_of_a_request_is_an_error() {
    for (operation, request, _) in EXCHANGES {
        let fake = Fake::new([Step::ok("{}")]);
        let transport = Transport::new(&Client::from_conf(fake.config().build()), PLAIN);
        let request = request.replacen('{', r#"{"NewMember":{"a":1},"#, 1);
        let failure = exchange(&transport, operation, &request).await.unwrap_err();
        let FailureKind::Construction(source) = &failure.kind else {
            panic!("{failure:?}");
        };
        assert!(source.to_string().contains("`NewMember`"), "{source}");
        assert_eq!((failure.attempts, failure.uncertain), (0, false));
        assert_eq!(fake.sent().len(), 0);
    }
}

/// Writes `SECRET` for `secret` into typed inputs, and reads it back from typed outputs and errors.
#[derive(Debug, Clone, Default)]
struct Encryption(Arc<AtomicU32>);

fn rewrite(item: &mut HashMap<String, AttributeValue>, from: &str, to: &str) {
    for value in item.values_mut() {
        if value.as_s().is_ok_and(|text| text == from) {
            *value = AttributeValue::S(to.to_owned());
        }
    }
}

#[dyn_dispatch_hint]
impl Intercept for Encryption {
    fn name(&self) -> &'static str {
        "Encryption"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        use aws_sdk_dynamodb::operation as sdk;

        let write = |item: &mut HashMap<_, _>| rewrite(item, "secret", "SECRET");
        let optional = |item: &mut Option<HashMap<_, _>>| item.iter_mut().for_each(write);
        let input = context.input_mut();
        if let Some(input) = input.downcast_mut::<sdk::get_item::GetItemInput>() {
            optional(&mut input.key);
        } else if let Some(input) = input.downcast_mut::<sdk::put_item::PutItemInput>() {
            optional(&mut input.item);
            optional(&mut input.expression_attribute_values);
        } else if let Some(input) = input.downcast_mut::<sdk::update_item::UpdateItemInput>() {
            optional(&mut input.key);
            optional(&mut input.expression_attribute_values);
        } else if let Some(input) = input.downcast_mut::<sdk::delete_item::DeleteItemInput>() {
            optional(&mut input.key);
            optional(&mut input.expression_attribute_values);
        } else if let Some(input) = input.downcast_mut::<sdk::query::QueryInput>() {
            optional(&mut input.expression_attribute_values);
            optional(&mut input.exclusive_start_key);
        } else if let Some(input) = input.downcast_mut::<sdk::scan::ScanInput>() {
            optional(&mut input.expression_attribute_values);
            optional(&mut input.exclusive_start_key);
        } else if let Some(input) = input.downcast_mut::<sdk::batch_get_item::BatchGetItemInput>() {
            let tables = input.request_items.iter_mut().flat_map(HashMap::values_mut);
            tables.flat_map(|table| &mut table.keys).for_each(write);
        } else if let Some(input) =
            input.downcast_mut::<sdk::batch_write_item::BatchWriteItemInput>()
        {
            let tables = input.request_items.iter_mut().flat_map(HashMap::values_mut);
            for request in tables.flatten() {
                request
                    .put_request
                    .iter_mut()
                    .for_each(|put| write(&mut put.item));
                request
                    .delete_request
                    .iter_mut()
                    .for_each(|delete| write(&mut delete.key));
            }
        } else if let Some(input) =
            input.downcast_mut::<sdk::transact_write_items::TransactWriteItemsInput>()
        {
            for step in input.transact_items.iter_mut().flatten() {
                step.put.iter_mut().for_each(|put| write(&mut put.item));
                step.update
                    .iter_mut()
                    .for_each(|update| write(&mut update.key));
                step.delete
                    .iter_mut()
                    .for_each(|delete| write(&mut delete.key));
                step.condition_check
                    .iter_mut()
                    .for_each(|check| write(&mut check.key));
            }
        } else if let Some(input) =
            input.downcast_mut::<sdk::transact_get_items::TransactGetItemsInput>()
        {
            let steps = input.transact_items.iter_mut().flatten();
            steps
                .flat_map(|step| &mut step.get)
                .for_each(|get| write(&mut get.key));
        } else {
            return Err("the input is not a typed one".into());
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        use aws_sdk_dynamodb::operation as sdk;

        let read = |item: &mut HashMap<_, _>| rewrite(item, "SECRET", "secret");
        let optional = |item: &mut Option<HashMap<_, _>>| item.iter_mut().for_each(read);
        let output = match context.output_or_error_mut() {
            Some(Ok(output)) => output,
            Some(Err(error)) => {
                let refused = error.as_operation_error();
                let refused = refused.and_then(|error| error.downcast_ref::<PutItemError>());
                if let Some(PutItemError::ConditionalCheckFailedException(refused)) = refused {
                    let mut item = refused.item.clone();
                    optional(&mut item);
                    let decrypted = ConditionalCheckFailedException::builder()
                        .set_item(item)
                        .set_message(refused.message.clone())
                        .meta(refused.meta().clone())
                        .build();
                    let decrypted = PutItemError::ConditionalCheckFailedException(decrypted);
                    *error = OrchestratorError::operation(Error::erase(decrypted));
                }
                return Ok(());
            }
            None => return Err("there is no output".into()),
        };
        if let Some(output) = output.downcast_mut::<sdk::get_item::GetItemOutput>() {
            optional(&mut output.item);
        } else if let Some(output) = output.downcast_mut::<sdk::put_item::PutItemOutput>() {
            optional(&mut output.attributes);
        } else if let Some(output) = output.downcast_mut::<sdk::update_item::UpdateItemOutput>() {
            optional(&mut output.attributes);
        } else if let Some(output) = output.downcast_mut::<sdk::delete_item::DeleteItemOutput>() {
            optional(&mut output.attributes);
        } else if let Some(output) = output.downcast_mut::<sdk::query::QueryOutput>() {
            output.items.iter_mut().flatten().for_each(read);
            optional(&mut output.last_evaluated_key);
        } else if let Some(output) = output.downcast_mut::<sdk::scan::ScanOutput>() {
            output.items.iter_mut().flatten().for_each(read);
            optional(&mut output.last_evaluated_key);
        } else if let Some(output) =
            output.downcast_mut::<sdk::batch_get_item::BatchGetItemOutput>()
        {
            let tables = output.responses.iter_mut().flat_map(HashMap::values_mut);
            tables.flatten().for_each(read);
            let tables = output
                .unprocessed_keys
                .iter_mut()
                .flat_map(HashMap::values_mut);
            tables.flat_map(|table| &mut table.keys).for_each(read);
        } else if let Some(output) =
            output.downcast_mut::<sdk::batch_write_item::BatchWriteItemOutput>()
        {
            let tables = output
                .unprocessed_items
                .iter_mut()
                .flat_map(HashMap::values_mut);
            for request in tables.flatten() {
                request
                    .put_request
                    .iter_mut()
                    .for_each(|put| read(&mut put.item));
                request
                    .delete_request
                    .iter_mut()
                    .for_each(|delete| read(&mut delete.key));
            }
        } else if let Some(output) =
            output.downcast_mut::<sdk::transact_get_items::TransactGetItemsOutput>()
        {
            let responses = output.responses.iter_mut().flatten();
            responses.for_each(|response| optional(&mut response.item));
        } else if output
            .downcast_ref::<sdk::transact_write_items::TransactWriteItemsOutput>()
            .is_none()
        {
            return Err("the output is not a typed one".into());
        }
        Ok(())
    }
}

#[tokio::test]
async fn interceptor_rewrites_typed_inputs_and_outputs_of_all_operations() {
    for (operation, request, response) in EXCHANGES {
        let fake = Fake::new([Step::ok(&response.replace("secret", "SECRET"))]);
        let encryption = Encryption::default();
        let config = fake.config().interceptor(encryption.clone());
        let client = Client::from_conf(config.build());
        let transport = Transport::new(&client, Options::default());
        let status = transport.status();
        assert_eq!(status.path(), TransportPath::Plain);
        let reason = status.reason().unwrap();
        assert!(
            reason.starts_with("the client has interceptors"),
            "{reason}"
        );

        let received = exchange(&transport, operation, request).await.unwrap();
        assert_eq!(
            json(&received.body),
            json(response.as_bytes()),
            "{operation:?}"
        );
        assert_eq!(encryption.0.load(Ordering::Relaxed), 1);
        let sent = String::from_utf8(fake.sent().remove(0).body).unwrap();
        assert!(
            sent.contains("SECRET") && !sent.contains("secret"),
            "{sent}"
        );
    }
}

#[tokio::test]
async fn interceptor_rewrites_the_item_of_a_refusal() {
    let refused = concat!(
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","#,
        r#""Item":{"id":{"S":"SECRET"}},"message":"The conditional request failed"}"#,
    );
    let fake = Fake::new([Step::answer(400, refused)]);
    let config = fake.config().interceptor(Encryption::default());
    let transport = Transport::new(&Client::from_conf(config.build()), Options::default());
    let (operation, request, _) = EXCHANGES[1];
    let failure = exchange(&transport, operation, request).await.unwrap_err();
    assert_eq!(code(&failure), Some("ConditionalCheckFailedException"));
    let FailureKind::Service { body, .. } = failure.kind else {
        panic!("expected an error of the service");
    };
    assert_eq!(json(&body)["Item"]["id"]["S"], "secret");
}

/// Outcomes that both paths tell in the same way.
#[tokio::test]
async fn failures_are_told_as_on_the_raw_path() {
    let refused = || {
        let body = concat!(
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","#,
            r#""message":"The conditional request failed","Item":{"id":{"S":"a"},"n":{"N":"7"}}}"#,
        );
        Step::answer(400, body)
    };
    let throttled = || Step::error("ProvisionedThroughputExceededException");
    let internal = || Step::error("InternalServerError");
    let scripts = [
        vec![refused()],
        vec![throttled(), refused()],
        vec![internal(), refused()],
        vec![Step::Break, refused()],
        vec![Step::Break, throttled(), refused()],
        vec![throttled(), throttled(), throttled()],
        vec![internal(), Step::Break, internal()],
        vec![Step::Break],
        vec![Step::error("ValidationException")],
        vec![Step::answer(400, "no JSON")],
        vec![Step::answer(200, "no JSON")],
        vec![Step::Hang],
        vec![Step::ok("{}"), Step::ok("{}")],
        vec![internal(), Step::ok("{}")],
        vec![refused().corrupted(), refused()],
        vec![Step::ok("{}").corrupted(), Step::ok("{}")],
        vec![Step::ok("{}").corrupted()],
    ];
    for script in scripts {
        let (operation, request, _) = EXCHANGES[1];
        let mut told = Vec::new();
        for options in [RAW, PLAIN] {
            let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(200));
            let fake = Fake::new(script.clone());
            let config = fake.config().timeout_config(timeouts.build());
            let transport = Transport::new(&Client::from_conf(config.build()), options);
            let sent = exchange(&transport, operation, request).await;
            told.push((outcome(sent), fake.sent().len()));
        }
        let not_read = told[0].0.ends_with("no JSON") && told[1].0.contains("Response");
        if not_read {
            // The raw path leaves the reading of a success to the codec.
            assert!(told[0].0.contains("no JSON"), "{told:?}");
        } else {
            assert_eq!(told[0], told[1], "{script:?}");
        }
    }
}

/// All that is told of an outcome, but for the order of members.
fn outcome(sent: Result<Response, Failure>) -> String {
    let text = |body: &[u8]| match serde_json::from_slice::<Value>(body) {
        Ok(mut json) => {
            // With or without the name space of the service.
            let name = json["__type"]
                .as_str()
                .and_then(|name| name.rsplit('#').next());
            if let Some(name) = name.map(str::to_owned) {
                json["__type"] = name.into();
            }
            json.to_string()
        }
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    match sent {
        Ok(response) => format!(
            "{} {:?} {}",
            response.attempts,
            response.request_id,
            text(&response.body)
        ),
        Err(failure) => {
            let known = (failure.attempts, failure.uncertain, failure.request_id);
            match failure.kind {
                FailureKind::Service {
                    code,
                    message,
                    status,
                    body,
                    source,
                } => {
                    assert!(source.is::<SdkError<PutItemError, HttpResponse>>());
                    let body = text(&body);
                    format!("{known:?} {code:?} {message:?} {status} {body}")
                }
                kind => format!("{known:?} {kind:?}"),
            }
        }
    }
}

#[tokio::test]
async fn reasons_of_a_canceled_transaction_keep_their_items() {
    let body = concat!(
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","#,
        r#""CancellationReasons":[{"Code":"ConditionalCheckFailed","Item":{"id":{"S":"a"}},"#,
        r#""Message":"The conditional request failed"},{"Code":"None"}],"message":"canceled"}"#,
    );
    for (operation, request, _) in [EXCHANGES[8], EXCHANGES[9]] {
        let fake = Fake::new([Step::answer(400, body)]);
        let transport = Transport::new(&Client::from_conf(fake.config().build()), PLAIN);
        let failure = exchange(&transport, operation, request).await.unwrap_err();
        assert_eq!(code(&failure), Some("TransactionCanceledException"));
        let FailureKind::Service { body: told, .. } = failure.kind else {
            panic!("expected an error of the service");
        };
        let (told, expected) = (json(&told), json(body.as_bytes()));
        assert_eq!(told["CancellationReasons"], expected["CancellationReasons"]);
        assert_eq!(told["message"], expected["message"]);
    }
}

/// Has a name that is not one of the SDK's.
#[derive(Debug)]
struct NewInterceptor;

#[dyn_dispatch_hint]
impl Intercept for NewInterceptor {
    fn name(&self) -> &'static str {
        "ShapeCheckInterceptor"
    }
}

/// Parts of an SDK that is not the known one, and what is said of it.
fn unknown_parts(client: &Client) -> Vec<(Result<ClientParts, BoxError>, &'static str)> {
    let mut parts = ClientParts::from_client(client).unwrap();
    let mut components = parts.components.to_builder();
    components.push_interceptor(SharedInterceptor::new(NewInterceptor));
    parts.components = components.build().unwrap();
    vec![
        (Ok(parts), "`ShapeCheckInterceptor`"),
        (
            Err("the SDK did not show its components".into()),
            "did not show its components",
        ),
    ]
}

#[tokio::test]
async fn unknown_parts_of_the_sdk_stop_no_request() {
    for (operation, request, response) in EXCHANGES {
        let fake = Fake::new([Step::ok(response)]);
        let client = Client::from_conf(fake.config().build());
        for (parts, expected) in unknown_parts(&client) {
            let transport = Transport::from_parts(&client, || parts, Options::default());
            let status = transport.status();
            assert_eq!(status.path(), TransportPath::Plain);
            let reason = status.reason().unwrap();
            assert!(reason.starts_with("the SDK's parts are not the known ones: "));
            assert!(reason.contains(expected), "{reason}");
            let closed = status.fast_path().ineligible_because();
            assert_eq!(closed, Some("the SDK's parts are not the known ones"));
            let received = exchange(&transport, operation, request).await.unwrap();
            assert_eq!(json(&received.body), json(response.as_bytes()));
            let sent = fake.sent().pop().unwrap();
            assert_eq!(json(&sent.body), json(request.as_bytes()));
        }
    }
}

/// Keeps the warnings' texts.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Visit for Warnings {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "reason" {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn plain_path_warns_once_with_its_reason() {
    let warnings = Warnings::default();
    let _subscriber = tracing::subscriber::set_default(warnings.clone());
    let fake = Fake::new([Step::ok("{}")]);
    let config = || fake.config();
    let client = Client::from_conf(config().build());
    let [(parts, _), ..] = <[_; 2]>::try_from(unknown_parts(&client)).unwrap();
    let unknown = Transport::from_parts(&client, || parts, Options::default());
    let intercepted = Client::from_conf(config().interceptor(NewInterceptor).build());
    let intercepted = Transport::new(&intercepted, Options::default());
    for transport in [&unknown, &intercepted] {
        for _ in 0..2 {
            call::<GetItem>(transport).await.unwrap();
        }
    }
    let told = warnings.0.lock().unwrap().clone();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("ShapeCheckInterceptor"), "{told:?}");
    assert!(told[1].contains("the client has interceptors"), "{told:?}");
    for part in [
        "`ShapeCheckInterceptor`",
        "`Builder::interceptors_see_http_only`",
    ] {
        assert!(told[1].contains(part), "{told:?}");
    }

    let chosen = Transport::new(&client, PLAIN);
    let known = Transport::new(&client, Options::default());
    for transport in [&chosen, &known] {
        call::<GetItem>(transport).await.unwrap();
    }
    assert_eq!(warnings.0.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn interceptors_that_look_at_http_alone_keep_the_raw_path() {
    let fake = Fake::new([Step::ok("{}")]);
    let marker = super::fake::Marker::default();
    let client = Client::from_conf(fake.config().interceptor(marker.clone()).build());
    let declared = Options {
        interceptors_see_http_only: true,
        ..Options::default()
    };
    let transport = Transport::new(&client, declared);
    let status = transport.status();
    assert_eq!(status.path(), TransportPath::Raw);
    assert_eq!(status.reason(), Some("the client has interceptors"));
    call::<GetItem>(&transport).await.unwrap();
    assert_eq!(
        fake.sent()[0].header(super::fake::Marker::HEADER),
        Some("yes")
    );
    assert_eq!(marker.begun(), 1);
}

/// Has items sent again that are not there, which it reads from the typed output.
#[derive(Debug)]
struct MissingItem;

impl ClassifyRetry for MissingItem {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let output = context.output_or_error().and_then(Result::ok);
        match output.and_then(|output| output.downcast_ref::<GetItemOutput>()) {
            Some(output) if output.item.is_none() => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "MissingItem"
    }
}

#[tokio::test]
async fn retry_classifier_reads_typed_outputs_unless_declared() {
    let (operation, request, _) = EXCHANGES[0];
    for (is_declared, path, attempts) in [
        (false, TransportPath::Plain, 2),
        (true, TransportPath::Raw, 1),
    ] {
        let fake = Fake::new([Step::ok("{}"), Step::ok(r#"{"Item":{"id":{"S":"a"}}}"#)]);
        let client = Client::from_conf(fake.config().retry_classifier(MissingItem).build());
        let options = Options {
            interceptors_see_http_only: is_declared,
            ..Options::default()
        };
        let transport = Transport::new(&client, options);
        let status = transport.status();
        assert_eq!(status.path(), path);
        let reason = status.reason().unwrap();
        assert!(
            reason.starts_with("the client has retry classifiers"),
            "{reason}"
        );
        assert_eq!(reason.contains("`MissingItem`"), !is_declared, "{reason}");
        let received = exchange(&transport, operation, request).await.unwrap();
        assert_eq!(received.attempts, attempts);
        assert_eq!(fake.sent().len(), attempts as usize);
    }
}

/// Puts an outcome of its own in place of each output.
struct Replacement(fn() -> Result<Output, OrchestratorError<Error>>);

impl std::fmt::Debug for Replacement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replacement")
    }
}

#[dyn_dispatch_hint]
impl Intercept for Replacement {
    fn name(&self) -> &'static str {
        "Replacement"
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *context.output_or_error_mut().ok_or("there is no output")? = (self.0)();
        Ok(())
    }
}

async fn replaced(
    exchange_of: usize,
    by: fn() -> Result<Output, OrchestratorError<Error>>,
) -> Result<Response, Failure> {
    let fake = Fake::new([Step::ok("{}")]);
    let config = fake.config().interceptor(Replacement(by));
    let transport = Transport::new(&Client::from_conf(config.build()), Options::default());
    let (operation, request, _) = EXCHANGES[exchange_of];
    exchange(&transport, operation, request).await
}

/// An item of this one value.
fn item_of(value: AttributeValue) -> HashMap<String, AttributeValue> {
    HashMap::from([("id".to_owned(), value)])
}

fn refusal_of(value: AttributeValue, code: &str) -> Result<Output, OrchestratorError<Error>> {
    let refusal = ConditionalCheckFailedException::builder()
        .message("refused")
        .item("id", value)
        .meta(
            ErrorMetadata::builder()
                .code(code)
                .message("refused")
                .build(),
        );
    let refusal = PutItemError::ConditionalCheckFailedException(refusal.build());
    Err(OrchestratorError::operation(Error::erase(refusal)))
}

#[tokio::test]
async fn typed_error_in_place_of_an_output_keeps_its_code() {
    let by = || {
        let value = AttributeValue::S("a".to_owned());
        refusal_of(value, "ConditionalCheckFailedException")
    };
    let failure = replaced(1, by).await.unwrap_err();
    assert_eq!(code(&failure), Some("ConditionalCheckFailedException"));
    let FailureKind::Service { body, .. } = failure.kind else {
        panic!("expected an error of the service");
    };
    assert_eq!(json(&body)["Item"]["id"]["S"], "a");
}

#[tokio::test]
async fn value_that_can_not_be_written_leaves_the_rest_of_the_error() {
    let by = || {
        refusal_of(
            AttributeValue::Ss(Vec::new()),
            "ConditionalCheckFailedException",
        )
    };
    let failure = replaced(1, by).await.unwrap_err();
    let FailureKind::Service { body, .. } = failure.kind else {
        panic!("expected an error of the service");
    };
    let expected = r#"{"__type":"ConditionalCheckFailedException","message":"refused"}"#;
    assert_eq!(json(&body), json(expected.as_bytes()));

    let by = || {
        let reasons = [
            AttributeValue::Ss(Vec::new()),
            AttributeValue::S("b".to_owned()),
        ];
        let reasons = reasons.map(|value| {
            let reason = CancellationReason::builder().code("ConditionalCheckFailed");
            reason.set_item(Some(item_of(value))).build()
        });
        let canceled = TransactionCanceledException::builder()
            .set_cancellation_reasons(Some(reasons.into()))
            .meta(
                ErrorMetadata::builder()
                    .code("TransactionCanceledException")
                    .build(),
            );
        let canceled = TransactWriteItemsError::TransactionCanceledException(canceled.build());
        Err(OrchestratorError::operation(Error::erase(canceled)))
    };
    let failure = replaced(8, by).await.unwrap_err();
    let FailureKind::Service { body, .. } = failure.kind else {
        panic!("expected an error of the service");
    };
    let expected = concat!(
        r#"[{"Code":"ConditionalCheckFailed"},"#,
        r#"{"Code":"ConditionalCheckFailed","Item":{"id":{"S":"b"}}}]"#,
    );
    assert_eq!(
        json(&body)["CancellationReasons"],
        json(expected.as_bytes())
    );
}

#[tokio::test]
async fn page_of_an_interceptor_has_the_count_of_its_items() {
    let by = || {
        let page = QueryOutput::builder()
            .items(item_of(AttributeValue::S("a".to_owned())))
            .items(item_of(AttributeValue::S("b".to_owned())));
        Ok(Output::erase(page.build()))
    };
    let received = replaced(4, by).await.unwrap();
    let page = json(&received.body);
    assert_eq!(page["Count"], 2);
    assert_eq!(page["ScannedCount"], 0);
    assert_eq!(page["Items"][1]["id"]["S"], "b");
}
