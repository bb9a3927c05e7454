//! One run, from its first fault to the verdict.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::time::{Duration, Instant, sleep};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    audit::{self, Evidence},
    chronicle::Chronicle,
    faults::{self, Tally},
    forge,
    house::{APIS, House, LEASE, Shared},
    operator,
    options::Options,
    report::Report,
    schedule::{self, Scope},
    stream, trace, watch,
};

/// Makes the run, in a house in which everything works.
pub(super) async fn whole(house: &Shared, options: &Options) -> anyhow::Result<Report> {
    let chronicle = Arc::new(Chronicle::begin(house.ground.logs())?);
    let scope = Scope {
        workers: house.workers.len(),
        apis: APIS,
        has_clock: house.clock.is_some(),
        lease: LEASE,
    };
    let planned = schedule::draw(options, &scope);
    chronicle.note(format_args!("seed {}: {} faults", options.seed, planned.len()));
    if house.clock.is_none() {
        chronicle.note("no clock is skewed: libfaketime is not installed");
    }
    trace::begin(&house.pool).await?;
    house.set_weather(options.seed, None).await?;

    let (told, tally) = (Arc::default(), Arc::<Tally>::default());
    let forged = Arc::default();
    let stop = CancellationToken::new();
    let began = Instant::now();
    let pouring =
        beside(stream::pour(Arc::clone(house), options.clone(), Arc::clone(&told), stop.clone()));
    let watching = beside(watch::watch(
        Arc::clone(house),
        Arc::clone(&told),
        Arc::clone(&chronicle),
        Arc::clone(&tally),
    ));
    let forging = beside(forge::forge(Arc::clone(house), options.seed, Arc::clone(&forged)));
    let granted = Arc::<AtomicUsize>::default();
    let operating = beside(operator::operate(
        Arc::clone(house),
        options.seed,
        Arc::clone(&told),
        Arc::clone(&granted),
    ));

    faults::strike_all(house, planned, options.seed, &chronicle, &tally).await?;
    tokio::time::sleep_until(began + Duration::from_secs(options.seconds)).await;
    chronicle.note("everything is made whole, and no more jobs come");
    house.heal(options).await?;
    ended(operating).await;
    stop.cancel();
    pouring.await??;
    let poured = began.elapsed();
    drained(house, options, &chronicle).await?;
    ended(forging).await;
    ended(watching).await;

    let said = told.lock().clone();
    let granted = granted.load(Ordering::Relaxed);
    let evidence =
        Evidence { options, said: &said, tally: &tally, forged: &forged, granted, poured };
    let report = audit::audit(house, &evidence).await?;
    report.print();
    Ok(report)
}

/// Waits until every job has ended, every delivery is done, and dead workers are off the record. If patience ends
/// first, the audit finds what is left.
async fn drained(house: &House, options: &Options, chronicle: &Chronicle) -> anyhow::Result<()> {
    let began = Instant::now();
    let until = began + Duration::from_secs(options.patience);
    let living = i64::try_from(house.workers.len())?;
    while Instant::now() < until {
        let left: i64 = sqlx::query_scalar(
            "select (select count(*) from queue)
                 + (select count(*) from deliveries where next_at is not null)",
        )
        .fetch_one(&house.pool)
        .await?;
        if left == 0 && house.workers_registered().await? == living {
            chronicle.note(format_args!(
                "every job has ended, {:.1} s later",
                began.elapsed().as_secs_f64()
            ));
            return Ok(());
        }
        sleep(Duration::from_millis(250)).await;
    }
    chronicle.note("patience ends");
    Ok(())
}

/// Runs a task beside this one, and at most as long.
fn beside<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> AbortOnDropHandle<T> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

/// Aborts a task that does not end by itself, and waits until it has let go of what it holds.
async fn ended(task: AbortOnDropHandle<()>) {
    task.abort();
    // The error only says that it was aborted.
    task.await.ok();
}
