//! Every way in which fal is known to fail: each job ends as it should, at most one submission is paid
//! for, and nothing hangs.

mod doubtful;

use std::time::Duration;

use darkroom_core::job::Status;
use darkroom_testing::eventually;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::house::House;

/// What goes wrong, and how a job must end in spite of it.
struct Case {
    fault: Value,
    ends: Result<(), &'static str>,
    /// Submissions that the stand-in accepted.
    submissions: usize,
    /// Attempts that are given up as unknown.
    unknown: usize,
}

/// The job is completed in spite of the fault, by its only submission.
fn survived(fault: Value) -> Case {
    Case { fault, ends: Ok(()), submissions: 1, unknown: 0 }
}

/// The submission may have arrived, as far as we can tell: it is looked for, counted as unknown, and made anew.
fn doubtful(fault: Value) -> Case {
    Case { fault, ends: Ok(()), submissions: 1, unknown: 1 }
}

/// One more attempt is needed, and is enough.
fn retried(fault: Value) -> Case {
    Case { fault, ends: Ok(()), submissions: 2, unknown: 0 }
}

/// The job fails with this code, after this many submissions.
fn fatal(fault: Value, code: &'static str, submissions: usize) -> Case {
    Case { fault, ends: Err(code), submissions, unknown: 0 }
}

async fn run(cases: Vec<Case>) {
    // Only so many at a time, because each has its own database.
    stream::iter(cases).for_each_concurrent(6, meet).await;
}

