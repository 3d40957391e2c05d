//! The codec alone, without sending: items to bytes, and pages to entities.

use aws_sdk_dynamodb::operation::put_item::{PutItem, PutItemInput};
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{SerializeRequest, SharedRequestSerializer};
use aws_smithy_types::config_bag::ConfigBag;
use dynamodel::wire::{Reader, Writer};
use dynamodel_bench::model::{Counter, Order, Parcel, Product, Sample, TABLE, page_answer};

use crate::measure::contestant;
use crate::{Case, FLOORS, OURS, Prepared, RAW, SERDE};

pub(crate) fn cases<'a>() -> Vec<Case<'a>> {
    vec![
        case::<Order>("encode an item", encode::<Order>),
        case::<Parcel>("encode an item", encode::<Parcel>),
        case::<Product>("encode an item", encode::<Product>),
        case::<Counter>("encode an item", encode::<Counter>),
        case::<Order>("decode a page of 1 MB", decode::<Order>),
        case::<Parcel>("decode a page of 1 MB", decode::<Parcel>),
        case::<Product>("decode a page of 1 MB", decode::<Product>),
        case::<Counter>("decode a page of 1 MB", decode::<Counter>),
    ]
}

fn case<'a, E: Sample>(what: &str, prepare: fn() -> Prepared<'a>) -> Case<'a> {
    Case {
        name: format!("{what}, {}", E::SHAPE),
        prepare: Box::new(prepare),
    }
}

/// Encodes an item to the bytes of a request; the other contestants use the SDK's own serializer.
fn encode<'a, E: Sample>() -> Prepared<'a> {
    let entity = E::sample(1);
    let settings = PutItem::new().config().expect("the operation has settings");
    let serializer = settings.load::<SharedRequestSerializer>().cloned();
    let serializer = serializer.expect("the operation has a serializer");
    let serialize = move |item| {
        let input = PutItemInput::builder()
            .table_name(TABLE)
            .set_item(Some(item));
        let input = Input::erase(input.build().expect("complete"));
        let request = serializer.serialize_input(input, &mut ConfigBag::base());
        request.expect("serialized")
    };
    let with_serde = serialize.clone();
    let [a, b, c] = [(); 3].map(|()| entity.clone());
    let by_us = move || {
        let mut w = Writer::with_capacity(E::SCHEMA.item_capacity());
        c.write_item(&mut w);
        w.finish().expect("written")
    };
    Prepared {
        bytes: by_us().len(),
        contestants: vec![
            contestant(RAW, move || serialize(a.to_attributes())),
            contestant(SERDE, move || {
                with_serde(serde_dynamo::to_item(&b).expect("an item"))
            }),
            contestant(OURS, by_us),
        ],
    }
}

/// Decodes a page to entities, beside the two steps that no decoder can avoid: passing over the JSON,
/// and making the structs.
fn decode<'a, E: Sample>() -> Prepared<'a> {
    let page: &'static [u8] = page_answer::<E>(E::PAGE, false).leak();
    let entities: Vec<E> = (0..E::PAGE).map(E::sample).collect();
    let by_us = move || dynamodel::__private::decode_page::<E>(page).expect("a page");
    assert!(by_us() == entities);
    Prepared {
        bytes: page.len(),
        contestants: vec![
            contestant(FLOORS[0], move || {
                let mut r = Reader::new(page).expect("UTF-8");
                r.skip_value().expect("JSON");
            }),
            contestant(FLOORS[1], move || entities.clone()),
            contestant(OURS, by_us),
        ],
    }
}
