//! Commits that change jobs, and how long it takes until each watcher of theirs is told.

use std::collections::HashMap;

use darkroom_core::db::Pool;
use sqlx::Row;
use tokio::{
    sync::mpsc,
    time::{Duration, Instant, MissedTickBehavior, interval, timeout},
};

use super::watcher::Told;

/// Between two commits.
pub(super) const INTERVAL: Duration = Duration::from_millis(20);

/// Commits that change one job each.
const COMMITS: usize = 500;

/// How long a watcher may take to be told.
const PATIENCE: Duration = Duration::from_secs(10);

/// Moves jobs to and fro between two statuses.
const CHANGE: &str = "update jobs set updated_at = clock_timestamp(),
        status = case status when 'pending' then 'processing' else 'pending' end
    where id = any($1::uuid[]) or $1 is null
    returning (extract(epoch from updated_at) * 1000000)::bigint";

/// Some changes, and how soon watchers were told of them.
pub(super) struct Changes {
    /// When the commit was sent, by the revision that it made.
    commits: HashMap<i64, Instant>,
    /// From the first commit to the last.
    pub(super) took: Duration,
    /// The time from the sending of the commit until a watcher was told, for each that was.
    pub(super) delays: Vec<Duration>,
    /// Watchers that were not told.
    pub(super) untold: usize,
}

impl Changes {
    /// Changes one job at a time, at a steady pace; the changed jobs are spread over all.
    pub(super) async fn one_by_one(pool: &Pool, ids: &[String]) -> anyhow::Result<Self> {
        let began = Instant::now();
        let mut changes = Self::none();
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let spread = (ids.len() / COMMITS).max(1);
        for id in ids.iter().step_by(spread).cycle().take(COMMITS) {
            ticks.tick().await;
            changes.commit(pool, Some(std::slice::from_ref(id))).await?;
        }
        changes.took = began.elapsed();
        Ok(changes)
    }

    /// Changes all jobs in one transaction.
    pub(super) async fn all_at_once(pool: &Pool) -> anyhow::Result<Self> {
        let mut changes = Self::none();
        changes.commit(pool, None).await?;
        Ok(changes)
    }

    /// A change that is being sent, by other means than a commit.
    pub(super) fn sent_now(revision: i64) -> Self {
        Self { commits: HashMap::from([(revision, Instant::now())]), ..Self::none() }
    }

    fn none() -> Self {
        Self { commits: HashMap::new(), took: Duration::ZERO, delays: Vec::new(), untold: 0 }
    }

    async fn commit(&mut self, pool: &Pool, ids: Option<&[String]>) -> anyhow::Result<()> {
        let mut transaction = pool.begin().await?;
        let changed = sqlx::query(CHANGE).bind(ids).fetch_all(&mut *transaction).await?;
        let sent = Instant::now();
        transaction.commit().await?;
        for row in changed {
            self.commits.insert(row.try_get(0)?, sent);
        }
        Ok(())
    }

    /// Collects what watchers were told, until all were told or none was for [`PATIENCE`].
    pub(super) async fn heard(
        &mut self,
        told: &mut mpsc::UnboundedReceiver<Told>,
        watchers_of_each: usize,
    ) {
        let expected = self.commits.len() * watchers_of_each;
        while self.delays.len() < expected {
            let Ok(Some(told)) = timeout(PATIENCE, told.recv()).await else { break };
            if let Some(sent) = self.commits.get(&told.revision) {
                self.delays.push(told.at.duration_since(*sent));
            }
        }
        self.untold = expected - self.delays.len();
    }
}
