//! A job's pictures, as its worker reads and writes them.

use bytes::Bytes;

use super::{Error, Lease, fenced};
use crate::{
    db::{self, Pool},
    store::{self, NewImage},
};

/// A picture that the caller gave.
#[derive(Clone, Debug)]
pub struct Input {
    /// The file, whole.
    pub data: Bytes,
    /// There are no more after it.
    pub is_last: bool,
}

/// How much a picture is taken for while it is read: as much as an upload may have by default.
const READ: usize = 20 * 1024 * 1024;

/// The picture that the caller gave at this position, from 0; `None` where there is none.
pub async fn input(pool: &Pool, lease: &Lease, position: i16) -> Result<Option<Input>, Error> {
    let row = sqlx::query!(
        r#"select images.data as "data?", not exists (
               select from images as more
               where more.job_id = queue.job_id and more.role = 'input' and more.position > $4
           ) as "is_last!"
           from queue
           left join images on images.job_id = queue.job_id
               and images.role = 'input' and images.position = $4
           where queue.job_id = $1 and queue.leased_by is not distinct from $2
               and queue.lease_no = $3"#,
        lease.job.0,
        lease.worker.0,
        lease.number,
        position,
    )
    .fetch_optional(&pool.carrying(READ))
    .await
    .map_err(db::Error::doing("reading a job's input"))?;
    let row = row.ok_or(Error::LeaseLost)?;
    Ok(row.data.map(|data| Input { data: data.into(), is_last: row.is_last }))
}

/// Keeps one output in the image store. Archiving it again replaces it.
pub async fn archive(
    pool: &Pool,
    lease: &Lease,
    position: i16,
    output: &NewImage,
    blanked: Option<bool>,
) -> Result<(), Error> {
    let stored = store::insert_result(pool, lease, position, output, blanked)
        .await
        .map_err(db::Error::doing("archiving an output"))?;
    fenced(stored)
}
