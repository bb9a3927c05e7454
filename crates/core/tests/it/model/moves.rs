//! The steps that may be taken in a state.

mod claims;
mod life;
mod outside;
mod tasks;

use super::{
    action::Action,
    rules::{Rules, Trouble},
    state::State,
    symmetry::canonical,
};

/// Finds every step that changes something, with the state that it leads to.
pub(super) fn moves(rules: &Rules, from: &State, found: &mut Vec<(Action, State)>) {
    found.clear();
    let mut moves = Moves { rules, from, found };
    outside::fal(&mut moves);
    outside::callers(&mut moves);
    for (worker, known) in (0..).zip(from.workers).take(rules.workers) {
        claims::claims(&mut moves, worker, &known);
        if rules.may(Trouble::Crashes) {
            claims::crashes(&mut moves, worker, &known);
        }
        life::life(&mut moves, worker, &known);
        tasks::tasks(&mut moves, worker, &known);
    }
}

/// The steps from a state, as they are found.
struct Moves<'a> {
    rules: &'a Rules,
    from: &'a State,
    found: &'a mut Vec<(Action, State)>,
}

impl Moves<'_> {
    /// Adds a step that may be taken, unless it changes nothing.
    fn add(&mut self, action: Action, step: impl FnOnce(&mut State)) {
        let mut state = State { broken: None, ..*self.from };
        step(&mut state);
        let state = canonical(state, self.rules);
        if state != *self.from {
            self.found.push((action, state));
        }
    }
}
