//! Makes a job from an upload, whatever format it came in.

mod start;

use darkroom_core::{
    job::{Job, JobId, NewJob},
    store::{self, Asked},
};

use super::upload::{self, Upload};
use crate::{State, access::Caller, error::ApiError};

/// The job that a request is answered with.
pub(crate) struct Answer {
    pub(crate) job: JobId,
    /// The job as it was made; `None` where an earlier request with the same idempotency key made it.
    pub(crate) made: Option<Box<Job>>,
}

/// Stores the job and wakes workers; with an idempotency key only once.
pub(crate) async fn ask(
    state: &State,
    caller: &Caller,
    upload: Upload,
) -> Result<Answer, ApiError> {
    let key = upload.idempotency_key.clone();
    let asked = match new_job(state, caller, upload).await {
        Ok(new) => state.intake.ask(new).await.map_err(ApiError::of_making)?,
        // The first request with this key may have been made in time, and while its picture was still there.
        Err(refusal) => match &key {
            Some(key) => {
                store::asked_before(&state.pool, caller.key(), key).await?.ok_or(refusal)?
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

/// The job that an upload asks for, with its pictures fetched.
async fn new_job(state: &State, caller: &Caller, upload: Upload) -> Result<NewJob, ApiError> {
    let run_at = start::check(state, upload.run_at).await?;
    let inputs = upload::fetch(upload.pictures, caller.key(), state).await?;
    // The upload was checked: the model exists.
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
        idempotency_key: upload.idempotency_key,
    })
}
