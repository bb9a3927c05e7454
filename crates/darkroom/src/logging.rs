//! Log lines: text for people, or JSON for machines.

use std::io::IsTerminal;

use darkroom_core::config::Log;
use tracing_subscriber::{
    EnvFilter, Layer, filter::ParseError, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Starts logging to standard error.
pub(crate) fn start(settings: &Log) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(&settings.filter)?;
    let lines =
        fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = if settings.json { lines.json().boxed() } else { lines.with_target(false).boxed() };
    tracing_subscriber::registry().with(filter).with(lines).init();
    Ok(())
}
