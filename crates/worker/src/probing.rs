//! The probe: asks the provider whether it accepts the account again, and ends the halt when it does.

use std::time::Instant;

use darkroom_core::{
    chain::chain,
    db, fal,
    queue::{end_halt, halt, take_probe},
};

use crate::{life::Life, metrics::Call};

/// What is known of the account after an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Account {
    /// The provider does not accept it: submissions are halted.
    Halted,
    /// The provider accepts it: the error was about something else.
    Accepted,
    /// Nothing.
    Unknown,
}

/// Halts the submissions of all workers if an error is about the account. Only the worker that meets it
/// first logs it.
///
/// A refusal that does not say so itself is about the account only if a call that costs nothing is
/// refused, too: one model that the account may not use must not stop all the others.
pub(crate) async fn heed(life: &Life, error: &fal::Error) -> Account {
    if error.class() != fal::Class::Halt {
        return Account::Unknown;
    }
    let failure = if error.is_about_account() {
        error.failure()
    } else {
        match ask(life).await {
            Ok(()) => return Account::Accepted,
            Err(refused) if refused.class() == fal::Class::Halt => refused.failure(),
            Err(_) => return Account::Unknown,
        }
    };
    let settings = life.worker.settings;
    match halt(&life.worker.pool, &failure.code, settings.halt_probe).await {
        Ok(is_first) => {
            if is_first {
                life.worker.metrics.halts.inc();
                tracing::error!(code = failure.code, error = %chain(error),
                    "the provider does not accept the account: no job is submitted until it does again");
            }
            Account::Halted
        }
        Err(error) => {
            tracing::warn!(error = %chain(&error), "submissions could not be halted");
            Account::Unknown
        }
    }
}

/// Probes, unless another worker does.
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
    if let Err(error) = ask(life).await {
        tracing::debug!(error = %chain(&error), "the provider does not accept the account yet");
        return Ok(());
    }
    if end_halt(pool).await? {
        tracing::info!("the provider accepts the account again: submissions go on");
    }
    Ok(())
}

async fn ask(life: &Life) -> Result<(), fal::Error> {
    let asked = Instant::now();
    let answer = life.worker.fal.probe().await;
    life.worker.metrics.called(Call::Probe, asked, &answer);
    answer
}
