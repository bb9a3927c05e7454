//! A stand-in that is restarted: with a state it goes on as if nothing had happened, as fal does.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use darkroom_fal_sim::Settings;
use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::support::{INTERVAL, PATIENCE, SEEDREAM, Sim, input, quick, stuck, text};

impl Sim {
    /// The same address, as after a restart.
    async fn restarted(self, settings: Settings) -> Self {
        let address = ("127.0.0.1", self.running.port());
        self.running.stop().await;
        let bound = async {
            loop {
                match TcpListener::bind(address) {
                    Ok(listener) => return listener,
                    Err(_still_taken) => tokio::time::sleep(INTERVAL).await,
                }
            }
        };
        Self::on(tokio::time::timeout(PATIENCE, bound).await.unwrap(), settings).await
    }
}

fn kept_in(directory: &Path, settings: Settings) -> Settings {
    Settings { state: Some(directory.to_owned()), ..settings }
}

/// The journal in a directory: a line for a request that was made, then one for its end.
fn journal_of(directory: &Path) -> (PathBuf, [Value; 2]) {
    let journal = directory.join("requests.jsonl");
    let written = std::fs::read_to_string(&journal).unwrap();
    let mut lines = written.lines().filter(|line| !line.is_empty());
    let lines = [(); 2].map(|()| serde_json::from_str(lines.next().unwrap()).unwrap());
    (journal, lines)
}

fn write_journal<'a>(journal: &Path, lines: impl IntoIterator<Item = &'a Value>) {
    let lines: Vec<String> = lines.into_iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(journal, lines.concat()).unwrap();
}

#[tokio::test]
async fn a_request_that_ran_runs_again_and_one_that_had_ended_is_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Sim::start(kept_in(directory.path(), quick())).await;
    let ended = sim.submit(SEEDREAM, &input("first", 1)).await;
    let result = sim.result_of(&ended).await;
    let sim = sim.restarted(kept_in(directory.path(), stuck())).await;
    let cut_off = sim.submit(SEEDREAM, &input("second", 2)).await;
    let before = sim.ledger().await;

    let sim = sim.restarted(kept_in(directory.path(), quick())).await;

    assert_eq!(sim.result_of(&ended).await, result);
    let url = text(&result["images"][0]["url"]).to_owned();
    assert!(sim.get(&url).await.status().is_success());
    assert_eq!(sim.result_of(&cut_off).await["seed"], 2);
    let after = sim.ledger().await;
    assert_eq!(after.len(), 2);
    for (before, after) in before.iter().zip(&after) {
        for field in ["request_id", "submitted_at", "input"] {
            assert_eq!(before[field], after[field]);
        }
    }
    assert_eq!(before[0]["ended_at"], after[0]["ended_at"]);
    sim.running.stop().await;
}

#[tokio::test]
async fn the_key_of_webhooks_is_the_same_only_with_a_state() {
    let directory = tempfile::tempdir().unwrap();
    let keys = async |sim: &Sim| {
        let url = sim.url("/.well-known/jwks.json");
        sim.get(&url).await.json::<Value>().await.unwrap()
    };
    let sim = Sim::start(kept_in(directory.path(), quick())).await;
    let first = keys(&sim).await;

    let sim = sim.restarted(kept_in(directory.path(), quick())).await;
    let second = keys(&sim).await;
    let sim = sim.restarted(quick()).await;

    assert_eq!(first, second);
    assert_ne!(keys(&sim).await, first);
    sim.running.stop().await;
}

#[tokio::test]
async fn an_upload_that_was_announced_is_taken_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Sim::start(kept_in(directory.path(), quick())).await;
    let initiated = sim.initiate("image/png").await;

    let sim = sim.restarted(kept_in(directory.path(), quick())).await;
    let upload_url = text(&initiated["upload_url"]);
    let put = sim.http.put(upload_url).header("Content-Type", "image/png").body("picture");

    assert!(put.send().await.unwrap().status().is_success());
    let served = sim.get(text(&initiated["file_url"])).await;
    assert_eq!(served.headers()["content-type"], "image/png");
    assert_eq!(served.bytes().await.unwrap(), "picture");
    sim.running.stop().await;
}

