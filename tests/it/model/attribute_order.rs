//! Attributes in any order: the order in one item never changes how another item is read.

use dynamodel::wire::{ReadError, Reader};
use dynamodel::{Document, Entity, Projection};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "parcels")]
struct Parcel {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort, rename = "n")]
    number: u64,
    #[dynamo(rename = "quo\"te\\")]
    odd: Option<String>,
    #[dynamo(rename = "a_name_of_more_than_sixteen_bytes")]
    long: Option<bool>,
    from: Place,
    to: Option<Place>,
    weights: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Place {
    city: String,
    #[dynamo(rename = "lat")]
    latitude: f64,
    floor: Option<i8>,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Parcel)]
struct Part {
    id: String,
    long: Option<bool>,
    from: Place,
}

/// Members of an object in any order, as another program could write them.
fn object(members: Vec<(&'static str, String)>) -> impl Strategy<Value = String> {
    (
        Just(members).prop_shuffle(),
        proptest::collection::vec(0..20_u8, 16),
    )
        .prop_map(|(members, forms)| {
            let mut json = String::from("{");
            for (n, (name, value)) in members.iter().enumerate() {
                let form = forms.get(n).copied().unwrap_or(0);
                let name = match form {
                    0 => name
                        .chars()
                        .map(|c| format!("\\u{:04x}", c as u32))
                        .collect(),
                    _ => {
                        let quoted = serde_json::to_string(name).expect("text");
                        quoted[1..quoted.len() - 1].to_owned()
                    }
                };
                let (before, between) = match form {
                    1 => (" ", ""),
                    2 => ("", " "),
                    _ => ("", ""),
                };
                let comma = if n > 0 { "," } else { "" };
                json.push_str(&format!(
                    "{before}{comma}{between}\"{name}\"{between}:{before}{value}{between}"
                ));
            }
            json + "}"
        })
}

fn place() -> impl Strategy<Value = String> {
    (
        any::<String>(),
        -90.0..90.0,
        proptest::option::of(any::<i8>()),
        any::<bool>(),
    )
        .prop_flat_map(|(city, latitude, floor, unknown)| {
            let city = serde_json::to_string(&city).expect("text");
            let mut members = vec![
                ("city", format!("{{\"S\":{city}}}")),
                ("lat", format!("{{\"N\":\"{latitude}\"}}")),
            ];
            members.extend(floor.map(|floor| ("floor", format!("{{\"N\":\"{floor}\"}}"))));
            members.extend(unknown.then(|| ("country", r#"{"S":"PT"}"#.to_owned())));
            object(members)
        })
        .prop_map(|body| format!("{{\"M\":{body}}}"))
}

fn parcel() -> impl Strategy<Value = String> {
    let optional = (
        proptest::option::of("[a-z\"\\\\]{0,20}"),
        proptest::option::of(any::<bool>()),
        proptest::option::of(place()),
        any::<[bool; 2]>(),
    );
    let weights = proptest::collection::vec(any::<i32>(), 0..4);
    ("[a-z]{1,40}", any::<u64>(), place(), weights, optional).prop_flat_map(
        |(id, number, from, weights, (odd, long, to, unknown))| {
            let weights: Vec<_> = weights
                .iter()
                .map(|w| format!("{{\"N\":\"{}\"}}", f64::from(*w) / 64.0))
                .collect();
            let mut members = vec![
                ("id", format!("{{\"S\":\"{id}\"}}")),
                ("n", format!("{{\"N\":\"{number}\"}}")),
                ("from", from),
                ("weights", format!("{{\"L\":[{}]}}", weights.join(","))),
            ];
            let text = |text: String| serde_json::to_string(&text).expect("text");
            members.extend(odd.map(|odd| ("quo\"te\\", format!("{{\"S\":{}}}", text(odd)))));
            let long = long.map(|long| format!("{{\"BOOL\":{long}}}"));
            members.extend(long.map(|long| ("a_name_of_more_than_sixteen_bytes", long)));
            members.extend(to.map(|to| ("to", to)));
            let [number, twice] = unknown;
            members.extend(number.then(|| ("idx", r#"{"N":"1"}"#.to_owned())));
            // The same attribute in another form: the last one wins, and all have the same value.
            members.extend(twice.then(|| ("id", format!("{{ \"S\" : \"{id}\" }}"))));
            object(members)
        },
    )
}

fn one<T: Projection>(item: &str) -> Result<T, ReadError> {
    let mut r = Reader::new(item.as_bytes())?;
    let read = T::read_item(&mut r)?;
    r.finish()?;
    Ok(read)
}

fn page<T: Projection>(items: &[String]) -> Result<Vec<T>, ReadError> {
    let page = format!(
        "{{\"Count\":{},\"Items\":[{}]}}",
        items.len(),
        items.join(",")
    );
    dynamodel::__private::decode_page::<T>(page.as_bytes())
}

proptest! {
    #[test]
    fn page_reads_same_as_its_single_items(items in proptest::collection::vec(parcel(), 1..12)) {
        let each: Result<Vec<Parcel>, _> = items.iter().map(|item| one(item)).collect();
        prop_assert_eq!(page::<Parcel>(&items).expect("items"), each.expect("items"));
        let each: Result<Vec<Part>, _> = items.iter().map(|item| one(item)).collect();
        prop_assert_eq!(page::<Part>(&items).expect("items"), each.expect("items"));
    }
}

#[test]
fn page_with_changed_byte_reads_as_its_json_or_fails() {
    let mut runner = TestRunner::deterministic();
    let items = proptest::collection::vec(parcel(), 3..4);
    for _ in 0..15 {
        let items = items.new_tree(&mut runner).expect("items").current();
        let page = format!("{{\"Items\":[{}]}}", items.join(","));
        for at in 0..page.len() {
            for byte in *b"\"\\,:{}[]a \x01\xff" {
                let mut bytes = page.clone().into_bytes();
                bytes[at] = byte;
                let read = dynamodel::__private::decode_page::<Parcel>(&bytes);
                let Ok(read) = read else { continue };
                let json: serde_json::Value = serde_json::from_slice(&bytes).expect("it is JSON");
                let Some(items) = json.get("Items").and_then(|items| items.as_array()) else {
                    assert!(read.is_empty());
                    continue;
                };
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                let each: Result<Vec<Parcel>, _> = items.iter().map(|item| one(item)).collect();
                assert_eq!(read, each.expect("items"));
            }
        }
    }
}
