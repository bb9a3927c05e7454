//! Statements that the stand's database was sent.

use darkroom_core::db::Pool;

/// Counts statements, if it is installed.
const COUNTING: &str = "pg_stat_statements";

/// What counts statements; nothing where PostgreSQL does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter(bool);

impl Counter {
    /// What PostgreSQL has to load.
    pub(super) const PRELOAD: &str = COUNTING;

    /// Begins to count in the pool's database.
    pub(crate) async fn begin(pool: &Pool) -> anyhow::Result<Self> {
        let loaded: String =
            sqlx::query_scalar("select current_setting('shared_preload_libraries')")
                .fetch_one(pool)
                .await?;
        if loaded != COUNTING {
            println!("\nStatements are not counted: {COUNTING} is not installed.");
            return Ok(Self(false));
        }
        sqlx::query("create extension if not exists pg_stat_statements").execute(pool).await?;
        Ok(Self(true))
    }

    /// So far. To ask is one, too.
    pub(crate) async fn count(self, pool: &Pool) -> anyhow::Result<Option<u32>> {
        if !self.0 {
            return Ok(None);
        }
        let count: i64 = sqlx::query_scalar(
            "select coalesce(sum(calls), 0)::bigint from pg_stat_statements
             join pg_database on pg_database.oid = dbid where datname = current_database()",
        )
        .fetch_one(pool)
        .await?;
        Ok(Some(u32::try_from(count)?))
    }
}
