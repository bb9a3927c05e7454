//! Log lines: text for people, or JSON for machines.

use std::io::IsTerminal;

use darkroom_core::config::Log;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{LevelFilter, ParseError, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Starts logging to standard error.
pub(crate) fn start(settings: &Log) -> Result<(), ParseError> {
    let filter = filter(&settings.filter)?;
    let lines =
        fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = if settings.json { lines.json().boxed() } else { lines.with_target(false).boxed() };
    tracing_subscriber::registry().with(filter).with(lines).init();
    Ok(())
}

/// What is logged.
fn filter(directives: &str) -> Result<Box<dyn Layer<Registry> + Send + Sync>, ParseError> {
    let directives: Vec<&str> = directives.split(',').map(str::trim).collect();
    let filter = EnvFilter::builder().parse(directives.join(","))?;
    let understood = filter.to_string();
    // Only directives about spans need an `EnvFilter`. It does more for each span, and every request has one.
    Ok(if understood.contains('[') {
        filter.boxed()
    } else if understood.is_empty() {
        LevelFilter::OFF.boxed()
    } else {
        understood.parse::<Targets>()?.boxed()
    })
}

#[cfg(test)]
mod tests {
    use tracing::{Level, enabled, subscriber::with_default};

    use super::*;

    /// Whether lines of two targets and levels are logged: `darkroom::access` at `INFO`, `sqlx` at `DEBUG`.
    fn logged(directives: &str) -> (bool, bool) {
        with_default(tracing_subscriber::registry().with(filter(directives).unwrap()), || {
            let access = enabled!(target: "darkroom::access", Level::INFO);
            (access, enabled!(target: "sqlx::query", Level::DEBUG))
        })
    }

    #[test]
    fn directives_are_read_as_tracing_users_write_them() {
        for (directives, access, sqlx) in [
            ("info", true, false),
            ("DEBUG", true, true),
            ("info,darkroom::access=warn", false, false),
            ("warn, sqlx=debug,", false, true),
            ("off", false, false),
            ("", false, false),
            ("warn, [request{id=3}]=trace, sqlx=debug", false, true),
            ("sqlx=", false, true),
        ] {
            assert_eq!(logged(directives), (access, sqlx), "{directives}");
        }
        for directives in ["info,sqlx=loud", "[request", "a=b=c", "\"info\"", "*=debug", "=info"] {
            assert!(filter(directives).is_err(), "{directives}");
        }
    }

    #[test]
    fn a_directive_about_a_span_holds_within_it() {
        let subscriber =
            tracing_subscriber::registry().with(filter("warn, [request]=debug").unwrap());
        with_default(subscriber, || {
            assert!(!enabled!(Level::DEBUG));
            assert!(tracing::error_span!("request").in_scope(|| enabled!(Level::DEBUG)));
        });
    }
}
