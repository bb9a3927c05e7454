//! The test stand: PostgreSQL, API, worker and stand-in for fal.ai, as they run in production.
//!
//! Each role is a process of the `darkroom` beside this program, on a free port of the loopback, with nothing set but
//! what it needs. Whatever happens to a benchmark, an interruption included, the stand is cleared away after it.

mod ground;
mod guard;
mod postgres;
mod role;
#[cfg(unix)]
mod signals;
mod statements;

use anyhow::{Context, anyhow};
use darkroom_core::db::{self, Pool};
use secrecy::ExposeSecret;
use tokio::time::{Duration, Instant, sleep};

use crate::{load, request};

pub(crate) use ground::Ground;
pub(crate) use guard::Guard;
#[cfg(unix)]
pub(crate) use postgres::Shutdown;
#[cfg(unix)]
pub(crate) use role::FAL_URLS;
pub(crate) use role::{NOWHERE, Plan, Role, free_port};
#[cfg(unix)]
pub(crate) use signals::send;
pub(crate) use statements::Counter;

/// How long the stand-in takes for an edit.
pub(crate) const LATENCY: Duration = Duration::from_millis(500);

/// Edits at a time at the stand-in.
pub(crate) const EDITS_AT_A_TIME: u16 = 8;

/// Connections that PostgreSQL accepts.
const MAX_CONNECTIONS: u16 = 100;

/// The benchmarks' own connections: to look, not to load.
const CONNECTIONS: u32 = 2;

/// How long a worker that was just started may take to register.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// Everything that runs. Dropped in this order.
pub(crate) struct Stand {
    pub(crate) api: Role,
    pub(crate) worker: Role,
    pub(crate) sim: Role,
    /// The floors, where a benchmark has some.
    bare: Option<Role>,
    pub(crate) pool: Pool,
    pub(crate) ground: Ground,
}

/// Measures on a stand of its own, and prints the benchmark's name and what is special to the stand.
pub(crate) async fn measure<T>(
    name: &str,
    benchmark: impl AsyncFnOnce(&mut Stand) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    measure_on(Ground::prepare(MAX_CONNECTIONS).await?, name, benchmark).await
}

/// The same, where PostgreSQL counts statements, if it can.
pub(crate) async fn measure_counting<T>(
    name: &str,
    benchmark: impl AsyncFnOnce(&mut Stand) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    measure_on(Ground::prepare_counting(MAX_CONNECTIONS).await?, name, benchmark).await
}

async fn measure_on<T>(
    ground: Ground,
    name: &str,
    benchmark: impl AsyncFnOnce(&mut Stand) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut stand = tokio::select! {
        stand = Stand::start(ground) => stand?,
        interrupted = interrupted() => return Err(interrupted),
    };
    let measuring = async {
        let postgres = stand.ground.postgres.describe(&stand.pool).await?;
        println!("\n### {name}\n\n{postgres} Pools of 10.");
        benchmark(&mut stand).await
    };
    let outcome = tokio::select! {
        outcome = measuring => outcome,
        interrupted = interrupted() => Err(interrupted),
    };
    let outcome = outcome.map_err(|error| error.context(stand.last_words()));
    stand.clear().await?;
    outcome
}

impl Stand {
    async fn start(ground: Ground) -> anyhow::Result<Self> {
        let url = ground.postgres.url()?;
        let pool = db::connect(&url, CONNECTIONS)?;

        let (latency, edits) = (LATENCY.as_millis().to_string(), EDITS_AT_A_TIME.to_string());
        let options = ["--latency-ms", &latency, "--concurrency", &edits].map(str::to_owned);
        let sim = ground.start(Plan { options: options.into(), ..Plan::of("sim")? })?;
        load::when_it_answers(sim.plan.port, &request::get("/")).await?;

        let fal = format!("http://127.0.0.1:{}/", sim.plan.port);
        let variables = vec![
            ("DATABASE_URL", url.expose_secret().to_owned()),
            ("FAL_QUEUE_URL", fal.clone()),
            ("FAL_REST_URL", fal.clone()),
            ("FAL_API_URL", fal),
        ];
        let api = ground.start(Plan { variables: variables.clone(), ..Plan::of("api")? })?;
        let worker = ground.start(Plan { variables, ..Plan::of("worker")? })?;
        load::when_it_answers(api.plan.port, &request::get("/ready")).await?;
        registered(&pool).await?;
        Ok(Self { api, worker, sim, bare: None, pool, ground })
    }

    /// Starts the floors, with answers of these sizes.
    pub(crate) async fn start_bare(
        &mut self,
        get_bytes: usize,
        post_bytes: usize,
    ) -> anyhow::Result<()> {
        let (get_bytes, post_bytes) = (get_bytes.to_string(), post_bytes.to_string());
        let options = ["--get-bytes", &get_bytes, "--post-bytes", &post_bytes].map(str::to_owned);
        let url = self.ground.postgres.url()?;
        let variables = vec![("DATABASE_URL", url.expose_secret().to_owned())];
        let plan = Plan { options: options.into(), variables, ..Plan::of("bare")? };
        let bare = self.ground.start(plan)?;
        load::when_it_answers(bare.plan.port, &request::get(crate::bare::CONSTANT)).await?;
        self.bare = Some(bare);
        Ok(())
    }

    /// The floors, once they were started.
    pub(crate) fn bare(&self) -> anyhow::Result<&Role> {
        self.bare.as_ref().context("the floors were not started")
    }

    fn roles(&mut self) -> impl Iterator<Item = &mut Role> {
        let roles = [&mut self.api, &mut self.worker, &mut self.sim];
        roles.into_iter().chain(&mut self.bare)
    }

    /// What became of the roles, for a benchmark that failed.
    fn last_words(&mut self) -> String {
        self.roles().map(Role::last_words).collect()
    }

    async fn clear(mut self) -> anyhow::Result<()> {
        for role in self.roles() {
            role.kill().await?;
        }
        self.pool.close().await;
        self.ground.clear().await
    }
}

async fn registered(pool: &Pool) -> anyhow::Result<()> {
    let until = Instant::now() + START_PATIENCE;
    while Instant::now() < until {
        let workers: i64 = sqlx::query_scalar("select count(*) from workers")
            .fetch_one(pool)
            .await
            .context("workers cannot be counted")?;
        if workers > 0 {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(anyhow!("the worker does not register"))
}

/// Ctrl-C, or what a supervisor sends.
pub(crate) async fn interrupted() -> anyhow::Error {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return anyhow!("signals cannot be received");
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.ok();
    anyhow!("interrupted")
}
