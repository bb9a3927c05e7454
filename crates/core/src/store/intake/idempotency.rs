//! Idempotency keys: what is asked for again within a day, under the same idempotency key, makes no second job.

use std::time::Duration;

use uuid::Uuid;

use super::asked::{Asked, Refusal};
use crate::{
    api_key::ApiKeyId,
    db::{Connection, Error, Pool},
    job::JobId,
    store::Sha256,
};

/// How long an idempotency key is remembered.
pub(in crate::store) const REMEMBERED: Duration = Duration::from_hours(24);

/// An idempotency key, under which something is asked for once only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdempotencyKey {
    /// As the caller chose it; up to 200 visible ASCII characters.
    pub key: String,
    /// A hash of the whole request: a repeated one has the same.
    pub fingerprint: Sha256,
}

/// What came of an earlier request under the same idempotency key; `None` where there was none.
pub async fn asked_before(
    pool: &Pool,
    api_key: Option<ApiKeyId>,
    key: &IdempotencyKey,
) -> Result<Option<Asked>, Error> {
    let doing = "looking for an earlier request";
    let mut connection = pool.acquire().await.map_err(Error::doing(doing))?;
    find(&mut connection, api_key, key).await.map_err(Error::doing(doing))
}

/// As [`asked_before`], on a given connection.
pub(super) async fn find(
    connection: &mut Connection,
    api_key: Option<ApiKeyId>,
    key: &IdempotencyKey,
) -> Result<Option<Asked>, sqlx::Error> {
    let known = sqlx::query!(
        r#"select job_id, fingerprint = $3 as "is_same!",
               exists (
                   select from jobs where id = idempotency_keys.job_id and deleted_at is null
               ) as "is_there!"
           from idempotency_keys
           where api_key_id = $1 and key = $2
               and created_at >= now() - make_interval(secs => $4)"#,
        owner(api_key),
        key.key,
        &key.fingerprint[..],
        REMEMBERED.as_secs_f64(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(known.map(|known| {
        if !known.is_same {
            Asked::Refused(Refusal::KeyOfAnother)
        } else if known.is_there {
            Asked::Before(JobId(known.job_id))
        } else {
            Asked::Refused(Refusal::JobDeleted)
        }
    }))
}

/// The idempotency key's owner, as its column holds it.
pub(super) fn owner(api_key: Option<ApiKeyId>) -> Uuid {
    api_key.map_or(ApiKeyId::NOBODY, |key| key.0)
}
