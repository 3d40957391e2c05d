//! Collections: entities of several types in one partition.

use dynamodel::{Collection, Cursor, Entity, Projection, Table};
use dynamodel_tests::{db, faults};
use futures_util::TryStreamExt;

#[derive(Table)]
#[dynamo(name = "accounts", partition = "pk", sort = "sk")]
struct Accounts;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Accounts, key(partition = "T#{tenant}#U#{user}", sort = "A"))]
struct Profile {
    tenant: u8,
    user: String,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Accounts, key(partition = "T#{tenant}#U#{owner}", sort = "B#{number}"))]
struct Invoice {
    tenant: u8,
    owner: String,
    number: u32,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Accounts, key(partition = "T#{tenant}#U#{user}", sort = "C"))]
struct Settings {
    tenant: u8,
    user: String,
}

#[derive(Debug, PartialEq, Collection)]
enum Item {
    Profile(Profile),
    Invoice(Invoice),
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Item)]
enum ItemView<'a> {
    Invoice(InvoiceView<'a>),
    Profile(ProfileView<'a>),
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Profile)]
struct ProfileView<'a> {
    name: &'a str,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Invoice)]
struct InvoiceView<'a> {
    owner: &'a str,
    number: u32,
    text: &'a str,
}

#[derive(Debug, PartialEq, Collection)]
struct Account {
    profile: Profile,
    settings: Option<Settings>,
    invoices: Vec<Invoice>,
}

#[derive(Debug, PartialEq, Collection)]
struct OneInvoice {
    invoice: Option<Invoice>,
}

fn profile() -> Profile {
    Profile {
        tenant: 1,
        user: "u1".into(),
        name: "Ada".into(),
    }
}

fn invoice(number: u32) -> Invoice {
    Invoice {
        tenant: 1,
        owner: "u1".into(),
        number,
        text: String::new(),
    }
}

#[tokio::test]
async fn collection_query_reads_items_of_several_types() {
    let db = db().await;
    db.create_table::<Accounts>().await.unwrap();
    profile().create().send(&db).await.unwrap();
    for number in [1, 2, 10, 11] {
        invoice(number).create().send(&db).await.unwrap();
    }
    let all = Item::query((1, "u1")).all(&db).await.unwrap();
    assert_eq!(all.len(), 5);
    assert_eq!(all[0], Item::Profile(profile()));
    assert_eq!(all[4], Item::Invoice(invoice(11)));
    assert!(Item::query((2, "u1")).all(&db).await.unwrap().is_empty());
    // A range across several entity types.
    let range = Item::query((1, "u1")).sort(|k| k.between("A", "B#0000000002"));
    assert_eq!(range.count(&db).await.unwrap(), 3);
    let first = Item::query((1, "u1"))
        .descending()
        .first(&db)
        .await
        .unwrap();
    assert_eq!(first, Some(Item::Invoice(invoice(11))));
    let page = Item::query((1, "u1")).page_size(2).page(&db).await.unwrap();
    assert_eq!(page.items.len(), 2);
    let cursor: Cursor = page.next.unwrap().to_string().parse().unwrap();
    let rest = Item::query((1, "u1")).start_at(cursor).stream(&db);
    assert_eq!(rest.try_collect::<Vec<_>>().await.unwrap(), all[2..]);
}

#[tokio::test]
async fn collection_query_reports_or_skips_unknown_types() {
    let db = db().await;
    db.create_table::<Accounts>().await.unwrap();
    profile().create().send(&db).await.unwrap();
    let settings = Settings {
        tenant: 1,
        user: "u1".into(),
    };
    settings.clone().create().send(&db).await.unwrap();
    let error = Item::query((1, "u1")).all(&db).await.unwrap_err();
    assert!(error.is_unreadable(), "{error}");
    assert_eq!(error.entity(), Some("Item"));
    assert_eq!(error.attribute_path().as_deref(), Some("_type"));
    let remedy = "found another type; `skip_unknown` leaves it out";
    assert!(error.to_string().contains(remedy), "{error}");
    let known = Item::query((1, "u1"))
        .skip_unknown()
        .all(&db)
        .await
        .unwrap();
    assert_eq!(known, [Item::Profile(profile())]);
    let page = Item::query((1, "u1")).page(&db).await;
    assert!(page.unwrap_err().is_unreadable());
    let page = Item::query((1, "u1")).page_results(&db).await.unwrap();
    let results: Vec<bool> = page.items.iter().map(Result::is_ok).collect();
    assert_eq!(results, [true, false]);
}

