//! PostgreSQL loses one of its processes.

use rustix::process::Signal;

use super::super::house::House;
use crate::stand;

/// Kills the process of one connection. PostgreSQL then ends all others, as their memory is shared, and recovers
/// (source: PostgreSQL, "Shutting Down the Server").
pub(super) async fn crash(house: &House) -> anyhow::Result<()> {
    let pid: i32 = sqlx::query_scalar(
        "select pid from pg_stat_activity
         where backend_type = 'client backend' and pid <> pg_backend_pid()
         order by backend_start desc limit 1",
    )
    .fetch_one(&house.pool)
    .await?;
    stand::send(u32::try_from(pid)?, Signal::KILL)
}
