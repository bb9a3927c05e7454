//! Where results go, and the names of their files.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::cli::EditOptions;

/// How many characters of a photo's name a result's name keeps; file systems take 255 bytes.
const LONGEST_STEM: usize = 60;

/// Where results go.
pub(super) enum Target {
    /// One picture to standard output, and nothing else.
    Stdout,
    /// Files in a directory, whose names begin with the stem.
    Files { directory: PathBuf, stem: String, extension: Option<String>, is_forced: bool },
}

impl Target {
    /// Reads the options. Refuses a target that cannot be saved to, before anything is paid for.
    pub(super) fn of(options: &EditOptions) -> Result<Self, Failure> {
        let is_forced = options.force;
        let target = match options.output.as_deref() {
            Some(output) if output == Path::new("-") => {
                if options.json || options.num_images.is_some_and(|number| number > 1) {
                    let why = "`-o -` takes one picture, and no --json beside it";
                    return Err(Failure::Usage(why.into()));
                }
                return Ok(Self::Stdout);
            }
            Some(output) if output.is_dir() => Self::derived(output, options),
            // Saving would replace a device by a file of its name.
            Some(output) if output.exists() && !output.is_file() => {
                let why = format!("{} is no file; `-o -` is standard output", output.display());
                return Err(Failure::Usage(why));
            }
            Some(output) => {
                if output.exists() && !is_forced {
                    let why = format!("{} exists; --force overwrites it", output.display());
                    return Err(Failure::Usage(why));
                }
                let name = |name: Option<&std::ffi::OsStr>| {
                    name.map(|name| name.to_string_lossy().into_owned())
                };
                let directory = output.parent().unwrap_or(Path::new(""));
                Self::Files {
                    directory: directory.to_owned(),
                    stem: name(output.file_stem()).unwrap_or_default(),
                    extension: Some(name(output.extension()).unwrap_or_default()),
                    is_forced,
                }
            }
            None => Self::derived(Path::new(""), options),
        };
        if let Self::Files { directory, .. } = &target
            && !options.no_wait
        {
            let directory = here(directory);
            tempfile::tempfile_in(directory)
                .map_err(|error| Failure::Place(directory.to_owned(), error))?;
        }
        Ok(target)
    }

    /// Files named after the photo, or `photo` for one from a pipe, which has no name.
    fn derived(directory: &Path, options: &EditOptions) -> Self {
        let photo = options.photos.first().filter(|photo| photo.is_file());
        let stem = photo.and_then(|photo| photo.file_stem());
        let stem = stem.map_or("photo".into(), |stem| stem.to_string_lossy());
        let stem: String = stem.chars().take(LONGEST_STEM).collect();
        Self::Files {
            directory: directory.to_owned(),
            stem: format!("{stem}-edited"),
            extension: None,
            is_forced: options.force,
        }
    }
}

/// The directory, or `.` for an empty path.
pub(super) fn here(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() { Path::new(".") } else { directory }
}

/// `name.png`, `name-2.png`, `name-3.png`.
pub(super) fn numbered(directory: &Path, stem: &str, extension: &str, number: usize) -> PathBuf {
    let number = if number > 1 { format!("-{number}") } else { String::new() };
    let dot = if extension.is_empty() { "" } else { "." };
    directory.join(format!("{stem}{number}{dot}{extension}"))
}

/// The file extension for a media type.
pub(super) fn extension(media_type: &str) -> &'static str {
    match media_type {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "image/gif" => "gif",
        _ => "bin",
    }
}
