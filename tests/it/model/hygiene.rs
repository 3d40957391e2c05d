//! Tests that the code of the derives does not depend on the names in the user's scope.

use dynamodel::wire::{Reader, Writer, from_slice, to_vec};
use dynamodel_tests::bare;

/// A private entity that is never used causes no warnings.
#[deny(warnings)]
mod unused {
    use dynamodel::{Collection, Document, Entity, Projection, Table};

    #[derive(Table)]
    #[dynamo(name = "nowhere", partition = "pk", sort = "sk")]
    #[dynamo(index(inverted, partition = "sk", sort = "pk", project = keys))]
    #[dynamo(index(gsi1, partition = "gsi1pk", project = ["data"]))]
    struct Nowhere;

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Entity)]
    #[dynamo(table = Nowhere, key(partition = "A#{id}", sort = "B#{at}"))]
    #[dynamo(index(inverted as of_b, partition = "B#{at}", sort = "A#{id}"))]
    #[dynamo(index(gsi1 as by_data, partition = "{data}", shards = 2))]
    struct Nobody {
        id: u64,
        at: u64,
        data: String,
    }

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Collection)]
    enum Items {
        Nobody(Nobody),
    }

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Projection)]
    #[dynamo(of = Items)]
    enum ItemsView<'v> {
        Nobody(NobodyView<'v>),
    }

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Projection)]
    #[dynamo(of = Nobody)]
    struct NobodyView<'v> {
        data: &'v str,
    }

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Entity)]
    #[dynamo(table = "generic")]
    #[dynamo(index(by_data, partition = data, sort = at, shards = 2, project = keys))]
    struct Generic<T> {
        #[dynamo(partition)]
        id: u64,
        at: u64,
        data: String,
        inner: Vec<T>,
    }

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Entity)]
    #[dynamo(table = "unused")]
    #[dynamo(index(by_note, partition = note, sort = data, project = keys))]
    #[dynamo(index(by_data, partition = data, sort = at, shards = 2))]
    struct Unused {
        #[dynamo(partition)]
        id: u64,
        #[dynamo(sort)]
        at: u64,
        note: String,
        data: String,
        inner: Inner,
        kind: Kind,
    }

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Document)]
    struct Inner {
        a: u8,
    }

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Document)]
    struct Nothing {}

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Document)]
    enum Kind {
        A,
        B { b: Inner },
        C(Inner),
        D(Nothing),
    }

    #[allow(dead_code, reason = "nothing uses it")]
    #[derive(Projection)]
    #[dynamo(of = Unused)]
    struct Part {
        id: u64,
    }
}

