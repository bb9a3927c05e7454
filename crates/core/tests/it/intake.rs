//! Intake: jobs that are asked for at the same time are made in one statement, and share nothing else.

use std::{collections::HashSet, time::Duration};

use darkroom_core::{
    api_key::ApiKeyId,
    db::{self, Pool},
    job::{Job, JobId, NewJob},
    models::Options,
    queue::{self, Waker},
    store::{self, Asked, Cache, Filter, Intake, Page},
    webhook::{Event, Webhook},
};
use darkroom_testing::TestDatabase;
use futures_util::{
    FutureExt,
    future::{join, join_all},
};
use image::ImageFormat;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::factory;

/// Asks for all of them while the only connection is taken, then gives that back.
async fn together(pool: &Pool, news: Vec<NewJob>) -> Vec<Result<Asked, db::Error>> {
    let intake = Intake::new(pool.clone(), Waker::new(pool.clone()));
    let only = pool.acquire().await.unwrap();
    let asked = join_all(news.into_iter().map(|new| intake.ask(new)));
    join(asked, async { drop(only) }).await.0
}

fn made(asked: Result<Asked, db::Error>) -> Job {
    let asked = asked.unwrap();
    assert!(matches!(asked, Asked::Made(_)), "{asked:?}");
    if let Asked::Made(job) = asked { *job } else { unreachable!() }
}

fn one_connection(database: &TestDatabase) -> Pool {
    database.connect(1)
}

/// Three jobs that differ in every field, and each of which leaves out some of them.
fn different() -> [NewJob; 3] {
    let inputs = |width| {
        [10, 11]
            .map(|height| factory::stored(factory::picture(width, height, ImageFormat::Png)))
            .to_vec()
    };
    let webhook = |url: &str, events: &[Event]| {
        Some(Webhook { url: url.parse().unwrap(), events: events.to_vec() })
    };
    let later = OffsetDateTime::from_unix_timestamp(4_000_000_000).unwrap();
    let cache = Cache { within: Duration::from_hours(1), is_looked_into: false };
    [
        NewJob {
            prompt: "of the first".into(),
            options: Options { num_images: Some(3), ..Options::default() },
            inputs: inputs(20),
            priority: 7,
            webhook: webhook("https://one.example/a,b", &[Event::Completed, Event::Failed]),
            deadline: Some(Duration::from_hours(1)),
            ..factory::new_job()
        },
        NewJob {
            prompt: "of the \"second\", {with}".into(),
            inputs: inputs(30),
            api_key: Some(ApiKeyId(Uuid::new_v4())),
            cost_micros: 1_234,
            run_at: Some(later),
            metadata: Some(json!({ "of": "the second" })),
            ..factory::new_job()
        },
        NewJob {
            prompt: "of the third".into(),
            model: "another model".into(),
            inputs: inputs(40),
            webhook: webhook("https://three.example/", &[Event::Cancelled]),
            cache: Some(cache),
            ..factory::new_job()
        },
    ]
}

#[tokio::test]
async fn jobs_that_are_asked_for_at_the_same_time_are_made_in_one_statement_each_with_its_own() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let news = different();

    let jobs: Vec<Job> = together(&pool, news.to_vec()).await.into_iter().map(made).collect();

    // All jobs that are made in one statement have the same moment.
    let moments: HashSet<_> = jobs.iter().map(|job| job.created_at).collect();
    assert_eq!(moments.len(), 1, "{moments:?}");
    for (job, new) in jobs.iter().zip(news) {
        let stored = store::find(&pool, job.id).await.unwrap().unwrap();
        assert_eq!(format!("{stored:?}"), format!("{job:?}"));
        assert_eq!(stored.prompt, new.prompt);
        assert_eq!(stored.model, new.model);
        assert_eq!(stored.options, serde_json::to_value(&new.options).unwrap());
        assert_eq!((stored.api_key, stored.run_at), (new.api_key, new.run_at));
        assert_eq!((stored.priority, stored.webhook), (new.priority, new.webhook));
        assert_eq!(stored.metadata, new.metadata);
        assert_eq!(stored.images.len(), 2);
        for (image, input) in stored.images.iter().zip(&new.inputs) {
            let kept = store::image(&pool, image.id).await.unwrap().unwrap();
            assert_eq!((image.width, image.height), (input.width, input.height));
            assert_eq!(kept.data, input.data);
        }
        let beside: (i64, bool, bool, i64) = sqlx::query_as(
            "select reserved_micros, usage_day is not null, request_hash is not null,
                 coalesce(extract(epoch from deadline_at - coalesce(queue.run_at, created_at)), 0)::bigint
             from jobs join queue on queue.job_id = jobs.id where jobs.id = $1",
        )
        .bind(job.id.0)
        .fetch_one(&pool)
        .await
        .unwrap();
        let seconds = new.deadline.map_or(0, |deadline| i64::try_from(deadline.as_secs()).unwrap());
        let is_paid = new.cost_micros > 0;
        assert_eq!(beside, (new.cost_micros, is_paid, new.cache.is_some(), seconds));
    }
}

