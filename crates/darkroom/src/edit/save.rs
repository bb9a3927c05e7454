//! Saves results: each whole, or not at all.

use std::{
    fs::File,
    io::{self, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::NamedTempFile;
use tokio::time::timeout;

use super::{
    failure::Failure,
    job::{Image, Job},
    names::{Target, extension, here, numbered},
    retry::{Patience, Trouble, patiently},
    server::Server,
    show::Screen,
};

/// The longest wait for the next chunk of a picture.
const STALLED: Duration = Duration::from_secs(30);

/// The numbers behind files' names are below this.
const MOST_NUMBER: usize = 10_000;

/// A picture that ended before the length that the job says.
#[derive(Debug, thiserror::Error)]
#[error("the picture breaks off")]
struct BrokenOff;

/// Saves a job's results, and returns the names of the files.
pub(super) async fn save(
    server: &Server,
    job: &Job,
    target: &Target,
    screen: &Screen,
) -> Result<Vec<String>, Failure> {
    let unsaved = |error| Failure::Save(error, job.id);
    let mut names = Vec::new();
    for (image, number) in job.result_images.iter().zip(1..) {
        if image.blanked == Some(true) {
            screen.say("the model's safety checker has blanked a picture");
        }
        match target {
            Target::Stdout => {
                let mut file = tempfile::tempfile().map_err(unsaved)?;
                download(server, job, image, &mut file, screen).await?;
                print(file).map_err(unsaved)?;
            }
            Target::Files { directory, stem, extension: given, is_forced } => {
                let usual = extension(&image.content_type);
                let given = given.as_deref().unwrap_or(usual);
                if !is_fitting(given, usual) {
                    screen.say(&format!("the result is {}, whatever its name", image.content_type));
                }
                let mut file = beside(here(directory)).map_err(unsaved)?;
                download(server, job, image, file.as_file_mut(), screen).await?;
                file.as_file().sync_all().map_err(unsaved)?;
                let names_in_turn =
                    (number..MOST_NUMBER).map(|number| numbered(directory, stem, given, number));
                let path = keep(file, names_in_turn, *is_forced).map_err(unsaved)?;
                names.push(path.display().to_string());
            }
        }
    }
    Ok(names)
}

/// Whether a file's extension is right for its content, or missing.
fn is_fitting(extension: &str, usual: &str) -> bool {
    let extension = extension.to_ascii_lowercase();
    extension.is_empty() || extension == usual || (extension == "jpeg" && usual == "jpg")
}

/// A temporary file in the target's directory, deleted unless it gets a name.
fn beside(directory: &Path) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new();
    file.prefix(".darkroom-");
    // The same permissions as the user's other files, not the owner-only ones of temporary files.
    #[cfg(unix)]
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    file.permissions(all);
    file.tempfile_in(directory)
}

/// Names the file: by the first name if it may overwrite, or else by the first that is free.
fn keep(
    mut file: NamedTempFile,
    mut names: impl Iterator<Item = PathBuf>,
    is_forced: bool,
) -> io::Result<PathBuf> {
    loop {
        let path = names.next().ok_or(io::ErrorKind::AlreadyExists)?;
        let kept = if is_forced { file.persist(&path) } else { file.persist_noclobber(&path) };
        match kept {
            Ok(_) => return Ok(path),
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => file = taken.file,
            Err(other) => return Err(other.error),
        }
    }
}

/// Downloads into an empty file, and again if the picture breaks off.
async fn download(
    server: &Server,
    job: &Job,
    image: &Image,
    file: &mut File,
    screen: &Screen,
) -> Result<(), Failure> {
    let whole = patiently(screen, Patience::Long, async || {
        let request = server.picture(&image.url).send();
        let answer =
            timeout(STALLED, request).await.map_err(|stalled| Trouble::passing(stalled, false))?;
        let mut answer = Trouble::unless_settled(answer.map_err(Trouble::of)?)?;
        if !answer.status().is_success() {
            return Err(Failure::Damaged(job.id).into());
        }
        let unsaved = |error| Failure::Save(error, job.id);
        file.rewind().and_then(|()| file.set_len(0)).map_err(unsaved)?;
        let mut left = image.size;
        loop {
            let chunk = timeout(STALLED, answer.chunk()).await;
            let chunk = chunk.map_err(|stalled| Trouble::passing(stalled, false))?;
            let Some(chunk) = chunk.map_err(Trouble::of)? else { break };
            let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            left = left.checked_sub(length).ok_or(Failure::Damaged(job.id))?;
            file.write_all(&chunk).map_err(unsaved)?;
        }
        if left > 0 { Err(Trouble::passing(BrokenOff, false)) } else { Ok(()) }
    });
    whole.await.map_err(|trouble| trouble.into_failure(server, Some(job.id)))
}

fn print(mut file: File) -> io::Result<()> {
    file.rewind()?;
    let mut stdout = io::stdout().lock();
    io::copy(&mut file, &mut stdout)?;
    stdout.flush()
}
