//! Rates and percentiles.

use std::time::Duration;

use anyhow::Context;

/// The figures of a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Requests answered in a second.
    pub(crate) per_second: f64,
    /// Half of the answers came within this time.
    pub(crate) p50: Duration,
    /// All but a hundredth of the answers came within this time.
    pub(crate) p99: Duration,
    /// All requests, those of the warm-up included.
    pub(crate) sent: u32,
}

impl Figures {
    /// From the recorded latencies, the time in which they were recorded, and how many requests were sent.
    pub(super) fn of(
        mut latencies: Vec<Duration>,
        time: Duration,
        sent: u32,
    ) -> anyhow::Result<Self> {
        latencies.sort_unstable();
        let count = f64::from(u32::try_from(latencies.len())?);
        Ok(Self {
            per_second: count / time.as_secs_f64(),
            p50: percentile(&latencies, 50)?,
            p99: percentile(&latencies, 99)?,
            sent,
        })
    }

    /// The round in the middle, by rate.
    pub(crate) fn median(mut rounds: Vec<Self>) -> anyhow::Result<Self> {
        rounds.sort_unstable_by(|a, b| a.per_second.total_cmp(&b.per_second));
        let middle = rounds.len() / 2;
        rounds.get(middle).copied().context("there was no round")
    }
}

/// A percentile of sorted values, by nearest rank.
pub(crate) fn percentile<T: Copy>(sorted: &[T], percent: usize) -> anyhow::Result<T> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().context("nothing was answered in the time")
}

/// The value in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> anyhow::Result<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("nothing was measured")
}

/// In milliseconds, with as many digits as mean something.
pub(crate) fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    if milliseconds < 100.0 { format!("{milliseconds:.1}") } else { format!("{milliseconds:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<u32> = (1..=200).collect();

        assert_eq!(percentile(&values, 50).unwrap(), 100);
        assert_eq!(percentile(&values, 99).unwrap(), 198);
        assert_eq!(percentile(&[7], 50).unwrap(), 7);
        assert!(percentile::<u32>(&[], 50).is_err());
    }

    #[test]
    fn the_median_round_is_a_round_that_was_run() {
        let round =
            |per_second| Figures { per_second, p50: Duration::ZERO, p99: Duration::ZERO, sent: 0 };

        let median = Figures::median(vec![round(9.0), round(1.0), round(5.0)]).unwrap();

        assert!((median.per_second - 5.0).abs() < f64::EPSILON);
    }
}
