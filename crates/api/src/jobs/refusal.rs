//! Refusals to make a job, as callers are told of them.

use std::time::Duration;

use darkroom_core::store::Refusal;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::idempotency::KEY;
use crate::{
    error::{ApiError, Code},
    money,
};

/// When to try again after too many unfinished jobs. One may end at any moment, and trying this often does no harm.
const PENDING_WAIT: Duration = Duration::from_secs(5);

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::KeyOfAnother => {
                let detail = format!(
                    "Another request was sent with this {KEY} before. Send another key for another job."
                );
                Self::invalid(Code::IdempotencyConflict, KEY, detail)
            }
            Refusal::JobDeleted => Self::JobDeleted,
            Refusal::UnknownParent => {
                Self::invalid(Code::UnknownParent, "parent_id", "There is no job with this id.")
            }
            Refusal::ParentNotCompleted => {
                let detail =
                    "The job with this 'parent_id' is not completed, so it has no result to edit.";
                Self::invalid(Code::ParentNotCompleted, "parent_id", detail)
            }
            Refusal::TooManyPending { most } => Self::Limited {
                code: Code::TooManyPending,
                detail: format!(
                    "The API key may have at most {most} jobs that have not ended, and has that many. Wait for some to end."
                ),
                wait: PENDING_WAIT,
            },
            Refusal::BudgetExhausted { budget, left, cost, full_at, wait } => Self::Limited {
                code: Code::BudgetExhausted,
                detail: format!(
                    "Of the API key's budget of ${} a day, ${} are left, and the job may cost ${}. The whole budget is available again at {}.",
                    money::dollars(budget),
                    money::dollars(left),
                    money::dollars(cost),
                    written(full_at),
                ),
                wait,
            },
            Refusal::NoSuchResult => {
                let detail = "The job with this 'parent_id' has no result with this number. The first one is 0.";
                Self::invalid(Code::UnknownParentImage, "parent_image", detail)
            }
        }
    }
}

fn written(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
