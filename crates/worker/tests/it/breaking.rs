//! Our own code breaks: that is counted, and what was bought is not bought again.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use darkroom_core::job::Status;
use darkroom_testing::eventually;
use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, NoSubscriber},
};

use crate::house::House;

/// A log that panics at a message, once: the code that writes it breaks there.
struct Breaking {
    at: &'static str,
    is_done: AtomicBool,
}

impl Subscriber for Breaking {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("darkroom_worker")
    }

    fn event(&self, event: &Event<'_>) {
        let mut found = Found { message: self.at, is_found: false };
        event.record(&mut found);
        let breaks = found.is_found && !self.is_done.swap(true, Ordering::Relaxed);
        assert!(!breaks, "this test breaks it here");
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// Whether an event has this message.
struct Found {
    message: &'static str,
    is_found: bool,
}

impl Visit for Found {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.is_found |= field.name() == "message" && format!("{value:?}") == self.message;
    }
}

/// From now on, the code of this thread breaks at that message, once.
fn break_at(message: &'static str) -> (DefaultGuard, Dispatch) {
    let breaking = Breaking { at: message, is_done: AtomicBool::new(false) };
    let breaking = tracing::subscriber::set_default(breaking);
    // While there is one subscriber only, `tracing` asks the thread that first comes to a log line whether anybody reads
    // it; that may be another test's, which has none.
    (breaking, Dispatch::new(NoSubscriber::new()))
}

#[tokio::test]
async fn a_submission_that_breaks_counts_like_a_crash_and_what_it_bought_is_found() {
    let mut house = House::open(Duration::from_millis(20)).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    let worker = house.worker();
    // A log that is only this thread's sees no message that another test's thread was the first to write meanwhile.
    let first = house.job().await;
    house.once(first, Status::Completed).await;
    // Written between fal's answer and its record.
    let _breaking = break_at("a job was submitted");
    let id = house.job().await;

    let given_back = "select rescues from queue where leased_by is null and lease_no > 0";
    let rescues: i16 = eventually("the job was given back", async || {
        sqlx::query_scalar(given_back).fetch_optional(&house.database.pool).await.unwrap()
    })
    .await;

    assert_eq!(rescues, 1);
    assert_eq!(house.attempts().await, ["completed", "open"]);
    house.skip_waiting().await;
    house.once(id, Status::Completed).await;
    assert_eq!(house.submissions().await.len(), 2);
    assert_eq!(house.attempts().await, ["completed", "completed"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_of_which_a_loop_breaks_goes_on_under_a_new_id() {
    let house = House::open(Duration::from_millis(20)).await;
    let old = "insert into rate_limits (subject, full_at) values ('old', now() - interval '1 day')";
    sqlx::query(old).execute(&house.database.pool).await.unwrap();
    let held = house.database.hold("lock table rate_limits in share mode").await;
    // Written by the loop that prunes.
    let _breaking = break_at("what is old was pruned");
    let worker = house.worker();
    let id = "select id::text from workers";
    let first: String = eventually("it has begun", async || {
        sqlx::query_scalar(id).fetch_optional(&house.database.pool).await.unwrap()
    })
    .await;

    held.release().await;

    eventually("it goes on under a new id", async || {
        let now: Option<String> =
            sqlx::query_scalar(id).fetch_optional(&house.database.pool).await.unwrap();
        now.filter(|now| *now != first)
    })
    .await;
    let job = house.job().await;
    house.once(job, Status::Completed).await;
    worker.stop().await;
}
