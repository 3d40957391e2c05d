//! Compares reading of many bytes at a time with reading byte by byte.

use super::fields::Name;
use crate::{Reader, Writer, from_slice, to_vec};

/// Returns text of this many bytes, in which some characters have two bytes.
fn text(rng: &mut fastrand::Rng, bytes: usize) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        let wide = text.len() + 1 < bytes && rng.bool();
        text.push(if wide { 'é' } else { rng.lowercase() });
    }
    text
}

#[test]
fn text_of_every_length_is_copied_wherever_it_stands() {
    let mut rng = fastrand::Rng::with_seed(3);
    for length in 0..80 {
        for rest in ["", ",", ",\"naïve\":{\"S\":\"é€é€é€é€é€é€é€é€\"}}"] {
            let text = text(&mut rng, length);
            let json = format!("{{\"S\":\"{text}\"}}{rest}");
            let mut r = Reader::of_text(&json);
            let copy = r.owned_string().unwrap();
            assert_eq!(copy, text);
            assert_eq!(r.position(), json.len() - rest.len());
            assert!(copy.capacity() <= length.max(32));
            assert_eq!(copy.capacity() == 0, text.is_empty());
        }
    }
}

#[test]
fn text_of_every_length_is_written_as_it_is() {
    let mut rng = fastrand::Rng::with_seed(4);
    for length in 0..80 {
        let text = text(&mut rng, length);
        let json = to_vec(&text).unwrap();
        assert_eq!(json, format!("{{\"S\":\"{text}\"}}").as_bytes());
    }
}

#[test]
fn numbers_of_every_length_are_read() {
    let mut rng = fastrand::Rng::with_seed(5);
    for round in 0..20_000 {
        let digits = round % 24;
        let number: String = (0..digits).map(|_| rng.digit(10)).collect();
        let sign = ["", "-"][rng.usize(0..2)];
        let end = ["\"}", "\"}          ", "x\"}", "\" }"][rng.usize(0..4)];
        let json = format!("{{\"N\":\"{sign}{number}{end}");
        let expected = format!("{sign}{number}").parse::<i64>().ok();
        let expected = expected.filter(|_| !end.starts_with('x'));
        let read = Reader::of_text(&json).integer::<i64>().ok();
        assert_eq!(read, expected, "{json}");
    }
}

#[test]
fn fractions_of_every_length_are_read() {
    let mut rng = fastrand::Rng::with_seed(6);
    for _ in 0..20_000 {
        let mut digits = |most: usize| -> String {
            let count = rng.usize(0..most);
            (0..=count).map(|_| rng.digit(10)).collect()
        };
        let number = format!("-{}.{}", digits(18), digits(18));
        let read = from_slice::<f64>(format!("{{\"N\":\"{number}\"}}").as_bytes());
        assert_eq!(read.unwrap(), number.parse::<f64>().unwrap(), "{number}");
    }
}

/// Returns the positions of an item's attributes among these names.
fn places(json: &str, names: &'static [Name]) -> Vec<usize> {
    let mut r = Reader::of_text(json);
    let mut places = Vec::new();
    // Reads twice: the second time, the reader expects the order of the first.
    for _ in 0..2 {
        let mut again = r.at(0);
        again.order = r.order.clone();
        places.clear();
        let mut fields = again.fields(names);
        while let Some(place) = fields.next(&mut again).unwrap() {
            again.skip_value().unwrap();
            places.push(place);
        }
        r = again;
    }
    places
}

#[test]
fn names_of_every_length_are_told_apart() {
    for length in 1..50 {
        let name: String = ('a'..='z').cycle().take(length).collect();
        let names: &'static [Name; 1] = Box::leak(Box::new(Name::all(&[name.clone().leak()])));
        let json =
            |name: &str| format!("{{\"{name}\":{{\"N\":\"1\"}},\"{name}\":{{\"N\":\"2\"}}}}");
        assert_eq!(places(&json(&name), names), [0, 0]);
        for changed in 0..length {
            let mut other = name.clone();
            other.replace_range(changed..=changed, "_");
            assert_eq!(places(&json(&other), names), [1, 1], "{other}");
        }
        let longer = format!("{name}z");
        assert_eq!(places(&json(&longer), names), [1, 1]);
    }
}

#[test]
fn a_guess_is_compared_with_the_bytes() {
    for length in 1..50 {
        let name: String = ('a'..='z').cycle().take(length).collect();
        let names: &'static [Name; 1] = Box::leak(Box::new(Name::all(&[name.clone().leak()])));
        let item = |name: &str| format!("{{\"{name}\":{{\"N\":\"1\"}}}}");
        for changed in 0..length {
            let mut other = name.clone();
            other.replace_range(changed..=changed, "_");
            let json = item(&name) + &item(&other);
            let mut r = Reader::of_text(&json);
            for expected in [0, 1] {
                let mut fields = r.fields(names);
                assert_eq!(fields.next(&mut r).unwrap(), Some(expected), "{other}");
                r.skip_value().unwrap();
                assert_eq!(fields.next(&mut r).unwrap(), None);
            }
        }
    }
}

#[test]
fn a_buffer_grows_as_it_is_written() {
    let mut w = Writer::with_capacity(4096);
    let text = "x".repeat(100);
    for _ in 0..100 {
        w.string(&text);
    }
    let json = w.finish().unwrap();
    assert_eq!(json.len(), 100 * 108);
    assert!(
        json.chunks(108)
            .all(|value| value == to_vec(&text).unwrap())
    );
}
