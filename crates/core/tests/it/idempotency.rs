//! Idempotency keys: under one idempotency key a job is made once, whatever else must be checked for it.

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    job::{JobId, NewJob},
    queue::Waker,
    store::{Asked, Cache, IdempotencyKey, Intake, Parent, Refusal},
};
use darkroom_testing::TestDatabase;
use futures_util::future::join_all;

use crate::factory;

fn under(key: &str, fingerprint: u8) -> NewJob {
    let key = IdempotencyKey { key: key.to_owned(), fingerprint: [fingerprint; 32] };
    NewJob { idempotency_key: Some(key), ..factory::new_job() }
}

/// The same job, made in a transaction, because the result cache is looked into for it.
fn looked_at(new: NewJob) -> NewJob {
    let cache = Cache { within: Duration::from_hours(1), is_looked_into: true };
    NewJob { cache: Some(cache), ..new }
}

fn intake(pool: &Pool) -> Intake {
    Intake::new(pool.clone(), Waker::new(pool.clone()))
}

async fn counted(pool: &Pool) -> [i64; 4] {
    let counts = "select array[(select count(*) from jobs), (select count(*) from images),
        (select count(*) from queue), (select count(*) from idempotency_keys)]";
    let counts: Vec<i64> = sqlx::query_scalar(counts).fetch_one(pool).await.unwrap();
    counts.try_into().unwrap()
}

fn made(asked: &Asked) -> Option<JobId> {
    if let Asked::Made(job) = asked { Some(job.id) } else { None }
}

/// Asks for all at the same time: one job is made, and all the others are answered with it.
async fn ask_at_once(pool: &Pool, news: Vec<NewJob>) {
    let intake = intake(pool);
    let asked = join_all(news.into_iter().map(|new| intake.ask(new))).await;
    let asked: Vec<Asked> = asked.into_iter().map(Result::unwrap).collect();

    let first: Vec<JobId> = asked.iter().filter_map(made).collect();
    assert_eq!(first.len(), 1);
    let before =
        asked.iter().filter(|asked| matches!(asked, Asked::Before(job) if *job == first[0]));
    assert_eq!(before.count(), asked.len() - 1);
    assert_eq!(counted(pool).await, [1, 1, 1, 1]);
}

#[tokio::test]
async fn of_those_who_ask_at_the_same_time_under_one_key_one_has_a_job_made_and_all_are_told_which()
{
    let database = TestDatabase::create().await;
    ask_at_once(&database.pool, vec![under("key", 1); 20]).await;
}

#[tokio::test]
async fn that_is_so_also_where_some_look_into_the_cache() {
    let database = TestDatabase::create().await;
    let news = (0..20).map(|number| {
        let new = under("key", 1);
        if number % 2 == 0 { looked_at(new) } else { new }
    });
    ask_at_once(&database.pool, news.collect()).await;
}

#[tokio::test]
async fn something_else_under_the_key_is_refused_and_leaves_nothing() {
    let database = TestDatabase::create().await;
    let intake = intake(&database.pool);
    made(&intake.ask(under("key", 1)).await.unwrap()).unwrap();

    for new in [under("key", 2), looked_at(under("key", 2))] {
        let asked = intake.ask(new).await.unwrap();
        assert!(matches!(asked, Asked::Refused(Refusal::KeyOfAnother)), "{asked:?}");
    }
    assert_eq!(counted(&database.pool).await, [1, 1, 1, 1]);
}

#[tokio::test]
async fn what_is_asked_for_again_is_answered_though_its_parent_is_gone() {
    let database = TestDatabase::create().await;
    let intake = intake(&database.pool);
    let job = made(&intake.ask(under("key", 1)).await.unwrap()).unwrap();
    let gone = Parent { job: JobId::generate(), position: 0 };

    let again = NewJob { parent: Some(gone), ..under("key", 1) };
    let asked = intake.ask(again.clone()).await.unwrap();
    assert!(matches!(asked, Asked::Before(before) if before == job), "{asked:?}");

    let other = NewJob { parent: Some(gone), ..under("other", 1) };
    let asked = intake.ask(other).await.unwrap();
    assert!(matches!(asked, Asked::Refused(Refusal::UnknownParent)), "{asked:?}");
    assert_eq!(counted(&database.pool).await, [1, 1, 1, 1]);
}

#[tokio::test]
async fn a_job_that_cannot_be_made_keeps_no_key() {
    let database = TestDatabase::create().await;
    let intake = intake(&database.pool);
    let bad = NewJob { prompt: String::new(), ..under("key", 1) };
    assert!(intake.ask(bad).await.is_err());
    assert_eq!(counted(&database.pool).await, [0; 4]);

    assert!(made(&intake.ask(under("key", 2)).await.unwrap()).is_some());
}
