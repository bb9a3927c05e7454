//! What the jobs of a round cost.

use std::collections::HashMap;

use crate::{
    stand::Stand,
    statements::{Statistics, Step},
};

/// The cost of a round, per job.
pub(super) struct Round {
    pub(super) steps: HashMap<Step, Cost>,
    pub(super) sent: f64,
    pub(super) wal: f64,
    /// The part of `wal` that PostgreSQL ascribes to no statement: commits above all.
    pub(super) rest: f64,
    pub(super) pictures: f64,
}

/// The cost of a step, per job.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) calls: f64,
    pub(super) rows: f64,
    pub(super) wal: f64,
    pub(super) milliseconds: f64,
}

/// The database's totals at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    pub(super) completed: i64,
    wal: i64,
    pictures: i64,
}

impl Totals {
    pub(super) async fn read(stand: &Stand<'_>) -> anyhow::Result<Self> {
        Ok(Self {
            completed: stand.look("select count(*) from jobs where status = 'completed'").await?,
            wal: stand.look("select (pg_current_wal_insert_lsn() - '0/0')::bigint").await?,
            pictures: stand
                .look("select coalesce(sum(octet_length(data)), 0)::bigint from images")
                .await?,
        })
    }
}

impl Round {
    pub(super) fn of(jobs: u16, statistics: &Statistics, before: Totals, after: Totals) -> Self {
        let each = |count: i64| i32::try_from(count).map_or(f64::MAX, f64::from) / f64::from(jobs);
        let mut steps: HashMap<Step, Cost> = HashMap::new();
        for entry in &statistics.0 {
            let cost = steps.entry(Step::of(entry)).or_default();
            cost.calls += each(entry.calls);
            cost.rows += each(entry.rows);
            cost.wal += each(entry.wal_bytes);
            cost.milliseconds += entry.milliseconds / f64::from(jobs);
        }
        let wal = each(after.wal - before.wal);
        Self {
            steps,
            sent: statistics.sent().map(|entry| each(entry.calls)).sum(),
            wal,
            rest: wal - statistics.sent().map(|entry| each(entry.wal_bytes)).sum::<f64>(),
            pictures: each(after.pictures - before.pictures),
        }
    }
}
