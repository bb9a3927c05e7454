//! Draws which faults come when: before the run, from the seed alone.

use std::collections::HashMap;

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::time::Duration;

use super::{
    fault::{Blow, Break, Fault, Planned, Rule, Seat, Target},
    options::Options,
    stream, weather,
};
use crate::stand::Shutdown;

/// Time before the first fault, by when everything is at work.
const CALM: Duration = Duration::from_secs(3);

/// Time between the beginnings of two faults, as a share of the average. Some faults last longer than that.
const GAP: std::ops::Range<f64> = 0.2..1.8;

/// How many faults are drawn for one moment, at most, until one has a free target and ends in time.
const DRAWS: usize = 5;

/// What the faults can act on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) workers: usize,
    pub(crate) apis: usize,
    /// Whether a worker has a clock of its own.
    pub(crate) has_clock: bool,
    /// How late a heartbeat may be before its worker counts as dead.
    pub(crate) lease: Duration,
}

/// Draws the faults of a run, in the order of their beginnings. All are over by its end.
pub(crate) fn draw(options: &Options, scope: &Scope) -> Vec<Planned> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let end = Duration::from_secs(options.seconds);
    let mut busy: HashMap<Target, Duration> = HashMap::new();
    let (mut at, mut planned) = (CALM, Vec::new());
    while at < end {
        let mut drawn = (0..DRAWS).map(|_| any(&mut random, scope));
        let fits = |(fault, lasts): &(Fault, Duration)| {
            let is_free = busy.get(&fault.target()).is_none_or(|until| *until <= at);
            is_free && at + *lasts <= end
        };
        if let Some((fault, lasts)) = drawn.find(fits) {
            busy.insert(fault.target(), at + lasts);
            planned.push(Planned { at, lasts, fault });
        }
        at += Duration::from_secs_f64(options.every * random.random_range(GAP));
    }
    planned
}

fn any(random: &mut impl Rng, scope: &Scope) -> (Fault, Duration) {
    let worker = Seat::Worker(random.random_range(0..scope.workers));
    let api = Seat::Api(random.random_range(0..scope.apis));
    let mut seconds =
        |range: std::ops::Range<f64>| Duration::from_secs_f64(random.random_range(range));
    let (moment, while_) = (seconds(0.0..3.0), seconds(2.0..8.0));
    let longer_than_the_lease = scope.lease + seconds(1.0..6.0);
    // Some are shorter than the lease: then the worker keeps its jobs, and only answers are lost.
    let outage = if random.random_bool(0.4) { moment } else { longer_than_the_lease };
    match random.random_range(0..100) {
        0..12 => (Fault::Process(worker, Blow::Kill), moment),
        12..22 => (Fault::Process(worker, Blow::Pause), longer_than_the_lease),
        22..28 => (Fault::Process(worker, Blow::Terminate), moment),
        28..32 => (Fault::Process(api, Blow::Kill), moment),
        32..35 => (Fault::Process(api, Blow::Terminate), moment),
        35..37 => (Fault::Process(api, Blow::Pause), while_),
        37..39 => (Fault::Process(Seat::Sim, Blow::Pause), while_),
        39..40 => (Fault::Process(Seat::Sim, Blow::Terminate), moment),
        40..42 => (Fault::Process(Seat::Sim, Blow::Kill), moment),
        42..45 => (Fault::Restart(Shutdown::Fast), moment),
        45..49 => (Fault::Restart(Shutdown::Immediate), moment),
        49..51 => (Fault::Crash, moment),
        51..55 => (Fault::Terminations, while_),
        55..58 => (Fault::Hoard, while_),
        58..60 => (Fault::OldSnapshot, while_ * 2),
        60..64 => (Fault::LockedRows, while_),
        64..76 => (Fault::Line(worker, any_break(random)), outage),
        76..79 => (Fault::Line(api, any_break(random)), while_),
        79..82 => (Fault::Line(Seat::Sim, any_break(random)), while_),
        82..85 if scope.has_clock => (Fault::Clock(random.random_range(-600..600)), moment),
        85..87 => (Fault::Blackout, outage),
        87..90 => (Fault::Rule(any_rule(random)), while_),
        _ => (Fault::Weather(random.random_range(0..weather::KINDS)), while_ + moment),
    }
}

fn any_break(random: &mut impl Rng) -> Break {
    let all = [
        Break::Reset,
        Break::Silence,
        Break::SilenceAndReset,
        Break::NoAnswers,
        Break::NoAnswersAndReset,
    ];
    all.choose(random).copied().unwrap_or(Break::Reset)
}

fn any_rule(random: &mut impl Rng) -> Rule {
    let model = stream::MODELS.choose(random).copied().unwrap_or_default();
    match random.random_range(0..4) {
        0 => Rule::Pause,
        1 => Rule::PauseModel(model),
        _ => Rule::LimitModel(model, random.random_range(1..4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: Scope =
        Scope { workers: 3, apis: 2, has_clock: true, lease: Duration::from_secs(4) };

    fn drawn(seed: u64) -> Vec<Planned> {
        draw(&Options { seed, seconds: 600, ..Options::default() }, &SCOPE)
    }

    #[test]
    fn the_same_seed_draws_the_same_faults() {
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
    }

    #[test]
    fn faults_overlap_but_never_on_one_target() {
        let planned = drawn(7);

        let pairs = planned.iter().enumerate().flat_map(|(place, first)| {
            planned.iter().skip(place + 1).map(move |second| (first, second))
        });
        let overlapping: Vec<_> =
            pairs.filter(|(first, second)| second.at < first.at + first.lasts).collect();
        assert!(!overlapping.is_empty());
        for (first, second) in overlapping {
            assert_ne!(first.fault.target(), second.fault.target());
        }
    }
}
