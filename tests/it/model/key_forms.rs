//! Forms of key parts: `{n:plain}`, `{n:05}`, `{s:lower}`, `{s:upper}`, `{s:escaped}`.

use bigdecimal::BigDecimal;
use dynamodel::model::Templated;
use dynamodel::schema::{Form, PartSchema, Piece};
use dynamodel::wire::TemplatePart;
use dynamodel::{Db, Document, Entity, Table};
use dynamodel_tests::db;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::raw;

#[derive(Table)]
#[dynamo(
    name = "catalog",
    partition = "pk",
    sort = "sk",
    discriminator = "kind"
)]
#[dynamo(index(gsi1, partition = "g1", sort = "g1s"))]
struct Catalog;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Catalog, key(partition = "$shop#sku_{sku:lower}", sort = "$article_{number:plain}"))]
#[dynamo(index(gsi1 as by_brand, partition = "{brand:upper}", sort = "{year:04}#{title:escaped}"))]
struct Article {
    sku: String,
    number: i32,
    brand: Brand,
    year: u16,
    title: String,
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamo(transparent)]
struct Brand(String);

const STORED: &str = r##"{"pk":{"S":"$shop#sku_ab9"},"sk":{"S":"$article_-7"},"kind":{"S":"Article"},
    "g1":{"S":"ACME"},"g1s":{"S":"0985#50%25 Off%23"},"sku":{"S":"AB9"},"number":{"N":"-7"},
    "brand":{"S":"Acme"},"year":{"N":"985"},"title":{"S":"50% Off#"}}"##;

fn article() -> Article {
    Article {
        sku: "AB9".into(),
        number: -7,
        brand: Brand("Acme".into()),
        year: 985,
        title: "50% Off#".into(),
    }
}

async fn catalog() -> Db {
    let db = db().await;
    db.create_table::<Catalog>().await.unwrap();
    db
}

#[tokio::test]
async fn item_is_written_with_the_forms_of_its_template() {
    let db = catalog().await;
    article().create().send(&db).await.unwrap();
    assert_eq!(raw::all::<Article>(&db).await, [raw::item(STORED)]);
}

#[tokio::test]
async fn item_of_other_program_is_read_and_written_in_place() {
    let db = catalog().await;
    raw::put::<Article>(&db, STORED).await;
    for sku in ["AB9", "ab9", "Ab9"] {
        let got = Article::get(sku, -7).send(&db).await.unwrap();
        assert_eq!(got, Some(article()));
        assert_eq!(Article::query(sku).all(&db).await.unwrap(), [article()]);
    }
    let exact = Article::query("ab9").sort(|k| k.number.eq(-7));
    assert_eq!(exact.all(&db).await.unwrap(), [article()]);
    let of_brand = || Article::by_brand(Brand("acme".into()));
    assert_eq!(of_brand().all(&db).await.unwrap(), [article()]);
    let titled = of_brand().sort(|k| k.year.eq(985).title.begins_with("50% Off#"));
    assert_eq!(titled.all(&db).await.unwrap(), [article()]);
    let years = of_brand().sort(|k| k.year.between(900, 999));
    assert_eq!(years.count(&db).await.unwrap(), 1);
    let mut read = Article::scan().all(&db).await.unwrap().remove(0);
    read.title = "a#b".into();
    read.clone().put().send(&db).await.unwrap();
    assert_eq!(Article::scan().all(&db).await.unwrap(), [read.clone()]);
    let update =
        Article::update("AB9", -7).apply(|a| a.by_brand.set(Brand("b".into()), 7_u16, "t#"));
    update.send(&db).await.unwrap();
    let stored = raw::all::<Article>(&db).await.remove(0);
    assert_eq!(stored["g1s"].as_s().unwrap(), "0007#t%23");
    assert_eq!(stored["g1"].as_s().unwrap(), "B");
    Article::scan()
        .all(&db)
        .await
        .unwrap()
        .remove(0)
        .remove()
        .send(&db)
        .await
        .unwrap();
    assert_eq!(raw::count::<Article>(&db).await, 0);
}