/// Defines structs whose types and names come from the macro's arguments.
macro_rules! entities {
    ($($name:ident { $key:ident: $ty:ty, $($field:ident: $field_ty:ty = $default:expr),* } in $table:literal;)*) => {$(
        #[derive(Debug, PartialEq, dynamodel::Entity)]
        #[dynamo(table = $table, index(by_field, partition = ($($field),*)))]
        struct $name {
            #[dynamo(partition)]
            $key: $ty,
            extra: Option<$ty>,
            $(#[dynamo(default = $default)] $field: $field_ty,)*
        }
    )*};
}
entities! {
    Made { id: u64, name: String = "nobody".to_owned() } in "made";
    Other { key: String, a: u8 = 1 + 1, b: u8 = 3 } in "other";
}

#[derive(Debug, Clone, PartialEq, dynamodel::Entity)]
#[dynamo(table = "envelopes")]
#[dynamo(index(by_sender, partition = sender, project = keys))]
#[dynamo(index(by_kind, partition = kind, sort = id))]
struct Envelope<T: Clone, const N: usize = 3>
where
    T: PartialEq,
{
    #[dynamo(partition)]
    id: u64,
    sender: String,
    kind: String,
    payload: Vec<T>,
    #[dynamo(skip)]
    padding: [u8; 1],
    page: Page<T>,
}

#[derive(Debug, Clone, PartialEq, dynamodel::Document)]
struct Page<T> {
    first: Option<T>,
    next: Option<Box<Self>>,
}

#[derive(Debug, PartialEq, dynamodel::Document)]
enum Either<A, B> {
    Left { left: A },
    Right(Page<B>),
}

/// Checks that the item is written as this JSON, and reads back from it.
#[track_caller]
fn check<E: dynamodel::Entity + PartialEq + std::fmt::Debug>(item: &E, json: &str) {
    let mut w = Writer::new();
    item.write_item(&mut w);
    let bytes = w.finish().expect("a valid item");
    assert_eq!(std::str::from_utf8(&bytes), Ok(json));
    assert_eq!(read::<E>(json), *item);
}

fn read<E: dynamodel::Entity>(json: &str) -> E {
    let mut r = Reader::new(json.as_bytes()).expect("valid JSON");
    E::read_item(&mut r).expect("a valid item")
}

#[test]
fn entity_with_shadowed_names_round_trips() {
    let item = bare::Item {
        self_: bare::String("a".to_owned()),
        item: "b".to_owned(),
        r#type: bare::String("c".to_owned()),
        u64: 1,
        Vec: bare::Vec { length: 2 },
        option: bare::Option::Some,
        result: Some(bare::Result::Err(bare::Vec { length: 3 })),
        w: 4,
        ttl: Some(5),
        version: 6,
        created: 7,
        updated: None,
        token: "d".to_owned(),
        pair: (8, 9),
        skipped: (),
    };
    check(
        &item,
        concat!(
            r#"{"self_":{"S":"a"},"item":{"S":"b"},"type":{"S":"c"},"u64":{"N":"1"},"#,
            r#""Vec":{"M":{"length":{"N":"2"}}},"option":{"S":"Some"},"#,
            r#""result":{"M":{"__v":{"S":"Err"},"length":{"N":"3"}}},"w":{"N":"4"},"#,
            r#""ttl":{"N":"5"},"version":{"N":"6"},"created":{"N":"7"},"token":{"S":"d"},"#,
            r#""pair":{"S":"8-9"}}"#,
        ),
    );
    let _ = bare::Item::by_type(bare::String(String::new()), "item");
    let _ = bare::Item::r#match(bare::String(String::new())).sort(|k| k.w.gt(3));
}

#[test]
fn index_item_derives_traits_of_its_fields() {
    let held = bare::ItemByType {
        self_: bare::String("a".to_owned()),
        item: "b".to_owned(),
        r#type: bare::String("c".to_owned()),
        u64: 1,
        Vec: bare::Vec { length: 2 },
    };
    assert_eq!(held.clone(), held);
    assert_eq!(
        format!("{held:?}"),
        r#"ItemByType { self_: String("a"), item: "b", type: String("c"), u64: 1, Vec: Vec { length: 2 } }"#
    );
}

#[test]
fn entity_defined_by_macro_round_trips() {
    let made = Made {
        id: 1,
        extra: None,
        name: "nobody".to_owned(),
    };
    assert_eq!(read::<Made>(r#"{"id":{"N":"1"}}"#), made);
    let other = Other {
        key: "k".to_owned(),
        extra: Some("x".to_owned()),
        a: 2,
        b: 3,
    };
    check(
        &other,
        r#"{"key":{"S":"k"},"extra":{"S":"x"},"a":{"N":"2"},"b":{"N":"3"}}"#,
    );
    let _ = Other::by_field(2, 3);
}

#[test]
fn entity_inside_function_round_trips() {
    #[derive(Debug, PartialEq, dynamodel::Document)]
    struct Inner {
        #[dynamo(rename = "quo\"te\\\n")]
        a: u8,
    }
    #[derive(Debug, PartialEq, dynamodel::Entity)]
    #[dynamo(table = "local", rename_all = "camelCase")]
    #[dynamo(index(by_b, partition = b))]
    struct Local {
        #[dynamo(partition)]
        the_key: String,
        b: u8,
        inner: Inner,
    }
    let local = Local {
        the_key: "k".to_owned(),
        b: 1,
        inner: Inner { a: 2 },
    };
    check(
        &local,
        r#"{"theKey":{"S":"k"},"b":{"N":"1"},"inner":{"M":{"quo\"te\\\u000a":{"N":"2"}}}}"#,
    );
}

#[test]
fn generic_entity_round_trips() {
    let page = Page {
        first: Some(true),
        next: Some(Box::new(Page {
            first: None,
            next: None,
        })),
    };
    let envelope = Envelope::<bool, 5> {
        id: 1,
        sender: "s".to_owned(),
        kind: "k".to_owned(),
        payload: vec![true],
        padding: [0],
        page,
    };
    check(
        &envelope,
        concat!(
            r#"{"id":{"N":"1"},"sender":{"S":"s"},"kind":{"S":"k"},"payload":{"L":[{"BOOL":true}]},"#,
            r#""page":{"M":{"first":{"BOOL":true},"next":{"M":{}}}}}"#,
        ),
    );
    let _ = Envelope::<bool, 5>::by_kind("k").sort(|k| k.id.ge(1));
    let _ = Envelope::<bool>::update(1)
        .apply(|e| (e.sender.set("x"), e.page.at(|p| p.first.set(true))));
    let right = Either::<u8, bool>::Right(Page {
        first: None,
        next: None,
    });
    let json = br#"{"M":{"type":{"S":"Right"}}}"#;
    assert_eq!(to_vec(&right).expect("a valid value"), json);
    assert_eq!(
        from_slice::<Either<u8, bool>>(json).expect("a valid value"),
        right
    );
    let left = Either::<u8, bool>::Left { left: 1 };
    let json = br#"{"M":{"left":{"N":"1"},"type":{"S":"Left"}}}"#;
    assert_eq!(
        from_slice::<Either<u8, bool>>(json).expect("a valid value"),
        left
    );
}

/// The names beside an entity stay the user's: a module named like it, and items named like its fields.
mod beside {
    use dynamodel::{Document, Entity};

    pub(super) mod session {
        pub(in super::super) const LIMIT: u64 = 3;
    }

    pub(super) const MAX: u64 = session::LIMIT;

    pub(super) fn views() -> u64 {
        MAX
    }

    #[derive(Debug, Clone, PartialEq, Entity)]
    #[dynamo(table = "beside", index(by_item, partition = item, sort = MAX))]
    #[allow(non_snake_case, reason = "a field can be named like a constant")]
    pub(super) struct Session {
        #[dynamo(partition)]
        pub(super) session: String,
        pub(super) self_: u8,
        pub(super) r#type: String,
        pub(super) item: String,
        pub(super) r#gen: Kept,
        pub(super) MAX: u64,
        #[dynamo(default = views())]
        pub(super) views: u64,
        pub(super) session_fields: Option<String>,
        pub(super) u64: u64,
        pub(super) String: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Document)]
    pub(in crate::model::hygiene) struct Kept {
        pub(super) kept: String,
        pub(super) state: State,
    }

    #[derive(Debug, Clone, PartialEq, Document)]
    #[allow(
        clippy::enum_variant_names,
        reason = "a variant with the name of its enum must not collide with it"
    )]
    pub(in super::super) enum State {
        Variant { variant: u8 },
        State { state: State2 },
        Kept(Inner),
    }

    #[derive(Debug, Clone, PartialEq, Document)]
    pub(in super::super) enum State2 {
        One,
    }

    #[derive(Debug, Clone, PartialEq, Document)]
    pub(in super::super) struct Inner {
        pub(super) id: u8,
    }
}