async fn meet(Case { fault, ends, submissions, unknown }: Case) {
    let mut house = House::open(Duration::from_millis(50)).await;
    house.set("HALT_PROBE_SECONDS", "1");
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    if unknown > 0 {
        house.set("UNKNOWN_SUBMISSION_SECONDS", "0");
    }
    house.set_faults(json!({"seed": 7, "faults": [fault]})).await;
    let id = house.job().await;
    let worker = house.worker();

    let job = eventually(&format!("the job has ended in spite of {fault}"), async || {
        house.skip_waiting().await;
        let job = house.find(id).await;
        matches!(job.status, Status::Completed | Status::Failed).then_some(job)
    })
    .await;

    let code = job.failure.map(|failure| failure.code);
    assert_eq!(code.as_deref(), ends.err(), "{fault}");
    let ledger = house.submissions().await;
    assert_eq!(ledger.len(), submissions, "{fault}: {ledger:#?}");
    // One accepted submission for each attempt on record that is not unknown.
    let attempts = house.attempts().await;
    assert_eq!(attempts.len(), submissions + unknown, "{fault}");
    let counted = attempts.iter().filter(|outcome| *outcome == "unknown").count();
    assert_eq!(counted, unknown, "{fault}: {attempts:?}");
    let billed = ledger.iter().filter(|entry| entry["billed_units"] != 0).count();
    assert!(billed <= 1, "{fault}: paid for {billed} times");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_fail_on_the_way_are_made_again_and_nothing_is_bought_twice() {
    let mut cases = Vec::new();
    for place in ["initiate", "upload", "submit", "status", "result", "download"] {
        let nowhere = if place == "submit" { doubtful } else { survived };
        cases.push(nowhere(json!({"at": place, "reset": "before", "next": 1})));
        cases.push(nowhere(json!({"at": place, "status": 503, "shape": "nginx", "next": 1})));
        cases.push(nowhere(json!({"at": place, "status": 502, "shape": "empty", "next": 1})));
        // If it is a submission, it was accepted without an answer, and is found again.
        cases.push(survived(json!({"at": place, "reset": "after", "next": 1})));
        cases.push(survived(json!({"at": place, "reset": "midway", "next": 1})));
        cases.push(survived(json!({"at": place, "status": 429, "next": 1})));
        cases.push(survived(json!({"at": place, "latency": {"fixed": 0.3}, "next": 1})));
    }
    // That something is gone which was there a moment ago is not believed at once.
    for (place, status) in
        [("status", 404), ("status", 410), ("result", 404), ("result", 410), ("download", 404)]
    {
        cases.push(survived(json!({"at": place, "status": status, "shape": "plain", "next": 2})));
    }
    // Pages of something in front of fal, or of its storage, that refuse nothing for good.
    for place in ["initiate", "upload", "submit"] {
        for status in [400, 422] {
            let page = json!({"at": place, "status": status, "shape": "nginx", "next": 1});
            cases.push(survived(page));
        }
    }
    // A refused upload address says nothing about the account.
    cases.push(survived(json!({"at": "upload", "status": 403, "shape": "empty", "next": 1})));
    cases.push(survived(json!({"at": "result", "status": 504, "shape": "nginx", "next": 3})));
    cases.push(survived(json!({"at": "result", "status": 500, "shape": "plain", "next": 2})));
    // Pages of something in front of fal, which knows nothing of the request, for longer than is waited in one go.
    for status in [302, 400, 403, 404, 407, 422] {
        cases
            .push(survived(json!({"at": "result", "status": status, "shape": "nginx", "next": 4})));
    }
    cases.push(survived(json!({"at": "download", "status": 400, "shape": "nginx", "next": 4})));
    // A page of something in front of fal, with status 200.
    cases.push(survived(json!({"at": "result", "status": 200, "shape": "nginx", "next": 4})));
    cases.push(survived(json!({"at": "download", "bytes_per_second": 200_000, "next": 1})));
    cases.push(survived(json!({"at": "submit", "status": 504, "processed": true, "next": 1})));
    cases.push(survived(
        json!({"at": "submit", "status": 502, "shape": "nginx", "processed": true, "next": 1}),
    ));
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_the_matter_with_one_way_to_follow_a_request_another_one_does() {
    let mut cases = Vec::new();
    for reset in ["before", "after", "midway"] {
        cases.push(survived(json!({"at": "stream", "reset": reset})));
        cases.push(survived(json!({"at": "status", "reset": reset, "next": 5})));
    }
    for status in [401, 404, 405, 429, 500, 503] {
        cases.push(survived(json!({"at": "stream", "status": status})));
    }
    cases.push(survived(json!({"at": "stream", "status": 502, "shape": "nginx"})));
    cases.push(survived(json!({"at": "stream", "bytes_per_second": 50})));
    // Only the stream tells that the request has ended.
    cases.push(survived(json!({"at": "status", "status": 503, "shape": "nginx"})));
    cases.push(survived(json!({"at": "status", "status": 405, "shape": "plain"})));
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_again_or_says_little_is_followed_to_its_end() {
    run(vec![
        survived(json!({"at": "run", "requeue": 0.2, "next": 2})),
        survived(json!({"at": "run", "latency": {"log_normal": {"median": 0.3, "sigma": 0.5}}})),
        survived(json!({"at": "run", "null": ["content_type", "file_name", "file_size", "width", "height"]})),
        survived(json!({"at": "run", "absent": ["content_type", "file_name", "file_size", "width", "height"]})),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_pass_cost_another_attempt() {
    let words = [
        "request_timeout",
        "startup_timeout",
        "runner_scheduling_failure",
        "runner_connection_timeout",
        "runner_disconnected",
        "runner_connection_refused",
        "runner_connection_error",
        "runner_incomplete_response",
        "runner_server_error",
        "internal_error",
        "internal_server_error",
        "generation_timeout",
        "downstream_service_error",
        "downstream_service_unavailable",
        "file_download_error",
    ];
    let case = |word| retried(json!({"at": "run", "error_type": word, "next": 1}));
    run(words.map(case).into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_do_not_pass_are_the_jobs_own_and_cost_one_attempt() {
    let words = [
        ("content_policy_violation", "content_policy"),
        ("no_media_generated", "nothing_made"),
        ("image_too_small", "image_too_small"),
        ("image_too_large", "image_too_large"),
        ("image_load_error", "image_unreadable"),
        ("face_detection_error", "no_face"),
        ("file_too_large", "image_too_large"),
        ("unsupported_image_format", "image_unreadable"),
        ("feature_not_supported", "provider_refused"),
        ("greater_than", "invalid_option"),
        ("greater_than_equal", "invalid_option"),
        ("less_than", "invalid_option"),
        ("less_than_equal", "invalid_option"),
        ("multiple_of", "invalid_option"),
        ("sequence_too_short", "invalid_option"),
        ("sequence_too_long", "invalid_option"),
        ("one_of", "invalid_option"),
        ("missing", "provider_refused"),
        ("value_error.missing", "provider_refused"),
        ("client_disconnected", "provider_cancelled"),
        ("client_cancelled", "provider_cancelled"),
        ("bad_request", "provider_refused"),
    ];
    let case = |(word, code)| fatal(json!({"at": "run", "error_type": word}), code, 1);
    run(words.map(case).into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_too_large_for_the_providers_storage_is_not_uploaded_for_ever() {
    let too_large = json!({"at": "upload", "status": 413, "shape": "nginx"});
    run(vec![fatal(too_large, "image_too_large", 0)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_does_not_pass_after_all_ends_the_job_after_its_attempts() {
    run(vec![
        fatal(json!({"at": "run", "error_type": "runner_server_error"}), "provider_error", 3),
        fatal(json!({"at": "run", "error_type": "generation_timeout"}), "provider_timeout", 3),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_accepted_for_a_while_delays_its_jobs() {
    let mut cases = Vec::new();
    for place in ["initiate", "submit"] {
        for status in [401, 403] {
            cases.push(survived(
                json!({"at": place, "status": status, "shape": "plain", "next": 1}),
            ));
        }
    }
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_no_picture_fails_its_job_and_is_not_bought_again() {
    run(vec![
        fatal(json!({"at": "download", "status": 200, "shape": "plain"}), "result_unusable", 1),
        fatal(json!({"at": "run", "null": ["url"]}), "result_unusable", 1),
        fatal(json!({"at": "run", "absent": ["url"]}), "result_unusable", 1),
    ])
    .await;
}
