//! The API's allocations, with limits: more of them cost every poll time and every watcher memory. They are counted,
//! not timed, as counts are the same on every machine.
//!
//! This is a separate program because all allocations of a process are counted. A debug build had 22, 20,804 and 22;
//! the limits are higher, as the API does not always do the same amount of work together.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod api;
mod connection;

use api::Api;
use dhat::{HeapStats, Profiler};
use tokio::sync::Mutex;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Held by the test that counts, as there is one count for the whole process.
static COUNTED: Mutex<()> = Mutex::const_new(());

/// The most allocations for a poll.
const OF_A_POLL: u64 = 24;

/// The most bytes that stay allocated per watcher: 16,000 are its connection's buffers, and three hundred the client's.
const OF_A_WATCHER: usize = 23_000;

/// The most allocations to tell a watcher that its job has changed.
const OF_NEWS: u64 = 30;

#[tokio::test]
async fn a_poll_of_a_job_that_has_not_changed_allocates_no_more_than_it_did() {
    const POLLS: u64 = 100;
    let _alone = COUNTED.lock().await;
    let api = Api::start().await;
    let job = api.job().await;
    api.answers_from_memory(job).await;
    let mut polling = api.connect().await;
    let path = format!("/api/jobs/{job}");
    polling.get(&path).await;

    let _counting = Profiler::builder().testing().build();
    let mut least = u64::MAX;
    // What else happens in this process is not in each of them.
    for _ in 0..10 {
        let before = HeapStats::get().total_blocks;
        for _ in 0..POLLS {
            polling.get(&path).await;
        }
        least = least.min(HeapStats::get().total_blocks - before);
    }

    let each = least / POLLS;
    assert!(each <= OF_A_POLL, "{each} allocations with each poll");
}

#[tokio::test]
async fn a_watcher_takes_no_more_memory_than_it_did_and_is_told_with_as_few_allocations() {
    const WATCHERS: usize = 200;
    let _alone = COUNTED.lock().await;
    let api = Api::start().await;
    let mut jobs = Vec::new();
    for _ in 0..WATCHERS {
        jobs.push(api.job().await);
    }
    let mut watching = Vec::with_capacity(WATCHERS);

    let _counting = Profiler::builder().testing().build();
    for job in jobs {
        let mut watcher = api.connect().await;
        watcher.watch(&format!("/api/jobs/{job}/events")).await;
        watching.push(watcher);
    }
    let watched = HeapStats::get();
    let each = watched.curr_bytes / WATCHERS;
    assert!(each <= OF_A_WATCHER, "{each} bytes for each watcher");

    api.change_all().await;
    for watcher in &mut watching {
        watcher.is_told("processing").await;
    }

    let told = HeapStats::get().total_blocks - watched.total_blocks;
    let each = told / u64::try_from(WATCHERS).unwrap();
    assert!(each <= OF_NEWS, "{each} allocations to tell a watcher");
}
