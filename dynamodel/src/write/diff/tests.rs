//! Tests of the text functions for cases that the round trips in `tests/it/diff.rs` do not show.

use super::json::{find, same, without};
use crate::model::expr::ast::{Place, Step};

const ITEM: &str = r#"{"id":{"S":"1"},"m":{"M":{"a":{"N":"1"},"l":{"L":[{"M":{"x":{"S":"\"y\""}}},{"NULL":true}]}}}}"#;

fn place(steps: &[Step]) -> Place {
    let mut place: Option<Place> = None;
    for step in steps {
        place = Some(Place::below(
            place.map(|place| place.into_parent(false)).as_ref(),
            step.clone(),
        ));
    }
    place.unwrap()
}

#[test]
fn values_are_found_and_left_out() {
    let deep = place(&[
        Step::Attribute("m"),
        Step::Entry("l".into()),
        Step::Element(0),
        Step::Entry("x".into()),
    ]);
    assert_eq!(find(ITEM, &deep.steps()).unwrap(), Some(r#"{"S":"\"y\""}"#));
    let rest = without(ITEM, &deep.steps()).unwrap();
    assert_eq!(
        rest,
        r#"{"id":{"S":"1"},"m":{"M":{"a":{"N":"1"},"l":{"L":[{"M":{}},{"NULL":true}]}}}}"#
    );
    assert_eq!(find(&rest, &deep.steps()).unwrap(), None);
    let element = place(&[
        Step::Attribute("m"),
        Step::Entry("l".into()),
        Step::Element(0),
    ]);
    assert_eq!(
        without(ITEM, &element.steps()).unwrap(),
        r#"{"id":{"S":"1"},"m":{"M":{"a":{"N":"1"},"l":{"L":[{"NULL":true}]}}}}"#
    );
}

#[test]
fn the_order_of_maps_and_sets_means_nothing() {
    let equal = [
        (
            r#"{"M":{"a":{"N":"1"},"b":{"N":"2"}}}"#,
            r#"{"M":{"b":{"N":"2"},"a":{"N":"1"}}}"#,
        ),
        (r#"{"SS":["a","b"]}"#, r#"{"SS":["b","a"]}"#),
        (
            r#"{"L":[{"M":{"a":{"SS":["x","y"]},"b":{"S":""}}}]}"#,
            r#"{"L":[{"M":{"b":{"S":""},"a":{"SS":["y","x"]}}}]}"#,
        ),
    ];
    for (a, b) in equal {
        assert!(same(a, b).unwrap(), "{a}");
    }
    let different = [
        (
            r#"{"L":[{"N":"1"},{"N":"2"}]}"#,
            r#"{"L":[{"N":"2"},{"N":"1"}]}"#,
        ),
        (r#"{"SS":["a"]}"#, r#"{"NS":["1"]}"#),
        (r#"{"S":"a"}"#, r#"{"S":"b"}"#),
        (r#"{"M":{"a":{"N":"1"}}}"#, r#"{"M":{"b":{"N":"1"}}}"#),
    ];
    for (a, b) in different {
        assert!(!same(a, b).unwrap(), "{a}");
    }
}
