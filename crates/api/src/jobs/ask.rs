//! What was read becomes a job, whatever form it came in.

mod start;

use darkroom_core::{
    job::{Job, JobId, NewJob},
    store::{self, Asked},
};

use super::upload::{self, Upload};
use crate::{State, access::Caller, error::ApiError};

/// What came of asking.
pub(crate) struct Answer {
    pub(crate) job: JobId,
    /// As it was made; nothing where it had been made before, under the same key.
    pub(crate) made: Option<Box<Job>>,
}

/// Keeps what was asked for, and tells workers; under a key, once only.
pub(crate) async fn ask(
    state: &State,
    caller: &Caller,
    upload: Upload,
) -> Result<Answer, ApiError> {
    let once = upload.once.clone();
    let asked = match new_job(state, caller, upload).await {
        Ok(new) => state.intake.ask(new).await?,
        // What is asked for again may have been in time the first time, and its picture still there.
        Err(refusal) => match &once {
            Some(once) => {
                store::asked_before(&state.pool, caller.key(), once).await?.ok_or(refusal)?
            }
            None => return Err(refusal),
        },
    };
    match asked {
        Asked::Made(job) => {
            tracing::info!(job.id = %job.id, job.model = job.model, job.cached = job.cached, images = job.images.len(), "a job was accepted");
            Ok(Answer { job: job.id, made: Some(job) })
        }
        Asked::Before(job) => Ok(Answer { job, made: None }),
        Asked::Refused(refusal) => Err(refusal.into()),
    }
}

/// What an upload asks for, with its pictures fetched.
async fn new_job(state: &State, caller: &Caller, upload: Upload) -> Result<NewJob, ApiError> {
    let run_at = start::check(state, upload.run_at).await?;
    let inputs = upload::fetch(upload.pictures, caller.key(), state).await?;
    // It was checked that there is such a model.
    let model = state.models.find(&upload.model);
    let cost_micros = model.map_or(0, |model| model.most_micros(&upload.options));
    let cache = state
        .result_cache
        .map(|within| store::Cache { within, is_looked_into: upload.is_cache_looked_into });
    Ok(NewJob {
        prompt: upload.prompt,
        model: upload.model,
        options: upload.options,
        inputs,
        api_key: caller.key(),
        has_limits: caller.has_limits(),
        cost_micros,
        priority: upload.priority,
        run_at,
        webhook: upload.webhook,
        parent: upload.parent,
        cache,
        metadata: upload.metadata,
        deadline: Some(state.deadline),
        once: upload.once,
    })
}
