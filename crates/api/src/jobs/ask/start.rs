//! When a job may start.

use darkroom_core::db;
use time::{Duration, OffsetDateTime};

use crate::{
    State,
    error::{ApiError, Code},
};

/// How far ahead a job may be planned.
const FURTHEST_START: Duration = Duration::days(30);

/// How much a client's clock and the database's may differ.
const CLOCK_DIFFERENCE: Duration = Duration::minutes(1);

/// Checks when a job is to start. A start that has just passed, by no more than clocks may differ, means at once.
pub(super) async fn check(
    state: &State,
    run_at: Option<OffsetDateTime>,
) -> Result<Option<OffsetDateTime>, ApiError> {
    let Some(run_at) = run_at else {
        return Ok(None);
    };
    let ahead = run_at - db::now(&state.pool).await?;
    if ahead < -CLOCK_DIFFERENCE {
        return Err(ApiError::invalid(
            Code::InThePast,
            "run_at",
            "The moment in 'run_at' is in the past.",
        ));
    }
    if ahead > FURTHEST_START {
        let detail = "The moment in 'run_at' is more than 30 days ahead.";
        return Err(ApiError::invalid(Code::TooFarAhead, "run_at", detail));
    }
    Ok(Some(to_the_microsecond(run_at)).filter(|_| ahead.is_positive()))
}

/// As exact as PostgreSQL keeps it, so that each answer says the same.
fn to_the_microsecond(moment: OffsetDateTime) -> OffsetDateTime {
    // A whole number of microseconds is always valid.
    moment.replace_nanosecond(moment.microsecond() * 1_000).unwrap_or(moment)
}
