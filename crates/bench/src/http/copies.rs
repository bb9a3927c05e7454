//! Makes many copies of one completed job.

use darkroom_core::db::Pool;

/// Copies the row of the job. The new ids are older than any that is made now.
const ROWS: &str = "insert into jobs
        (id, prompt, model, options, status, seed, created_at, updated_at, submitted_at, finished_at)
    select (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
        prompt, model, options, status, seed, created_at, updated_at, submitted_at, finished_at
    from jobs, generate_series(1, $2) as n where id = $1::uuid
    on conflict do nothing";

/// Copies the rows of its images, with one byte instead of each picture.
const IMAGES: &str = "insert into images
        (id, job_id, role, position, media_type, width, height, sha256, data, blanked)
    select gen_random_uuid(), jobs.id, role, position, media_type, width, height, sha256, '\\x00', blanked
    from images, jobs where job_id = $1::uuid and jobs.id < $1::uuid
    on conflict do nothing";

/// Makes copies of a job until there are this many, and returns the ids of all.
pub(super) async fn fill(pool: &Pool, job: &str, number: usize) -> anyhow::Result<Vec<String>> {
    let mut transaction = pool.begin().await?;
    // Without triggers: nobody has to hear of these jobs.
    sqlx::query("set local session_replication_role = replica").execute(&mut *transaction).await?;
    let number = i64::try_from(number)?;
    sqlx::query(ROWS).bind(job).bind(number).execute(&mut *transaction).await?;
    sqlx::query(IMAGES).bind(job).execute(&mut *transaction).await?;
    transaction.commit().await?;
    sqlx::query("vacuum analyze jobs, images").execute(pool).await?;
    Ok(sqlx::query_scalar("select id::text from jobs where id < $1::uuid order by id")
        .bind(job)
        .fetch_all(pool)
        .await?)
}
