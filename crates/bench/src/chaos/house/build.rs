//! Starts everything in the house.

use darkroom_core::{db, tls};
use tokio::time::Duration;

use super::{APIS, House, Place, settings};
use crate::{
    chaos::{clock::Clock, options::Options, porch::Porch, proxy::Proxy, receiver::Receiver},
    stand::{Ground, Plan},
    statements::Counting,
};

/// Connections that PostgreSQL accepts.
pub(in crate::chaos) const MAX_CONNECTIONS: u16 = 60;

/// Connections of the run itself, for looking at the database.
const LOOKING: u32 = 3;

/// Longest wait for an answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);

impl House {
    pub(crate) async fn build(options: &Options) -> anyhow::Result<Self> {
        let ground = Ground::prepare(MAX_CONNECTIONS, Counting::Nothing).await?;
        let door = Proxy::to(ground.postgres.port()).await?;
        let pool = db::connect(&ground.postgres.url_at(door.port)?, LOOKING)?;
        tls::install_provider();
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER_PATIENCE).build()?;

        let sim = Place::of_sim(&ground).await?;
        let fal = format!("http://127.0.0.1:{}/", sim.line.port);
        let (porch, receiver) = (Porch::open(http.clone())?, Receiver::open()?);
        let variables = settings::of_all(options, &fal, porch.port);
        let clock = Clock::find(ground.logs())?;
        let (mut apis, mut workers) = (Vec::new(), Vec::new());
        for number in 0..APIS {
            let mut variables = variables.clone();
            // Jobs of the first API have a day: one that is stuck is seen, instead of failing at its deadline.
            let deadline = if number == 0 { "86400" } else { "15" };
            variables.push(("JOB_DEADLINE_SECONDS", deadline.to_owned()));
            let name = format!("api-{}", number + 1);
            apis.push(Place::take(&ground, Plan { name, variables, ..Plan::of("api")? }).await?);
        }
        porch.lead_to(apis.iter().map(|api| api.port).collect());
        for number in 0..usize::from(options.workers) {
            let mut variables = variables.clone();
            if let Some(clock) = clock.as_ref().filter(|_| number == 0) {
                variables.extend(clock.variables());
            }
            let name = format!("worker-{}", number + 1);
            workers
                .push(Place::take(&ground, Plan { name, variables, ..Plan::of("worker")? }).await?);
        }
        let house =
            Self { workers, apis, sim, porch, receiver, pool, _door: door, http, clock, ground };
        house.when_it_works(options).await?;
        Ok(house)
    }
}
