//! Jobs that nobody works on.

use darkroom_core::db::Pool;
use secrecy::SecretString;

use crate::side::stock;

/// Replaces all jobs by this many new ones, and returns their ids.
pub(super) async fn fill(
    url: &SecretString,
    pool: &Pool,
    jobs: usize,
) -> anyhow::Result<Vec<String>> {
    sqlx::query("truncate jobs cascade").execute(pool).await?;
    sqlx::query("truncate queue").execute(pool).await?;
    stock::fill(pool, 0, u32::try_from(jobs)?).await?;
    stock::vacuum(url).await?;
    Ok(sqlx::query_scalar("select id::text from jobs order by id").fetch_all(pool).await?)
}
