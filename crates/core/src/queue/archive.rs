//! A job's pictures, as its worker reads and writes them.

use bytes::Bytes;

use super::{Error, Lease, fenced};
use crate::{
    db::{self, Pool},
    store::{self, NewImage},
};

/// The picture that the caller gave.
pub async fn input(pool: &Pool, lease: &Lease) -> Result<Bytes, Error> {
    let data = sqlx::query_scalar!(
        "select images.data from images
         join queue on queue.job_id = images.job_id
         where images.job_id = $1 and role = 'input' and position = 0
             and leased_by = $2 and lease_no = $3",
        lease.job.0,
        lease.worker.0,
        lease.number,
    )
    .fetch_optional(pool)
    .await
    .map_err(db::Error::doing("reading a job's input"))?;
    data.map(Bytes::from).ok_or(Error::LeaseLost)
}

/// Keeps one output in the image store. Archiving it again replaces it.
pub async fn archive(
    pool: &Pool,
    lease: &Lease,
    position: i16,
    output: &NewImage,
) -> Result<(), Error> {
    let stored = store::insert_result(pool, lease, position, output)
        .await
        .map_err(db::Error::doing("archiving an output"))?;
    fenced(stored)
}
