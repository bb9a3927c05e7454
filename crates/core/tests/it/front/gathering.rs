//! Jobs that a front has passed are gathered, and fronts that nobody needs any more are forgotten.

use std::time::Duration;

use darkroom_core::queue::{self, Search};
use darkroom_testing::TestDatabase;

use super::{claim, fronts, job_at, pass};
use crate::factory;

#[tokio::test]
async fn a_job_that_the_front_has_passed_is_gathered() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let just_passed = job_at(pool, 0, 15).await;
    let long_passed = job_at(pool, 0, 5).await;
    pass(pool, 0, 10, 60.0).await;
    pass(pool, 0, 20, 1.0).await;
    assert_eq!(claim(pool, worker, 2).await, []);

    let recent = Search::Recent(Duration::from_secs(30));
    assert_eq!(queue::gather_stragglers(pool, recent).await.unwrap(), 1);
    assert_eq!(claim(pool, worker, 2).await, [just_passed]);
    assert_eq!(queue::gather_stragglers(pool, Search::Everything).await.unwrap(), 1);
    assert_eq!(claim(pool, worker, 2).await, [long_passed]);
}

#[tokio::test]
async fn what_the_front_passed_while_nobody_looked_is_gathered() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let passed = job_at(pool, 0, 15).await;
    for (turn, seconds) in [(10, 120.0), (20, 60.0), (30, 1.0)] {
        pass(pool, 0, turn, seconds).await;
    }

    let recent = Search::Recent(Duration::from_secs(30));
    assert_eq!(queue::gather_stragglers(pool, recent).await.unwrap(), 1);
    assert_eq!(claim(pool, worker, 2).await, [passed]);
    // Jobs behind the front of that search are not searched again.
    let before = job_at(pool, 0, 15).await;
    assert_eq!(queue::gather_stragglers(pool, recent).await.unwrap(), 0);
    assert_eq!(claim(pool, worker, 2).await, []);
    assert_eq!(queue::gather_stragglers(pool, Search::Everything).await.unwrap(), 1);
    assert_eq!(claim(pool, worker, 2).await, [before]);
}

#[tokio::test]
async fn fronts_that_were_passed_long_ago_are_forgotten_but_the_last() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    for (turn, seconds) in [(10, 90.0), (20, 60.0), (30, 1.0)] {
        pass(pool, 0, turn, seconds).await;
    }

    queue::gather_stragglers(pool, Search::Recent(Duration::from_secs(30))).await.unwrap();
    assert_eq!(fronts(pool).await, [(0, 20), (0, 30)]);
    queue::gather_stragglers(pool, Search::Recent(Duration::ZERO)).await.unwrap();

    assert_eq!(fronts(pool).await, [(0, 30)]);
}
