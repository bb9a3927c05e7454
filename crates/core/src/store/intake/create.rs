//! Create: a request becomes a job, unless there is a reason to refuse it.

use time::OffsetDateTime;

use super::{
    asked::{Asked, Refusal},
    copy::{Copied, copy},
    draft::Draft,
    idempotency,
    insert::{insert, insert_all},
    limits, parent, reuse,
};
use crate::{
    db::{Error, Pool, Transaction},
    job::{Job, NewJob},
};

/// Makes a job of the pictures that were sent and puts it into the queue. Idempotency key, parent, cache and
/// limits are ignored, and nobody is notified.
pub async fn create(pool: &Pool, new: &NewJob) -> Result<Job, Error> {
    let draft = Draft::of(new.clone());
    let at = insert_all(pool, std::slice::from_ref(&draft), false).await;
    Ok(draft.made(at.map_err(Error::doing("making a job"))?))
}

/// Makes a job for which something is to be looked at before or after its insertion. `None` where its idempotency key
/// was taken, but is forgotten by the time it is looked up.
pub(super) async fn create_within(
    transaction: &mut Transaction,
    mut draft: Draft,
    tells: bool,
) -> Result<Option<Asked>, sqlx::Error> {
    // A repeated request is answered as the first one was, though it might be refused now; and its pictures are not
    // sent again.
    if let Some(before) = before(transaction, &draft).await? {
        return Ok(Some(before));
    }
    if let Some(refusal) = look_around(transaction, &mut draft).await? {
        return Ok(Some(Asked::Refused(refusal)));
    }
    let Some(at) = insert(&mut **transaction, &draft, tells).await? else {
        return before(transaction, &draft).await;
    };
    let (limited_key, cost) = (draft.limited_key(), draft.new.cost_micros);
    let job = copied(transaction, draft, at).await?;
    // At the very end: the key's other requests wait from here until the commit.
    if let Some(key) = limited_key.filter(|_| !job.cached)
        && let Err(refusal) = limits::check(transaction, key, cost).await?
    {
        return Ok(Some(Asked::Refused(refusal)));
    }
    Ok(Some(Asked::Made(Box::new(job))))
}

/// Finds its parent's result, and results that may be reused.
async fn look_around(
    transaction: &mut Transaction,
    draft: &mut Draft,
) -> Result<Option<Refusal>, sqlx::Error> {
    if let Some(parent) = draft.new.parent {
        match parent::find(transaction, parent, draft.new.api_key).await? {
            Ok(found) => draft.parent = Some(found),
            Err(refusal) => return Ok(Some(refusal)),
        }
    }
    if draft.new.cache.is_some() {
        let hash = reuse::request_hash(draft);
        draft.reusable = reuse::find(transaction, &draft.new, &hash).await?;
        draft.request_hash = Some(hash);
    }
    Ok(None)
}

/// What came of an earlier request under its idempotency key.
async fn before(
    transaction: &mut Transaction,
    draft: &Draft,
) -> Result<Option<Asked>, sqlx::Error> {
    match &draft.new.idempotency_key {
        Some(key) => idempotency::find(transaction, draft.new.api_key, key).await,
        None => Ok(None),
    }
}

/// The job, with the picture copied from its parent or the results copied from another job.
async fn copied(
    transaction: &mut Transaction,
    draft: Draft,
    at: OffsetDateTime,
) -> Result<Job, sqlx::Error> {
    let mut copied = Vec::new();
    if let Some(parent) = &draft.parent {
        let input = Copied::Input(parent.position);
        copied.extend(copy(transaction, parent.job, draft.id, input).await?);
    }
    if let Some(reusable) = &draft.reusable {
        copied.extend(copy(transaction, reusable.job, draft.id, Copied::Results).await?);
    }
    let mut job = draft.made(at);
    job.images.extend(copied);
    Ok(job)
}
