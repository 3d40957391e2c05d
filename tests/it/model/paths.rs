//! Document paths to any depth, through every container, in conditions and updates.

use std::collections::{BTreeMap, HashMap};

use dynamodel::{Condition, Db, Document, Entity};
use dynamodel_tests::db;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "forests")]
struct Forest {
    #[dynamo(partition)]
    id: String,
    root: Tree,
    spare: Option<Box<Tree>>,
    named: HashMap<String, Tree>,
    by_number: BTreeMap<u32, Vec<Vec<u32>>>,
    payment: Payment,
    payments: Vec<Option<Payment>>,
}

/// A type that contains itself through a list, a box and a map.
#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Tree {
    name: String,
    #[dynamo(rename = "size")]
    rings: u64,
    children: Vec<Tree>,
    graft: Option<Box<Tree>>,
    birds: BTreeMap<String, Tree>,
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamo(tag = "kind", rename_all = "snake_case")]
enum Payment {
    Invoice,
    Card {
        #[dynamo(rename = "digits")]
        last_digits: String,
        limit: Option<u64>,
    },
    Transfer(Transfer),
    /// A variant named like a keyword, with a list of its own enum.
    Loop {
        limit: u32,
        of: Vec<Payment>,
    },
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Transfer {
    iban: String,
    parts: Vec<u64>,
}

fn tree(name: &str) -> Tree {
    Tree {
        name: name.into(),
        rings: 10,
        ..Tree::default()
    }
}

fn forest() -> Forest {
    let mut root = tree("root");
    root.children = vec![tree("left"), tree("right")];
    root.children[1].graft = Some(Box::new(tree("graft")));
    root.children[1].children = vec![tree("leaf")];
    Forest {
        id: "f".into(),
        root,
        spare: Some(Box::new(tree("spare"))),
        named: HashMap::from([("oak.1".into(), tree("oak"))]),
        by_number: BTreeMap::from([(7, vec![vec![1], vec![2, 3]])]),
        payment: Payment::Card {
            last_digits: "4242".into(),
            limit: Some(100),
        },
        payments: vec![
            None,
            Some(Payment::Transfer(Transfer {
                iban: "NO93".into(),
                parts: vec![1, 2],
            })),
        ],
    }
}

async fn stored(db: &Db) -> Forest {
    Forest::get("f")
        .consistent()
        .send(db)
        .await
        .unwrap()
        .unwrap()
}

async fn holds(db: &Db, condition: Condition<Forest>) -> bool {
    Forest::scan()
        .filter(|_| condition)
        .count(db)
        .await
        .unwrap()
        == 1
}

fn of(
    condition: impl FnOnce(
        <Forest as dynamodel::expr::Fields>::Fields<dynamodel::expr::InCondition<Forest>>,
    ) -> Condition<Forest>,
) -> Condition<Forest> {
    Condition::<Forest>::of(condition)
}

async fn table() -> Db {
    let db = db().await;
    db.create_table::<Forest>().await.unwrap();
    forest().create().send(&db).await.unwrap();
    db
}

#[tokio::test]
async fn updates_and_conditions_reach_any_depth() {
    let db = &table().await;
    Forest::update("f")
        .apply(|f| {
            (
                f.root.at(|t| t.rings).increment(1),
                f.root
                    .at(|t| t.children.index(0).at(|t| t.name))
                    .set("first"),
                f.root
                    .at(|t| t.children.index(1))
                    .at(|t| t.graft.at(|g| g.rings.set_from(g.rings.plus(5)))),
                f.root.at(|t| {
                    t.children
                        .index(1)
                        .at(|t| t.children.index(0).at(|t| t.birds.key("owl")))
                        .set(tree("owl"))
                }),
                f.spare
                    .at(|t| (t.name.set("box"), t.graft.set(Box::new(tree("new"))))),
                f.named.key("oak.1").at(|t| t.rings).add(1),
                f.by_number.key(7).index(1).index(0).set(20),
            )
        })
        .when(|f| f.named.key("oak.1").at(|t| t.name).eq("oak"))
        .send(db)
        .await
        .unwrap();
    let mut expected = forest();
    expected.root.rings = 11;
    expected.root.children[0].name = "first".into();
    let right = &mut expected.root.children[1];
    right.graft.as_mut().unwrap().rings = 15;
    right.children[0].birds.insert("owl".into(), tree("owl"));
    let spare = expected.spare.as_mut().unwrap();
    spare.name = "box".into();
    spare.graft = Some(Box::new(tree("new")));
    expected.named.get_mut("oak.1").unwrap().rings = 11;
    expected.by_number.get_mut(&7).unwrap()[1][0] = 20;
    assert_eq!(stored(db).await, expected);

    for condition in [
        of(|f| {
            f.root
                .at(|t| t.children.index(1).at(|t| t.children.size()))
                .eq(1)
        }),
        of(|f| f.spare.at(|t| t.graft.at(|g| g.graft.not_exists()))),
        of(|f| f.by_number.key(7).index(0).contains(1)),
        of(|f| f.by_number.key(8).not_exists() & f.named.size().eq(1)),
        of(|f| {
            f.root
                .at(|t| t.name.lt(f.named.key("oak.1".to_owned()).at(|o| o.name)))
                | f.root.exists()
        }),
        of(|f| {
            f.root
                .at(|t| t.children.index(0).at(|l| l.rings.lt(&t.rings)))
        }),
    ] {
        assert!(holds(db, condition.clone()).await, "{condition:?}");
    }
}

/// Paths into a recursive type are typed as deep as they are written, so their types are finite.
#[test]
fn recursive_path_renders_as_deep_as_written() {
    let deep = Forest::update("f").apply(|f| {
        f.root
            .at(|t| {
                t.children
                    .index(1)
                    .at(|t| t.children.index(2).at(|t| t.children.index(3)))
            })
            .at(|t| {
                t.graft
                    .at(|t| t.graft.at(|t| t.graft.at(|t| t.graft.at(|t| t.birds))))
            })
            .key("a")
            .at(|t| t.birds.key("b"))
            .at(|t| t.rings)
            .add(1)
    });
    let json = deep.to_json().unwrap();
    let path = "#n0.#n1[1].#n1[2].#n1[3].#n2.#n2.#n2.#n2.#n3.#n4.#n3.#n5.#n6";
    assert!(
        json.contains(&format!("SET {path} = if_not_exists({path},:v0) + :v1")),
        "{json}"
    );
}

#[tokio::test]
async fn paths_reach_into_enum_variants() {
    let db = &table().await;
    for (condition, expected) in [
        (of(|f| f.payment.at(|p| p.variant).eq("card")), true),
        (
            of(|f| f.payment.at(|p| p.variant).in_(["invoice", "transfer"])),
            false,
        ),
        (
            of(|f| f.payment.at(|p| p.card.last_digits).begins_with("42")),
            true,
        ),
        (
            of(|f| {
                f.payment
                    .at(|p| p.card.limit.ge(100) & p.transfer.iban.not_exists())
            }),
            true,
        ),
        (of(|f| f.payment.at(|p| p.r#loop.of).not_exists()), true),
        (
            of(|f| f.payments.index(1).at(|p| p.transfer.parts).contains(2)),
            true,
        ),
        (
            of(|f| f.payments.index(1).at(|p| p.transfer.iban).eq("NO93")),
            true,
        ),
        (
            of(|f| f.payments.index(0).at(|p| p.transfer.iban).exists()),
            false,
        ),
    ] {
        assert_eq!(
            holds(db, condition.clone()).await,
            expected,
            "{condition:?}"
        );
    }
    let update = Forest::update("f")
        .apply(|f| {
            (
                f.payment.at(|p| p.card.limit).add(5),
                f.payments.index(1).at(|p| p.transfer.parts.append([3])),
            )
        })
        .when(|f| f.payment.at(|p| p.variant).eq("card"));
    update.send(db).await.unwrap();
    let after = stored(db).await;
    let card = Payment::Card {
        last_digits: "4242".into(),
        limit: Some(105),
    };
    assert_eq!(after.payment, card);
    assert!(matches!(&after.payments[1], Some(Payment::Transfer(t)) if t.parts == [1, 2, 3]));
    // The whole variant is replaced by its value.
    let inner = Payment::Loop {
        limit: 1,
        of: vec![Payment::Invoice],
    };
    Forest::update("f")
        .apply(|f| f.payment.set(&inner))
        .send(db)
        .await
        .unwrap();
    assert_eq!(stored(db).await.payment, inner);
    let nested = of(|f| {
        f.payment
            .at(|p| p.r#loop.of.index(0))
            .at(|p| p.variant)
            .eq("invoice")
    });
    assert!(holds(db, nested).await);
}
