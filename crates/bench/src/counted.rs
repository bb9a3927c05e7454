//! A stand whose PostgreSQL counts statements, and of which a benchmark says how long an edit takes and what its worker is told.

mod step;
mod tally;

use anyhow::Context;
use darkroom_core::db::{self, Pool};
use secrecy::ExposeSecret;
use tokio::time::Duration;

use crate::{
    load, request,
    stand::{Ground, Plan, Role, interrupted},
};
pub(crate) use step::Step;
pub(crate) use tally::Tally;

/// What counts. It comes with PostgreSQL, but not with every package of it.
const COUNTING: &str = "pg_stat_statements";

/// Connections that PostgreSQL accepts.
const MAX_CONNECTIONS: u16 = 100;

/// The benchmark's own connections: to look.
const LOOKING: u32 = 2;

/// How this stand differs from the usual one.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    /// How long the stand-in takes for an edit.
    pub(crate) latency: Duration,
    /// Edits at a time.
    pub(crate) edits: u16,
    /// What the worker is told beside what it needs.
    pub(crate) worker: Vec<(&'static str, String)>,
}

/// The stand. Its worker is started when a benchmark says so.
pub(crate) struct Counted {
    pub(crate) api: Role,
    pub(crate) sim: Role,
    worker: Option<Role>,
    worker_plan: Plan,
    /// To look, with statements that [`Tally`] passes over.
    pub(crate) pool: Pool,
    ground: Ground,
}

/// Measures on such a stand.
pub(crate) async fn measure<T>(
    wishes: &Wishes,
    benchmark: impl AsyncFnOnce(&mut Counted) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut stand = tokio::select! {
        stand = Counted::start(wishes) => stand?,
        interrupted = interrupted() => return Err(interrupted),
    };
    let outcome = tokio::select! {
        outcome = benchmark(&mut stand) => outcome,
        interrupted = interrupted() => Err(interrupted),
    };
    let outcome = outcome.map_err(|error| error.context(stand.last_words()));
    stand.clear().await?;
    outcome
}

impl Counted {
    async fn start(wishes: &Wishes) -> anyhow::Result<Self> {
        let ground = Ground::prepare_with(MAX_CONNECTIONS, COUNTING)
            .await
            .with_context(|| format!("statements are counted by PostgreSQL's {COUNTING}"))?;
        let url = ground.postgres.url()?;
        let pool = db::connect(&url, LOOKING)?;
        tally::prepare(&pool).await?;

        let (latency, edits) = (wishes.latency.as_millis().to_string(), wishes.edits.to_string());
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
        load::when_it_answers(api.plan.port, &request::get("/ready")).await.ok();
        let variables = [variables, wishes.worker.clone()].concat();
        let worker_plan = Plan { variables, ..Plan::of("worker")? };
        Ok(Self { api, sim, worker: None, worker_plan, pool, ground })
    }

    /// Starts the worker, and does not wait for it. Answers its process id.
    pub(crate) fn start_worker(&mut self) -> anyhow::Result<u32> {
        let worker = self.worker.insert(self.ground.start(self.worker_plan.clone())?);
        worker.pid()
    }

    /// A figure of the database.
    pub(crate) async fn look(&self, statement: &'static str) -> anyhow::Result<i64> {
        // So that the tally passes over it.
        let marked = sqlx::AssertSqlSafe(format!("{} {statement}", tally::MARK));
        sqlx::query_scalar(marked).fetch_one(&self.pool).await.context(statement)
    }

    /// PostgreSQL's version and how sure a commit is.
    pub(crate) async fn describe(&self) -> anyhow::Result<String> {
        self.ground.postgres.describe(&self.pool).await
    }

    fn roles(&mut self) -> impl Iterator<Item = &mut Role> {
        [&mut self.api, &mut self.sim].into_iter().chain(&mut self.worker)
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
