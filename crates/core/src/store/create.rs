//! Create: what is asked for becomes a job, if nothing is in the way.

use super::{
    asked::Asked,
    copy::{Copied, copy},
    draft::Draft,
    insert::insert,
    limits, once, parent, reuse,
};
use crate::{
    db::{Error, Pool, Transaction},
    job::{Job, NewJob},
};

/// Makes a job of pictures and puts it into the queue: key, parent and cache are not heeded, and nobody is told.
pub async fn create(pool: &Pool, new: &NewJob) -> Result<Job, Error> {
    let draft = Draft::of(new.clone());
    let at = insert(pool, std::slice::from_ref(&draft), false).await;
    Ok(draft.made(at.map_err(Error::doing("making a job"))?))
}

/// Makes a job for which something is to be looked at first, or afterwards.
pub(super) async fn create_within(
    transaction: &mut Transaction,
    mut draft: Draft,
    tells: bool,
) -> Result<Asked, sqlx::Error> {
    if let Some(once) = &draft.new.once
        && let Some(before) = once::take(transaction, draft.new.api_key, once, draft.id).await?
    {
        return Ok(before);
    }
    if let Some(parent) = draft.new.parent {
        match parent::find(transaction, parent, draft.new.api_key).await? {
            Ok(found) => draft.parent = Some(found),
            Err(refusal) => return Ok(Asked::Refused(refusal)),
        }
    }
    if draft.new.cache.is_some() {
        let hash = reuse::request_hash(&draft);
        draft.reusable = reuse::find(transaction, &draft.new, &hash).await?;
        draft.request_hash = Some(hash);
    }
    let (limited_key, cost) = (draft.limited_key(), draft.new.cost_micros);
    let job = make(transaction, draft, tells).await?;
    // At the very end: others of the key wait from here on, until the commit.
    if let Some(key) = limited_key.filter(|_| !job.cached)
        && let Err(refusal) = limits::check(transaction, key, cost).await?
    {
        return Ok(Asked::Refused(refusal));
    }
    Ok(Asked::Made(Box::new(job)))
}

async fn make(
    transaction: &mut Transaction,
    draft: Draft,
    tells: bool,
) -> Result<Job, sqlx::Error> {
    let at = insert(&mut **transaction, std::slice::from_ref(&draft), tells).await?;
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
