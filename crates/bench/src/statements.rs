//! Statements that PostgreSQL was sent, as it counts them itself: how many in all ([`Counter`]), or by their text
//! ([`Statistics`]).

mod statistics;
mod step;

use darkroom_core::db::Pool;

pub(crate) use statistics::{MARK, Statistics};
pub(crate) use step::Step;

/// The extension that counts. It comes with PostgreSQL, but not with every package of it.
pub(crate) const EXTENSION: &str = "pg_stat_statements";

/// What is counted on a stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Counting {
    Nothing,
    /// How many statements were sent, if the extension is installed.
    InAll,
    /// Each statement by its text, those of triggers too. The stand does not start without the extension.
    ByText,
}

/// Counts statements in all, if PostgreSQL has the extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter(bool);

impl Counter {
    /// Begins to count.
    pub(crate) async fn begin(pool: &Pool) -> anyhow::Result<Self> {
        let loaded: String =
            sqlx::query_scalar("select current_setting('shared_preload_libraries')")
                .fetch_one(pool)
                .await?;
        if loaded != EXTENSION {
            println!("\nStatements are not counted: {EXTENSION} is not installed.");
            return Ok(Self(false));
        }
        statistics::prepare(pool).await?;
        Ok(Self(true))
    }

    /// How many statements were sent in a database so far.
    pub(crate) async fn count(self, pool: &Pool, database: &str) -> anyhow::Result<Option<u32>> {
        if !self.0 {
            return Ok(None);
        }
        let statistics = Statistics::of(pool, database).await?;
        let count: i64 = statistics.sent().map(|entry| entry.calls).sum();
        Ok(Some(u32::try_from(count)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand::{DATABASE, ground};

    #[tokio::test]
    async fn statements_are_counted_in_all_and_by_text_without_the_benchmarks_own() {
        ground::measure(10, Counting::ByText, async |_ground, pool| {
            let counter = Counter::begin(pool).await?;
            Statistics::begin(pool).await?;
            let before = counter.count(pool, DATABASE).await?.unwrap();
            for _ in 0..3 {
                sqlx::raw_sql("select count(*) from jobs").execute(pool).await?;
            }
            let statistics = Statistics::read(pool).await?;
            let after = counter.count(pool, DATABASE).await?.unwrap();

            assert_eq!(after - before, 3);
            let by_text: Vec<_> =
                statistics.0.iter().map(|entry| (entry.text.as_str(), entry.calls)).collect();
            assert_eq!(by_text, [("select count(*) from jobs", 3)]);
            Ok(())
        })
        .await
        .unwrap();
    }
}
