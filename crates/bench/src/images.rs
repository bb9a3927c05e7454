//! `images`: pictures prepared for the model, compared with `vipsthumbnail` on the same files.
//!
//! Each side is a process that reads a file, makes the picture small enough, upright and free of metadata, and
//! writes another file, at the same quality. The figures of both include the start of the process.

mod cases;
mod photo;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Args;
use darkroom_core::images::{Fit, prepare};
use tokio::{process::Command, time::timeout};

use self::cases::Case;
use crate::{
    cli::Extent,
    load::median,
    table::{self, cell, ratio},
};

/// The tool that Darkroom is compared with, from Debian's package `libvips-tools`.
const VIPS: &str = "vipsthumbnail";

/// How long one picture may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// More than any file here has.
const MAX_PIXELS: u64 = 50_000_000;

const HEADS: [&str; 8] = [
    "picture → longest side",
    "vips ms",
    "Darkroom ms",
    "vips MP/s",
    "Darkroom MP/s",
    "÷ vips",
    "vips kB",
    "Darkroom kB",
];

/// One picture, prepared by a process of its own.
#[derive(Debug, Args)]
pub(crate) struct Once {
    /// Longest side that is left, in pixels
    #[arg(long)]
    max_side: u32,
    file: PathBuf,
    to: PathBuf,
}

impl Once {
    /// What a worker does with a picture, from file to file.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let fit = Fit { max_side: self.max_side, ..Fit::default() };
        let prepared = prepare(&fs::read(&self.file)?.into(), MAX_PIXELS, fit)?;
        Ok(fs::write(&self.to, prepared.data)?)
    }
}

/// Measures both sides on each file, in turn.
pub(crate) async fn run(extent: &Extent) -> anyhow::Result<()> {
    println!("\n### Images\n");
    let vips = vips_version().await;
    match &vips {
        Some(version) => println!("{VIPS} of {version}. Median of {} runs of each.", extent.rounds),
        None => println!("{VIPS} is not there (`apt-get install libvips-tools`): left out."),
    }
    let folder = tempfile::tempdir()?;
    let mut rows = Vec::new();
    for case in cases::all(folder.path())? {
        rows.push(measure(&case, folder.path(), vips.is_some(), extent.rounds).await?);
    }
    table::print(HEADS, &rows);
    Ok(())
}

async fn measure(
    case: &Case,
    folder: &Path,
    with_vips: bool,
    rounds: u16,
) -> anyhow::Result<[String; 8]> {
    let (ours, theirs) = (folder.join("ours"), folder.join(case.vips_output()));
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut prepare = Command::new(env::current_exe()?);
        prepare.args(["prepare", "--max-side", &case.max_side.to_string()]);
        our_times.push(timed(prepare.arg(&case.file).arg(&ours)).await?);
        if with_vips {
            // `>` means that nothing is enlarged. What stands in brackets are options of the writer.
            let size = format!("{0}x{0}>", case.max_side);
            let to = format!("{}{}", theirs.display(), case.vips_options());
            let mut vips = Command::new(VIPS);
            their_times.push(timed(vips.arg(&case.file).args(["--size", &size, "-o", &to])).await?);
        }
    }
    let times = [their_times, our_times].map(|times| median(times).ok());
    let [their_ms, our_ms] = times.map(|seconds| cell(seconds.map(|seconds| seconds * 1000.0), 0));
    let speeds = times.map(|seconds| seconds.map(|seconds| case.megapixels / seconds));
    let [their_speed, our_speed] = speeds.map(|speed| cell(speed, 0));
    let [over, name] = [ratio(speeds[1], speeds[0]), case.name.clone()];
    let [their_size, our_size] = [theirs, ours].map(|file| kilobytes(&file));
    Ok([name, their_ms, our_ms, their_speed, our_speed, over, their_size, our_size])
}

/// How many seconds a process takes, from its start to its end.
async fn timed(command: &mut Command) -> anyhow::Result<f64> {
    let begun = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let status =
        timeout(PATIENCE, command.status()).await.context("a picture takes too long")??;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(begun.elapsed().as_secs_f64())
}

fn kilobytes(file: &Path) -> String {
    fs::metadata(file).map_or_else(|_| "–".to_owned(), |file| (file.len() / 1000).to_string())
}

async fn vips_version() -> Option<String> {
    let answer = Command::new(VIPS).arg("--version").output().await.ok()?;
    Some(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
}
