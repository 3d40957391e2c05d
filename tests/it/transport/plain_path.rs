//! The plain path from outside: an interceptor of the client that encrypts an attribute, as AWS's Database
//! Encryption SDK does, sees what is written and read. That everything works on this path is shown by the
//! whole suite with `DYNAMODEL_TEST_PATH=plain`.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsOutput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, Error, FinalizerInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use dynamodel::{BatchGet, BatchWrite, Db, Entity, Transaction, TransportPath, transact_get};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "patients")]
struct Patient {
    #[dynamo(partition)]
    id: String,
    diagnosis: String,
}

fn patient(id: &str) -> Patient {
    Patient {
        id: id.to_owned(),
        diagnosis: "influenza".to_owned(),
    }
}

type Item = HashMap<String, AttributeValue>;

/// "Encrypts" the attribute `diagnosis` by turning its text around.
#[derive(Debug)]
struct Encryption;

fn turn(item: &mut Item) {
    if let Some(AttributeValue::S(text)) = item.get_mut("diagnosis") {
        *text = text.chars().rev().collect();
    }
}

fn turn_all<'i>(items: impl IntoIterator<Item = &'i mut Item>) {
    items.into_iter().for_each(turn);
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
        let input = context.input_mut();
        if let Some(input) = input.downcast_mut::<PutItemInput>() {
            turn_all(&mut input.item);
        } else if let Some(input) = input.downcast_mut::<BatchWriteItemInput>() {
            let tables = input.request_items.iter_mut().flat_map(HashMap::values_mut);
            let puts = tables.flatten().flat_map(|write| &mut write.put_request);
            turn_all(puts.map(|put| &mut put.item));
        } else if let Some(input) = input.downcast_mut::<TransactWriteItemsInput>() {
            let puts = input.transact_items.iter_mut().flatten();
            turn_all(puts.flat_map(|step| &mut step.put).map(|put| &mut put.item));
        }
        Ok(())
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let output = match context.output_or_error_mut() {
            Some(Ok(output)) => output,
            Some(Err(error)) => {
                let refused = error.as_operation_error();
                let refused = refused.and_then(|error| error.downcast_ref::<PutItemError>());
                if let Some(PutItemError::ConditionalCheckFailedException(refused)) = refused {
                    let mut item = refused.item.clone();
                    turn_all(&mut item);
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
            None => return Ok(()),
        };
        if let Some(output) = output.downcast_mut::<GetItemOutput>() {
            turn_all(&mut output.item);
        } else if let Some(output) = output.downcast_mut::<PutItemOutput>() {
            turn_all(&mut output.attributes);
        } else if let Some(output) = output.downcast_mut::<QueryOutput>() {
            turn_all(output.items.iter_mut().flatten());
        } else if let Some(output) = output.downcast_mut::<ScanOutput>() {
            turn_all(output.items.iter_mut().flatten());
        } else if let Some(output) = output.downcast_mut::<BatchGetItemOutput>() {
            let tables = output.responses.iter_mut().flat_map(HashMap::values_mut);
            turn_all(tables.flatten());
        } else if let Some(output) = output.downcast_mut::<TransactGetItemsOutput>() {
            let responses = output.responses.iter_mut().flatten();
            turn_all(responses.flat_map(|response| &mut response.item));
        }
        Ok(())
    }
}

/// The same tables through a client that encrypts, and through one that does not.
async fn databases() -> (Db, Db) {
    let config = dynamodel_tests::config().await;
    let prefix = dynamodel_tests::prefix();
    let encrypting = Client::from_conf(config.clone().interceptor(Encryption).build());
    let on = |client| Db::builder().client(client).table_prefix(&*prefix).build();
    let (encrypting, plain) = (on(encrypting), on(Client::from_conf(config.build())));
    plain.create_table::<Patient>().await.unwrap();
    (encrypting, plain)
}

#[tokio::test]
async fn interceptor_that_encrypts_is_never_passed_by() {
    let (db, stored) = databases().await;
    let status = db.transport_status();
    assert_eq!(status.path(), TransportPath::Plain);
    let reason = status.reason().unwrap();
    assert!(
        reason.starts_with("the client has interceptors"),
        "{reason}"
    );

    patient("a").create().send(&db).await.unwrap();
    let batch = BatchWrite::new().put(patient("b").put());
    batch.send(&db).await.unwrap();
    let mut transaction = Transaction::new();
    transaction.put(patient("c").create());
    transaction.send(&db).await.unwrap();

    let encrypted = Patient::scan().all(&stored).await.unwrap();
    assert_eq!(encrypted.len(), 3);
    for patient in &encrypted {
        assert_eq!(patient.diagnosis, "azneulfni");
    }

    let a = patient("a");
    assert_eq!(Patient::get("a").send(&db).await.unwrap(), Some(a.clone()));
    let found = Patient::query("a").all(&db).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&a));
    let all = Patient::scan().all(&db).await.unwrap();
    assert!(all.iter().all(|patient| patient.diagnosis == "influenza"));
    let batch = BatchGet::new([Patient::key("a"), Patient::key("d")]);
    assert_eq!(batch.send(&db).await.unwrap(), [Some(a.clone()), None]);
    let gets = (Patient::get("b"), Patient::get("d"));
    let (b, d) = transact_get(gets).send(&db).await.unwrap();
    assert_eq!((b, d), (Some(patient("b")), None));

    let refused = patient("a").create().send(&db).await.unwrap_err();
    assert_eq!(refused.current::<Patient>(), Some(a));
    assert_eq!((refused.attempts(), refused.is_ambiguous()), (1, false));
}

/// The error of a client that is not there tells that; nothing panics, and no path is looked for.
#[tokio::test]
async fn database_without_client_fails_with_an_error() {
    let db = Db::builder().build();
    let status = db.transport_status();
    assert_eq!(status.reason(), Some("there is no client to send with"));
    let error = Patient::get("a").send(&db).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("there is no client to send with; give one to `Db::builder().client(..)`"),
        "{text}"
    );
    assert_eq!(error.attempts(), 0);
}
