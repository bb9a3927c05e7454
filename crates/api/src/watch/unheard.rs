//! Changes that may not have been heard: watched jobs are read all the same, and those that follow all jobs are told.

use std::{
    collections::HashSet,
    sync::{MutexGuard, PoisonError, Weak, atomic::Ordering},
};

use darkroom_core::{chain::chain, db, job::JobId, store};
use time::OffsetDateTime;
use tokio::time::{MissedTickBehavior, interval};

use super::{Hub, News, SLOWEST_COMMIT, UNHEARD_INTERVAL};

/// A job, and the moment of its last change.
type Change = (JobId, OffsetDateTime);

/// What was found when unheard changes were looked for last.
#[derive(Debug, Default)]
pub(super) struct Found {
    changes: HashSet<Change>,
    /// When those that follow all jobs were told last that they missed too much, until all is committed that may have
    /// happened before.
    reset: Option<OffsetDateTime>,
}

/// Reads all watched jobs: every second while changes cannot be heard, and about once a minute otherwise.
pub(super) async fn read_all(hub: Weak<Hub>) {
    /// One in so many rounds reads all watched jobs even though changes can be heard.
    const SELDOM: u32 = 60;
    let mut ticks = interval(UNHEARD_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u32.. {
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        let is_flooded = hub.is_flooded.swap(false, Ordering::AcqRel);
        if is_flooded {
            hub.tell_reset();
        }
        let is_heard = hub.hearing.is_there();
        if is_flooded || !is_heard || round % SELDOM == SELDOM - 1 {
            let watched = hub.known().watched();
            hub.read_again(watched);
        }
        if !is_heard {
            hub.read_unheard_of().await;
        } else if hub.found().reset.take().is_some() {
            // What was committed late is in the lists by now, and what still comes is heard.
            hub.tell_reset();
        }
    }
}

impl Hub {
    /// Reads all jobs that may have changed unheard, for those that follow all jobs. False where the database is away:
    /// then they are still to be read.
    pub(super) async fn read_unheard_of(&self) -> bool {
        let asked = self.hearing.now();
        if self.feed.receiver_count() == 0 {
            *self.found() = Found::default();
        } else if let Err(error) = self.tell_unheard_of().await {
            tracing::debug!(error = %chain(&error), "changed jobs could not be looked for");
            return false;
        }
        self.hearing.mark_heard(asked);
        true
    }

    async fn tell_unheard_of(&self) -> Result<(), db::Error> {
        let now = db::now(&self.pool).await?;
        let mut since = now - self.hearing.unheard_for() - SLOWEST_COMMIT;
        let reset = self.found().reset;
        if let Some(reset) = reset {
            if reset > since {
                // What happened before has been told.
                since = reset;
            } else {
                // Except for what was committed late.
                self.tell_reset();
                self.found().reset = None;
            }
        }
        if let Some(changes) = store::changed_since(&self.pool, since, None).await? {
            self.read_found(changes);
        } else {
            self.tell_reset();
            *self.found() = Found { changes: HashSet::new(), reset: Some(now) };
        }
        Ok(())
    }

    /// Reads the jobs of these changes, except of those that were found the last time, too.
    fn read_found(&self, changes: Vec<Change>) {
        let mut found = self.found();
        let new = changes.iter().filter(|change| !found.changes.contains(*change));
        self.read_again(new.map(|(job, _moment)| *job));
        found.changes = changes.into_iter().collect();
    }

    /// Tells those that follow all jobs that they missed too much.
    fn tell_reset(&self) {
        // It fails when nobody follows.
        self.feed.send(News::Reset).ok();
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        // Poisoned or not: nothing that is done under this lock can panic half-way.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use darkroom_core::{
        db::{Pool, connect_patiently},
        queue,
    };
    use darkroom_testing::{TestDatabase, eventually};
    use prometheus_client::metrics::counter::Counter;
    use tokio::{
        sync::broadcast::Receiver,
        time::{advance, pause, resume, timeout},
    };

    use super::*;
    use crate::{
        metrics::Reads,
        watch::{MOST_WAITING, Watch},
    };

    const PATIENCE: Duration = Duration::from_secs(30);

    fn watch(pool: &Pool, notify: bool) -> Watch {
        let reads = Reads { memory: Counter::default(), database: Counter::default() };
        Watch::start(pool.clone(), notify, reads)
    }

    async fn next(followed: &mut Receiver<News>) -> News {
        timeout(PATIENCE, followed.recv()).await.unwrap().unwrap()
    }

    async fn next_prompt(followed: &mut Receiver<News>) -> String {
        match next(followed).await {
            News::Job(told) => told.job.prompt.clone(),
            News::Reset => panic!("too much was missed"),
        }
    }

    /// Makes jobs that seem to have changed some time ago, without a notification.
    async fn make(pool: &Pool, prompt: &str, jobs: i32, seconds_ago: f64) {
        let make = "insert into jobs (id, prompt, model, updated_at)
             select gen_random_uuid(), $1, 'a model', now() - make_interval(secs => $2)
             from generate_series(1, $3)";
        let make = sqlx::query(make).bind(prompt).bind(seconds_ago).bind(jobs);
        make.execute(pool).await.unwrap();
    }

    /// Lets a minute pass at once.
    async fn a_minute() {
        pause();
        advance(Duration::from_mins(1)).await;
        resume();
    }

    #[tokio::test]
    async fn what_changed_is_told_once_however_long_nothing_could_be_heard() {
        let database = TestDatabase::create().await;
        let pool = &database.pool;
        make(pool, "long ago", 1, 90.0).await;
        make(pool, "now", 1, 0.0).await;
        let watch = watch(pool, false);
        let mut followed = watch.all();
        assert_eq!(next_prompt(&mut followed).await, "now");

        a_minute().await;

        assert_eq!(next_prompt(&mut followed).await, "long ago");
        make(pool, "later", 1, 0.0).await;
        assert_eq!(next_prompt(&mut followed).await, "later");
    }

    #[tokio::test]
    async fn whoever_follows_is_told_if_too_much_changed_while_nothing_could_be_heard() {
        let database = TestDatabase::create().await;
        let pool = &database.pool;
        make(pool, "long ago", 10_000, 90.0).await;
        make(pool, "now", 1, 0.0).await;
        let watch = watch(pool, false);
        let mut followed = watch.all();
        assert_eq!(next_prompt(&mut followed).await, "now");

        a_minute().await;

        assert!(matches!(next(&mut followed).await, News::Reset));
        make(pool, "later", 1, 0.0).await;
        assert_eq!(next_prompt(&mut followed).await, "later");
    }

    #[tokio::test]
    async fn a_burst_of_changes_that_cannot_be_heard_is_told_once_and_later_ones_one_by_one() {
        let database = TestDatabase::create().await;
        let pool = &database.pool;
        let watch = watch(pool, false);
        let mut followed = watch.all();
        make(pool, "burst", 10_000, 1.0).await;
        assert!(matches!(next(&mut followed).await, News::Reset));

        for later in ["one", "another"] {
            make(pool, later, 1, 0.0).await;
            assert_eq!(next_prompt(&mut followed).await, later);
        }

        // Once all of that time is committed, some of it may not have been told.
        sqlx::query("delete from jobs").execute(pool).await.unwrap();
        watch.0.found().reset = Some(OffsetDateTime::UNIX_EPOCH);
        assert!(matches!(next(&mut followed).await, News::Reset));
        make(pool, "the last", 1, 0.0).await;
        assert_eq!(next_prompt(&mut followed).await, "the last");
    }

    #[tokio::test]
    async fn what_was_committed_late_is_told_of_as_soon_as_changes_are_heard_again() {
        let database = TestDatabase::create().await;
        let watch = watch(&database.pool, true);
        let mut followed = watch.all();
        let hub = &watch.0;
        eventually("changes are heard", async || hub.hearing.is_there().then_some(())).await;

        hub.found().reset = Some(OffsetDateTime::UNIX_EPOCH);

        assert!(matches!(next(&mut followed).await, News::Reset));
        assert_eq!(hub.found().reset, None);
    }

    #[tokio::test]
    async fn whoever_follows_is_told_if_more_jobs_changed_than_could_wait_to_be_read() {
        let nowhere = "postgres://nobody@127.0.0.1:1/none".into();
        let pool = connect_patiently(&nowhere, 1, Duration::from_millis(100)).unwrap();
        let watch = watch(&pool, false);
        let mut followed = watch.all();

        // None is read before this ends, because the task that reads them shares the thread.
        watch.0.read_again((0..=MOST_WAITING).map(|_| JobId::generate()));

        assert!(matches!(next(&mut followed).await, News::Reset));
    }

    #[tokio::test]
    async fn a_connection_that_always_has_something_to_say_proves_all_the_same_that_it_hears_all() {
        let database = TestDatabase::create().await;
        let pool = &database.pool;
        let watch = watch(pool, true);
        let mut followed = watch.all();
        let hearing = &watch.0.hearing;
        eventually("changes are heard", async || hearing.is_there().then_some(())).await;
        let waker = queue::Waker::new(pool.clone());

        // A minute in which it is never silent for long.
        for _ in 0..10 {
            pause();
            advance(Duration::from_secs(6)).await;
            resume();
            make(pool, "news", 1, 0.0).await;
            let made = sqlx::query_scalar("select id from jobs order by updated_at desc limit 1");
            waker.made(&[JobId(made.fetch_one(pool).await.unwrap())]);
            assert_eq!(next_prompt(&mut followed).await, "news");
        }

        assert!(hearing.unheard_for() < Duration::from_secs(30));
    }
}
