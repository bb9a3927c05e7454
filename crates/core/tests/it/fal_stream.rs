//! Checks of how far a request is, and its status stream.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::{Error, Malformed, Progress},
};
use serde_json::{Value, json};
use tokio::time;

use crate::fal_server::{Reply, Server};

const RUNNING: &str = "data: {\"status\":\"IN_PROGRESS\",\"logs\":[{\"message\":\"hello\"}]}\n\n";

const ENDED: &str = "data: {\"status\":\"COMPLETED\",\"metrics\":{\"inference_time\":2.5}}\r\n\r\n";

#[tokio::test]
async fn a_check_asks_for_the_log_and_keeps_a_bounded_part_of_it() {
    let line = |n: usize| {
        json!({"message": format!("{n} {}", "é".repeat(2_000)),
        "timestamp": "2026-11-01T00:00:00Z", "level": "INFO"})
    };
    let mut lines: Vec<Value> = (0..150).map(line).collect();
    lines.push(json!({"message": null}));
    lines.push(json!("not a line"));
    let status = json!({"status": "IN_QUEUE", "queue_position": 12_000, "logs": lines});
    let server = Server::always(Reply::json(202, &status)).await;

    let report = server.client().check(&server.submission()).await.unwrap();

    assert_eq!(server.only().line, "GET /fal-ai/app/requests/r-1/status?logs=1");
    assert_eq!(report.progress, Progress::Waiting { position: Some(12_000) });
    assert_eq!(report.logs.len(), 100);
    let last = report.logs.last().unwrap();
    assert!(last.message.starts_with("149 é") && last.message.chars().count() == 1_000);
    assert_eq!(last.timestamp.as_deref(), Some("2026-11-01T00:00:00Z"));
    assert_eq!(last.level.as_deref(), Some("INFO"));
}

#[tokio::test]
async fn hints_of_a_wrong_type_say_nothing_and_an_unknown_status_is_named() {
    let odd = r#"{"status":"COMPLETED","queue_position":-1,"metrics":{"inference_time":1e999},
        "logs":"none"}"#;
    let server = Server::always(Reply::text(200, &[], odd)).await;
    let report = server.client().check(&server.submission()).await.unwrap();
    assert_eq!(report.progress, Progress::Ended { inference_seconds: None });
    assert!(report.logs.is_empty());

    for unknown in [json!({"status": "s3cret"}), json!({"status": 7}), json!({})] {
        let server = Server::always(Reply::json(200, &unknown)).await;
        let error = server.client().check(&server.submission()).await.unwrap_err();
        let expected = Malformed::Field("status".into());
        assert!(matches!(&error, Error::Malformed(field) if *field == expected), "{error:?}");
        assert!(!format!("{} {error:?}", chain(&error)).contains("s3cret"));
    }
}

#[tokio::test]
async fn a_stream_brings_reports_until_it_is_closed() {
    let text = format!(": hello\n\n{RUNNING}data:\n\n{ENDED}: bye\n");
    let server = Server::always(Reply::events(&text)).await;

    let mut watch = server.client().watch(&server.submission()).await.unwrap();

    let sent = server.only();
    assert_eq!(sent.line, "GET /fal-ai/app/requests/r-1/status/stream?logs=1");
    assert_eq!(sent.header("authorization"), Some("Key id:secret"));
    assert_eq!(sent.header("accept"), Some("text/event-stream"));
    let running = watch.next().await.unwrap().unwrap();
    assert_eq!((running.progress, &*running.logs[0].message), (Progress::Running, "hello"));
    let ended = watch.next().await.unwrap().unwrap();
    assert_eq!(ended.progress, Progress::Ended { inference_seconds: Some(2.5) });
    assert_eq!(watch.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_that_is_refused_says_why() {
    let server = Server::always(Reply::json(404, &json!({"status": "NOT_FOUND"}))).await;

    let error = server.client().watch(&server.submission()).await.unwrap_err();

    assert!(error.is_unknown_request());
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_no_end() {
    let head = "HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n";
    let torn = format!("{head}{:x}\r\n{RUNNING}\r\n20\r\ndata: {{\"sta", RUNNING.len());
    let server = Server::always(Reply::raw(&torn)).await;
    let mut watch = server.client().watch(&server.submission()).await.unwrap();
    assert!(watch.next().await.unwrap().is_some());

    let error = watch.next().await.unwrap_err();

    assert!(matches!(error, Error::Transport(_)), "{error:?}");
}

#[tokio::test]
async fn garbage_in_a_stream_is_an_error_and_not_the_end_of_it() {
    let text = format!("data: <html>\n\n{RUNNING}");
    let server = Server::always(Reply::events(&text)).await;
    let mut watch = server.client().watch(&server.submission()).await.unwrap();

    let error = watch.next().await.unwrap_err();

    assert!(matches!(error, Error::Malformed(Malformed::NotJson { .. })), "{error:?}");
    assert_eq!(watch.next().await.unwrap().unwrap().progress, Progress::Running);
}

#[tokio::test]
async fn an_event_without_end_is_refused() {
    let endless = format!("data: {}", "x".repeat(2 * 1024 * 1024));
    let server = Server::always(Reply::events(&endless).stays()).await;
    let mut watch = server.client().watch(&server.submission()).await.unwrap();

    assert!(matches!(watch.next().await, Err(Error::TooLarge { .. })));
}

#[tokio::test]
async fn silence_ends_a_stream() {
    let server = Server::always(Reply::events(RUNNING).stays()).await;
    let mut watch = server.client().watch(&server.submission()).await.unwrap();
    assert!(watch.next().await.unwrap().is_some());

    time::pause();
    let before = time::Instant::now();
    let error = watch.next().await.unwrap_err();

    assert!(matches!(error, Error::Silent), "{error:?}");
    assert!(before.elapsed() >= Duration::from_secs(40));
}

#[tokio::test]
async fn comments_keep_a_stream_alive_longer_than_any_call() {
    let mut reply = Reply::events(RUNNING);
    for _ in 0..40 {
        reply = reply.later(Duration::from_secs(15), ": ping\n\n");
    }
    let server = Server::always(reply.later(Duration::ZERO, ENDED)).await;
    let mut watch = server.client().watch(&server.submission()).await.unwrap();
    assert!(watch.next().await.unwrap().is_some());

    time::pause();
    let before = time::Instant::now();
    let ended = watch.next().await.unwrap().unwrap();

    assert!(matches!(ended.progress, Progress::Ended { .. }));
    assert!(before.elapsed() >= Duration::from_mins(9), "{:?}", before.elapsed());
}
