//! The command line of `darkroom edit`.

use std::path::PathBuf;

use clap::Args;
use url::Url;

/// The exit codes, on which scripts may rely.
const EXIT_CODES: &str = "\
Exit codes:
  0    the edit is done and saved; with --no-wait, the job is accepted
  1    the edit failed, or its result could not be saved
  2    the command line, a setting, a photo or the request is refused
  3    the API cannot be reached or fails, or what answers is not a Darkroom API
  4    somebody else cancelled or deleted the job
  130  ended by Ctrl-C (143: by SIGTERM)

Ctrl-C cancels the job and waits for how it ends: an edit that was too far along is completed, paid for and
saved (0). A second Ctrl-C leaves at once; the job stays as it is.

Only results go to standard output: names of files, a picture with `-o -`, or JSON.";

/// The edit that is asked for, and where its result goes.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_help = EXIT_CODES)]
pub(crate) struct EditOptions {
    /// The photo to edit, or several for models that take several; `-` is standard input
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
    /// What to do with it
    pub(crate) prompt: String,
    /// Where the result goes: a file, a directory, or `-` for standard output; unless said, PHOTO-edited
    /// in this directory
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite files; unless said, a number is added to their names
    #[arg(long)]
    pub(crate) force: bool,
    /// The model that edits; the API's default unless said
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// The same seed makes the same picture
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// The result's size, such as 2048x1536
    #[arg(long, conflicts_with = "aspect_ratio")]
    pub(crate) size: Option<String>,
    /// The result's proportions, such as 4:3
    #[arg(long)]
    pub(crate) aspect_ratio: Option<String>,
    /// The result's format: jpeg, png or webp
    #[arg(long)]
    pub(crate) output_format: Option<String>,
    /// How many pictures to make; each goes to a file of its own
    #[arg(long)]
    pub(crate) num_images: Option<u8>,
    /// Print the job's id once it is accepted, and do not wait for its end
    #[arg(long, conflicts_with_all = ["output", "force"])]
    pub(crate) no_wait: bool,
    /// The API, instead of `DARKROOM_URL` or the one on this machine
    #[arg(long)]
    pub(crate) url: Option<Url>,
    /// Print the job as JSON instead of names of files; it has them as `files`
    #[arg(long)]
    pub(crate) json: bool,
    /// Say nothing but what went wrong
    #[arg(short, long)]
    pub(crate) quiet: bool,
}
