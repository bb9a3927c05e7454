//! Random delays.

use std::f64::consts::TAU;
use std::time::Duration;

use serde::Deserialize;

use super::chance::Chance;

/// The longest delay, in seconds.
const LONGEST: f64 = 24.0 * 3600.0;

/// A distribution of seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Latency {
    Fixed(f64),
    /// From the first to the second, all equally likely.
    Uniform(f64, f64),
    /// With this mean.
    Exponential(f64),
    /// Mostly near the median, with a long tail.
    LogNormal {
        median: f64,
        sigma: f64,
    },
}

impl Latency {
    /// Whether every number makes sense.
    pub(super) fn is_sound(&self) -> bool {
        let sound = |seconds: &f64| (0.0..=LONGEST).contains(seconds);
        match self {
            Self::Fixed(seconds) | Self::Exponential(seconds) => sound(seconds),
            Self::Uniform(least, most) => sound(least) && sound(most) && least <= most,
            Self::LogNormal { median, sigma } => sound(median) && sound(sigma),
        }
    }

    pub(super) fn draw(&self, chance: &Chance) -> Duration {
        // `one` is above 0 and at most 1, so its logarithm is finite.
        let (one, other) = (1.0 - chance.draw(1), chance.draw(2));
        let seconds = match self {
            Self::Fixed(seconds) => *seconds,
            Self::Uniform(least, most) => least + (most - least) * other,
            Self::Exponential(mean) => -mean * one.ln(),
            Self::LogNormal { median, sigma } => {
                let normal = (-2.0 * one.ln()).sqrt() * (TAU * other).cos();
                median * (sigma * normal).exp()
            }
        };
        Duration::try_from_secs_f64(seconds.min(LONGEST)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Latency;
    use crate::faults::chance::Chance;

    #[test]
    fn draws_follow_their_distribution() {
        let mean = |latency: Latency| {
            let draw = |occasion| latency.draw(&Chance { seed: 1, fault: 0, occasion });
            (0..2000).map(draw).sum::<Duration>().as_secs_f64() / 2000.0
        };

        assert!((mean(Latency::Fixed(2.0)) - 2.0).abs() < 0.001);
        assert!((mean(Latency::Uniform(1.0, 3.0)) - 2.0).abs() < 0.1);
        assert!((mean(Latency::Exponential(2.0)) - 2.0).abs() < 0.2);
        let spread = Latency::LogNormal { median: 2.0, sigma: 0.5 };
        assert!((mean(spread) - 2.0 * (0.125_f64).exp()).abs() < 0.2);
    }
}
