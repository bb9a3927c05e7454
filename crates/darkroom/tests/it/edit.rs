//! `darkroom edit`: a photo comes back edited.

use std::{fs, process::Stdio, time::Duration};

use darkroom_core::store::{self, Filter, Page};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::{
    editing::{Editing, files},
    stage::Stage,
    up::EXAMPLE,
};

const QUICK: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_photo_comes_back_in_a_file_of_its_own_and_nothing_is_overwritten() {
    let stage = Stage::open(QUICK, &[]).await;
    let (_api, home) = stage.api().await;
    let _worker = stage.worker();
    let directory = TempDir::new().unwrap();

    for name in ["example-edited.jpg", "example-edited-2.jpg"] {
        let ended = Editing::start(&directory, &home, &[EXAMPLE, "in oil"]).end().await;
        assert_eq!(ended.code, 0, "{}", ended.said);
        assert_eq!(ended.lines(), [name], "{}", ended.said);
    }

    assert_eq!(files(directory.path()), ["example-edited-2.jpg", "example-edited.jpg"]);
    let original = image::open(EXAMPLE).unwrap();
    let edited = image::open(directory.path().join("example-edited.jpg")).unwrap();
    assert_eq!((edited.width(), edited.height()), (original.width(), original.height()));
    assert!(edited != original, "nothing is edited");
    let first = fs::read(directory.path().join("example-edited.jpg")).unwrap();
    let words = [EXAMPLE, "a rainy evening", "--force", "--quiet"];
    let ended = Editing::start(&directory, &home, &words).end().await;
    assert_eq!((ended.code, ended.said.as_str()), (0, ""));
    assert_ne!(fs::read(directory.path().join("example-edited.jpg")).unwrap(), first);
    assert_eq!(files(directory.path()).len(), 2);
}

#[tokio::test]
async fn a_picture_goes_through_pipes_and_stands_alone_on_standard_output() {
    let stage = Stage::open(QUICK, &[]).await;
    let (_api, home) = stage.api().await;
    let _worker = stage.worker();
    let directory = TempDir::new().unwrap();
    let stdin = fs::File::open(EXAMPLE).unwrap();

    let settings = [("DARKROOM_URL", home.as_str())];
    let words = ["-", "in oil", "-o", "-"];
    let editing = Editing::start_with(&directory, &words, &settings, Stdio::from(stdin));
    let ended = editing.end().await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    assert!(ended.said.contains("uploading"), "{}", ended.said);
    image::load_from_memory(&ended.stdout).unwrap();
    assert!(files(directory.path()).is_empty());
}

#[tokio::test]
async fn several_results_are_numbered_and_a_script_reads_the_job() {
    let stage = Stage::open(QUICK, &[]).await;
    let (_api, home) = stage.api().await;
    let _worker = stage.worker();
    let directory = TempDir::new().unwrap();

    let words = [EXAMPLE, "in oil", "-o", "oil.jpg", "--num-images", "2", "--json"];
    let ended = Editing::start(&directory, &home, &words).end().await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    let job: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(job["status"], "completed");
    assert_eq!(job["files"], serde_json::json!(["oil.jpg", "oil-2.jpg"]));
    let sizes = job["result_images"].as_array().unwrap().iter();
    let sizes: Vec<_> = sizes.map(|image| image["size"].as_u64().unwrap()).collect();
    let saved = ["oil.jpg", "oil-2.jpg"]
        .map(|name| fs::metadata(directory.path().join(name)).unwrap().len());
    assert_eq!(saved.as_slice(), sizes);
}

#[tokio::test]
async fn who_does_not_wait_is_told_the_id() {
    let stage = Stage::open(QUICK, &[]).await;
    let (_api, home) = stage.api().await;
    let directory = TempDir::new().unwrap();

    let ended = Editing::start(&directory, &home, &[EXAMPLE, "in oil", "--no-wait"]).end().await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    let page = Page { before: None, limit: 2 };
    let jobs = store::list(&stage.database.pool, page, &Filter::default()).await.unwrap().jobs;
    let ids: Vec<_> = jobs.iter().map(|job| job.id.to_string()).collect();
    assert_eq!(ended.lines(), ids);
}

#[tokio::test]
async fn an_api_that_is_killed_while_it_waits_is_asked_again_when_it_is_back() {
    let stage = Stage::open(QUICK, &[]).await;
    let (api, home) = stage.api().await;
    let directory = TempDir::new().unwrap();
    let mut editing = Editing::start(&directory, &home, &[EXAMPLE, "in oil"]);
    editing.says("in line").await;

    api.signal("-KILL").await;
    editing.says("the API does not answer").await;
    let _api = stage.api_at(&home).await;
    let _worker = stage.worker();

    let ended = editing.end().await;
    assert_eq!(ended.code, 0, "{}", ended.said);
    assert!(ended.said.contains("the API answers again"), "{}", ended.said);
    assert_eq!(files(directory.path()), ["example-edited.jpg"]);
}

#[tokio::test]
async fn an_upload_whose_answer_is_lost_is_sent_again_and_makes_one_job() {
    let stage = Stage::open(QUICK, &[]).await;
    let (_api, home) = stage.api().await;
    let _worker = stage.worker();
    let directory = TempDir::new().unwrap();

    let (way, url) = lossy_way(&home).await;
    let ended = Editing::start(&directory, &url, &[EXAMPLE, "in oil"]).end().await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    assert!(ended.said.contains("the API answers again"), "{}", ended.said);
    assert_eq!(files(directory.path()), ["example-edited.jpg"]);
    assert_eq!(stage.count("select count(*) from jobs").await, 1);
    way.abort();
}

/// A proxy to the API that loses the first answer, and its address.
async fn lossy_way(home: &str) -> (JoinHandle<()>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = home.trim_start_matches("http://").to_owned();
    let way = tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.unwrap();
        let mut target = TcpStream::connect(&api).await.unwrap();
        let (mut answer, mut request) = target.split();
        tokio::select! {
            _ = tokio::io::copy(&mut caller, &mut request) => {}
            _ = answer.read_u8() => {}
        }
        drop(caller);
        loop {
            let (mut caller, _) = listener.accept().await.unwrap();
            let mut target = TcpStream::connect(&api).await.unwrap();
            tokio::spawn(async move {
                tokio::io::copy_bidirectional(&mut caller, &mut target).await.ok();
            });
        }
    });
    (way, url)
}
