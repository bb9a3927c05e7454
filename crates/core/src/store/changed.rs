//! Which jobs have changed recently.

use time::OffsetDateTime;

use crate::{
    api_key::ApiKeyId,
    db::{Error, Pool},
    job::JobId,
};

/// The most changes, of all keys' jobs, that are searched for those of one key.
const LOOKED_AT: i64 = 10_000;

/// All jobs of a key, or of all keys, that have changed since a moment, each with the moment of its last change, in the
/// order of these; `None` where more jobs have changed than are searched.
pub async fn changed_since(
    pool: &Pool,
    since: OffsetDateTime,
    key: Option<ApiKeyId>,
) -> Result<Option<Vec<(JobId, OffsetDateTime)>>, Error> {
    let changed = sqlx::query!(
        r#"select array_agg(id order by updated_at, id)
                   filter (where $2::uuid is null or api_key_id = $2) as ids,
               array_agg(updated_at order by updated_at, id)
                   filter (where $2::uuid is null or api_key_id = $2) as moments,
               count(*) as "looked_at!"
           from (
               (
                   select id, api_key_id, updated_at from jobs where finished_at > $1
                   order by finished_at limit $3
               )
               union all
               (
                   select id, api_key_id, updated_at from jobs
                   where finished_at is null and updated_at > $1
                   order by updated_at limit $3
               )
           ) as changed"#,
        since,
        key.map(|key| key.0),
        LOOKED_AT,
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing("looking for changed jobs"))?;
    let ids = changed.ids.unwrap_or_default().into_iter().map(JobId);
    let found = ids.zip(changed.moments.unwrap_or_default()).collect();
    Ok((changed.looked_at < LOOKED_AT).then_some(found))
}
