//! Faults: what goes wrong, where, and how often; set over HTTP while the stand-in runs.
//!
//! A fault strikes by rate, by count, or both. Whether it strikes at its n-th occasion depends
//! only on the seed, so the same faults and the same calls give the same strikes.

mod chance;
mod control;
mod error_answer;
mod error_type;
mod fault;
mod fields;
mod latency;
mod meet;
mod place;
mod read;
mod torn;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

pub(crate) use control::{clear, replace, show};
pub(crate) use error_answer::ErrorAnswer;
pub(crate) use fault::{Delivery, Effect, Fault, Reset};
pub(crate) use meet::meet;
pub(crate) use place::Place;

/// The faults that are set now.
#[derive(Default)]
pub(crate) struct Faults {
    set: Mutex<FaultSet>,
}

/// Faults, and the seed of their chance.
#[derive(Default)]
pub(crate) struct FaultSet {
    pub(crate) seed: u64,
    pub(crate) faults: Vec<Armed>,
}

/// A fault and what it has done so far.
pub(crate) struct Armed {
    pub(crate) fault: Fault,
    /// The fault as it was sent.
    pub(crate) json: Value,
    /// How often it could have struck so far.
    pub(crate) occasions: u64,
    pub(crate) strikes: u64,
}

/// Everything that goes wrong on one occasion.
#[derive(Default)]
pub(crate) struct Strike {
    /// The delay.
    pub(crate) latency: Option<Duration>,
    effects: Vec<Effect>,
}

impl Faults {
    /// Decides what goes wrong at this place, now, for this endpoint.
    pub(crate) fn strike(&self, place: Place, endpoint_id: Option<&str>) -> Strike {
        let mut set = self.lock();
        let seed = set.seed;
        let mut strike = Strike::default();
        let concerned = set
            .faults
            .iter_mut()
            .zip(0_u64..)
            .filter(|(armed, _)| armed.fault.concerns(place, endpoint_id));
        for (armed, number) in concerned {
            let chance = chance::Chance { seed, fault: number, occasion: armed.occasions };
            armed.occasions += 1;
            let spent = armed.fault.next.is_some_and(|next| armed.strikes >= next);
            if spent || chance.draw(0) >= armed.fault.rate {
                continue;
            }
            armed.strikes += 1;
            if let Some(latency) = &armed.fault.latency {
                *strike.latency.get_or_insert_default() += latency.draw(&chance);
            }
            strike.effects.extend(armed.fault.effect.clone());
        }
        strike
    }

    /// Whether any fault is set for this place.
    fn may_strike(&self, place: Place) -> bool {
        self.lock().faults.iter().any(|armed| armed.fault.place == place)
    }

    fn lock(&self) -> MutexGuard<'_, FaultSet> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Strike {
    /// The answer that replaces the right one.
    pub(crate) fn answer(&self) -> Option<&ErrorAnswer> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Answer(answer) => Some(answer),
            _ => None,
        })
    }

    /// How the connection breaks.
    pub(crate) fn reset(&self) -> Option<Reset> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Reset(reset) => Some(*reset),
            _ => None,
        })
    }

    /// How fast the body is sent.
    pub(crate) fn bytes_per_second(&self) -> Option<u64> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Slow(bytes_per_second) => Some(*bytes_per_second),
            _ => None,
        })
    }

    /// How long a running request goes back to the queue.
    pub(crate) fn requeue(&self) -> Option<Duration> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Requeue(away) => Some(*away),
            _ => None,
        })
    }

    /// The effects that make fields of the output's pictures null or absent.
    pub(crate) fn blanks(&self) -> impl Iterator<Item = &Effect> {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Null(_) | Effect::Absent(_)))
    }

    /// Whether the safety checker blanks the pictures.
    pub(crate) fn nsfw(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Nsfw))
    }

    pub(crate) fn delivery(&self) -> Option<Delivery> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Delivery(delivery) => Some(*delivery),
            _ => None,
        })
    }

    /// Whether a running request is not told that it is cancelled.
    pub(crate) fn ignores_cancel(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::IgnoreCancel))
    }
}