#[tokio::test]
async fn a_journal_that_was_cut_off_loses_no_more_than_its_last_line() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Sim::start(kept_in(directory.path(), stuck())).await;
    let kept = sim.submit(SEEDREAM, &input("kept", 1)).await;
    sim.submit(SEEDREAM, &input("cut off", 2)).await;
    let journal = directory.path().join("requests.jsonl");
    let written = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &written[..written.len() - 9]).unwrap();

    let sim = sim.restarted(kept_in(directory.path(), stuck())).await;
    sim.submit(SEEDREAM, &input("later", 3)).await;
    let sim = sim.restarted(kept_in(directory.path(), stuck())).await;

    let prompts: Vec<Value> =
        sim.ledger().await.iter().map(|entry| entry["input"]["prompt"].clone()).collect();
    assert_eq!(prompts, ["kept", "later"]);
    assert_eq!(sim.ledger().await[0]["request_id"], kept["request_id"]);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_restart_does_not_make_a_result_last_longer() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Sim::start(kept_in(directory.path(), quick())).await;
    let ended = sim.submit(SEEDREAM, &input("long ago", 1)).await;
    sim.result_of(&ended).await;
    let (journal, [made, mut end]) = journal_of(directory.path());
    end["ended"]["ended_at"] = json!("2020-01-01T00:00:00Z");
    write_journal(&journal, [&made, &end]);

    let sim = sim.restarted(kept_in(directory.path(), quick())).await;

    assert_eq!(sim.get(text(&ended["response_url"])).await.status(), 404);
    assert_eq!(sim.get(text(&ended["status_url"])).await.status(), 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_restart_tells_again_only_of_results_that_are_still_kept() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Sim::start(kept_in(directory.path(), quick())).await;
    let ended = sim.submit(SEEDREAM, &input("told to nobody", 1)).await;
    sim.result_of(&ended).await;
    let (journal, [mut made, end]) = journal_of(directory.path());
    let receiver = Receiver::start(&[]);
    made["made"]["submission"]["webhook"] = receiver.url.clone().into();
    let (mut old_made, mut old_end) = (made.clone(), end.clone());
    let old_id = json!("00000000-0000-4000-8000-000000000000");
    (old_made["made"]["id"], old_end["ended"]["id"]) = (old_id.clone(), old_id.clone());
    old_end["ended"]["ended_at"] = json!("2020-01-01T00:00:00Z");
    write_journal(&journal, [&old_made, &old_end, &made, &end]);

    let sim = sim.restarted(kept_in(directory.path(), quick())).await;

    let told = receiver.webhooks(1).await;
    assert_eq!(told[0].body()["request_id"], ended["request_id"]);
    let ledger = sim.ledger().await;
    assert_eq!((&ledger[0]["request_id"], &ledger[0]["webhook_attempts"]), (&old_id, &json!(0)));
    receiver.stop().await;
    sim.running.stop().await;
}

#[tokio::test]
async fn a_restart_brings_no_more_huge_results_back_than_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Sim::start(kept_in(directory.path(), quick())).await;
    let ended = sim.submit(SEEDREAM, &input("one of many", 1)).await;
    sim.result_of(&ended).await;
    let first_id = text(&ended["request_id"]);
    let (journal, [made, mut end]) = journal_of(directory.path());
    end["ended"]["answer"]["body"] = format!("\"{}\"", "x".repeat(1024 * 1024)).into();
    let id_of = |number: u32| format!("00000000-0000-4000-8000-{number:012}");
    let lines = (0..33).flat_map(|number| {
        let (mut made, mut end) = (made.clone(), end.clone());
        (made["made"]["id"], end["ended"]["id"]) = (id_of(number).into(), id_of(number).into());
        [made, end]
    });
    write_journal(&journal, &lines.collect::<Vec<_>>());

    let sim = sim.restarted(kept_in(directory.path(), quick())).await;

    for (number, status) in [(0, 404), (1, 200), (32, 200)] {
        let url = text(&ended["response_url"]).replace(first_id, &id_of(number));
        assert_eq!(sim.get(&url).await.status(), status, "{number}");
    }
    sim.running.stop().await;
}
