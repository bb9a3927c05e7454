//! The codes in docs/errors.md are those of the code.

use std::collections::BTreeSet;

use darkroom_core::job::FailureCode;
use reqwest::Method;

use crate::app::{App, problem};

const PAGE: &str = include_str!("../../../../docs/errors.md");

/// The first columns of the table under a heading.
fn table(heading: &str) -> Vec<(String, String)> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
        (cells[0].trim_matches('`').to_owned(), cells[1].to_owned())
    });
    rows.collect()
}

/// Asserts that a table has each of these once, and nothing else.
fn assert_same(heading: &str, codes: impl Iterator<Item = (&'static str, u16)>) {
    let told = table(heading);
    let all: BTreeSet<_> = told.iter().cloned().collect();
    assert_eq!(all.len(), told.len(), "{heading}: a row is there twice");
    assert_eq!(all, codes.map(|(code, status)| (code.into(), status.to_string())).collect());
}

#[test]
fn every_problem_is_in_the_table_with_its_status() {
    assert_same("Problems", darkroom_api::error_codes());
    assert_same("Under `/v1`", darkroom_api::openai_error_codes());
}

#[test]
fn every_failure_of_a_job_is_in_the_table() {
    let told: Vec<String> =
        table("Why a job failed").into_iter().map(|(code, _when)| code).collect();
    let codes: Vec<&str> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(told, codes, "in this order");
}

#[tokio::test]
async fn what_the_framework_refuses_is_a_problem_too() {
    let app = App::start().await;

    let wrong_method = app.client.request(Method::PUT, app.url("/api/jobs"));
    problem(wrong_method.send().await.unwrap(), 405, "method_not_allowed").await;

    let pause = app.client.post(app.url("/api/admin/queue/pause"));
    let too_large = pause.body(vec![b' '; 20_000]).send().await.unwrap();
    problem(too_large, 413, "body_too_large").await;
}
