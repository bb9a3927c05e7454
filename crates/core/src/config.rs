//! Settings: read once, in one place, from the environment and a `.env` file.
//!
//! Each field's doc names its variable; `.env.example` lists them all, and a test keeps the two
//! equal. Every problem is reported at once, so that a deployment is not mended one restart at a
//! time.

mod access;
mod client;
mod database;
mod fal;
mod jobs;
mod outbound;
mod rate;
mod reader;
mod server;
mod worker;

use std::collections::HashMap;

pub use access::Access;
pub use client::Client;
pub use database::Database;
pub use fal::{Fal, LIVE_QUEUE_URL, Sim, Tags, TagsProblem};
pub use jobs::{Jobs, UnknownSubmission};
pub use outbound::Outbound;
pub use rate::{Networks, NetworksProblem, Rate};
pub use reader::{Problems, Variable};
pub use server::{CorsOrigins, Limits, Server};
pub use worker::Worker;

use crate::fal::CALL_TIMEOUT;
use reader::Reader;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// `ENVIRONMENT`: what may be left out, and how cautious to be.
    pub environment: Environment,
    /// Who may call what.
    pub access: Access,
    /// How fast callers may call.
    pub rate: Rate,
    /// The HTTP server.
    pub server: Server,
    /// What an upload may be.
    pub limits: Limits,
    /// What jobs may be.
    pub jobs: Jobs,
    /// Where the data is.
    pub database: Database,
    /// How jobs are worked on.
    pub worker: Worker,
    /// How to reach fal.ai.
    pub fal: Fal,
    /// How addresses that callers name are called.
    pub outbound: Outbound,
    /// The stand-in for fal.ai.
    pub sim: Sim,
    /// How the API is called from a shell.
    pub client: Client,
    /// What is logged, and how.
    pub log: Log,
}

/// Development accepts missing settings that production does not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Environment {
    /// Needs no key: without one, the stand-in edits.
    Development,
    /// For a worker, a missing key is a start-up error.
    Production,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Log {
    /// `LOG`: a level, or directives as `tracing` takes them.
    pub filter: String,
    /// `LOG_FORMAT`: `text` for people or `json` for machines. Unless set, it is `json` in production.
    pub json: bool,
}

impl Config {
    /// Reads the process's environment, and a `.env` file in the current directory where there is
    /// one; the environment wins.
    pub fn load() -> Result<Self, Problems> {
        Reader::from_process().and_then(Self::read)
    }

    /// Reads `variables` instead of the environment.
    pub fn from_variables(variables: HashMap<String, String>) -> Result<Self, Problems> {
        Reader::from_map(variables).and_then(Self::read)
    }

    /// Every variable there is, with its default.
    pub fn variables() -> Vec<Variable> {
        let Ok(mut reader) = Reader::from_map(HashMap::new()) else {
            return Vec::new();
        };
        Self::sections(&mut reader);
        reader.into_variables()
    }

    fn read(mut reader: Reader) -> Result<Self, Problems> {
        let config = Self::sections(&mut reader);
        let under_way = config.worker.lease.saturating_add(CALL_TIMEOUT);
        reader.require(
            "UNKNOWN_SUBMISSION_SECONDS",
            config.environment == Environment::Development
                || config.jobs.unknown_patience >= under_way,
            "must be at least a minute more than WORKER_LEASE_SECONDS in production, so that no submission is made \
             again while the first is still under way",
        );
        reader.finish(config)
    }

    fn sections(reader: &mut Reader) -> Self {
        let environment = reader.choice(
            "ENVIRONMENT",
            &[("development", Environment::Development), ("production", Environment::Production)],
        );
        Self {
            environment,
            access: Access::read(reader, environment),
            rate: Rate::read(reader, environment),
            server: Server::read(reader),
            limits: Limits::read(reader),
            jobs: Jobs::read(reader),
            database: Database::read(reader),
            worker: Worker::read(reader),
            fal: Fal::read(reader),
            outbound: Outbound::read(reader),
            sim: Sim::read(reader),
            client: Client::read(reader),
            log: Log::read(reader, environment),
        }
    }
}

