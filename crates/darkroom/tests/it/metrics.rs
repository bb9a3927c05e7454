//! The metrics for Prometheus, and those that the documentation says to watch.

use std::{collections::BTreeSet, net::TcpListener};

use darkroom_core::metrics::names;
use darkroom_testing::{Scrape, TestDatabase, eventually, http_client};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use crate::{
    program::{Program, run, settings},
    up::{completed, post_example},
};

const OPERATIONS: &str = include_str!("../../../../docs/operations.md");

async fn scrape(address: &str) -> Option<Scrape> {
    let answer = http_client().get(format!("{address}/metrics")).send().await.ok()?;
    Some(Scrape::read(&answer.text().await.ok()?))
}

/// Every name in the section that looks like the name of a metric.
fn documented() -> BTreeSet<&'static str> {
    let (_, section) = OPERATIONS.split_once("## What to watch\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let words = section.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let is_metric = |word: &&str| word.starts_with("darkroom_") || word.starts_with("process_");
    words.filter(is_metric).collect()
}

#[tokio::test]
async fn up_tells_everything_on_one_page_and_all_that_the_documentation_names_is_there() {
    let data = TempDir::new().unwrap();
    let (program, home, _) = Program::up(&settings(data.path())).await;
    let job = post_example(&home).await;
    completed(&home, &job).await;

    let scrape = eventually("the job's end is told", async || {
        let scrape = scrape(&home).await?;
        let completed = [("outcome", "completed")];
        let ended = scrape.value("darkroom_settles_total", &completed) == Some(1.0);
        ended.then_some(scrape)
    })
    .await;

    let told = scrape.names();
    let known: BTreeSet<&str> = names::ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(told, known, "told and the table in the code");
    let documented = documented();
    assert!(documented.len() > 15, "{documented:?}");
    for name in documented {
        // The series of a histogram have its name plus a suffix.
        let parts = ["_bucket", "_sum", "_count"];
        let family = parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        assert!(told.contains(family), "docs/operations.md names {name}, which nothing tells");
    }
    assert!(scrape.value("darkroom_claims_total", &[]).is_some_and(|claims| claims >= 1.0));
    let worker = [("pool", "worker")];
    assert!(scrape.value("darkroom_database_connections_max", &worker).is_some());
    assert!(program.signal("-INT").await.success());
}

#[tokio::test]
async fn a_worker_that_is_told_where_serves_its_metrics_and_says_when_the_port_is_taken() {
    let database = TestDatabase::create().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let url = database.url.expose_secret();
    let settings = [
        ("DATABASE_URL", url),
        ("FAL_KEY", "id:secret"),
        ("FAL_QUEUE_URL", "http://127.0.0.1:9"),
        ("METRICS_ADDRESS", &address),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();

    let (went_well, said) = run(&["worker"], &settings).await;
    assert!(!went_well);
    assert!(said.contains(&address) && said.contains("set METRICS_ADDRESS"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");

    drop(listener);
    let worker = Program::start(&["worker"], &settings);
    let told =
        eventually("the worker serves", async || scrape(&format!("http://{address}")).await).await;
    assert_eq!(told.value("darkroom_claims_total", &[]), Some(0.0));
    assert_eq!(told.value("darkroom_queue_jobs", &[]), None);
    assert!(!told.names().contains("darkroom_workers"), "a worker tells of itself only");
    assert!(worker.signal("-TERM").await.success());
}
