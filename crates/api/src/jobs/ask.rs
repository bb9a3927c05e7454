//! What was read becomes a job, whatever form it came in.

mod start;

use darkroom_core::{
    job::{Job, JobId, NewJob},
    store::{self, Asked},
};

use super::upload::Upload;
use crate::{State, error::ApiError};

/// What came of asking.
pub(crate) struct Answer {
    pub(crate) job: JobId,
    /// As it was made; nothing where it had been made before, under the same key.
    pub(crate) made: Option<Box<Job>>,
}

/// Keeps what was asked for, and tells workers; under a key, once only.
pub(crate) async fn ask(
    state: &State,
    upload: Upload,
    key: Option<String>,
) -> Result<Answer, ApiError> {
    let mut new = NewJob {
        prompt: upload.prompt,
        model: upload.model,
        options: upload.options,
        inputs: upload.images,
        api_key: None,
        priority: upload.priority,
        run_at: None,
        webhook: upload.webhook,
        parent: upload.parent,
        cache: state
            .result_cache
            .map(|within| store::Cache { within, is_looked_into: upload.is_cache_looked_into }),
        metadata: upload.metadata,
        deadline: Some(state.deadline),
        once: key.map(|key| store::Once { key, said: upload.said }),
    };
    let asked = match start::check(state, upload.run_at).await {
        Ok(run_at) => {
            new.run_at = run_at;
            store::ask(&state.pool, &new).await?
        }
        // What is asked for again may have been in time the first time.
        Err(refusal) => store::asked_before(&state.pool, &new).await?.ok_or(refusal)?,
    };
    match asked {
        Asked::Made(job) => {
            if !job.cached {
                state.waker.wake();
            }
            state.waker.made(job.id);
            tracing::info!(job.id = %job.id, job.model = job.model, job.cached = job.cached, images = new.inputs.len(), "a job was accepted");
            Ok(Answer { job: job.id, made: Some(job) })
        }
        Asked::Before(job) => Ok(Answer { job, made: None }),
        Asked::Refused(refusal) => Err(refusal.into()),
    }
}
