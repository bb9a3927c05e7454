//! What a caller may choose.

use std::path::PathBuf;

/// How to run PostgreSQL, and where.
///
/// ```
/// # use darkroom_embedded_postgres::Settings;
/// let settings = Settings { max_connections: 200, ..Settings::new(".darkroom/postgres") };
/// assert!(settings.durable);
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// The directory PostgreSQL and its files get for themselves. Made at the first start.
    pub data_dir: PathBuf,
    /// Whether what was committed survives a power cut, or PostgreSQL being killed. Tests do without, and are faster.
    pub durable: bool,
    /// How many connections PostgreSQL accepts.
    pub max_connections: u16,
    /// How much memory PostgreSQL keeps pages in, in its own words: `128MB`.
    pub shared_buffers: String,
    /// Libraries that PostgreSQL loads when it starts, in its own words: `pg_stat_statements`. One that is not
    /// installed keeps it from starting.
    pub preload: String,
}

impl Settings {
    /// Durable, 100 connections, 128 MB of shared buffers, nothing loaded.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            durable: true,
            max_connections: 100,
            shared_buffers: "128MB".to_owned(),
            preload: String::new(),
        }
    }

    /// The options for `postgres` that say the same.
    pub(crate) fn options(&self) -> Vec<String> {
        let mut options = vec![
            format!("max_connections={}", self.max_connections),
            format!("shared_buffers={}", self.shared_buffers),
            format!("shared_preload_libraries={}", self.preload),
        ];
        if !self.durable {
            for option in ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] {
                options.push(option.to_owned());
            }
        }
        options
    }
}