#[tokio::test]
async fn gather_reads_partition_into_one_struct() {
    let db = db().await;
    db.create_table::<Accounts>().await.unwrap();
    let missing = Account::query((1, "u1")).gather(&db).await.unwrap_err();
    assert!(missing.is_not_found(), "{missing}");
    profile().create().send(&db).await.unwrap();
    // The invoices take more than one page of 1 MB.
    for number in 0..6 {
        let mut invoice = invoice(number);
        invoice.text = "x".repeat(300_000);
        invoice.create().send(&db).await.unwrap();
    }
    let account = Account::query((1, "u1"))
        .consistent()
        .gather(&db)
        .await
        .unwrap();
    assert_eq!(account.profile, profile());
    assert_eq!(account.settings, None);
    let numbers: Vec<u32> = account.invoices.iter().map(|i| i.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    let several = OneInvoice::query((1, "u1"))
        .skip_unknown()
        .gather(&db)
        .await
        .unwrap_err();
    assert!(several.is_unreadable(), "{several}");
    let error = Item::query((1, "")).to_json();
    assert!(error.is_ok());
}

#[tokio::test]
async fn borrowed_collection_equals_owned_collection() {
    let db = db().await;
    db.create_table::<Accounts>().await.unwrap();
    profile().create().send(&db).await.unwrap();
    for number in 1..=9 {
        let mut invoice = invoice(number);
        invoice.text = format!("\"{number}\"\n");
        invoice.create().send(&db).await.unwrap();
    }
    let same = |view: &ItemView<'_>, item: &Item| match (view, item) {
        (ItemView::Profile(view), Item::Profile(item)) => view.name == item.name,
        (ItemView::Invoice(view), Item::Invoice(item)) => {
            (view.owner, view.number, view.text) == (&*item.owner, item.number, &*item.text)
        }
        _ => false,
    };
    for back in [false, true] {
        let query = || {
            let query = Item::query((1, "u1")).page_size(4);
            if back { query.descending() } else { query }
        };
        let all = query().all(&db).await.unwrap();
        let mut seen = 0;
        let read = query().borrowed::<ItemView<'_>>();
        read.each(&db, |view| {
            assert!(same(&view, &all[seen]), "{view:?}");
            seen += 1;
        })
        .await
        .unwrap();
        assert_eq!(seen, 10);
        let owned = query().page(&db).await.unwrap();
        let page = query().borrowed::<ItemView<'_>>().page(&db).await.unwrap();
        assert_eq!(page.next(), owned.next);
        let rest = query().start_at(page.next()).limit(3);
        let mut rest = rest.borrowed::<ItemView<'_>>().pages(&db);
        let page = rest.try_next().await.unwrap().unwrap();
        let views = page.items().unwrap();
        assert_eq!(views.len(), 3);
        assert!(views.iter().zip(&all[4..]).all(|(v, item)| same(v, item)));
        assert!(rest.try_next().await.unwrap().is_none());
    }
    let range = Item::query((1, "u1")).sort(|k| k.begins_with("B#000000000"));
    let page = range.borrowed::<ItemView<'_>>().page(&db).await.unwrap();
    assert_eq!(page.items().unwrap().len(), 9);
    // An entity type that the collection does not have.
    let settings = Settings {
        tenant: 1,
        user: "u1".into(),
    };
    settings.create().send(&db).await.unwrap();
    let read = Item::query((1, "u1")).borrowed::<ItemView<'_>>();
    let page = read.page(&db).await.unwrap();
    let results: Vec<_> = page.iter().collect();
    assert!(results[..10].iter().all(Result::is_ok));
    let error = results[10].as_ref().unwrap_err();
    assert!(error.is_unreadable(), "{error}");
    assert_eq!(error.entity(), Some("Item"));
    assert_eq!(error.attribute_path().as_deref(), Some("_type"));
    let known = Item::query((1, "u1")).skip_unknown();
    let mut seen = 0;
    let known = known.borrowed::<ItemView<'_>>();
    known.each(&db, |_| seen += 1).await.unwrap();
    assert_eq!(seen, 10);
}

#[tokio::test]
async fn collection_query_measures_cost_and_prefetches() {
    let (db, faults) = faults::db().await;
    db.create_table::<Accounts>().await.unwrap();
    for number in 0..6 {
        invoice(number).create().send(&db).await.unwrap();
    }
    let query = || Item::query((1, "u1")).page_size(2);
    let page = query().measured().page(&db).await.unwrap();
    assert!(page.consumed_capacity.is_some());
    let page = query().measured().borrowed::<ItemView<'_>>();
    assert!(page.page(&db).await.unwrap().consumed_capacity().is_some());
    for (ahead, sent) in [(false, 1), (true, 2)] {
        faults.forget();
        let mut items = query().prefetch(ahead).stream(&db);
        items.try_next().await.unwrap().unwrap();
        assert_eq!(faults.sent("Query").len(), sent);
        let rest: Vec<_> = items.try_collect().await.unwrap();
        assert_eq!(rest.len(), 5);
    }
}
