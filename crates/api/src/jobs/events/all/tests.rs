//! What a client that comes back is sent.

use darkroom_core::job::NewJob;
use darkroom_testing::TestDatabase;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::broadcast;

use super::*;
use crate::{metrics::Reads, watch::Watch};

fn feed(pool: &Pool, news: Receiver<News>) -> Feed {
    Feed {
        news,
        links: Links::open("http://darkroom.test"),
        caller: Caller::Anybody { operates: false },
        heartbeat: Duration::from_secs(15),
        pool: pool.clone(),
        ready: VecDeque::new(),
        missed: VecDeque::new(),
        since: OffsetDateTime::UNIX_EPOCH,
        told: HashMap::new(),
    }
}

/// The prompt of the job in the next event that is no heartbeat.
async fn next_prompt(mut feed: Feed) -> (String, Feed) {
    loop {
        let (event, rest) = feed.event().await.unwrap();
        feed = rest;
        let text = String::from_utf8(event.unwrap().to_vec()).unwrap();
        if let Some((_, data)) = text.split_once("data: ") {
            let job: serde_json::Value = serde_json::from_str(data).unwrap();
            return (job["prompt"].as_str().unwrap().to_owned(), feed);
        }
    }
}

#[tokio::test]
async fn a_missed_job_that_changes_meanwhile_is_sent_after_those_that_changed_before() {
    const JOBS: usize = 2 * SLICE + 2;
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let make = "insert into jobs (id, prompt, model, updated_at)
         select gen_random_uuid(), n::text, 'a model', now() - make_interval(secs => 100 - n)
         from generate_series(1, $1) as n";
    sqlx::query(make).bind(i32::try_from(JOBS).unwrap()).execute(pool).await.unwrap();
    let reads = Reads { memory: Counter::default(), database: Counter::default() };
    let watch = Watch::start(pool.clone(), true, reads);
    let mut opened = feed(pool, watch.all());
    opened.catch_up(OffsetDateTime::UNIX_EPOCH).await.unwrap();

    let (first, mut feed) = next_prompt(opened).await;
    // It is in a slice that is not read yet.
    let change = "update jobs set updated_at = now() where prompt = '20'";
    sqlx::query(change).execute(pool).await.unwrap();
    let mut sent = vec![first];
    while sent.len() < JOBS {
        let (prompt, rest) = next_prompt(feed).await;
        sent.push(prompt);
        feed = rest;
    }

    let in_order = (1..=JOBS).filter(|n| *n != 20).chain([20]).map(|n| n.to_string());
    assert_eq!(sent, in_order.collect::<Vec<_>>());
    assert!(feed.missed.is_empty());
}

#[tokio::test]
async fn a_stream_outlives_a_database_that_is_away_while_missed_jobs_are_read() {
    let nowhere = "postgres://nobody@127.0.0.1:1/none".into();
    let away = db::connect_patiently(&nowhere, 1, Duration::from_millis(100)).unwrap();
    let database = TestDatabase::create().await;
    let new = NewJob { prompt: "a test".into(), model: "a model".into(), ..NewJob::default() };
    let id = store::create(&database.pool, &new).await.unwrap().id;
    let missed = store::find(&database.pool, id).await.unwrap().unwrap();
    let (_news, heard) = broadcast::channel(1);
    let mut feed = feed(&away, heard);
    feed.missed.push_back((missed.id, missed.updated_at));

    let (event, mut feed) = feed.event().await.unwrap();
    assert_eq!(event.unwrap(), PULSE);
    feed.pool = database.pool.clone();

    assert_eq!(next_prompt(feed).await.0, "a test");
}
