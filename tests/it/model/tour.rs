//! The tour of the design document, end to end.

use dynamodel::Entity;
use dynamodel_tests::db;
use futures_util::StreamExt;

use crate::entities::*;

#[tokio::test]
async fn session_is_created_replaced_and_removed() {
    let db = db().await;
    db.create_table::<Session>().await.unwrap();
    let s = session("u1", "s1").create().send(&db).await.unwrap();
    assert_eq!(s.version, 1);
    let s = s.put().send(&db).await.unwrap();
    assert_eq!(s.version, 2);
    let s = s.replace().send(&db).await.unwrap();
    assert_eq!(s.version, 3);
    let stored = Session::get("u1", "s1")
        .consistent()
        .send(&db)
        .await
        .unwrap();
    assert_eq!(stored, Some(s.clone()));
    s.remove().send(&db).await.unwrap();
    assert_eq!(Session::get("u1", "s1").send(&db).await.unwrap(), None);
}

#[tokio::test]
async fn session_is_updated_and_deleted_by_key() {
    let db = db().await;
    db.create_table::<Session>().await.unwrap();
    session("u1", "s1").create().send(&db).await.unwrap();
    let now = 2_000;
    Session::update("u1", "s1")
        .apply(|s| {
            (
                s.views.add(1),
                s.last_accessed.set(now),
                s.user_agent.remove(),
                s.data.at(|d| d.current_page).set("/cart"),
                s.data.at(|d| d.cart).append([CartLine {
                    sku: "pear".into(),
                    quantity: 1,
                }]),
                s.data.at(|d| d.prefs.key("theme")).set("dark"),
                s.tags.insert(["vip"]),
            )
        })
        .when(|s| s.expires_at.gt(now) & !s.auth_token.begins_with("revoked-"))
        .send(&db)
        .await
        .unwrap();
    let new = Session::update("u1", "s1")
        .apply(|s| {
            (
                s.data
                    .at(|d| d.cart.index(0).at(|l| l.quantity))
                    .increment(2),
                s.tags.delete(["vip"]),
                s.user_agent.set(None),
            )
        })
        .returning_new()
        .send(&db)
        .await
        .unwrap();
    assert_eq!(new.views, 1);
    assert_eq!(new.version, 3);
    assert_eq!(new.data.cart[0].quantity, 3);
    assert_eq!(new.data.cart[1].sku, "pear");
    assert_eq!(new.data.prefs["theme"], "dark");
    assert!(new.tags.is_empty());
    let old = Session::delete("u1", "s1")
        .when(|s| s.views.eq(1))
        .returning_old()
        .send(&db)
        .await
        .unwrap();
    assert_eq!(old, Some(new));
}

#[tokio::test]
async fn sessions_are_queried_scanned_and_selected() {
    let db = db().await;
    db.create_table::<Session>().await.unwrap();
    for day in 1..=5_u64 {
        let mut s = session("u1", &format!("2026-01-0{day}"));
        s.last_accessed = day * 100;
        s.views = day;
        s.create().send(&db).await.unwrap();
    }
    let v: Vec<Session> = Session::query("u1")
        .sort(|k| k.session_id.begins_with("2026-"))
        .filter(|s| s.views.gt(3))
        .descending()
        .limit(20)
        .all(&db)
        .await
        .unwrap();
    assert_eq!(v.iter().map(|s| s.views).collect::<Vec<_>>(), [5, 4]);
    let mut st = Session::by_token("token-u1-2026-01-02").stream(&db);
    assert_eq!(st.next().await.unwrap().unwrap().views, 2);
    assert!(st.next().await.is_none());

    let page = Session::query("u1").page_size(2).page(&db).await.unwrap();
    assert_eq!(page.items.len(), 2);
    let page = Session::query("u1")
        .page_size(2)
        .start_at(page.next)
        .page(&db)
        .await
        .unwrap();
    assert_eq!(page.items[0].views, 3);
    assert_eq!(Session::query("u1").count(&db).await.unwrap(), 5);
    assert_eq!(
        Session::query("u1")
            .first(&db)
            .await
            .unwrap()
            .unwrap()
            .views,
        1
    );

    let found = Session::by_device("acme", Device::Mobile)
        .sort(|k| k.last_accessed.between(200, 300))
        .select::<SessionByDevice>()
        .all(&db)
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].last_accessed, 200);
    let active = Session::by_activity("u1")
        .sort(|k| k.last_accessed.ge(400))
        .consistent();
    assert_eq!(active.all(&db).await.unwrap().len(), 2);

    let part: Option<SessionSummary> = Session::get("u1", "2026-01-01")
        .select::<SessionSummary>()
        .send(&db)
        .await
        .unwrap();
    assert_eq!(
        part,
        Some(SessionSummary {
            user_id: "u1".into(),
            last_accessed: 100
        })
    );

    let mut views: Vec<u64> = Session::scan()
        .segments(8)
        .filter(|s| s.views.gt(0))
        .stream(&db)
        .map(|s| s.unwrap().views)
        .collect()
        .await;
    views.sort_unstable();
    assert_eq!(views, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn session_is_modified_with_version_check() {
    let db = db().await;
    db.create_table::<Session>().await.unwrap();
    session("u1", "s1").create().send(&db).await.unwrap();
    let s = Session::get("u1", "s1")
        .modify(&db, |s| {
            s.views += 1;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((s.views, s.version), (1, 2));
}
