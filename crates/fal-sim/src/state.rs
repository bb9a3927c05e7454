//! What outlives the stand-in: a directory, where there is one. fal itself does not forget when it is restarted.
//!
//! | name | what |
//! |---|---|
//! | `webhook.key` | the key that webhooks are signed with |
//! | `requests.jsonl` | a line for each request that was made, ended, or whose webhook was acknowledged |
//! | `files/{id}` | an upload or a result: a line with its type, then its bytes; empty while it is announced |
//!
//! Kept for when the process ends, not for when the machine does: nothing is synchronised. Tokens, parts of uploads, start
//! deadlines and the count of fetches are not kept.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use uuid::Uuid;

use crate::media::File;

/// A directory for the state.
#[derive(Debug, Clone)]
pub(crate) struct State {
    directory: PathBuf,
}

/// A file of the state.
pub(crate) enum Kept {
    Announced,
    File(File),
}

impl State {
    /// Opens the directory, or makes it.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory.join("files"))?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// The webhook key, in the form of PKCS#8; made by `generate` the first time.
    pub(crate) fn webhook_key(
        &self,
        generate: impl FnOnce() -> io::Result<Vec<u8>>,
    ) -> io::Result<Vec<u8>> {
        let path = self.directory.join("webhook.key");
        match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = generate()?;
                fs::write(&path, &key)?;
                Ok(key)
            }
            read => read,
        }
    }

    /// Where requests are noted.
    pub(crate) fn journal(&self) -> PathBuf {
        self.directory.join("requests.jsonl")
    }

    /// Every file, the oldest first.
    pub(crate) fn files(&self) -> io::Result<Vec<(Uuid, Kept)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.directory.join("files"))? {
            let entry = entry?;
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let written = entry.metadata()?.modified()?;
            files.push((written, id, read(fs::read(entry.path())?)));
        }
        files.sort_by_key(|(written, id, _): &(SystemTime, Uuid, Kept)| (*written, *id));
        Ok(files.into_iter().map(|(_, id, kept)| (id, kept)).collect())
    }

    /// Keeps a file. One that cannot be kept is forgotten at the next start, as it would be without a state.
    pub(crate) fn keep(&self, id: Uuid, kept: &Kept) {
        let bytes = match kept {
            Kept::Announced => Vec::new(),
            Kept::File(file) => [file.content_type.as_bytes(), b"\n", &file.bytes[..]].concat(),
        };
        if let Err(error) = fs::write(self.file(id), bytes) {
            tracing::error!(%error, "a file is not kept");
        }
    }

    /// Lets go of a file.
    pub(crate) fn forget(&self, id: Uuid) {
        // One that is not there is forgotten already.
        fs::remove_file(self.file(id)).ok();
    }

    fn file(&self, id: Uuid) -> PathBuf {
        self.directory.join("files").join(id.to_string())
    }
}

fn read(mut bytes: Vec<u8>) -> Kept {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return Kept::Announced;
    };
    let content = bytes.split_off(end + 1);
    bytes.truncate(end);
    let content_type = String::from_utf8_lossy(&bytes).into_owned();
    Kept::File(File { content_type, bytes: content.into() })
}
