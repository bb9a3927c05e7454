//! Watches the run: prints its progress every few seconds, and restarts processes that ended by themselves.

use std::sync::Arc;

use anyhow::Context;
use tokio::time::{Duration, Instant, interval, timeout};

use super::{chronicle::Chronicle, faults::Tally, house::House, stream::Told};

/// Time between two lines of progress, and between two looks at the processes.
const LINE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(250);

/// A look at the database that takes longer is given up.
const LOOK_PATIENCE: Duration = Duration::from_secs(2);

/// How jobs stand, as the database knows it.
#[derive(sqlx::FromRow)]
struct Standing {
    completed: i64,
    failed: i64,
    cancelled: i64,
    waiting: i64,
    held: i64,
    in_flight: i64,
    last_end: Option<f64>,
}

/// Watches until it is aborted.
pub(crate) async fn watch(
    house: Arc<House>,
    told: Arc<Told>,
    chronicle: Arc<Chronicle>,
    tally: Arc<Tally>,
) {
    let mut looks = interval(LOOK);
    let mut next_line = Instant::now() + LINE;
    loop {
        looks.tick().await;
        nurse(&house, &chronicle, &tally);
        if Instant::now() >= next_line {
            next_line = Instant::now() + LINE;
            line(&house, &told, &chronicle, &tally).await;
        }
    }
}

async fn line(house: &House, told: &Told, chronicle: &Chronicle, tally: &Tally) {
    let accepted = told.lock().accepted.len();
    let (faults, under_way) = tally.count();
    let standing = match look(standing(house)).await {
        Ok(standing) => format!(
            "{} completed, {} failed, {} cancelled; {} wait, {} held, {} at the provider; last end {:.1} s ago",
            standing.completed,
            standing.failed,
            standing.cancelled,
            standing.waiting,
            standing.held,
            standing.in_flight,
            standing.last_end.unwrap_or_default(),
        ),
        Err(_away) => "the database is away".to_owned(),
    };
    chronicle.note(format_args!(
        "- {accepted} accepted: {standing}; {faults} faults, {under_way} under way"
    ));
}

async fn standing(house: &House) -> anyhow::Result<Standing> {
    let standing = sqlx::query_as(
        "select count(*) filter (where status = 'completed') as completed,
             count(*) filter (where status = 'failed') as failed,
             count(*) filter (where status = 'cancelled') as cancelled,
             (select count(*) from queue where leased_by is null) as waiting,
             (select count(*) from queue where leased_by is not null) as held,
             (select count(*) from attempts where ended_at is null) as in_flight,
             extract(epoch from now() - max(finished_at))::float8 as last_end
         from jobs",
    );
    Ok(standing.fetch_one(&house.pool).await?)
}

async fn look<T>(looking: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    timeout(LOOK_PATIENCE, looking).await.context("a look takes too long")?
}

/// Notes each process that ended although no fault acted on it, and starts it again as a supervisor would.
fn nurse(house: &House, chronicle: &Chronicle, tally: &Tally) {
    for (seat, place) in house.seats() {
        // A fault that acts on the process holds this lock for as long as it lasts.
        let Ok(mut role) = place.role.try_lock() else {
            continue;
        };
        if let Ok(Some(status)) = role.ended() {
            let said = format!("{seat} ended by itself: {status}");
            chronicle.note(&said);
            tally.note_broken(said);
            if let Err(error) = role.start_anew() {
                chronicle.note(format_args!("{error:#}"));
            }
        }
    }
}
