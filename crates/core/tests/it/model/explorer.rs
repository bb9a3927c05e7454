//! Visits every state that can be reached, nearest first, and remembers the step that first led to it.
//!
//! It is our own because the crate for this (`stateright`) brings a web server that cannot be switched
//! off, and forgets the steps that it took, which are needed to tell whether every job can still end.

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasherDefault,
};

use super::{
    action::Action,
    mixer::Mixer,
    moves::moves,
    properties::{self, Property},
    rules::Rules,
    state::State,
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Explored {
    /// How many states there are.
    pub(super) states: usize,
    /// How many steps lead from one to another.
    pub(super) steps: usize,
    /// The shortest way to break each property that was broken. States behind a broken one are not visited.
    pub(super) broken: BTreeMap<Property, String>,
}

/// A state, and the step by which it was first reached.
struct Visited {
    state: State,
    by: Option<(usize, Action)>,
    /// All its jobs have ended, or a property is broken in it.
    is_end: bool,
}

/// Explores a whole model; or, if a property is `asked` for, until that is broken, regardless of the others.
pub(super) fn explore(rules: &Rules, asked: Option<Property>) -> Explored {
    let mut explored = Explored::default();
    let mut visited = vec![Visited { state: State::initial(rules.jobs), by: None, is_end: false }];
    let mut places = HashMap::<_, _, BuildHasherDefault<Mixer>>::default();
    places.insert(visited[0].state, 0);
    let (mut ordinary, mut found, mut place) = (Vec::new(), Vec::new(), 0);
    while place < visited.len() {
        let from = visited[place].state;
        let broken = properties::broken(&from, rules, asked);
        visited[place].is_end = from.is_done() || broken.is_some();
        if let Some(property) = broken {
            explored.broken.entry(property).or_insert_with(|| way(&visited, place));
            if asked.is_some() {
                break;
            }
        } else {
            moves(rules, &from, &mut found);
        }
        for (action, state) in found.drain(..) {
            explored.steps += 1;
            let next = *places.entry(state).or_insert(visited.len());
            if next == visited.len() {
                visited.push(Visited { state, by: Some((place, action)), is_end: false });
            }
            if !action.is_unasked() {
                ordinary.push((place, next));
            }
        }
        place += 1;
    }
    explored.states = visited.len();
    if place == visited.len()
        && let Some(stuck) = stuck(&visited, &ordinary)
    {
        explored.broken.insert(Property::EveryJobCanEnd, way(&visited, stuck));
    }
    explored
}

/// The nearest state from which no ordinary steps lead to a state in which all jobs have ended.
fn stuck(visited: &[Visited], ordinary: &[(usize, usize)]) -> Option<usize> {
    let mut can_end: Vec<bool> = visited.iter().map(|visited| visited.is_end).collect();
    let mut changes = true;
    while changes {
        changes = false;
        for &(from, to) in ordinary.iter().rev() {
            if can_end[to] && !can_end[from] {
                (can_end[from], changes) = (true, true);
            }
        }
    }
    can_end.iter().position(|can_end| !can_end)
}

/// The steps to a state, and the states between them.
fn way(visited: &[Visited], to: usize) -> String {
    let Visited { state, by, .. } = &visited[to];
    match by {
        Some((from, action)) => format!("{}\n{action:?}\n    {state}", way(visited, *from)),
        None => format!("    {state}"),
    }
}
