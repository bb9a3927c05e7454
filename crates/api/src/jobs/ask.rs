//! Makes a job from an upload, whatever format it came in.

mod start;

use darkroom_core::{
    api_key::ApiKeyId,
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
    let new = new_job(state, caller.key(), upload).await;
    // An upload may take an hour, and pictures are fetched: by now the key may be revoked, or have limits.
    let caller = caller.renewed(&state.access).await?;
    let asked = match new {
        Ok(new) => {
            let new = NewJob { has_limits: caller.has_limits(), ..new };
            state.intake.ask(new).await.map_err(ApiError::of_making)?
        }
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

/// The job that an upload asks for, with its pictures fetched. Whether its key has limits is not said yet.
async fn new_job(
    state: &State,
    api_key: Option<ApiKeyId>,
    upload: Upload,
) -> Result<NewJob, ApiError> {
    let run_at = start::check(state, upload.run_at).await?;
    let inputs = upload::fetch(upload.pictures, api_key, state).await?;
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
        api_key,
        cost_micros,
        priority: upload.priority,
        run_at,
        webhook: upload.webhook,
        parent: upload.parent,
        cache,
        metadata: upload.metadata,
        deadline: Some(state.deadline),
        idempotency_key: upload.idempotency_key,
        ..NewJob::default()
    })
}
