//! Reuse: a request that has been answered before may be answered at once, with the same results.

use std::time::Duration;

use serde_json::json;

use super::draft::Draft;
use crate::{
    db::Connection,
    job::{JobId, NewJob},
    models::Options,
    store::{Sha256, image::sha256_of},
};

/// Whether results are used again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cache {
    /// How old a result may be.
    pub within: Duration,
    /// Whether this request may be answered with one. Its own result may be reused by later requests either way.
    pub is_looked_into: bool,
}

/// A job whose results answer a request.
#[derive(Debug)]
pub(super) struct Reusable {
    pub(super) job: JobId,
    pub(super) seed: Option<i64>,
}

/// A hash of everything that decides a request's result.
pub(super) fn request_hash(draft: &Draft) -> Sha256 {
    let new = &draft.new;
    // One picture is made unless the request says how many.
    let num_images = new.options.num_images.or(Some(1));
    let options = Options { num_images, ..new.options.clone() };
    let said = json!([new.model, new.prompt, options]).to_string();
    let files = draft.digests();
    sha256_of(files.iter().map(|file| &file[..]).chain([said.as_bytes()]))
}

/// Finds the latest results of the same request of the same caller; their job cannot be deleted until
/// the transaction ends.
pub(super) async fn find(
    connection: &mut Connection,
    new: &NewJob,
    hash: &Sha256,
) -> Result<Option<Reusable>, sqlx::Error> {
    let Some(cache) = new.cache.filter(|cache| cache.is_looked_into) else { return Ok(None) };
    let found = sqlx::query!(
        "select id, seed from jobs
         where request_hash = $1 and status = 'completed' and not cached
             and api_key_id is not distinct from $2
             and finished_at > now() - make_interval(secs => $3)
             and exists (select from images where job_id = jobs.id and role = 'result')
         order by id desc limit 1
         for key share",
        &hash[..],
        new.api_key.map(|key| key.0),
        cache.within.as_secs_f64(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|found| Reusable { job: JobId(found.id), seed: found.seed }))
}
