//! pgbench, which comes with PostgreSQL: sends statements as fast as possible.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, bail, ensure};
use darkroom_core::{config::Config, db::Pool};
use secrecy::{ExposeSecret, SecretString};
use tokio::process::Command;
use url::Url;

use super::answer::Took;

/// Where PostgreSQL's programs may be, other than on `PATH`.
const PLACES: &str = "/usr/lib/postgresql";

/// How often the script is run again for jobs that a run skipped because others had locked them, at most.
const LEFTOVERS: u32 = 10;

/// What a run did.
struct Ran {
    /// How often the script was run, by all clients together.
    times: u32,
    seconds: f64,
}

/// pgbench, and the settings to connect to one database.
pub(super) struct Pgbench {
    program: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Pgbench {
    /// In the database of the settings.
    pub(super) async fn find(config: &Config) -> anyhow::Result<Self> {
        Self::at(config.database.url.as_ref().context("DATABASE_URL is not set")?).await
    }

    async fn at(url: &SecretString) -> anyhow::Result<Self> {
        let url = Url::parse(url.expose_secret())?;
        let variables = vec![
            ("PGHOST", url.host_str().unwrap_or("127.0.0.1").to_owned()),
            ("PGPORT", url.port().unwrap_or(5432).to_string()),
            ("PGUSER", url.username().to_owned()),
            ("PGPASSWORD", url.password().unwrap_or_default().to_owned()),
            ("PGDATABASE", url.path().trim_start_matches('/').to_owned()),
        ];
        for program in candidates() {
            if version(&program).await.is_ok() {
                return Ok(Self { program, variables });
            }
        }
        bail!("pgbench is missing: on Debian, `apt-get install postgresql` brings it")
    }

    /// The version of pgbench.
    pub(super) async fn version(&self) -> anyhow::Result<String> {
        version(&self.program).await
    }

    /// Has `clients` clients run a script at least this many times in all, each of them equally often.
    async fn run(&self, script: &str, clients: u32, times: u32) -> anyhow::Result<Ran> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("script.sql");
        std::fs::write(&file, script)?;
        let each = times.div_ceil(clients);
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--file"])
            .arg(&file)
            .args(["--client", &clients.to_string(), "--transactions", &each.to_string()])
            .envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let (printed, said) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "pgbench failed: {said}");
        let rate = printed.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate: f64 = rate
            .and_then(|rate| rate.split_whitespace().next())
            .and_then(|rate| rate.parse().ok())
            .with_context(|| format!("pgbench tells no rate: {printed}{said}"))?;
        let times = each * clients;
        Ok(Ran { times, seconds: f64::from(times) / rate })
    }

    /// Has `clients` clients make `jobs` jobs, with a statement that makes `rows` at a time. They make some more where
    /// it does not come out even.
    pub(super) async fn make(
        &self,
        insert: impl Fn(u32) -> String,
        clients: u32,
        (jobs, rows): (u32, u32),
    ) -> anyhow::Result<Took> {
        let ran = self.run(&insert(rows), clients, jobs.div_ceil(rows)).await?;
        Ok(Took { jobs: ran.times * rows, seconds: ran.seconds })
    }

    /// Runs a script that takes `batch` jobs at a time, until none is left; `waiting` counts them.
    ///
    /// One run may not take all, because clients skip what others have locked.
    pub(super) async fn drain(
        &self,
        script: &str,
        clients: u32,
        batch: u32,
        pool: &Pool,
        waiting: &'static str,
    ) -> anyhow::Result<Took> {
        let jobs = count(pool, waiting).await?;
        let mut left = jobs;
        let mut seconds = 0.0;
        for _ in 0..=LEFTOVERS {
            seconds += self.run(script, clients, left.div_ceil(batch)).await?.seconds;
            left = count(pool, waiting).await?;
            if left == 0 {
                return Ok(Took { jobs, seconds });
            }
        }
        bail!("{left} jobs were left")
    }
}

async fn count(pool: &Pool, waiting: &'static str) -> anyhow::Result<u32> {
    let waits: i64 = sqlx::query_scalar(waiting).fetch_one(pool).await?;
    Ok(u32::try_from(waits)?)
}

fn candidates() -> Vec<PathBuf> {
    let versions = std::fs::read_dir(PLACES).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin/pgbench")).collect();
    // The newest first; then whatever is on `PATH`.
    found.sort();
    found.reverse();
    found.push(PathBuf::from("pgbench"));
    found
}

async fn version(program: &Path) -> anyhow::Result<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().await?;
    ensure!(output.status.success(), "{} does not run", program.display());
    // `pgbench (PostgreSQL) 15.18 (Debian …)`
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(said.split_whitespace().nth(2).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{stand::ground, statements::Counting};

    #[tokio::test]
    async fn what_was_done_is_reported_where_clients_do_more_than_was_asked_for() {
        ground::measure(10, Counting::Nothing, async |ground, pool| {
            sqlx::raw_sql("create table made (n int)").execute(pool).await?;
            let Ok(pgbench) = Pgbench::at(&ground.postgres.url()?).await else {
                println!("Left out: pgbench is not installed.");
                return Ok(());
            };
            let insert = |rows| format!("insert into made select generate_series(1, {rows})");
            let delete = "delete from made where ctid in
                          (select ctid from made limit 10 for update skip locked)";
            let waiting = "select count(*) from made";

            // Each of 4 clients does it twice, where 5 times would do.
            let made = pgbench.make(insert, 4, (50, 10)).await?;
            let waited = count(pool, waiting).await?;
            let drained = pgbench.drain(delete, 4, 10, pool, waiting).await?;

            assert_eq!([made.jobs, waited, drained.jobs], [80; 3]);
            Ok(())
        })
        .await
        .unwrap();
    }
}
