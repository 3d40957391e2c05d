//! Sparse indexes: an item without a part of the index key is not in the index.

use dynamodel::{Entity, Table};
use dynamodel_tests::db;

#[derive(Table)]
#[dynamo(name = "jobs", partition = "pk", discriminator = "kind")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
struct Jobs;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Jobs, key(partition = "JOB#{id}"))]
#[dynamo(index(gsi1 as by_worker, partition = "WORKER#{worker}", sort = "{id}"))]
struct Job {
    id: u32,
    worker: Option<String>,
}

#[tokio::test]
async fn item_with_none_part_leaves_index() {
    let db = db().await;
    db.create_table::<Jobs>().await.unwrap();
    for id in 1..=3 {
        let worker = (id != 2).then(|| "w1".to_owned());
        Job { id, worker }.create().send(&db).await.unwrap();
    }
    let of_worker = async || {
        let jobs = Job::by_worker("w1").all(&db).await.unwrap();
        jobs.into_iter().map(|j| j.id).collect::<Vec<_>>()
    };
    assert_eq!(of_worker().await, [1, 3]);
    Job::update(1_u32)
        .apply(|j| j.worker.remove())
        .send(&db)
        .await
        .unwrap();
    Job::update(2_u32)
        .apply(|j| j.worker.set("w1"))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(of_worker().await, [2, 3]);
    Job::update(3_u32)
        .apply(|j| j.by_worker.set(None))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(of_worker().await, [2]);
    Job {
        id: 2,
        worker: None,
    }
    .put()
    .send(&db)
    .await
    .unwrap();
    assert!(of_worker().await.is_empty());
    let read = Job::get(3_u32).send(&db).await.unwrap();
    assert_eq!(
        read,
        Some(Job {
            id: 3,
            worker: None
        })
    );
}
