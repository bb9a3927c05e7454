//! The probe: asks the provider whether it accepts the account again, and ends the halt when it does.

use darkroom_core::{
    chain::chain,
    db, fal,
    queue::{halt, resume, take_probe},
};

use crate::life::Life;

/// Halts submissions of all workers where an error is about the account. Said once, by whoever
/// meets it first.
pub(crate) async fn heed(life: &Life, error: &fal::Error) {
    if error.class() != fal::Class::Halt {
        return;
    }
    let failure = error.failure();
    let settings = life.worker.settings;
    match halt(&life.worker.pool, &failure.code, settings.halt_probe).await {
        Ok(true) => tracing::error!(
            code = failure.code,
            error = %chain(error),
            "the provider does not accept the account: no job is submitted until it does again"
        ),
        Ok(false) => {}
        Err(error) => tracing::warn!(error = %chain(&error), "submissions could not be halted"),
    }
}

/// Probes, where nobody else does.
pub(crate) async fn probe(life: Life) {
    if let Err(error) = try_probe(&life).await {
        tracing::warn!(error = %chain(&error), "a probe of the provider could not be made");
    }
}

async fn try_probe(life: &Life) -> Result<(), db::Error> {
    let (pool, settings) = (&life.worker.pool, life.worker.settings);
    if !take_probe(pool, settings.halt_probe).await? {
        return Ok(());
    }
    if let Err(error) = life.worker.fal.probe().await {
        tracing::debug!(error = %chain(&error), "the provider does not accept the account yet");
        return Ok(());
    }
    if resume(pool).await? {
        tracing::info!("the provider accepts the account again: submissions go on");
    }
    Ok(())
}
