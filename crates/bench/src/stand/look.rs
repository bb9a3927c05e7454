//! The bench's own looks at a stand's database, which are not counted as statements.

use anyhow::{Context, ensure};
use tokio::time::{Duration, Instant, sleep};

use super::Stand;
use crate::statements::MARK;

/// How often the database is looked at, for a figure that is waited for.
const LOOK: Duration = Duration::from_millis(200);

impl Stand<'_> {
    /// Reads a figure from the database.
    pub(crate) async fn look(&self, statement: &'static str) -> anyhow::Result<i64> {
        // The mark keeps it from being counted.
        let marked = sqlx::AssertSqlSafe(format!("{MARK} {statement}"));
        sqlx::query_scalar(marked).fetch_one(self.pool).await.context(statement)
    }

    /// Waits until a figure of the database is this one.
    pub(crate) async fn reach(
        &self,
        statement: &'static str,
        goal: i64,
        patience: Duration,
    ) -> anyhow::Result<()> {
        let until = Instant::now() + patience;
        loop {
            let figure = self.look(statement).await?;
            if figure == goal {
                return Ok(());
            }
            let seconds = patience.as_secs();
            ensure!(
                Instant::now() < until,
                "`{statement}` is {figure} after {seconds} s, and not {goal}"
            );
            sleep(LOOK).await;
        }
    }
}
