//! What each statement cost PostgreSQL.

use darkroom_core::db::Pool;

use crate::stand::DATABASE;

/// The beginning of the benchmark's own statements, by which they are left out.
pub(crate) const MARK: &str = "/* bench */";

/// A statement, and what it cost since [`Statistics::begin`].
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Entry {
    /// As it was sent, constants aside.
    pub(crate) text: String,
    /// Whether a client sent it, and not a trigger.
    pub(crate) is_sent: bool,
    pub(crate) calls: i64,
    /// Rows written and read, as PostgreSQL counts them.
    pub(crate) rows: i64,
    /// Bytes that it wrote to the write-ahead log, those of its triggers included.
    pub(crate) wal_bytes: i64,
    pub(crate) milliseconds: f64,
}

/// All statements.
#[derive(Clone, Debug)]
pub(crate) struct Statistics(pub(crate) Vec<Entry>);

pub(super) async fn prepare(pool: &Pool) -> anyhow::Result<()> {
    sqlx::raw_sql("/* bench */ create extension if not exists pg_stat_statements")
        .execute(pool)
        .await?;
    Ok(())
}

impl Statistics {
    /// Has PostgreSQL count the statements of triggers by themselves, on connections that are made from now on.
    pub(crate) async fn prepare(pool: &Pool) -> anyhow::Result<()> {
        prepare(pool).await?;
        sqlx::raw_sql(
            "do $$ begin
                 execute format(
                     'alter database %I set pg_stat_statements.track = ''all''', current_database()
                 );
             end $$",
        )
        .execute(pool)
        .await?;
        Ok(())
    }

    /// Counts from here on.
    pub(crate) async fn begin(pool: &Pool) -> anyhow::Result<()> {
        sqlx::query("/* bench */ select pg_stat_statements_reset()::text").execute(pool).await?;
        Ok(())
    }

    /// Statements since it began, without the benchmark's own; what wrote most to the write-ahead log comes first.
    pub(crate) async fn read(pool: &Pool) -> anyhow::Result<Self> {
        Self::of(pool, DATABASE).await
    }

    /// The same, of any database.
    pub(super) async fn of(pool: &Pool, database: &str) -> anyhow::Result<Self> {
        let entries = sqlx::query_as(
            "/* bench */ select query as text, toplevel as is_sent, calls, rows,
                 wal_bytes::bigint as wal_bytes, total_exec_time as milliseconds
             from pg_stat_statements
             where dbid = (select oid from pg_database where datname = $1)
                 and query not like '/* bench */%'
             order by wal_bytes desc, calls desc",
        )
        .bind(database)
        .fetch_all(pool)
        .await?;
        Ok(Self(entries))
    }

    /// Statements that were sent.
    pub(crate) fn sent(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(|entry| entry.is_sent)
    }
}
