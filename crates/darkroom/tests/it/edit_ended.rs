//! `darkroom edit`: how it ends without a result, and what is true of its job then.

use std::time::Duration;

use darkroom_core::{
    job::{JobId, Status},
    store::{self, Filter, Page},
};
use darkroom_testing::{Receiver, Reply, eventually, http_client};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    editing::{Editing, files},
    stage::Stage,
    up::EXAMPLE,
};

const QUICK: Duration = Duration::from_millis(50);
const FOR_EVER: Duration = Duration::from_mins(10);

async fn only_job(stage: &Stage) -> JobId {
    eventually("the job is there", async || {
        let page = Page { before: None, limit: 1 };
        store::list(&stage.database.pool, page, &Filter::default()).await.unwrap().jobs.pop()
    })
    .await
    .id
}

async fn status(home: &str, job: JobId) -> Value {
    let url = format!("{home}/api/jobs/{job}");
    let job: Value = http_client().get(url).send().await.unwrap().json().await.unwrap();
    job["status"].clone()
}

#[tokio::test]
async fn a_signal_cancels_the_job_and_is_the_exit_code() {
    let stage = Stage::open(FOR_EVER, &[]).await;
    let (_api, home) = stage.api().await;
    let _worker = stage.worker();
    let directory = TempDir::new().unwrap();

    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let mut editing = Editing::start(&directory, &home, &[EXAMPLE, "in oil"]);
        editing.says("the provider edits").await;
        let job = only_job(&stage).await;
        editing.send(signal).await;

        let ended = editing.end().await;
        assert_eq!(ended.code, code, "{}", ended.said);
        assert_eq!(ended.lines(), [""; 0]);
        assert_eq!(status(&home, job).await, "cancelled");
    }
    assert!(files(directory.path()).is_empty());
}

#[tokio::test]
async fn what_is_too_late_to_cancel_is_paid_for_and_saved() {
    let stage = Stage::open(QUICK, &[]).await;
    let (_api, home) = stage.api().await;
    let directory = TempDir::new().unwrap();
    let mut editing = Editing::start(&directory, &home, &[EXAMPLE, "in oil"]);
    editing.says("in line").await;
    // The result cannot be archived, so the job cannot end.
    let held = stage.database.hold("lock table images in share mode").await;
    let _worker = stage.worker();
    stage.blocked().await;

    editing.send("-INT").await;
    eventually("the job is to be cancelled", async || {
        let asked = "select count(*) from queue where cancel_requested_at is not null";
        (stage.count(asked).await == 1).then_some(())
    })
    .await;
    held.release().await;

    let ended = editing.end().await;
    assert_eq!(ended.code, 0, "{}", ended.said);
    assert!(ended.said.contains("too late to cancel"), "{}", ended.said);
    assert_eq!(ended.lines(), ["example-edited.jpg"]);
    assert_eq!(files(directory.path()), ["example-edited.jpg"]);
}

#[tokio::test]
async fn a_second_signal_leaves_at_once_and_names_the_job() {
    let stage = Stage::open(FOR_EVER, &[]).await;
    let (_api, home) = stage.api().await;
    let directory = TempDir::new().unwrap();
    let mut editing = Editing::start(&directory, &home, &[EXAMPLE, "in oil"]);
    editing.says("in line").await;
    let job = only_job(&stage).await;
    // The cancellation gets no answer.
    let held = stage.database.hold("lock table queue in exclusive mode").await;

    editing.send("-INT").await;
    editing.says("cancelling").await;
    editing.send("-INT").await;

    let ended = editing.end().await;
    assert_eq!(ended.code, 130, "{}", ended.said);
    assert!(ended.said.contains(&format!("left; job {job}")), "{}", ended.said);
    held.release().await;
}

#[tokio::test]
async fn a_job_that_may_be_there_is_waited_for_until_a_second_signal() {
    let api = Receiver::start([Reply::Nothing]).await;
    let directory = TempDir::new().unwrap();
    let mut editing = Editing::start(&directory, &api.url, &[EXAMPLE, "in oil"]);
    api.received(1).await;

    editing.send("-INT").await;
    editing.says("there may be a job already").await;
    editing.send("-TERM").await;

    let ended = editing.end().await;
    assert_eq!(ended.code, 143, "{}", ended.said);
    assert!(ended.said.contains("it goes on"), "{}", ended.said);
}

#[tokio::test]
async fn a_job_that_somebody_else_cancels_or_deletes_has_a_code_of_its_own() {
    let stage = Stage::open(FOR_EVER, &[]).await;
    let (_api, home) = stage.api().await;
    let directory = TempDir::new().unwrap();

    for is_deleted in [false, true] {
        let mut editing = Editing::start(&directory, &home, &[EXAMPLE, "in oil"]);
        editing.says("in line").await;
        let url = format!("{home}/api/jobs/{}", only_job(&stage).await);
        let client = http_client();
        let request =
            if is_deleted { client.delete(url) } else { client.post(format!("{url}/cancel")) };
        assert!(request.send().await.unwrap().status().is_success());

        let ended = editing.end().await;
        assert_eq!(ended.code, 4, "{}", ended.said);
    }
}

#[tokio::test]
async fn a_failed_edit_says_why() {
    let fault = json!({"at": "run", "error_type": "content_policy_violation"});
    let stage = Stage::open(QUICK, &[fault]).await;
    let (_api, home) = stage.api().await;
    let _worker = stage.worker();
    let directory = TempDir::new().unwrap();

    let ended = Editing::start(&directory, &home, &[EXAMPLE, "in oil", "--json"]).end().await;

    assert_eq!(ended.code, 1, "{}", ended.said);
    assert!(ended.said.contains("(content_policy)"), "{}", ended.said);
    let job: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((&job["status"], &job["files"]), (&json!("failed"), &json!([])));
    stage.once(only_job(&stage).await, Status::Failed).await;
}
