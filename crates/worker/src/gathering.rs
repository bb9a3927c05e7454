//! Gathering: jobs that were left behind the front of the line come to it.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    queue::{self, Beat},
};
use tokio::time::Instant;

use crate::{backoff::jittered, life::Life};

/// How long a statement that brings a job into line may take, twice over: after half of it, whoever asked has given up.
const OVERTAKEN: Duration = Duration::from_secs(30);

/// How often all that is behind the front is looked through, however long it has been there: a database that hangs
/// while it commits keeps no time.
const THOROUGH: Duration = Duration::from_mins(10);

/// How long after its start a worker looks everywhere for the first time: it has more to do until then.
const FIRST: Duration = Duration::from_mins(1);

/// When it is time to look.
#[derive(Debug)]
pub(crate) struct Gathering {
    thorough_at: Instant,
}

impl Gathering {
    pub(crate) fn new() -> Self {
        // Workers that start together do not all look at once.
        Self { thorough_at: Instant::now() + jittered(FIRST) }
    }

    /// Looks where the line has moved since, if it is the leader; and from time to time everywhere, whoever leads.
    pub(crate) fn look(&mut self, life: &Life, beat: &Beat) {
        let now = Instant::now();
        if now > self.thorough_at {
            self.thorough_at = now + jittered(THOROUGH);
            tokio::spawn(gather(life.clone(), None));
        } else if beat.is_leader && beat.line_has_moved {
            tokio::spawn(gather(life.clone(), Some(OVERTAKEN)));
        }
    }
}

async fn gather(life: Life, since: Option<Duration>) {
    match queue::gather_stragglers(&life.worker.pool, since).await {
        Ok(0) => {}
        Ok(jobs) => tracing::info!(jobs, "jobs that the line had passed are at its front"),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "jobs that the line has passed could not be looked for; a later beat does");
        }
    }
}
