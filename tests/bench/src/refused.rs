//! Cost of a write that the service refuses: the fast path sends it, then falls back to the SDK.

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use dynamodel::{Db, Entity};
use dynamodel_bench::model::{Order, Sample, TABLE, get_answer};
use dynamodel_bench::stub::Stub;

use crate::measure::contestant;
use crate::{Case, ORCHESTRATED, OURS, Prepared, RAW};

pub(crate) fn case<'a>() -> Case<'a> {
    Case {
        name: "PutItem that is refused".to_owned(),
        prepare: Box::new(prepare),
    }
}

fn prepare<'a>() -> Prepared<'a> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let runtime: &tokio::runtime::Runtime = Box::leak(Box::new(runtime));
    let stored = get_answer::<Order>(false);
    let message = br#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","#;
    let error = [message.as_slice(), stored.get(1..).unwrap_or_default()].concat();
    let bytes = error.len();
    let client = Stub::new([]).refusing([("PutItem", error)]).client();
    let order = Order::sample(1);

    let (by_hand, raw) = (order.clone(), client.clone());
    let by_hand = move || {
        let put = raw
            .put_item()
            .table_name(TABLE)
            .set_item(Some(by_hand.to_attributes()));
        let put = put
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", "pk")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let refused = runtime.block_on(put.send()).expect_err("it is refused");
        let refused = refused.into_service_error();
        assert!(refused.is_conditional_check_failed_exception());
        refused
    };
    let by_us = move |db: &Db| {
        let refused = runtime.block_on(order.clone().create().send(db));
        let refused = refused.expect_err("it is refused");
        assert!(refused.current::<Order>().is_some());
        refused
    };
    let db = Db::new(client.clone());
    let sdk = Db::builder().client(client).fast_path(false).build();
    let again = by_us.clone();
    Prepared {
        bytes,
        contestants: vec![
            contestant(RAW, by_hand),
            contestant(ORCHESTRATED, move || again(&sdk)),
            contestant(OURS, move || by_us(&db)),
        ],
    }
}
