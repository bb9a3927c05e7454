//! The record: jobs and their images.

use darkroom_core::{
    job::{JobId, NewJob, Status},
    queue::{self, Timeline},
    store::{self, Deletion, Filter, ImageId, Page},
};
use darkroom_testing::TestDatabase;
use image::ImageFormat;
use uuid::Uuid;

use crate::factory;

#[tokio::test]
async fn a_new_job_is_pending_and_its_input_is_kept_byte_for_byte() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::job(pool).await;

    let found = store::find(pool, job.id).await.unwrap().unwrap();

    assert_eq!(found.status, Status::Pending);
    assert_eq!(found.prompt, "make it rain");
    let image = store::image(pool, found.images[0].id).await.unwrap().unwrap();
    assert_eq!(image.data, factory::picture(16, 12, ImageFormat::Jpeg));
    assert_eq!(image.media_type, "image/jpeg");
}

#[tokio::test]
async fn a_job_that_cannot_be_stored_whole_is_not_stored_at_all() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    sqlx::query("drop table queue").execute(pool).await.unwrap();
    let new = NewJob {
        prompt: "x".into(),
        model: "m".into(),
        inputs: vec![factory::stored(factory::picture(8, 8, ImageFormat::Png))],
        ..NewJob::default()
    };

    assert!(store::create(pool, &new).await.is_err());

    assert_eq!(factory::count(pool, "jobs").await, 0);
    assert_eq!(factory::count(pool, "images").await, 0);
}

#[tokio::test]
async fn the_list_is_newest_first_and_goes_on_after_its_cursor() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(factory::job(pool).await.id);
    }
    ids.reverse();

    let page = async |before, limit| {
        let listed = store::list(pool, Page { before, limit }, &Filter::default()).await.unwrap();
        (listed.jobs.iter().map(|job| job.id).collect::<Vec<JobId>>(), listed.next)
    };

    assert_eq!(page(None, 2).await, (ids[..2].to_vec(), Some(ids[1])));
    assert_eq!(page(Some(ids[1]), 3).await, (ids[2..].to_vec(), None));
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;

    assert!(store::find(pool, JobId::generate()).await.unwrap().is_none());
    assert!(store::image(pool, ImageId(Uuid::new_v4())).await.unwrap().is_none());
    assert_eq!(store::delete(pool, JobId::generate()).await.unwrap(), Deletion::NoJob);
}

/// Both lock the job's rows in two tables; in different orders they would deadlock.
#[tokio::test]
async fn a_delete_and_a_completion_at_once_never_fail_one_another() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;

    for _ in 0..40 {
        let job = factory::claimed(pool).await;
        let completing = tokio::spawn({
            let pool = pool.clone();
            async move {
                queue::complete(&pool, &job.lease, queue::Ended::default(), &Timeline::default())
                    .await
            }
        });
        let deleted = store::delete(pool, job.lease.job).await;

        assert_eq!(deleted.unwrap(), Deletion::Deleted);
        let completed = completing.await.unwrap();
        assert!(matches!(completed, Ok(()) | Err(queue::Error::LeaseLost)), "{completed:?}");
    }

    assert_eq!(factory::count(pool, "queue").await, 0);
    assert_eq!(factory::count(pool, "jobs").await, 0);
}

#[tokio::test]
async fn jobs_that_changed_of_late_are_found_without_reading_all_others() {
    let database = TestDatabase::create().await;
    // One connection, because reads are counted for each.
    let pool = database.connect(1);
    factory::line(&database, 3_000).await;
    database.prepare(&["analyze queue, jobs"]).await;
    let since = factory::now(&pool).await;
    let made = factory::job(&pool).await;
    let ended = factory::job(&pool).await;
    sqlx::query("update jobs set status = 'completed', updated_at = now(), finished_at = now() where id = $1")
        .bind(ended.id.0)
        .execute(&pool)
        .await
        .unwrap();
    let before = factory::whole_reads_of(&pool, &["queue", "jobs"]).await;

    let all = store::changed_since(&pool, since, None).await.unwrap().unwrap();

    assert_eq!(all.iter().map(|(job, _moment)| *job).collect::<Vec<_>>(), [made.id, ended.id]);
    assert_eq!(all[0].1, made.updated_at);
    assert!(all[1].1 > all[0].1);
    assert_eq!(factory::whole_reads_of(&pool, &["queue", "jobs"]).await, before);
}
