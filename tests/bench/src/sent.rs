//! Check that all contestants of a case send equivalent requests, so that their times are comparable.

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

/// Members of a request in which client libraries may differ: the random token of a transaction, the
/// data requested beside the result, the projection that a borrowed read adds, and the page size and
/// direction, which toasty sends explicitly because it reads all pages otherwise.
const FREE: [&str; 6] = [
    "ClientRequestToken",
    "Limit",
    "ProjectionExpression",
    "ReturnConsumedCapacity",
    "ReturnValuesOnConditionCheckFailure",
    "ScanIndexForward",
];

/// Removes those members, the names of placeholders, and the type attribute that modyne adds to items.
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

/// Replaces each placeholder in an expression by its name or value.
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
    fn comparison_ignores_placeholder_names_but_not_values() {
        let expected = json!({"UpdateExpression": r#"SET "views" = {"N":"1"}"#});
        assert_eq!(update("#n0", ":v0", "1").body, expected);
        assert_eq!(update("#views", ":views", "1").body, expected);
        assert_ne!(update("#n0", ":v0", "2").body, expected);
    }

    #[test]
    fn comparison_of_transactions_covers_nested_items() {
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
    fn check_panics_with_name_of_differing_contestant() {
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
