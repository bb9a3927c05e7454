//! The options of `chaos`.

use clap::{Args, value_parser};

/// What is chosen on the command line.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Seconds until faults end and jobs stop coming
    #[arg(long, default_value_t = 120, value_parser = value_parser!(u64).range(10..=86_400))]
    pub(crate) seconds: u64,
    /// Draws faults and jobs: the same seed, the same plan
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Jobs a second
    #[arg(long, default_value_t = 4.0, value_parser = positive)]
    pub(crate) rate: f64,
    /// Seconds from one fault to the next, on average
    #[arg(long, default_value_t = 2.5, value_parser = positive)]
    pub(crate) every: f64,
    /// Worker processes
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(2..=16))]
    pub(crate) workers: u16,
    /// Requests that may be in flight at the provider at a time; no limit unless given
    #[arg(long)]
    pub(crate) max_in_flight: Option<u16>,
    /// Seconds that jobs may take to end once nothing goes wrong any more
    #[arg(long, default_value_t = 180, value_parser = value_parser!(u64).range(10..=3600))]
    pub(crate) patience: u64,
    /// Keeps logs and records, however the run ends
    #[arg(long)]
    pub(crate) keep: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.1..=1000.0).contains(number));
    number.ok_or_else(|| "a number from 0.1 to 1000 is wanted".to_owned())
}

#[cfg(test)]
impl Default for Options {
    fn default() -> Self {
        Self {
            seconds: 120,
            seed: 1,
            rate: 4.0,
            every: 2.5,
            workers: 3,
            max_in_flight: None,
            patience: 180,
            keep: false,
        }
    }
}
