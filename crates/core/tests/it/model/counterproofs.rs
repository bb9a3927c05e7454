//! What breaks without one of the code's safeguards: the explorer finds it.

use super::{
    explorer::explore,
    properties::Property,
    rules::{Fence, Flaw, Rules, Trouble},
};

/// Explores a model, and asserts that it breaks the property.
#[expect(clippy::print_stdout, reason = "how many states there are is worth a look")]
fn breaks(property: Property, rules: Rules) {
    let explored = explore(&rules, Some(property));
    println!("{} states, {} steps", explored.states, explored.steps);
    let broken: Vec<_> = explored.broken.keys().collect();
    assert!(broken.contains(&&property), "only {broken:?} is broken");
    println!("{}", explored.broken[&property]);
}

/// One job, two workers, one attempt.
const SMALL: Rules = Rules { workers: 2, max_attempts: 1, max_rescues: None, ..Rules::ONE_JOB };

/// Two jobs under a limit of one.
const LIMITED: Rules = Rules { jobs: 2, limit: Some(1), ..SMALL };

#[test]
fn without_lease_numbers_a_worker_writes_under_a_lease_that_it_lost_to_itself() {
    breaks(
        Property::DeadLeasesWriteNothing,
        Rules { fence: Fence::WithoutLeaseNumber, troubles: &[Trouble::LostAnswers], ..SMALL },
    );
}

#[test]
fn without_its_worker_a_lease_still_writes_when_it_was_taken_away() {
    breaks(Property::DeadLeasesWriteNothing, Rules { fence: Fence::WithoutWorker, ..SMALL });
}

#[test]
fn lease_numbers_that_begin_anew_with_a_row_revive_a_dead_lease() {
    breaks(
        Property::DeadLeasesWriteNothing,
        Rules {
            flaws: &[Flaw::LeaseNumbersBeginAnew],
            troubles: &[Trouble::LostAnswers, Trouble::Reopenings, Trouble::Deadlines],
            ..SMALL
        },
    );
}

#[test]
fn lease_numbers_that_a_crash_brings_back_revive_a_dead_lease() {
    breaks(
        Property::DeadLeasesWriteNothing,
        Rules { flaws: &[Flaw::LeaseNumbersBeginAnew], troubles: &[Trouble::Crashes], ..SMALL },
    );
}

#[test]
fn settling_without_a_fence_settles_twice() {
    breaks(Property::NoJobIsSettledTwice, Rules { flaws: &[Flaw::SettlingIsNotFenced], ..SMALL });
}

#[test]
fn a_rescue_that_frees_before_it_deletes_strands_what_is_claimed_between() {
    breaks(Property::EveryJobCanEnd, Rules { flaws: &[Flaw::RescueFreesFirst], ..SMALL });
}

#[test]
fn a_claim_that_does_not_lock_its_worker_strands_what_it_takes() {
    breaks(Property::EveryJobCanEnd, Rules { flaws: &[Flaw::ClaimDoesNotLockItsWorker], ..SMALL });
}

#[test]
fn a_release_that_names_jobs_and_not_leases_strands_what_was_claimed_again() {
    breaks(
        Property::EveryJobCanEnd,
        Rules { flaws: &[Flaw::ReleaseNamesJobs], troubles: &[Trouble::LostAnswers], ..SMALL },
    );
}

#[test]
fn a_claim_that_is_served_after_it_was_given_up_strands_what_it_takes() {
    breaks(
        Property::EveryJobCanEnd,
        Rules { flaws: &[Flaw::StrayClaimsAreServed], troubles: &[Trouble::StrayClaims], ..SMALL },
    );
}

#[test]
fn without_a_look_for_an_open_attempt_an_old_snapshot_opens_a_second() {
    breaks(
        Property::OneAttemptIsOpen,
        Rules {
            max_attempts: 2,
            flaws: &[Flaw::AttemptBeginsBesideAnother, Flaw::ClaimTakesWhatItSaw],
            troubles: &[Trouble::SlowClaims],
            ..SMALL
        },
    );
}

#[test]
fn a_claim_that_tells_of_its_old_snapshot_completes_an_attempt_that_did_not_end() {
    breaks(
        Property::CompletedIsTrue,
        Rules {
            workers: 3,
            max_attempts: 2,
            flaws: &[Flaw::ClaimTellsOfItsSnapshot],
            troubles: &[Trouble::SlowClaims],
            ..SMALL
        },
    );
}

#[test]
fn giving_up_without_a_look_gives_up_what_the_webhook_answered() {
    breaks(
        Property::NoAnsweredAttemptIsGivenUp,
        Rules { max_attempts: 2, flaws: &[Flaw::AbandoningDoesNotLook], ..SMALL },
    );
}

#[test]
fn work_that_broke_and_looked_first_buys_again_what_the_webhook_answered() {
    breaks(
        Property::NothingThatRunsIsBoughtAgain,
        Rules {
            max_attempts: 2,
            flaws: &[Flaw::BrokenWorkLooksFirst],
            troubles: &[Trouble::Panics],
            ..SMALL
        },
    );
}

#[test]
fn claims_that_count_without_a_lock_exceed_the_limit() {
    breaks(Property::TheLimitHolds, Rules { flaws: &[Flaw::ClaimsCountWithoutALock], ..LIMITED });
}

#[test]
fn a_row_that_forgets_its_attempt_lets_others_exceed_the_limit_at_fal() {
    for property in [Property::RowsTellOfTheirAttempt, Property::TheLimitHoldsAtFal] {
        breaks(property, Rules { flaws: &[Flaw::PuttingBackForgetsTheAttempt], ..LIMITED });
    }
}

#[test]
fn a_rescue_that_looks_before_it_locks_lets_others_exceed_the_limit_at_fal() {
    for property in [Property::RowsTellOfTheirAttempt, Property::TheLimitHoldsAtFal] {
        breaks(property, Rules { flaws: &[Flaw::RescueLooksBeforeItLocks], ..LIMITED });
    }
}
