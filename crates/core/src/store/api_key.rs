//! The API keys' rows.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    api_key::{ApiKey, ApiKeyId, Digest, KeyLimits, Token},
    db::{Error, Pool},
    job::JobId,
};

/// The longest that a change may commit after its `changed_at`: statements are limited to much less.
const OVERLAP: Duration = Duration::minutes(1);

/// A statement that reads keys; `$rest` says which. It names the columns: once a later version has added one,
/// PostgreSQL refuses a `select *` that was prepared before.
macro_rules! key_query {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            "select id, name, prefix, digest, is_admin, created_at, revoked_at, changed_at,
                 jobs_per_minute, max_pending, daily_budget_micros
             from api_keys " + $rest
            $(, $argument)*
        )
    };
}

/// Keeps a new key.
pub async fn create_api_key(
    pool: &Pool,
    name: &str,
    token: &Token,
    is_admin: bool,
) -> Result<ApiKeyId, Error> {
    // Ids are in the order in which keys are made, as those of jobs are.
    let id = ApiKeyId(JobId::generate().0);
    let digest = token.digest();
    sqlx::query!(
        "insert into api_keys (id, name, prefix, digest, is_admin) values ($1, $2, $3, $4, $5)",
        id.0,
        name,
        token.prefix(),
        digest.bytes(),
        is_admin,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("keeping an API key"))?;
    Ok(id)
}

/// All keys, the oldest first, revoked ones too.
pub async fn api_keys(pool: &Pool) -> Result<Vec<ApiKey>, Error> {
    let rows = key_query!("order by id")
        .fetch_all(pool)
        .await
        .map_err(Error::doing("listing API keys"))?;
    Ok(rows.into_iter().filter_map(Row::into_key).collect())
}

/// The key of this id or prefix; `None` where there is none.
pub async fn api_key(pool: &Pool, id_or_prefix: &str) -> Result<Option<ApiKey>, Error> {
    let row = key_query!("where id::text = $1 or prefix = $1", id_or_prefix)
        .fetch_optional(pool)
        .await
        .map_err(Error::doing("looking for an API key"))?;
    Ok(row.and_then(Row::into_key))
}

/// Keys that changed since a minute before `since`, because a change is dated before it commits. Without
/// `since`, all that are not revoked.
pub async fn api_keys_changed_since(
    pool: &Pool,
    since: Option<OffsetDateTime>,
) -> Result<Vec<ApiKey>, Error> {
    let rows = match since {
        Some(since) => key_query!("where changed_at > $1", since - OVERLAP).fetch_all(pool).await,
        None => key_query!("where revoked_at is null").fetch_all(pool).await,
    };
    let rows = rows.map_err(Error::doing("reading API keys"))?;
    Ok(rows.into_iter().filter_map(Row::into_key).collect())
}

/// Sets a key's limits. False where there is no such key.
pub async fn limit_api_key(pool: &Pool, id: ApiKeyId, limits: KeyLimits) -> Result<bool, Error> {
    let column = |limit: Option<u32>| limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
    let limited = sqlx::query!(
        "update api_keys set jobs_per_minute = $2, max_pending = $3, daily_budget_micros = $4,
             changed_at = now()
         where id = $1",
        id.0,
        column(limits.jobs_per_minute),
        column(limits.max_pending),
        limits.daily_budget_micros,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("limiting an API key"))?;
    Ok(limited.rows_affected() == 1)
}

/// Revokes a key. False where it was revoked before, or there is none.
pub async fn revoke_api_key(pool: &Pool, id: ApiKeyId) -> Result<bool, Error> {
    let revoked = sqlx::query!(
        "update api_keys set revoked_at = now(), changed_at = now()
         where id = $1 and revoked_at is null",
        id.0,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("revoking an API key"))?;
    Ok(revoked.rows_affected() == 1)
}

struct Row {
    id: Uuid,
    name: String,
    prefix: String,
    digest: Vec<u8>,
    is_admin: bool,
    created_at: OffsetDateTime,
    revoked_at: Option<OffsetDateTime>,
    changed_at: OffsetDateTime,
    jobs_per_minute: Option<i32>,
    max_pending: Option<i32>,
    daily_budget_micros: Option<i64>,
}

impl Row {
    fn into_key(self) -> Option<ApiKey> {
        Some(ApiKey {
            id: ApiKeyId(self.id),
            name: self.name,
            prefix: self.prefix,
            digest: Digest::from_bytes(&self.digest)?,
            is_admin: self.is_admin,
            limits: KeyLimits {
                jobs_per_minute: self.jobs_per_minute.map(i32::unsigned_abs),
                max_pending: self.max_pending.map(i32::unsigned_abs),
                daily_budget_micros: self.daily_budget_micros,
            },
            created_at: self.created_at,
            revoked_at: self.revoked_at,
            changed_at: self.changed_at,
        })
    }
}
