//! One job, from POST to completed, as an impatient client sees it.

use anyhow::{Context, bail};
use memchr::memmem;
use tokio::time::{Duration, Instant, sleep};

use crate::{load::Connection, request};

/// How often the client asks.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// How long the client asks, at most.
const PATIENCE: Duration = Duration::from_mins(1);

/// A job that was polled until its end.
#[derive(Clone, Debug)]
pub(crate) struct Polled {
    /// As the API wrote it.
    pub(crate) id: String,
    /// Bytes of the answer to the POST, and of the last answer to a GET.
    pub(crate) bytes: (usize, usize),
}

/// The id of a job that was made.
pub(crate) fn id_of(answer: &[u8]) -> anyhow::Result<String> {
    let job: serde_json::Value = serde_json::from_slice(answer)?;
    let id = job.get("id").and_then(serde_json::Value::as_str);
    Ok(id.context("a job has no id")?.to_owned())
}

/// Posts, and polls until the job is completed.
pub(crate) async fn poll(connection: &mut Connection, post: &[u8]) -> anyhow::Result<Polled> {
    let began = Instant::now();
    let answer = connection.exchange(post).await?;
    let id = id_of(answer)?;
    let posted_bytes = answer.len();

    let get = request::get(&format!("/api/jobs/{id}"));
    while began.elapsed() < PATIENCE {
        let answer = connection.exchange(&get).await?;
        if memmem::find(answer, br#""status":"completed""#).is_some() {
            return Ok(Polled { id, bytes: (posted_bytes, answer.len()) });
        }
        if memmem::find(answer, br#""status":"failed""#).is_some() {
            bail!("a job failed: {}", String::from_utf8_lossy(answer));
        }
        sleep(POLL_INTERVAL).await;
    }
    bail!("job {id} was not completed in time")
}
