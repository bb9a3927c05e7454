//! Watches the run: a line of progress every few seconds, samples of what is in flight, and processes that end by themselves.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use anyhow::Context;
use tokio::time::{Duration, Instant, interval, timeout};

use super::{chronicle::Chronicle, faults::Tally, house::House, stream::Told};

/// Between two lines of progress, and between two looks.
const LINE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(250);

/// A look that takes longer says nothing.
const LOOK_PATIENCE: Duration = Duration::from_secs(2);

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The most rows of the queue that were in flight at one moment; less than 0 while nothing is known.
    most_in_flight: AtomicI64,
}

impl Seen {
    pub(crate) fn most_in_flight(&self) -> i64 {
        self.most_in_flight.load(Ordering::Relaxed)
    }
}

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

/// Watches for ever.
pub(crate) async fn watch(
    house: Arc<House>,
    told: Arc<Told>,
    chronicle: Arc<Chronicle>,
    tally: Arc<Tally>,
    seen: Arc<Seen>,
) {
    let mut looks = interval(LOOK);
    let mut next_line = Instant::now() + LINE;
    let mut counts_in_flight = None;
    loop {
        looks.tick().await;
        nurse(&house, &chronicle, &tally);
        if counts_in_flight.is_none() {
            counts_in_flight = look(has_in_flight(&house)).await.ok();
        }
        if counts_in_flight == Some(true)
            && let Ok(in_flight) = look(in_flight(&house)).await
        {
            seen.most_in_flight.fetch_max(in_flight, Ordering::Relaxed);
        }
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

/// Whether this schema counts what is in flight.
async fn has_in_flight(house: &House) -> anyhow::Result<bool> {
    let exists = sqlx::query_scalar(
        "select exists (select from information_schema.columns
             where table_name = 'queue' and column_name = 'in_flight')",
    );
    Ok(exists.fetch_one(&house.pool).await?)
}

async fn in_flight(house: &House) -> anyhow::Result<i64> {
    let count = sqlx::query_scalar("select count(*) from queue where in_flight");
    Ok(count.fetch_one(&house.pool).await?)
}

async fn look<T>(looking: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    timeout(LOOK_PATIENCE, looking).await.context("a look takes too long")?
}

/// A process that ended though nothing was done to it is noted, and started anew as its supervisor would.
fn nurse(house: &House, chronicle: &Chronicle, tally: &Tally) {
    for (seat, place) in house.seats() {
        // Held by a fault for as long as that lasts.
        let Ok(mut role) = place.role.try_lock() else {
            continue;
        };
        if let Ok(Some(status)) = role.ended() {
            let said = format!("{seat} ended by itself: {status}");
            chronicle.note(&said);
            tally.is_broken(said);
            if let Err(error) = role.start_anew() {
                chronicle.note(format_args!("{error:#}"));
            }
        }
    }
}
