//! `darkroom edit`: what is refused or missing, and what scripts see of that.

use std::{fs, net::TcpListener, time::Duration};

use darkroom_testing::{Receiver, Reply};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    editing::{Editing, files},
    stage::Stage,
    up::EXAMPLE,
};

const QUICK: Duration = Duration::from_millis(50);

fn refusal(code: u16) -> Reply {
    let problem = json!({"status": code, "code": "no", "detail": "That is refused."});
    let head = vec!["content-type: application/problem+json".into()];
    Reply::Text(code, head, problem.to_string())
}

#[tokio::test]
async fn a_refused_request_names_the_field_and_prints_no_result() {
    let stage = Stage::open(QUICK, &[]).await;
    let (_api, home) = stage.api().await;
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("note.txt"), "no picture").unwrap();
    fs::write(directory.path().join("there.jpg"), "mine").unwrap();
    let made = Command::new("mkfifo").arg(directory.path().join("pipe")).status().await.unwrap();
    assert!(made.success());

    for (words, why) in [
        (&["note.txt", "in oil"][..], "image: "),
        (&[EXAMPLE, "in oil", "--model", "no/such"], "model: "),
        (&["missing.jpg", "in oil"], "missing.jpg cannot be read"),
        (&[EXAMPLE, "in oil", "-o", "there.jpg"], "there.jpg exists"),
        (&[EXAMPLE, "in oil", "-o", "pipe", "--force"], "pipe is no file"),
        (&[EXAMPLE, "in oil", "-o", "no/such/place.jpg"], "no/such cannot be written to"),
        (&[EXAMPLE, "in oil", "-o", "-", "--num-images", "2"], "takes one picture"),
        (&[EXAMPLE, "in oil", "--url", "ftp://127.0.0.1/"], "http://"),
        (&[EXAMPLE], "PROMPT"),
    ] {
        let ended = Editing::start(&directory, &home, words).end().await;
        assert_eq!(ended.code, 2, "{words:?}: {}", ended.said);
        assert!(ended.said.contains(why), "{words:?}: {}", ended.said);
        assert_eq!(ended.lines(), [""; 0]);
    }
    assert_eq!(stage.count("select count(*) from jobs").await, 0);
    assert_eq!(files(directory.path()), ["note.txt", "pipe", "there.jpg"]);
}

#[tokio::test]
async fn a_limit_is_waited_for_where_that_is_soon_and_told_where_it_is_not() {
    let limited = |seconds: u64| {
        let problem = json!({"status": 429, "code": "no", "detail": "No money is left."});
        let head = vec![
            "content-type: application/problem+json".into(),
            format!("retry-after: {seconds}"),
        ];
        Reply::Text(429, head, problem.to_string())
    };
    let directory = TempDir::new().unwrap();
    let api = Receiver::start([limited(1), limited(7_200)]).await;

    let ended = Editing::start(&directory, &api.url, &[EXAMPLE, "in oil"]).end().await;

    assert_eq!(ended.code, 2, "{}", ended.said);
    assert!(ended.said.contains("has others before us"), "{}", ended.said);
    assert!(ended.said.contains("No money is left."), "{}", ended.said);
    assert_eq!(api.calls().len(), 2);
}

#[tokio::test]
async fn where_nothing_runs_it_says_how_to_start() {
    let directory = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);

    let ended = Editing::start(&directory, &url, &[EXAMPLE, "in oil"]).end().await;

    assert_eq!(ended.code, 3, "{}", ended.said);
    assert!(ended.said.contains(&url) && ended.said.contains("`darkroom`"), "{}", ended.said);
}

#[tokio::test]
async fn a_wrong_setting_is_named() {
    let directory = TempDir::new().unwrap();

    let ended = Editing::start(&directory, "nowhere", &[EXAMPLE, "in oil"]).end().await;

    assert_eq!(ended.code, 2, "{}", ended.said);
    assert!(ended.said.contains("DARKROOM_URL"), "{}", ended.said);
}

#[tokio::test]
async fn what_is_no_darkroom_is_told_apart() {
    let directory = TempDir::new().unwrap();
    let other = Receiver::start([Reply::Text(404, vec![], "<html>".into())]).await;

    let ended = Editing::start(&directory, &other.url, &[EXAMPLE, "in oil"]).end().await;

    assert_eq!(ended.code, 3, "{}", ended.said);
    assert!(ended.said.contains("is no Darkroom API"), "{}", ended.said);
}

#[tokio::test]
async fn a_request_is_sent_again_under_the_same_key_and_the_secret_is_not_shown() {
    let directory = TempDir::new().unwrap();
    let later = Reply::Text(503, vec!["retry-after: 0".into()], String::new());
    let api = Receiver::start([later, refusal(401)]).await;

    let settings = [("DARKROOM_URL", api.url.as_str()), ("DARKROOM_API_KEY", "hunter2")];
    let words = [EXAMPLE, "in oil"];
    let editing = Editing::start_with(&directory, &words, &settings, std::process::Stdio::null());
    let ended = editing.end().await;

    assert_eq!(ended.code, 2, "{}", ended.said);
    assert!(ended.said.contains("That is refused."), "{}", ended.said);
    assert!(!ended.said.contains("hunter2"), "{}", ended.said);
    let calls = api.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].headers["authorization"], "Bearer hunter2");
    assert_eq!(calls[0].headers["idempotency-key"], calls[1].headers["idempotency-key"]);
    let photo = fs::read(EXAMPLE).unwrap();
    for call in calls {
        assert!(call.body.windows(photo.len()).any(|part| part == photo));
    }
}

#[tokio::test]
async fn a_result_is_saved_whole_or_not_at_all() {
    let directory = TempDir::new().unwrap();
    let pictures = Receiver::start(
        ["12", "12345", "123456"].map(|body| Reply::Text(200, vec![], body.into())),
    )
    .await;
    let image =
        json!({"url": format!("{}/p", pictures.url), "content_type": "image/png", "size": 5});
    let job = json!({"id": uuid::Uuid::nil(), "status": "completed", "result_images": [image]});
    let job = Reply::Text(201, vec![], job.to_string());
    let api = Receiver::start([job.clone(), job]).await;
    let settings = [("DARKROOM_URL", api.url.as_str()), ("DARKROOM_API_KEY", "hunter2")];
    let edit = async |name: &str| {
        let words = [EXAMPLE, "in oil", "-o", name];
        let stdin = std::process::Stdio::null();
        Editing::start_with(&directory, &words, &settings, stdin).end().await
    };

    // The picture is too short at first, and then whole.
    let ended = edit("whole.png").await;
    assert_eq!(ended.code, 0, "{}", ended.said);
    assert_eq!(fs::read(directory.path().join("whole.png")).unwrap(), b"12345");
    // The picture is too long.
    let ended = edit("long.png").await;
    assert_eq!(ended.code, 1, "{}", ended.said);
    assert_eq!(files(directory.path()), ["whole.png"]);
    // The key is sent only to the API.
    for call in pictures.calls() {
        assert!(!call.headers.contains_key("authorization"));
    }
}
