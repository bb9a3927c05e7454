//! All properties hold, whatever happens.

use darkroom_core::config::UnknownSubmission;

use super::{
    explorer::explore,
    rules::{Rules, Trouble},
};

/// Explores a whole model, and asserts that nothing in it is broken.
#[expect(clippy::print_stdout, reason = "how many states there are is worth a look")]
fn all_holds(rules: Rules) {
    let explored = explore(&rules, None);
    println!("{} states, {} steps", explored.states, explored.steps);
    for (property, way) in &explored.broken {
        println!("{property:?} does not hold:\n{way}\n");
    }
    assert!(explored.broken.is_empty(), "{:?}", explored.broken.keys());
}

/// About 155,000 states.
#[test]
fn all_holds_for_a_job_whatever_goes_wrong() {
    all_holds(Rules {
        workers: 2,
        troubles: &[
            Trouble::LostAnswers,
            Trouble::Failures,
            Trouble::Cancels,
            Trouble::Deadlines,
            Trouble::Panics,
        ],
        ..Rules::ONE_JOB
    });
}

/// About 94,000 states.
#[test]
fn all_holds_while_workers_die_that_took_over_from_dead_ones() {
    all_holds(Rules {
        workers: 3,
        max_rescues: None,
        troubles: &[Trouble::LostAnswers],
        ..Rules::ONE_JOB
    });
}

/// About 28,000 states.
#[test]
fn all_holds_where_a_doubtful_submission_ends_its_job() {
    all_holds(Rules {
        workers: 2,
        unknown: UnknownSubmission::Fail,
        troubles: &[Trouble::LostAnswers, Trouble::Failures, Trouble::Cancels],
        ..Rules::ONE_JOB
    });
}

/// About 190,000 states.
#[test]
fn all_holds_for_a_job_that_is_reopened() {
    all_holds(Rules {
        workers: 2,
        max_attempts: 1,
        troubles: &[Trouble::Reopenings, Trouble::LostAnswers, Trouble::Failures, Trouble::Cancels],
        ..Rules::ONE_JOB
    });
}

/// About 57,000 states.
#[test]
fn all_holds_where_the_database_is_slow() {
    all_holds(Rules { max_rescues: None, troubles: &[Trouble::SlowClaims], ..Rules::ONE_JOB });
}

/// About 100,000 states.
#[test]
fn all_holds_where_claims_come_after_they_were_given_up() {
    all_holds(Rules {
        workers: 2,
        troubles: &[Trouble::StrayClaims, Trouble::LostAnswers],
        ..Rules::ONE_JOB
    });
}

/// About 180,000 states.
#[test]
fn all_holds_where_crashes_undo_claims() {
    all_holds(Rules {
        workers: 2,
        max_rescues: None,
        troubles: &[Trouble::Crashes, Trouble::Cancels],
        ..Rules::ONE_JOB
    });
}

/// About 8,000 states.
#[test]
fn all_holds_under_a_limit_where_crashes_undo_claims() {
    all_holds(Rules {
        jobs: 2,
        workers: 1,
        max_attempts: 1,
        max_rescues: None,
        limit: Some(1),
        troubles: &[Trouble::Crashes],
        ..Rules::ONE_JOB
    });
}

/// About 63,000 states.
#[test]
fn all_holds_for_two_jobs() {
    all_holds(Rules { jobs: 2, workers: 2, max_attempts: 1, max_rescues: None, ..Rules::ONE_JOB });
}

/// About 360,000 states.
#[test]
fn all_holds_for_two_jobs_under_a_limit_of_one() {
    all_holds(Rules { jobs: 2, workers: 2, max_rescues: None, limit: Some(1), ..Rules::ONE_JOB });
}

/// About 160,000 states.
#[test]
fn all_holds_under_a_limit_while_answers_are_lost() {
    all_holds(Rules {
        jobs: 2,
        workers: 2,
        max_attempts: 1,
        max_rescues: None,
        limit: Some(1),
        troubles: &[Trouble::LostAnswers],
        ..Rules::ONE_JOB
    });
}

/// About 160,000 states.
#[test]
fn all_holds_under_a_limit_where_the_database_is_slow() {
    all_holds(Rules {
        jobs: 2,
        workers: 2,
        max_attempts: 1,
        limit: Some(1),
        troubles: &[Trouble::SlowClaims, Trouble::Cancels],
        ..Rules::ONE_JOB
    });
}
