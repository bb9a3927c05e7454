//! Connections that are not Darkroom's, and get in the way of those that are.

use std::str::FromStr;

use secrecy::ExposeSecret;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions,
};
use tokio::time::{Duration, Instant, sleep};

use super::super::house::{House, MAX_CONNECTIONS};

/// The application name of these connections, which keeps them from terminating each other.
const NAME: &str = "chaos";

/// Ends a random third of Darkroom's connections.
const TERMINATE: &str = "select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'darkroom' and random() < 0.33";

/// Between two rounds of terminations.
const ROUND: Duration = Duration::from_millis(400);

/// Rows that are kept locked.
const LOCKED: i64 = 5;

/// Ends a third of Darkroom's connections again and again.
pub(super) async fn terminate(house: &House, lasts: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + lasts;
    let mut connection = connect(house).await?;
    while Instant::now() < until {
        connection.execute(TERMINATE).await?;
        sleep(ROUND).await;
    }
    Ok(connection.close().await?)
}

/// Takes every connection, also those that Darkroom had, and holds them all for a while.
pub(super) async fn hoard(house: &House, lasts: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + lasts;
    let mut held = vec![connect(house).await?];
    while Instant::now() < until {
        while held.len() < usize::from(MAX_CONNECTIONS) {
            match connect(house).await {
                Ok(connection) => held.push(connection),
                Err(_none_left) => break,
            }
        }
        // Ends some of Darkroom's: the next round takes their places.
        if let Some(first) = held.first_mut() {
            first.execute(TERMINATE).await?;
        }
        sleep(ROUND / 4).await;
    }
    Ok(())
}

/// Keeps a snapshot open, as a forgotten terminal does: rows that die after it cannot be vacuumed.
pub(super) async fn keep_snapshot(house: &House, lasts: Duration) -> anyhow::Result<()> {
    let begin = "begin isolation level repeatable read; select count(*) from queue";
    idle(house, begin, lasts).await
}

/// Keeps some rows of the queue locked against everybody.
pub(super) async fn lock_rows(house: &House, lasts: Duration) -> anyhow::Result<()> {
    let begin = format!("begin; select from queue order by job_id limit {LOCKED} for update");
    idle(house, &begin, lasts).await
}

async fn idle(house: &House, begin: &str, lasts: Duration) -> anyhow::Result<()> {
    let mut connection = connect(house).await?;
    // `begin` is built from constants only.
    sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut connection).await?;
    sleep(lasts).await;
    Ok(connection.close().await?)
}

/// Connects to PostgreSQL directly, past all lines.
async fn connect(house: &House) -> anyhow::Result<PgConnection> {
    let url = house.ground.postgres.url()?;
    let options = PgConnectOptions::from_str(url.expose_secret())?.application_name(NAME);
    Ok(options.connect().await?)
}
