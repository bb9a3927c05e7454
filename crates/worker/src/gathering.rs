//! Gathering: brings jobs that were left behind the front of the line up to it.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    queue::{self, Beat, Search},
};
use tokio::time::Instant;

use crate::{backoff::jittered, life::Life};

/// Twice the time that a statement which brings a job into line may take: after half of this, its client has given up.
const OVERTAKEN: Duration = Duration::from_secs(30);

/// How often everything behind the front is searched, however old it is: no time limit holds for a database that
/// hangs during a commit.
const THOROUGH: Duration = Duration::from_mins(10);

/// How long after its start a worker searches everything for the first time: until then it has more urgent work.
const FIRST: Duration = Duration::from_mins(1);

/// Decides when to search for jobs behind the front.
#[derive(Debug)]
pub(crate) struct Gathering {
    thorough_at: Instant,
}

impl Gathering {
    pub(crate) fn new() -> Self {
        // Workers that start together do not all look at once.
        Self { thorough_at: Instant::now() + jittered(FIRST) }
    }

    /// Searches behind the front where it was moved lately, if this worker is the leader; and from time to time
    /// everything, whether or not it is.
    pub(crate) fn look(&mut self, life: &Life, beat: &Beat) {
        let now = Instant::now();
        if now > self.thorough_at {
            self.thorough_at = now + jittered(THOROUGH);
            tokio::spawn(gather(life.clone(), Search::Everything));
        } else if beat.is_leader && beat.line_has_moved {
            tokio::spawn(gather(life.clone(), Search::Recent(OVERTAKEN)));
        }
    }
}

async fn gather(life: Life, search: Search) {
    match queue::gather_stragglers(&life.worker.pool, search).await {
        Ok(0) => {}
        Ok(jobs) => tracing::info!(jobs, "jobs that the line had passed are at its front"),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "jobs that the line has passed could not be looked for; a later beat does");
        }
    }
}
