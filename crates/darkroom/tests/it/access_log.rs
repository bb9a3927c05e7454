//! What is logged about requests by default.

use std::fs;

use darkroom_testing::http_client;
use reqwest::StatusCode;
use tempfile::TempDir;

use crate::program::{Program, settings};

#[tokio::test]
async fn reads_that_go_well_leave_no_line_and_all_else_does() {
    let data = TempDir::new().unwrap();
    let log = data.path().join("log");
    let (program, home) = Program::up_logging(&settings(data.path()), &log).await;

    for (path, status) in [("/api/jobs", StatusCode::OK), ("/nothing", StatusCode::NOT_FOUND)] {
        let read = http_client().get(format!("{home}{path}")).send().await.unwrap();
        assert_eq!(read.status(), status);
    }
    let refused =
        http_client().post(format!("{home}/api/jobs")).header("x-request-id", "my-own-id");
    let refused = refused.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    program.signal("-TERM").await;

    let log = fs::read_to_string(&log).unwrap();
    let answered: Vec<&str> = log.lines().filter(|line| line.contains("answered")).collect();
    assert_eq!(answered.len(), 2, "{log}");
    assert!(answered[0].contains("404"), "{log}");
    assert!(answered[1].contains("POST") && answered[1].contains("415"), "{log}");
    assert!(answered[1].contains("request{id=my-own-id}"), "{log}");
}
