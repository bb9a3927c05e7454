//! Usage: jobs, pictures and money, by key, day and model.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::Pruned;
use crate::{
    api_key::ApiKeyId,
    db::{Connection, Error, Pool},
};

/// For a fold of which no day's sum is needed.
const ANY_DAY: Date = OffsetDateTime::UNIX_EPOCH.date();

/// What was made with a model on a day.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Usage {
    /// UTC; the one on which the jobs were made, or tried again.
    pub day: Date,
    /// Endpoint at fal.
    pub model: String,
    /// Jobs that have ended.
    pub jobs: i64,
    /// Results that were made for them.
    pub images: i64,
    /// What was paid for them, or may have been, in millionths of a US dollar.
    pub spent_micros: i64,
    /// What unfinished jobs may cost, in millionths of a US dollar: only those that have an API key.
    pub reserved_micros: i64,
}

/// What was made from one day to another, both included, the latest first: with a key or, for `None`, by everybody.
pub async fn usage(
    pool: &Pool,
    key: Option<ApiKeyId>,
    from: Date,
    to: Date,
) -> Result<Vec<Usage>, Error> {
    sqlx::query_as!(
        Usage,
        r#"select day as "day!", model as "model!", sum(jobs)::bigint as "jobs!",
               sum(images)::bigint as "images!", sum(spent_micros)::bigint as "spent_micros!",
               sum(reserved_micros)::bigint as "reserved_micros!"
           from (
               select day, model, jobs, images, spent_micros, reserved_micros from usage
               where day between $2 and $3 and ($1::uuid is null or api_key_id = $1)
               union all
               select day, model, jobs, images, spent_micros, reserved_micros from usage_changes
               where day between $2 and $3 and ($1::uuid is null or api_key_id = $1)
           ) as used
           group by day, model
           order by day desc, model"#,
        key.map(|key| key.0),
        from,
        to,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("reading usage"))
}

/// Adds up the changes of a key's usage, and answers what is spent and reserved of it on a day. The key must be
/// locked: else what is added up at the same time would not be seen.
pub(super) async fn fold(
    connection: &mut Connection,
    key: Uuid,
    day: Date,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with gone as (
               delete from usage_changes where api_key_id = $1 returning *
           ), folded as (
               insert into usage (
                   api_key_id, day, model, jobs, images, reserved_micros, spent_micros
               )
               select api_key_id, day, model, sum(jobs), sum(images), sum(reserved_micros),
                   sum(spent_micros)
               from gone group by api_key_id, day, model order by day, model
               on conflict on constraint usage_pkey do update set
                   jobs = usage.jobs + excluded.jobs,
                   images = usage.images + excluded.images,
                   reserved_micros = usage.reserved_micros + excluded.reserved_micros,
                   spent_micros = usage.spent_micros + excluded.spent_micros
               returning day, model, reserved_micros + spent_micros as micros
           ), other as (
               select reserved_micros + spent_micros as micros from usage
               where api_key_id = $1 and day = $2 and not exists (
                   select from folded where folded.day = usage.day and folded.model = usage.model
               )
           )
           select coalesce(sum(micros), 0)::bigint as "micros!" from (
               select micros from folded where day = $2
               union all select micros from other
           ) as taken"#,
        key,
        day,
    )
    .fetch_one(connection)
    .await
}

/// Adds up all changes of everybody's usage, one key after the other. Changes that come meanwhile are left for the next
/// time.
pub async fn fold_usage(pool: &Pool) -> Result<Pruned, Error> {
    let doing = Error::doing("adding usage up");
    let folding = async {
        let keys = sqlx::query_scalar!("select distinct api_key_id from usage_changes")
            .fetch_all(pool)
            .await?;
        let mut rows = 0;
        for key in keys {
            let mut transaction = pool.begin().await?;
            // `NOBODY` has no row to lock, and no limit that would have to hold.
            sqlx::query!("select id from api_keys where id = $1 for no key update", key)
                .fetch_optional(&mut *transaction)
                .await?;
            fold(&mut transaction, key, ANY_DAY).await?;
            transaction.commit().await?;
            rows += 1;
        }
        Ok(Pruned { rows, is_full: false })
    };
    folding.await.map_err(doing)
}
