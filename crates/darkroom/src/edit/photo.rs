//! The photos to edit, from files or pipes.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::StreamExt;
use reqwest::{Body, multipart::Part};
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt;
use tokio_util::{bytes::Bytes, io::ReaderStream};

use super::{failure::Failure, show::Screen};

/// The most bytes that are read from a pipe; no API takes as many.
const MOST_PIPED_BYTES: u64 = 1 << 28;

/// How many bytes are read from a file at a time.
const CHUNK: usize = 64 * 1024;

/// The photos of one job.
pub(super) struct Photos {
    photos: Vec<Photo>,
    /// Whether the last byte of the last photo has been handed to the HTTP client.
    sent: Arc<AtomicBool>,
}

/// One photo.
struct Photo {
    /// The file name in the form.
    name: String,
    /// The file that it is read from each time it is sent.
    path: PathBuf,
    bytes: u64,
    /// A photo from a pipe, kept in a file so that it can be sent again.
    _piped: Option<NamedTempFile>,
}

impl Photos {
    /// Opens all photos, so that one that cannot be read is refused before any request.
    pub(super) async fn open(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut photos = Vec::new();
        for path in paths {
            let given = path.clone();
            // A pipe may be slow.
            let opened = tokio::task::spawn_blocking(move || Photo::open(&given)).await;
            let opened = opened.map_err(io::Error::from).flatten();
            photos.push(opened.map_err(|error| Failure::Photo(path.clone(), error))?);
        }
        Ok(Self { photos, sent: Arc::default() })
    }

    /// The size of all photos together.
    pub(super) fn bytes(&self) -> u64 {
        self.photos.iter().map(|photo| photo.bytes).sum()
    }

    /// Whether the API may have received all photos, and so have made a job.
    pub(super) fn were_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }

    /// The parts of a form. Photos are read from their files while they are sent.
    pub(super) async fn parts(&self, screen: &Screen) -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        for (photo, left) in self.photos.iter().zip((0..self.photos.len()).rev()) {
            let sent = (left == 0).then(|| Arc::clone(&self.sent));
            let part = photo.part(screen, sent).await;
            parts.push(part.map_err(|error| Failure::Photo(photo.path.clone(), error))?);
        }
        Ok(parts)
    }
}

impl Photo {
    fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Self::piped(io::stdin().lock(), "photo");
        }
        let file = fs::File::open(path)?;
        let metadata = file.metadata()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            return Self::piped(file, &name);
        }
        Ok(Self { name, path: path.to_owned(), bytes: metadata.len(), _piped: None })
    }

    fn piped(pipe: impl Read, name: &str) -> io::Result<Self> {
        let mut file = NamedTempFile::new()?;
        let bytes = io::copy(&mut pipe.take(MOST_PIPED_BYTES + 1), &mut file)?;
        if bytes > MOST_PIPED_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Self { name: name.to_owned(), path: file.path().to_owned(), bytes, _piped: Some(file) })
    }

    async fn part(&self, screen: &Screen, sent: Option<Arc<AtomicBool>>) -> io::Result<Part> {
        let file = tokio::fs::File::open(&self.path).await?;
        let bytes = self.bytes;
        let mut left = bytes;
        let screen = screen.clone();
        let chunks = ReaderStream::with_capacity(file.take(bytes), CHUNK).inspect(move |chunk| {
            let length = chunk.as_ref().map_or(0, Bytes::len);
            let length = u64::try_from(length).unwrap_or(u64::MAX);
            left = left.saturating_sub(length);
            screen.uploaded(length);
            if let Some(sent) = sent.as_ref().filter(|_| left == 0) {
                sent.store(true, Ordering::Relaxed);
            }
        });
        let part = Part::stream_with_length(Body::wrap_stream(chunks), bytes);
        Ok(part.file_name(self.name.clone()))
    }
}
