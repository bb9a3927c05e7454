//! Turned away: fal did not take a call, and nothing is bought for the job yet.

use darkroom_core::fal::{Class, Error};

use crate::{
    backoff::{after_refusal, while_away_after},
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
        // Nothing was paid for, so another try costs no attempt.
        Class::Retry | Class::Later => Outcome::Snooze(while_away_after(error)),
        Class::Never => Outcome::Fail(error.failure()),
    }
}