impl Log {
    fn read(reader: &mut Reader, environment: Environment) -> Self {
        let format = reader.optional::<String>("LOG_FORMAT");
        let is_known = matches!(format.as_deref(), None | Some("text" | "json"));
        reader.require("LOG_FORMAT", is_known, "must be text or json");
        Self {
            filter: reader.value("LOG", String::from("info,actix_server=warn,sqlx=warn")),
            json: format.map_or(environment == Environment::Production, |format| format == "json"),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    /// Fails where one of these values is not refused in the name of its setting.
    pub(super) fn refuses(name: &str, values: &[&str]) {
        for value in values {
            let problems = read(&[(name, value)]).unwrap_err().to_string();
            assert!(problems.starts_with(&format!("{name}: ")), "{value}: {problems}");
        }
    }

    /// Fails where one of these values is refused.
    pub(super) fn takes(name: &str, values: &[&str]) {
        for value in values {
            read(&[(name, value)]).unwrap();
        }
    }

    pub(super) fn read(variables: &[(&str, &str)]) -> Result<Config, Problems> {
        Config::from_variables(
            variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        )
    }

    #[test]
    fn nothing_set_is_a_working_development_setup() {
        let config = read(&[]).unwrap();

        assert_eq!(config.environment, Environment::Development);
        assert_eq!(config.server.port, 8000);
        assert!(config.database.url.is_none());
        assert!(config.fal.key.is_none());
    }

    #[test]
    fn what_is_set_holds_and_empty_means_not_set() {
        let config = read(&[
            ("PORT", " 8123 "),
            ("ENVIRONMENT", "production"),
            ("FAL_KEY", "id:other-name\n"),
            ("FAL_AI_API_KEY", ""),
        ])
        .unwrap();

        assert_eq!(config.server.port, 8123);
        assert_eq!(config.environment, Environment::Production);
        assert_eq!(config.fal.key.unwrap().expose_secret(), "id:other-name");
    }

    #[test]
    fn all_problems_are_reported_at_once_and_name_their_variable() {
        let problems = read(&[("PORT", "eighty"), ("ENVIRONMENT", "prod"), ("FAL_QUEUE_URL", "x")])
            .unwrap_err()
            .to_string();

        for name in ["PORT", "ENVIRONMENT", "FAL_QUEUE_URL"] {
            assert!(problems.contains(name), "{name} is missing from: {problems}");
        }
    }

    #[test]
    fn in_production_a_submission_is_looked_for_as_long_as_it_may_be_under_way() {
        let looks_for = |seconds| {
            read(&[("ENVIRONMENT", "production"), ("UNKNOWN_SUBMISSION_SECONDS", seconds)])
        };

        let problems = looks_for("75").unwrap_err().to_string();
        assert!(problems.starts_with("UNKNOWN_SUBMISSION_SECONDS: "), "{problems}");
        assert!(looks_for("76").is_ok());
        assert!(read(&[("UNKNOWN_SUBMISSION_SECONDS", "0")]).is_ok());
    }

    #[test]
    fn the_log_is_for_machines_in_production_unless_said_otherwise() {
        let is_json = |variables: &[_]| read(variables).unwrap().log.json;

        assert!(!is_json(&[]));
        assert!(is_json(&[("ENVIRONMENT", "production")]));
        assert!(!is_json(&[("ENVIRONMENT", "production"), ("LOG_FORMAT", "text")]));
        assert!(is_json(&[("LOG_FORMAT", "json")]));
        assert!(read(&[("LOG_FORMAT", "xml")]).unwrap_err().to_string().contains("LOG_FORMAT"));
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let config = read(&[
            ("FAL_AI_API_KEY", "id:hunter2"),
            ("DATABASE_URL", "postgres://me:hunter2@db/x"),
            ("DARKROOM_API_KEY", "hunter2"),
            ("WEBHOOK_SECRET", "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg=="),
        ])
        .unwrap();

        assert!(config.fal.key.is_some() && config.database.url.is_some());
        assert!(config.outbound.webhook_secrets.is_some());
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("104, 117"), "{shown}");
    }
}