#[tokio::test]
async fn number_with_more_digits_than_its_form_is_refused() {
    let db = catalog().await;
    let late = Article {
        year: 10_000,
        ..article()
    };
    let refused = late.create().send(&db).await.unwrap_err();
    assert!(refused.is_invalid_key(), "{refused}");
    assert_eq!(refused.attribute_path().as_deref(), Some("g1s"));
    let query = Article::by_brand(Brand("a".into()))
        .sort(|k| k.year.eq(10_000))
        .all(&db)
        .await;
    assert!(query.unwrap_err().is_invalid_key());
}

/// An entity whose parts in the key alone have forms.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Catalog, key(partition = "{area:escaped}#{n:03}", sort = "{price}{total:plain}#{day}"))]
struct Offer {
    #[dynamo(in_key)]
    area: String,
    #[dynamo(in_key)]
    n: u8,
    #[dynamo(in_key)]
    price: Decimal,
    #[dynamo(in_key)]
    total: BigDecimal,
    #[dynamo(in_key)]
    day: chrono::NaiveDate,
}

#[tokio::test]
async fn formed_parts_are_read_from_the_key() {
    let db = catalog().await;
    for area in ["", "a#b%23", "x/\u{e9}\"", "#"] {
        let offer = Offer {
            area: area.into(),
            n: 7,
            price: Decimal::new(-125, 2),
            total: "1200.5".parse().unwrap(),
            day: chrono::NaiveDate::from_ymd_opt(2024, 2, 29).unwrap(),
        };
        offer.clone().create().send(&db).await.unwrap();
        let got = Offer::get(area, 7, offer.price, &offer.total, offer.day);
        assert_eq!(got.send(&db).await.unwrap().as_ref(), Some(&offer));
        assert_eq!(Offer::query(area, 7).all(&db).await.unwrap(), [offer]);
    }
    for (pk, sk) in [
        ("a#7", "SK"),
        ("a#0007", "SK"),
        ("%61#007", "SK"),
        ("a%2#007", "SK"),
    ] {
        let db = catalog().await;
        let item = format!(r#"{{"pk":{{"S":"{pk}"}},"sk":{{"S":"{sk}"}},"kind":{{"S":"Offer"}}}}"#);
        raw::put::<Offer>(&db, &item).await;
        let refused = Offer::scan().all(&db).await.unwrap_err();
        assert_eq!(refused.attribute_path().as_deref(), Some("pk"), "{pk}");
    }
}

fn text<T: TemplatePart>(value: &T) -> String {
    let mut out = String::new();
    value.write_part(&mut out).expect("a value in range");
    out
}

proptest! {
    #[test]
    fn decimals_keep_their_order(a in any::<(i64, u8)>(), b in any::<(i64, u8)>()) {
        let decimal = |(n, scale): (i64, u8)| Decimal::new(n, u32::from(scale % 29));
        let (a, b) = (decimal(a), decimal(b));
        prop_assert_eq!(a.cmp(&b), text(&a).cmp(&text(&b)));
        prop_assert_eq!(Decimal::read_part(&text(&a)), Some(a));
        let big = |d: Decimal| d.to_string().parse::<BigDecimal>().unwrap();
        prop_assert_eq!(text(&big(a)), text(&a));
        prop_assert_eq!(BigDecimal::read_part(&text(&a)), Some(big(a)));
    }
}

/// A template of two texts and a number between them, in random forms.
#[derive(Debug, Clone)]
struct Made {
    pieces: Vec<Piece>,
    forms: [Form; 3],
}

fn made() -> impl Strategy<Value = Made> {
    let texts = || {
        prop::sample::select(vec![
            Form::Sorted,
            Form::Lower,
            Form::Upper,
            Form::Escaped("%#/:"),
        ])
    };
    let numbers = prop::sample::select(vec![Form::Sorted, Form::Plain, Form::Padded(10)]);
    let literals = prop::collection::vec(prop::sample::select(vec!["#", "/", ":", "#/"]), 2);
    let head = prop::sample::select(vec!["", "X#", "X"]);
    (texts(), numbers, texts(), literals, head).prop_map(|(a, n, b, literals, head)| {
        let mut pieces = vec![
            Piece::Part(0, a),
            Piece::Literal(literals[0]),
            Piece::Part(1, n),
            Piece::Literal(literals[1]),
            Piece::Part(2, b),
        ];
        if !head.is_empty() {
            pieces.insert(0, Piece::Literal(head));
        }
        Made {
            pieces,
            forms: [a, n, b],
        }
    })
}

/// The types of the parts, as a template of the derive has them.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Catalog, key(partition = "{a}", sort = "{n}#{b}"))]
struct Parts {
    a: String,
    n: u32,
    b: String,
}

fn composed(made: &Made, values: &Parts) -> Option<String> {
    let parts: &[PartSchema] = Parts::SINGLE_TABLE.parts;
    let texts: Option<Vec<String>> = (0..3)
        .map(|part| {
            let mut text = String::new();
            values.write_part(part, made.forms[part], &mut text).ok()?;
            Some(text)
        })
        .collect();
    dynamodel::__private::join(&made.pieces, parts, &texts?).ok()
}

fn values() -> impl Strategy<Value = Parts> {
    ("[#/:%aB\u{e9}]{0,4}", any::<u32>(), "[#/:%aB\u{e9}]{0,4}").prop_map(|(a, n, b)| Parts {
        a,
        n,
        b,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn keys_of_random_forms_split_into_their_parts(made in made(), x in values(), y in values()) {
        let parts = Parts::SINGLE_TABLE.parts;
        let keys = (composed(&made, &x), composed(&made, &y));
        let is_escaped = matches!(made.forms[0], Form::Escaped(_));
        prop_assert!(!is_escaped || keys.0.is_some(), "escaped text is never refused");
        if let Some(key) = &keys.0 {
            let split = dynamodel::__private::split(&made.pieces, parts, key).expect("its own text");
            for (part, found) in split {
                let mut text = String::new();
                x.write_part(part, made.forms[part], &mut text).unwrap();
                prop_assert_eq!(found, &*text);
            }
        }
        let same = |form: Form, a: &str, b: &str| match form {
            Form::Lower => a.to_lowercase() == b.to_lowercase(),
            Form::Upper => a.to_uppercase() == b.to_uppercase(),
            _ => a == b,
        };
        if let (Some(a), Some(b)) = &keys {
            let equal = same(made.forms[0], &x.a, &y.a) && x.n == y.n && same(made.forms[2], &x.b, &y.b);
            prop_assert_eq!(equal, a == b);
        }
    }

    #[test]
    fn last_part_keeps_the_order_of_its_form(form in prop::sample::select(vec![Form::Sorted, Form::Padded(10)]), a in any::<u32>(), b in any::<u32>()) {
        let made = |n| Parts { a: String::new(), n, b: String::new() };
        let text = |n| {
            let mut text = "X#".to_owned();
            made(n).write_part(1, form, &mut text).unwrap();
            text
        };
        prop_assert_eq!(a.cmp(&b), text(a).cmp(&text(b)));
    }

    #[test]
    fn escaped_text_keeps_the_order_of_texts_without_delimiters(a in "[ !$&-z\u{e9}]{0,4}", b in "[ !$&-z\u{e9}]{0,4}") {
        let text = |a: &str| {
            let mut text = String::new();
            let parts = Parts { a: a.into(), n: 0, b: String::new() };
            parts.write_part(0, Form::Escaped("%#"), &mut text).unwrap();
            text
        };
        prop_assert_eq!(text(&a), &*a);
        prop_assert_eq!(a.cmp(&b), text(&a).cmp(&text(&b)));
    }
}
