//! The delivery loop: claims the deliveries of webhooks that are due, and makes them.
//!
//! It claims when NOTIFY or a heartbeat says that something is due, and while deliveries wait for a receiver that is
//! busy ([`receivers`]). Without deliveries it costs the database nothing.

mod attempt;
mod receivers;

use std::time::{Duration, Instant};

use darkroom_core::{
    chain::chain,
    db,
    queue::{
        self, Round,
        deliveries::{self, Claimed, Lease, Settled, Tried, Verdict},
    },
    webhook::{Secrets, Signer},
};
use tokio_util::task::AbortOnDropHandle;

use self::receivers::{Admitted, Held, Receivers, Turn};
use crate::{
    backoff::{Backoff, until_next_delivery},
    life::Life,
    slots::Slots,
};

/// Calls that one process makes at a time. Each waits for its receiver, and for little else.
const AT_A_TIME: usize = 64;

/// Delivers for as long as the life lasts.
pub(crate) async fn deliver(life: Life) {
    let signer = signer(&life).await;
    let calls = Slots::new(AT_A_TIME);
    // Of those that are called, that wait for their receiver, and that are about to be snoozed.
    let held = Slots::new(usize::MAX);
    let receivers = Receivers::default();
    let mut round = Round::from(life.id);
    loop {
        snooze(&life, receivers.overdue()).await;
        let limit = tokio::select! {
            limit = calls.free() => limit,
            () = receivers.stir() => continue,
        };
        let claimed = match deliveries::claim(&life.worker.pool, round, limit).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "deliveries cannot be claimed; the worker tries again");
                round = free_unknown(&life, round, &held.leases()).await;
                Vec::new()
            }
        };
        let more_may_wait = claimed.len() >= limit;
        let mut surplus = Vec::new();
        for delivery in claimed {
            let lease = delivery.lease;
            let slot = held.take(lease.number, lease);
            match receivers.admit(Held::new(delivery, slot)) {
                Admitted::Called(turn, first) => {
                    let call = calls.take(lease.number, ());
                    let calling = call_in_turn(life.clone(), signer.clone(), turn, first);
                    let over = life.over.clone();
                    tokio::spawn(async move {
                        over.run_until_cancelled_owned(calling).await;
                        drop(call);
                    });
                }
                Admitted::Waits => {}
                Admitted::Surplus(delivery, rest) => surplus.push((delivery, rest)),
            }
        }
        // Before the next claim, so that no more are held than one claim brings.
        snooze(&life, surplus).await;
        if !more_may_wait {
            tokio::select! {
                () = life.deliveries_due.notified() => {}
                () = receivers.stir() => {}
            }
        }
    }
}

/// Gives deliveries back for a while, and keeps trying while the database is away.
async fn snooze(life: &Life, surplus: Vec<(Held, Duration)>) {
    if surplus.is_empty() {
        return;
    }
    let rests: Vec<_> = surplus.iter().map(|(held, rest)| (held.delivery.lease, *rest)).collect();
    let mut backoff = Backoff::patient();
    let given_up = loop {
        match deliveries::snooze(&life.worker.pool, &rests).await {
            Ok(given_up) => break given_up,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "deliveries whose receivers are busy are not snoozed yet");
            }
        }
        backoff.wait().await;
    };
    life.worker.metrics.gave_deliveries_up(given_up);
    if given_up > 0 {
        tracing::warn!(given_up, "deliveries expired while their receivers were busy");
    }
    tracing::debug!(deliveries = rests.len(), "deliveries whose receivers are busy were snoozed");
}

/// Makes a delivery, and those that wait for the same receiver meanwhile.
async fn call_in_turn(life: Life, signer: Signer, mut turn: Turn, first: Held) {
    let mut next = Some(first);
    while let Some(held) = next {
        let (delivery, slot) = held.into_parts();
        let began = Instant::now();
        deliver_one(&life, &signer, delivery).await;
        drop(slot);
        next = turn.next(began.elapsed());
    }
}

/// Loads the secrets as soon as the database is there: they may be in it.
async fn signer(life: &Life) -> Signer {
    let worker = &life.worker;
    let mut backoff = Backoff::patient();
    loop {
        match Secrets::load(worker.webhook_secrets.as_ref(), &worker.pool).await {
            Ok(secrets) => return Signer::new(&secrets),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "deliveries cannot be signed yet");
            }
        }
        backoff.wait().await;
    }
}

/// Makes an attempt at a delivery, and records its result.
async fn deliver_one(life: &Life, signer: &Signer, delivery: Claimed) {
    let lease = delivery.lease;
    let (job, failures) = (delivery.job, delivery.failures);
    // In its own task, so that a panic is recorded like any other failed attempt.
    let attempt = attempt::make(life.clone(), signer.clone(), delivery);
    let attempt = AbortOnDropHandle::new(tokio::spawn(attempt)).await;
    let (tried, verdict) = attempt.unwrap_or_else(|error| {
        tracing::error!(delivery.id = %lease.delivery.0, error = %chain(&error), "a delivery broke");
        let error = Some("something went wrong on our side".to_owned());
        let verdict = Verdict::Again(until_next_delivery(failures + 1));
        (Tried { error, ..Tried::default() }, verdict)
    });
    let metrics = &life.worker.metrics;
    match settle(life, &lease, &tried, verdict).await {
        Some(Settled::Delivered) => {
            metrics.tried_to_deliver("delivered", tried.took);
            tracing::info!(delivery.id = %lease.delivery.0, job.id = %job, "a webhook was delivered");
        }
        Some(Settled::Waits) => {
            metrics.tried_to_deliver("again", tried.took);
            tracing::info!(delivery.id = %lease.delivery.0, job.id = %job, status = tried.status,
                "a webhook was not delivered; it is tried again");
        }
        Some(Settled::GaveUp) => {
            metrics.tried_to_deliver("given_up", tried.took);
            tracing::warn!(delivery.id = %lease.delivery.0, job.id = %job, status = tried.status,
                "a webhook could not be delivered");
        }
        None => metrics.stale_write("delivery"),
    }
}

/// Records the result of an attempt, and keeps trying while the database is away: if it were forgotten, the attempt
/// would be made again. `None` if another worker has the delivery by now, or it is gone.
async fn settle(life: &Life, lease: &Lease, tried: &Tried, verdict: Verdict) -> Option<Settled> {
    let mut backoff = Backoff::patient();
    loop {
        match deliveries::settle(&life.worker.pool, lease, tried, verdict).await {
            Ok(settled) => return Some(settled),
            Err(queue::Error::LeaseLost) => return None,
            Err(queue::Error::Database(error)) => {
                tracing::warn!(delivery.id = %lease.delivery.0, error = %chain(&error),
                    "a delivery is not recorded yet");
            }
        }
        backoff.wait().await;
    }
}

/// Frees the deliveries that this worker may hold without knowing: a claim whose answer was lost may have taken
/// them. Returns the next round.
async fn free_unknown(life: &Life, round: Round, known: &[Lease]) -> Round {
    let mut backoff = Backoff::patient();
    loop {
        let freed: Result<_, db::Error> =
            deliveries::release_unknown(&life.worker.pool, round, known).await;
        match freed {
            Ok((next, _freed)) => return next,
            Err(error) => {
                tracing::debug!(error = %chain(&error), "deliveries that a lost answer hid are not free yet");
            }
        }
        backoff.wait().await;
    }
}
