//! Jobs that the front of the line has passed: one worker looks for them, for all.

use std::{collections::HashSet, time::Duration};

use darkroom_core::job::Status;
use darkroom_testing::eventually;
use sqlx::types::time::OffsetDateTime;

use crate::house::House;

#[tokio::test]
async fn the_leader_looks_for_what_the_line_has_passed_and_no_other_worker_does() {
    let mut house = House::open(Duration::ZERO).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    let pool = &house.database.pool;
    let leader = "insert into workers (id, name, beat_at)
        values ('00000000-0000-0000-0000-000000000000', 'the leader', now() + interval '1 hour')";
    sqlx::query(leader).execute(pool).await.unwrap();
    let passed = house.job().await;
    let front = "insert into line_fronts (priority, turn) select 0, turn + 1 from queue";
    sqlx::query(front).execute(pool).await.unwrap();

    let worker = house.worker();
    let mut beats: HashSet<OffsetDateTime> = HashSet::new();
    eventually("the worker beats three times", async || {
        let beat = "select beat_at from workers where name <> 'the leader'";
        beats.extend(sqlx::query_scalar::<_, OffsetDateTime>(beat).fetch_all(pool).await.unwrap());
        (beats.len() > 3).then_some(())
    })
    .await;
    assert_eq!(house.find(passed).await.status, Status::Pending);
    sqlx::query("delete from workers where name = 'the leader'").execute(pool).await.unwrap();

    house.once(passed, Status::Completed).await;
    worker.stop().await;
}
