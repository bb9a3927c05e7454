//! Copies results inside of the database.

use crate::{
    db::Connection,
    job::JobId,
    store::{ImageId, StoredImage},
};

/// Results that another job gets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Copied {
    /// All, as its results.
    Results,
    /// The one at this position, as its input.
    Input(i16),
}

/// Copies results of a job to another one, where they stay when the first job goes. The bytes do not leave
/// the database.
pub(super) async fn copy(
    connection: &mut Connection,
    from: JobId,
    to: JobId,
    copied: Copied,
) -> Result<Vec<StoredImage>, sqlx::Error> {
    let only = match copied {
        Copied::Results => None,
        Copied::Input(position) => Some(position),
    };
    let mut rows = sqlx::query!(
        r#"insert into images
               (id, job_id, role, position, media_type, width, height, sha256, data, blanked)
           select gen_random_uuid(), $2, case when $3::smallint is null then role else 'input' end,
               case when $3 is null then position else 0 end, media_type, width, height, sha256,
               data, case when $3 is null then blanked end
           from images
           where job_id = $1 and role = 'result' and ($3 is null or position = $3)
           returning id, position, media_type, width, height, octet_length(data) as "bytes!", blanked"#,
        from.0,
        to.0,
        only,
    )
    .fetch_all(connection)
    .await?;
    rows.sort_unstable_by_key(|row| row.position);
    let stored = rows.into_iter().map(|row| StoredImage {
        id: ImageId(row.id),
        is_result: only.is_none(),
        blanked: row.blanked,
        media_type: row.media_type,
        width: row.width.unsigned_abs(),
        height: row.height.unsigned_abs(),
        bytes: u64::from(row.bytes.unsigned_abs()),
    });
    Ok(stored.collect())
}
