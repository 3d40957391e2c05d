//! All contestants of a case send the same, or they would not be doing the same.

use dynamodel_bench::recorder::{Request, recorded};
use serde_json::{Map, Value};

use crate::measure::Contestant;

/// Runs each contestant once and compares what they send.
pub(crate) fn check(case: &str, contestants: &mut [Contestant<'_>]) {
    let mut first = None;
    for contestant in contestants {
        let requests = recorded(&mut *contestant.run);
        let requests: Vec<_> = requests.into_iter().map(comparable).collect();
        let expected = first.get_or_insert_with(|| requests.clone());
        assert_eq!(&requests, expected, "{case}, {}", contestant.name);
    }
}

/// What a client library may have its own mind about: how placeholders are called, the random token of a
/// transaction, what is told beside the result, that a view asks for its attributes only, and that toasty,
/// which reads all pages else, asks for one by the number of its items, in the usual direction.
const FREE: [&str; 6] = [
    "ClientRequestToken",
    "Limit",
    "ProjectionExpression",
    "ReturnConsumedCapacity",
    "ReturnValuesOnConditionCheckFailure",
    "ScanIndexForward",
];

/// The request without that, and without the type that modyne adds to items.
fn comparable(mut request: Request) -> Request {
    if let Value::Object(body) = &mut request.body {
        simplify(body);
    }
    request
}

fn simplify(object: &mut Map<String, Value>) {
    let names = object.remove("ExpressionAttributeNames");
    let values = object.remove("ExpressionAttributeValues");
    object.retain(|name, _| !FREE.contains(&name.as_str()));
    for (name, value) in object {
        match value {
            Value::String(text) if name.ends_with("Expression") => {
                *text = spelled_out(text, |placeholder| {
                    let known = [&names, &values].into_iter().flatten();
                    known.filter_map(|map| map.get(placeholder)).next()
                });
            }
            Value::Object(item) if name == "Item" => drop(item.remove("entity_type")),
            Value::Object(inner) => simplify(inner),
            Value::Array(list) => list
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(simplify),
            _ => {}
        }
    }
}

/// The expression with what its placeholders stand for.
fn spelled_out<'v>(expression: &str, known: impl Fn(&str) -> Option<&'v Value>) -> String {
    let is_separator = |c: char| !(c.is_alphanumeric() || "#:_".contains(c));
    let words = expression.split_inclusive(is_separator);
    let spelled = words.map(|word| {
        let placeholder = word.trim_end_matches(is_separator);
        match known(placeholder) {
            Some(value) => format!("{value}{}", &word[placeholder.len()..]),
            None => word.to_owned(),
        }
    });
    spelled.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn update(name: &str, value: &str, number: &str) -> Request {
        let body = json!({
            "UpdateExpression": format!("SET {name} = {value}"),
            "ExpressionAttributeNames": {name: "views"},
            "ExpressionAttributeValues": {value: {"N": number}},
            "ReturnConsumedCapacity": name,
        });
        comparable(Request {
            target: "UpdateItem".to_owned(),
            body,
        })
    }

    #[test]
    fn names_of_placeholders_are_free_and_values_are_not() {
        let expected = json!({"UpdateExpression": r#"SET "views" = {"N":"1"}"#});
        assert_eq!(update("#n0", ":v0", "1").body, expected);
        assert_eq!(update("#views", ":views", "1").body, expected);
        assert_ne!(update("#n0", ":v0", "2").body, expected);
    }

    #[test]
    fn items_inside_are_compared() {
        let transact = |item: Value| {
            let body = json!({"TransactItems": [{"Put": {"Item": item}}], "ClientRequestToken": 1});
            comparable(Request {
                target: "TransactWriteItems".to_owned(),
                body,
            })
        };
        let item = transact(json!({"pk": {"S": "a"}}));
        let typed = transact(json!({"pk": {"S": "a"}, "entity_type": {"S": "order"}}));
        assert_eq!(typed, item);
        assert_eq!(
            item.body,
            json!({"TransactItems": [{"Put": {"Item": {"pk": {"S": "a"}}}}]})
        );
    }

    #[test]
    #[should_panic = "case, second"]
    fn who_sends_something_else_is_named() {
        let contestant = |name, key: &'static str| Contestant {
            name,
            run: Box::new(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                let client = dynamodel_bench::stub::Stub::new([]).client();
                let delete = client.delete_item().table_name(key).send();
                runtime.unwrap().block_on(delete).unwrap();
            }),
        };
        check(
            "case",
            &mut [contestant("first", "a"), contestant("second", "b")],
        );
    }
}
