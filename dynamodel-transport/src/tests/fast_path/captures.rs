//! Captures: their kinds, and how long they serve.

use std::collections::HashSet;

use super::super::{GetItem, PutItem};
use super::*;
use crate::operations::BatchWriteItem;

#[tokio::test]
async fn invocation_ids_are_random_uuids() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    for _ in 0..64 {
        call::<PutItem>(&transport).await.unwrap();
    }
    let mut ids = HashSet::new();
    for sent in fake.sent() {
        let id = sent.header("amz-sdk-invocation-id").unwrap();
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "version 4: {id}");
        assert!(b"89ab".contains(&id.as_bytes()[19]), "variant 1: {id}");
        assert!(ids.insert(id.to_owned()));
    }
}

#[tokio::test]
async fn accounts_in_arns_have_their_own_endpoints() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    for account in ["111111111111", "222222222222", "111111111111"] {
        let arn = format!("arn:aws:dynamodb:eu-central-1:{account}:table/books");
        let tables = Tables::One(arn.into());
        let sent = transport.call::<GetItem>(tables, BODY.to_vec().into());
        sent.await.unwrap();
        call::<GetItem>(&transport).await.unwrap();
    }
    let sent = fake.sent();
    for (index, account) in [
        (0, "111111111111"),
        (2, "222222222222"),
        (4, "111111111111"),
    ] {
        assert!(sent[index].uri.contains(account), "{}", sent[index].uri);
        assert!(
            !sent[index + 1].uri.contains("11111"),
            "{}",
            sent[index + 1].uri
        );
    }
    assert_eq!(counts(&transport), (6, 0));
}

/// Tables by ARN are remembered up to some number, and tables by name beside them.
#[tokio::test]
async fn many_arns_leave_room_for_names() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    for table in 0..70 {
        let arn = format!("arn:aws:dynamodb:eu-central-1:111111111111:table/t{table}");
        let tables = Tables::One(arn.into());
        let sent = transport.call::<GetItem>(tables, BODY.to_vec().into());
        sent.await.unwrap();
    }
    let (captured, _) = counts(&transport);
    assert!((64..70).contains(&captured), "{captured}");
    call::<GetItem>(&transport).await.unwrap();
    assert_eq!(counts(&transport), (captured + 1, 0));
}

#[tokio::test]
async fn batches_on_arns_go_through_the_orchestrator() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    for account in ["111111111111", "222222222222"] {
        let arn = format!("arn:aws:dynamodb:eu-central-1:{account}:table/books");
        let tables = Tables::Many(vec![arn.into()]);
        let sent = transport.call::<BatchWriteItem>(tables, b"{}".to_vec().into());
        sent.await.unwrap();
    }
    assert_eq!(counts(&transport), (0, 0));
    assert!(fake.sent()[1].uri.contains("222222222222"));
}

#[tokio::test]
async fn templates_are_learned_anew_after_some_minutes() {
    let fake = Fake::new([Step::ok("{}")]);
    let clock = Clock::new();
    let transport = open(fake.config().time_source(clock.clone()));
    for _ in 0..20 {
        call::<GetItem>(&transport).await.unwrap();
        clock.advance(Duration::from_secs(100));
    }
    assert_eq!(counts(&transport), (20, 0));
    assert_eq!(fake.sent().len(), 20, "capturing sends nothing");
}
