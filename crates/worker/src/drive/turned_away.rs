//! Turned away: fal did not take a call, and nothing is bought for the job yet.

use darkroom_core::fal::{Class, Error};

use crate::{
    backoff::{after_refusal, asked_for, while_away_after},
    life::Life,
    outcome::Outcome,
    probing::{self, Account},
};

/// What becomes of the job. Where the error is about the account, submissions are halted first.
pub(super) async fn turned_away(life: &Life, error: &Error) -> Outcome {
    if probing::heed(life, error).await == Account::Halted {
        return Outcome::PutBack;
    }
    match error.class() {
        Class::Halt => Outcome::Snooze(after_refusal()),
        // As likely as not it will say the same again, and each time the pictures are prepared for it.
        Class::Later if error.is_gateways_veto() => {
            Outcome::Snooze(after_refusal().max(asked_for(error)))
        }
        // Nothing was paid for, so another try costs no attempt.
        Class::Retry | Class::Later => Outcome::Snooze(while_away_after(error)),
        Class::Never => Outcome::Fail(error.failure()),
    }
}