#[test]
fn tokens_take_no_name_beside_the_entity() {
    use beside::{Inner, Kept, Session, State, State2};

    let states = [
        State::Variant { variant: 1 },
        State::State { state: State2::One },
        State::Kept(Inner { id: 2 }),
    ];
    for state in states {
        let session = Session {
            session: "s".to_owned(),
            self_: 1,
            r#type: "t".to_owned(),
            item: "i".to_owned(),
            r#gen: Kept {
                kept: "k".to_owned(),
                state,
            },
            MAX: beside::MAX,
            views: beside::views(),
            session_fields: None,
            u64: beside::session::LIMIT,
            String: None,
        };
        let mut w = Writer::new();
        dynamodel::__private::Item::write_item(&session, &mut w);
        let item = w.finish().expect("a valid item");
        let item = std::str::from_utf8(&item).expect("JSON");
        assert_eq!(read::<Session>(item), session);
    }
    let update = Session::update("s").apply(|s| {
        (
            s.self_.set(2),
            s.session_fields.set("x"),
            s.r#gen.at(|k| k.state.at(|s| s.variant_.variant)).set(3),
            s.r#gen.at(|k| k.state.at(|s| s.kept.id)).add(1),
        )
    });
    let json = update.to_json().unwrap();
    for name in ["self_", "session_fields", "gen", "state", "variant", "id"] {
        assert!(json.contains(&format!("\"{name}\"")), "{name} in {json}");
    }
    let shown = std::any::type_name_of_val(&session_path());
    assert!(shown.contains("session_fields::views"), "{shown}");
}

/// The path of a field, whose type names it.
fn session_path() -> impl Sized {
    let mut path = None;
    let update = beside::Session::update("s").apply(|s| path = Some(s.views));
    drop(update);
    path
}
