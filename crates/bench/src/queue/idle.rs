//! `idle`: statements, connections and memory of a worker that has nothing to do. All sides wait at the same time, each
//! in its own database.

use tokio::time::{Duration, sleep};

use super::{
    Options,
    databases::{self, Database, Databases},
    rounds::cell,
    sides::{self, Kind, Running, Side},
};
use crate::{
    side::answer::Done,
    statements::{Counter, Counting},
    table::{self, one_line},
};

/// How long a started worker gets to settle: pools in Node close idle connections after 10 s.
const SETTLING: Duration = Duration::from_secs(12);

/// How long statements are counted.
const COUNTED: Duration = Duration::from_secs(30);

/// For each step of a side.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    databases::measure_counting(Counting::InAll, "Queue: idle", async |databases| {
        let counter = Counter::begin(&databases.pool).await?;
        let mut sides = sides::all(options).await?;
        sides.retain(|side| matches!(side.kind, Kind::Ours | Kind::Peer));
        let mut all = Vec::new();
        for side in sides {
            let database = databases.make().await?;
            let running = start(&side, &database).await;
            all.push((side, database, running));
        }
        sleep(SETTLING).await;
        let mut before = Vec::new();
        for (_side, database, _running) in &all {
            before.push(counter.count(&databases.pool, &database.name).await?);
        }
        sleep(COUNTED).await;
        let mut rows = Vec::new();
        for ((side, database, running), before) in all.into_iter().zip(before) {
            let after = counter.count(&databases.pool, &database.name).await?;
            rows.push(match running {
                Ok(running) => {
                    let sent = after.zip(before).map(|(after, before)| f64::from(after - before));
                    let row = [
                        side.name,
                        cell(sent.map(|sent| sent / COUNTED.as_secs_f64()), 2),
                        connections(databases, &database).await?.to_string(),
                        cell(Some(running.megabytes()?), 0),
                    ];
                    running.stop().await?;
                    row
                }
                Err(why) => [
                    format!("{} ({})", side.name, one_line(&why)),
                    cell(None, 0),
                    cell(None, 0),
                    cell(None, 0),
                ],
            });
            databases.drop(database).await?;
        }
        let what = format!("a worker that waits, over {} s", COUNTED.as_secs());
        table::print([what.as_str(), "statements/s", "connections", "resident MB"], &rows);
        Ok(())
    })
    .await
}

async fn start(side: &Side, database: &Database) -> anyhow::Result<Running> {
    let _made: Done = side.ask(&database.url, &["setup"], PATIENCE).await?;
    Running::start(side, &database.url).await
}

async fn connections(databases: &Databases, database: &Database) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = $1 and backend_type = 'client backend'",
    )
    .bind(&database.name)
    .fetch_one(&databases.pool)
    .await?)
}
