//! What `darkroom up` prints when everything runs.

use std::{fmt, net::SocketAddr};

use darkroom_core::config::Config;
use darkroom_embedded_postgres::EmbeddedPostgres;
use darkroom_fal_sim::Running;

/// The running parts.
pub(crate) struct Parts<'a> {
    pub(crate) config: &'a Config,
    pub(crate) address: SocketAddr,
    pub(crate) postgres: Option<&'a EmbeddedPostgres>,
    pub(crate) stand_in: Option<&'a Running>,
}

/// A picture of this repository, for a first edit.
const EXAMPLE: &str = "docs/images/example.jpg";

#[expect(clippy::print_stdout, reason = "for the person who started it; logs go elsewhere")]
pub(crate) fn print(parts: &Parts<'_>) {
    println!("{parts}");
}

impl fmt::Display for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let home = format!("http://localhost:{}", self.address.port());
        writeln!(f, "\nDarkroom {} is up.\n", env!("CARGO_PKG_VERSION"))?;
        writeln!(f, "  API        {home}  (try it out at {home}/docs)")?;
        writeln!(f, "  Worker     1, up to {} jobs at a time", self.config.worker.concurrency)?;
        match self.postgres {
            Some(postgres) => writeln!(
                f,
                "  Database   PostgreSQL {}, its own, in {}",
                postgres.version(),
                postgres.data_dir().display()
            )?,
            None => writeln!(f, "  Database   the one that DATABASE_URL names")?,
        }
        match self.stand_in {
            Some(stand_in) => {
                writeln!(f, "  Edits by   the stand-in at {}", stand_in.base_url())?;
                writeln!(
                    f,
                    "\nFAL_AI_API_KEY is not set, so nothing is sent to fal.ai and nothing"
                )?;
                writeln!(f, "is paid for: a stand-in on this machine does the edits.")?;
            }
            None if self.config.fal.is_live() => writeln!(f, "  Edits by   fal.ai")?,
            None => writeln!(f, "  Edits by   {}", self.config.fal.queue_url)?,
        }
        writeln!(f, "\nTry it:\n")?;
        writeln!(
            f,
            "  curl -s {home}/api/jobs -F image=@{EXAMPLE} -F prompt='a rainy evening, neon'"
        )?;
        writeln!(f, "\nand open the job's result_image_url when {home}/api/jobs says completed.")?;
        write!(f, "Ctrl-C stops everything; the jobs are kept.")
    }
}