#[tokio::test]
async fn a_job_that_cannot_be_made_keeps_nobody_from_theirs() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let bad = NewJob { prompt: String::new(), ..factory::new_job() };

    let asked = together(&pool, vec![factory::new_job(), bad, factory::new_job()]).await;

    let [first, refused, last] = <[_; 3]>::try_from(asked).unwrap();
    assert!(!refused.unwrap_err().is_unavailable());
    let page = Page { before: None, limit: 10 };
    let jobs = store::list(&pool, page, &Filter::default()).await.unwrap().jobs;
    let listed: HashSet<JobId> = jobs.iter().map(|job| job.id).collect();
    assert_eq!(listed, HashSet::from([made(first).id, made(last).id]));
    assert_eq!(jobs.len(), 2);
}

#[tokio::test]
async fn whoever_is_gone_before_its_turn_has_no_job() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let intake = Intake::new(pool.clone(), Waker::new(pool.clone()));
    let only = pool.acquire().await.unwrap();
    let mut gone = Box::pin(intake.ask(factory::new_job()));
    assert!(gone.as_mut().now_or_never().is_none());
    drop(gone);
    drop(only);

    let job = made(intake.ask(factory::new_job()).await);

    let page = Page { before: None, limit: 10 };
    let jobs = store::list(&pool, page, &Filter::default()).await.unwrap().jobs;
    assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [job.id]);
}

async fn claim_all(pool: &Pool) -> Vec<JobId> {
    let worker = factory::worker(pool).await;
    let mut claimed = Vec::new();
    while let Some(job) = queue::claim(pool, worker, 1).await.unwrap().jobs.first() {
        claimed.push(job.lease.job);
    }
    claimed
}

#[tokio::test]
async fn keys_take_turns_also_where_their_jobs_are_made_in_one_statement() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let [greedy, modest] = [(); 2].map(|()| Some(ApiKeyId(Uuid::new_v4())));
    let of = |api_key| NewJob { api_key, ..factory::new_job() };
    let owners = [greedy, greedy, greedy, modest, modest, modest];

    // The line is empty.
    let first = together(&pool, owners.map(of).to_vec()).await;
    let first: Vec<JobId> = first.into_iter().map(|asked| made(asked).id).collect();
    assert_eq!(claim_all(&pool).await, [0, 3, 1, 4, 2, 5].map(|job| first[job]));

    // The greedy key has two jobs that wait already.
    let mut jobs = Vec::new();
    for _ in 0..2 {
        jobs.push(store::create(&pool, &of(greedy)).await.unwrap().id);
    }
    let next = together(&pool, owners.map(of).to_vec()).await;
    jobs.extend(next.into_iter().map(|asked| made(asked).id));
    assert_eq!(claim_all(&pool).await, [0, 5, 1, 6, 2, 7, 3, 4].map(|job| jobs[job]));
}

#[tokio::test]
async fn jobs_that_start_later_delay_none_of_their_key_that_start_at_once() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let [planner, other] = [(); 2].map(|()| Some(ApiKeyId(Uuid::new_v4())));
    let later = Some(OffsetDateTime::from_unix_timestamp(4_000_000_000).unwrap());
    let news = [(planner, later), (planner, later), (planner, None), (other, None), (other, None)];
    let news = news.map(|(api_key, run_at)| NewJob { api_key, run_at, ..factory::new_job() });

    let jobs = together(&pool, news.to_vec()).await;

    let jobs: Vec<JobId> = jobs.into_iter().map(|asked| made(asked).id).collect();
    assert_eq!(claim_all(&pool).await, [jobs[2], jobs[3], jobs[4]]);
}

#[tokio::test]
async fn what_a_job_reads_does_not_grow_with_those_that_are_made_with_it() {
    const JOBS: i64 = 400;
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let bare = NewJob { inputs: Vec::new(), ..factory::new_job() };
    store::create(&pool, &bare).await.unwrap();
    let of_queue = ["queue_lanes", "queue_in_line"];
    let before = factory::read_of(&pool, &of_queue).await;

    let asked = together(&pool, (0..JOBS).map(|_| bare.clone()).collect()).await;

    let moments: HashSet<_> = asked.into_iter().map(|asked| made(asked).created_at).collect();
    assert!(moments.len() < 10, "{moments:?}");
    let read = factory::read_of(&pool, &of_queue).await - before;
    assert!(read <= 3 * JOBS, "{read} entries were read");
}

#[tokio::test]
async fn jobs_of_one_lane_that_are_made_together_look_for_its_end_once() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    made(together(&pool, vec![factory::new_job()]).await.remove(0));
    let before = factory::read_of(&pool, &["queue_lanes"]).await;

    let jobs: Vec<Job> =
        together(&pool, vec![factory::new_job(); 50]).await.into_iter().map(made).collect();

    assert_eq!(factory::read_of(&pool, &["queue_lanes"]).await - before, 1);
    let turns = "select count(distinct turn) from queue where job_id = any($1)";
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.id.0).collect();
    let turns: i64 = sqlx::query_scalar(turns).bind(ids).fetch_one(&pool).await.unwrap();
    assert_eq!(turns, 50, "two of them have the same turn");
}
