//! Settings of the roles.

use super::{LEASE, MAX_ATTEMPTS};
use crate::{chaos::options::Options, stand::FAL_URLS};

/// Connections of each process's pool.
const POOL: &str = "6";

/// The settings of all roles. Times are short, so that much happens in a short run.
pub(super) fn of_all(options: &Options, fal: &str, porch: u16) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("PUBLIC_URL", format!("http://127.0.0.1:{porch}")),
        // The receiver of the callers' webhooks is on this machine.
        ("OUTBOUND_ALLOWED", "127.0.0.1/32".to_owned()),
        ("DATABASE_MAX_CONNECTIONS", POOL.to_owned()),
        ("WORKER_HEARTBEAT_SECONDS", "1".to_owned()),
        ("WORKER_LEASE_SECONDS", LEASE.as_secs().to_string()),
        ("WORKER_CLAIM_INTERVAL_SECONDS", "1".to_owned()),
        ("UNKNOWN_SUBMISSION_SECONDS", "20".to_owned()),
        ("HALT_PROBE_SECONDS", "2".to_owned()),
        ("MAX_ATTEMPTS", MAX_ATTEMPTS.to_string()),
        // Here faults take workers down, and not jobs: a job must not fail because of its rescues.
        ("MAX_RESCUES", "1000".to_owned()),
    ];
    variables.extend(FAL_URLS.map(|name| (name, fal.to_owned())));
    variables.extend(options.max_in_flight.map(|most| ("FAL_MAX_IN_FLIGHT", most.to_string())));
    variables
}
