//! An API that is killed while it accepts a job: the job exists as a whole, or not at all.

use std::time::Duration;

use darkroom_core::{
    job::Status,
    store::{self, Filter, Page},
};
use darkroom_testing::eventually;

use crate::{stage::Stage, up::post_example};

const QUICK: Duration = Duration::from_millis(50);

#[tokio::test]
async fn an_api_that_dies_before_its_commit_leaves_nothing() {
    let stage = Stage::open(QUICK, &[]).await;
    let (program, home) = stage.api().await;
    // The job and its picture can be written, but not its row in the queue.
    let held = stage.database.hold("lock table queue in exclusive mode").await;
    let posting = tokio::spawn(async move { post_example(&home).await });
    let blocked = stage.blocked().await;

    program.signal("-KILL").await;
    assert!(posting.await.is_err(), "the job was acknowledged");
    held.release().await;

    eventually("the API's transaction has ended", async || {
        let there =
            sqlx::query_scalar("select exists (select from pg_stat_activity where pid = $1)");
        let there: bool = there.bind(blocked).fetch_one(&stage.database.pool).await.unwrap();
        (!there).then_some(())
    })
    .await;
    for left in
        ["select count(*) from jobs", "select count(*) from images", "select count(*) from queue"]
    {
        assert_eq!(stage.count(left).await, 0, "{left}");
    }
}

#[tokio::test]
async fn a_job_of_an_api_that_died_after_its_commit_is_worked_on() {
    let stage = Stage::open(QUICK, &[]).await;
    let (program, home) = stage.api().await;
    let posting = tokio::spawn(async move { post_example(&home).await });
    let job = eventually("the job is there", async || {
        let page = Page { before: None, limit: 1 };
        store::list(&stage.database.pool, page, &Filter::default()).await.unwrap().jobs.pop()
    })
    .await;

    program.signal("-KILL").await;
    // The job must be completed whether it was acknowledged or not.
    posting.await.ok();
    let worker = stage.worker();

    stage.once(job.id, Status::Completed).await;
    assert_eq!(stage.submissions().await, 1);
    assert!(worker.signal("-TERM").await.success());
}
