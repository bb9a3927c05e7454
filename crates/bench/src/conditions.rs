//! What the figures hold for.

use crate::{cli::Extent, picture};

/// Prints how everything is measured.
pub(crate) fn print(extent: &Extent) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism()?;
    let (width, height) = picture::SIDES;
    println!("- Darkroom {}, release build", env!("CARGO_PKG_VERSION"));
    println!("- {cores} cores, shared by servers, PostgreSQL and load generator, over loopback");
    println!(
        "- {} keep-alive connections; the median of {} rounds of {} s for each side, interleaved",
        extent.connections,
        extent.rounds,
        extent.round().as_secs()
    );
    println!("- picture: JPEG, {width} × {height}, {} bytes", picture::jpeg()?.len());
    Ok(())
}
