//! Settings: read once, in one place, from the environment and a `.env` file.
//!
//! Each field's doc names its variable; `.env.example` lists them all, and a test keeps the two
//! equal. Every problem is reported at once, so that a deployment is not mended one restart at a
//! time.

mod access;
mod client;
mod fal;
mod jobs;
mod outbound;
mod rate;
mod reader;
mod server;
mod worker;

use std::{collections::HashMap, path::PathBuf};

use secrecy::SecretString;

pub use access::Access;
pub use client::Client;
pub use fal::{Fal, LIVE_QUEUE_URL, Sim, Tags, TagsProblem};
pub use jobs::{Jobs, UnknownSubmission};
pub use outbound::Outbound;
pub use rate::{Networks, NetworksProblem, Rate};
pub use reader::{Problems, Variable};
pub use server::{CorsOrigins, Limits, Server};
pub use worker::Worker;

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

/// Where the data is.
#[derive(Clone, Debug)]
pub struct Database {
    /// `DATABASE_URL`: the PostgreSQL to use. Without it `darkroom up` runs its own.
    pub url: Option<SecretString>,
    /// `DATABASE_MAX_CONNECTIONS`: the pool of one process. A worker and an API each keep one of them to
    /// listen.
    pub max_connections: u32,
    /// `DATABASE_NOTIFY`: wake workers, and tell APIs of changes, by NOTIFY.
    ///
    /// Off is what a pooler in transaction mode needs: then workers look by themselves every second, and APIs answer
    /// each poll from the database.
    pub notify: bool,
    /// `DATA_DIR`: home of the embedded PostgreSQL.
    pub data_dir: PathBuf,
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

impl Database {
    fn read(reader: &mut Reader) -> Self {
        let url = reader.secret("DATABASE_URL");
        if let Some(url) = &url {
            reader.check("DATABASE_URL", check_database_url(url));
        }
        let max_connections = reader.value("DATABASE_MAX_CONNECTIONS", 10);
        reader.require("DATABASE_MAX_CONNECTIONS", max_connections >= 2, "must be at least 2");
        Self {
            url,
            max_connections,
            notify: reader.value("DATABASE_NOTIFY", true),
            data_dir: reader.value("DATA_DIR", String::from(".darkroom")).into(),
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

fn check_database_url(url: &SecretString) -> Result<(), String> {
    use secrecy::ExposeSecret;
    // The reason is left out: it would repeat the URL, and with it the password.
    let parsed = url::Url::parse(url.expose_secret()).ok();
    match parsed.as_ref().map(url::Url::scheme) {
        Some("postgres" | "postgresql") => Ok(()),
        _ => Err("must look like postgres://user:password@host:5432/database".into()),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Problems> {
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
    fn the_log_is_for_machines_in_production_unless_said_otherwise() {
        let is_json = |variables: &[_]| read(variables).unwrap().log.json;

        assert!(!is_json(&[]));
        assert!(is_json(&[("ENVIRONMENT", "production")]));
        assert!(!is_json(&[("ENVIRONMENT", "production"), ("LOG_FORMAT", "text")]));
        assert!(is_json(&[("LOG_FORMAT", "json")]));
        assert!(read(&[("LOG_FORMAT", "xml")]).unwrap_err().to_string().contains("LOG_FORMAT"));
    }

    #[test]
    fn a_bad_database_url_does_not_show_its_password() {
        let problems =
            read(&[("DATABASE_URL", "mysql://me:hunter2@db/x")]).unwrap_err().to_string();

        assert!(problems.contains("DATABASE_URL"));
        assert!(!problems.contains("hunter2"));
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
