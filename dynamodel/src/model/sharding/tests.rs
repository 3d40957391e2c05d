use super::*;
use crate::model::schema::Shards;

const SIXTEEN: Shards = Shards {
    count: 16,
    attribute: None,
};

fn hashed(key: &str, partition: &'static [&'static str], sort: &'static [&'static str]) -> u64 {
    hash_of_key(key.as_bytes(), &KeySchema { partition, sort }).unwrap_or_else(|e| panic!("{e}"))
}

/// Fixed hashes: items are stored by them, so they never change. Another program computed them.
#[test]
fn hashes_of_keys() {
    let of_text = |text: &str| hashed(&format!("{{\"id\":{{\"S\":{text:?}}}}}"), &["id"], &[]);
    let of_number = |text: &str| hashed(&format!("{{\"id\":{{\"N\":\"{text}\"}}}}"), &["id"], &[]);
    let found = [
        of_text("a"),
        of_text("order-1"),
        of_text("é𝄞"),
        of_number("0"),
        of_number("100"),
        of_number("-1.25"),
        hashed(r#"{"id":{"B":"AP8="}}"#, &["id"], &[]),
        hashed(r#"{"sk":{"N":"7"},"pk":{"S":"u1"}}"#, &["pk"], &["sk"]),
    ];
    assert_eq!(
        found.map(|hash| format!("{hash:016x}")),
        [
            "c57651f078315ef9",
            "f44cf072eaf1d7a6",
            "95fe42ca64780d50",
            "6a3d3df2b2964ef1",
            "6ee77231aae1901d",
            "cb13c5c404b6dd32",
            "3e81cf5911cd68a9",
            "69110659161417b0",
        ],
    );
}

#[test]
fn a_number_has_one_hash() {
    let of = |text: &str| hashed(&format!("{{\"id\":{{\"N\":\"{text}\"}}}}"), &["id"], &[]);
    for other in ["100.0", "1e2", "+100", "0.1E3"] {
        assert_eq!(of("100"), of(other));
    }
    assert_eq!(of("0"), of("-0.0"));
    assert_ne!(of("1"), of("-1"));
    assert_ne!(of("1"), of("10"));
}

#[test]
fn the_type_and_the_limits_of_values_count() {
    let two = |a: &str, b: &str| {
        let key = format!("{{\"a\":{{\"S\":\"{a}\"}},\"b\":{{\"S\":\"{b}\"}}}}");
        hashed(&key, &["a"], &["b"])
    };
    assert_ne!(two("ab", "c"), two("a", "bc"));
    let text = hashed(r#"{"a":{"S":"1"}}"#, &["a"], &[]);
    assert_ne!(text, hashed(r#"{"a":{"N":"1"}}"#, &["a"], &[]));
    assert_ne!(text, hashed(r#"{"a":{"B":"MQ=="}}"#, &["a"], &[]));
}

#[test]
fn more_shards_move_items_into_new_ones_only_by_the_remainder() {
    let hash = hashed(r#"{"a":{"S":"1"}}"#, &["a"], &[]);
    let thirty_two = Shards {
        count: 32,
        attribute: None,
    };
    assert_eq!(thirty_two.of(hash) % 16, SIXTEEN.of(hash));
    assert_eq!(suffix(SIXTEEN.of(hash)).len(), 4);
}

#[test]
fn values_survive_a_cursor() {
    let values = ["{\"S\":\"é\"}", "{\"N\":\"-1.50\"}", "{\"B\":\"AP8=\"}"];
    let values = values.map(|json| {
        crate::wire::read_item(json.as_bytes(), |r| {
            KeyValue::read(r).map(KeyValue::into_owned)
        })
        .unwrap_or_else(|e| panic!("{e}"))
    });
    let mut bytes = Vec::new();
    values.iter().for_each(|value| value.encode(&mut bytes));
    let mut rest = bytes.as_slice();
    for value in &values {
        assert!(KeyValue::decode(&mut rest).as_ref() == Some(value));
    }
    assert!(rest.is_empty() && KeyValue::decode(&mut rest).is_none());
    for broken in [
        &b"S\0\x01"[..],
        b"N\0\x01x",
        b"X\0\0",
        b"S\0\x01\xff",
        b"S\0",
    ] {
        assert!(KeyValue::decode(&mut &*broken).is_none());
    }
}
