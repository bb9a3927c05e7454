//! A key's limits: read from a command line, stored, and printed.

use anyhow::{Context, bail};
use darkroom_core::{
    api_key::{ApiKey, KeyLimits},
    db::Pool,
    queue::{self, Rule, Scope},
    store,
};

use crate::cli::Limits;

/// Millionths of a dollar.
const MICROS: i64 = 1_000_000;

/// Sets the limits that were given; the others stay as they are.
pub(super) async fn set(pool: &Pool, key: &ApiKey, said: &Limits) -> anyhow::Result<()> {
    let now = key.limits;
    let limits = KeyLimits {
        jobs_per_minute: limit(
            said.per_minute.as_deref(),
            now.jobs_per_minute,
            "--per-minute",
            jobs,
        )?,
        max_pending: limit(said.pending.as_deref(), now.max_pending, "--pending", jobs)?,
        daily_budget_micros: limit(
            said.budget.as_deref(),
            now.daily_budget_micros,
            "--budget",
            micros,
        )?,
    };
    if limits.jobs_per_minute == Some(0) {
        bail!("--per-minute: must be 1 or more; a key that may do nothing is revoked");
    }
    let in_flight =
        limit(said.in_flight.as_deref(), None, "--in-flight", |text| text.parse().ok())?;
    store::limit_api_key(pool, key.id, limits).await?;
    if said.in_flight.is_some() {
        queue::limit(pool, &Scope::ApiKey(key.id), in_flight).await?;
    }
    Ok(())
}

/// The limit that was given, or else the current one.
fn limit<T>(
    said: Option<&str>,
    now: Option<T>,
    option: &'static str,
    read: fn(&str) -> Option<T>,
) -> anyhow::Result<Option<T>> {
    match said.map(str::trim) {
        None => Ok(now),
        Some("none") => Ok(None),
        Some(text) => read(text)
            .map(Some)
            .with_context(|| format!("{option}: {text:?} is no limit; a number is, or none")),
    }
}

/// Reads a number of jobs, up to a million.
fn jobs(text: &str) -> Option<u32> {
    text.parse().ok().filter(|jobs| *jobs <= 1_000_000)
}

/// Reads dollars as millionths of a dollar, exactly: money is not rounded.
fn micros(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.len() > 6 || !are_digits(whole) || !are_digits(rest) {
        return None;
    }
    let rest: i64 = format!("{rest:0<6}").parse().ok()?;
    let whole: i64 = whole.parse().ok().filter(|whole| *whole <= MICROS)?;
    Some(whole * MICROS + rest).filter(|micros| *micros <= MICROS * MICROS)
}

/// A key's limits as text, a comma before each; empty if there are none.
pub(super) fn told(key: &ApiKey, rules: &[Rule]) -> String {
    let own =
        rules.iter().find(|rule| rule.scope == "api_key" && rule.subject == key.id.0.to_string());
    let in_flight = own.and_then(|rule| rule.max_in_flight);
    let told = [
        key.limits.jobs_per_minute.map(|jobs| format!(", {jobs} a minute")),
        key.limits.max_pending.map(|jobs| format!(", {jobs} pending")),
        in_flight.map(|jobs| format!(", {jobs} in flight")),
        key.limits
            .daily_budget_micros
            .map(|micros| format!(", ${}.{:06} a day", micros / MICROS, micros % MICROS)),
    ];
    told.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_exactly_or_not_at_all() {
        for (text, expected) in [
            ("5", Some(5_000_000)),
            ("0.5", Some(500_000)),
            ("0.000001", Some(1)),
            ("1000000", Some(1_000_000_000_000)),
            ("0", Some(0)),
            ("1000000.1", None),
            ("0.0000001", None),
            (".5", None),
            ("-1", None),
            ("1e3", None),
            ("5 USD", None),
            ("", None),
        ] {
            assert_eq!(micros(text), expected, "{text}");
        }
    }
}
