//! Sort conditions at the ends of what a key can hold: the empty text, and texts of 1,024 bytes.

use dynamodel::{Db, Entity, Table};
use dynamodel_tests::db;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "words", index(by_lang, partition = lang, sort = (rank, initial)))]
struct Word {
    #[dynamo(partition)]
    book: String,
    #[dynamo(sort)]
    text: String,
    lang: String,
    rank: u32,
    initial: String,
}

#[derive(Table)]
#[dynamo(name = "shelf", partition = "pk", sort = "sk")]
struct Shelf;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shelf, key(partition = "BOOK#{book}", sort = "{text}"))]
struct Line {
    book: String,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shelf, key(partition = "NOTES#{book}", sort = "NOTE#{text}"))]
struct Note {
    book: String,
    text: String,
}

const END: usize = 1024;

async fn stored() -> (Db, Vec<String>) {
    let db = db().await;
    db.create_table::<Word>().await.unwrap();
    db.create_table::<Shelf>().await.unwrap();
    let full = |last: &str| format!("b{}{last}", "x".repeat(END - 1 - last.len()));
    let texts = ["a".to_owned(), full("a"), full("\u{7F}"), "c".to_owned()];
    for text in &texts {
        let (book, text) = ("b".to_owned(), text.clone());
        let initial = text.chars().take(1).collect();
        Line {
            book: book.clone(),
            text: text.clone(),
        }
        .put()
        .send(&db)
        .await
        .unwrap();
        let word = Word {
            book,
            text,
            lang: "en".into(),
            rank: 1,
            initial,
        };
        word.put().send(&db).await.unwrap();
    }
    (db, texts.to_vec())
}

/// Checks that a key of its own and a template find the same.
macro_rules! check {
    ($db:expr, |$k:ident| $condition:expr, $expected:expr) => {{
        let plain = Word::query("b").sort(|$k| $condition).all($db).await;
        let plain = plain.map(|found| found.into_iter().map(|w| w.text).collect::<Vec<_>>());
        let template = Line::query("b").sort(|$k| $condition).all($db).await;
        let template = template.map(|found| found.into_iter().map(|l| l.text).collect::<Vec<_>>());
        match $expected {
            Some(expected) => {
                let expected: &[String] = expected;
                assert_eq!(
                    (&*plain.unwrap(), &*template.unwrap()),
                    (expected, expected)
                );
            }
            None => {
                for e in [plain.unwrap_err(), template.unwrap_err()] {
                    assert!(e.is_invalid_key() && e.attempts() == 0, "{e}");
                }
            }
        }
    }};
}

#[tokio::test]
async fn sort_conditions_mean_the_same_on_plain_keys_and_templates() {
    let (db, texts) = stored().await;
    let db = &db;
    check!(db, |k| k.text.begins_with(""), None::<&[String]>);
    check!(db, |k| k.text.begins_with("b"), Some(&texts[1..3]));
    check!(db, |k| k.text.gt(&texts[1]), Some(&texts[2..]));
    // No text of 1,024 bytes is just above this one: the next character takes one byte more.
    check!(db, |k| k.text.gt(&texts[2]), Some(&texts[3..]));
    check!(db, |k| k.text.ge(&texts[2]), Some(&texts[2..]));
    check!(db, |k| k.text.lt(&texts[2]), Some(&texts[..2]));
    check!(db, |k| k.text.le(&texts[2]), Some(&texts[..3]));
    check!(
        db,
        |k| k.text.between(&texts[1], &texts[2]),
        Some(&texts[1..3])
    );
    check!(db, |k| k.text.lt(""), None::<&[String]>);
    check!(db, |k| k.text.gt("x".repeat(END + 1)), None::<&[String]>);
    check!(db, |k| k.text.eq(""), None::<&[String]>);
}

#[tokio::test]
async fn ends_of_later_parts_are_those_of_first_one() {
    let (db, _) = stored().await;
    let later = Word::by_lang("en").sort(|k| k.rank.eq(1).initial.begins_with(""));
    let e = later.all(&db).await.unwrap_err();
    assert!(e.is_invalid_key() && e.attempts() == 0, "{e}");
    let found = Word::by_lang("en").sort(|k| k.rank.eq(1).initial.gt("b"));
    assert_eq!(found.count(&db).await.unwrap(), 1);
    // Beside the entity's own literal.
    let note = Note {
        book: "b".into(),
        text: "y".repeat(END - "NOTE#".len()),
    };
    note.clone().put().send(&db).await.unwrap();
    let above = Note::query("b")
        .sort(|k| k.text.gt(&note.text))
        .all(&db)
        .await;
    assert_eq!(above.unwrap(), []);
    let below = Note::query("b").sort(|k| k.text.gt("x")).all(&db).await;
    assert_eq!(below.unwrap(), [note]);
    for sort in [
        Note::query("b").sort(|k| k.text.lt("")),
        Note::query("b").sort(|k| k.text.begins_with("")),
    ] {
        let e = sort.all(&db).await.unwrap_err();
        assert!(e.is_invalid_key() && e.attempts() == 0, "{e}");
        assert_eq!(e.attribute_path().as_deref(), Some("sk"));
    }
}
