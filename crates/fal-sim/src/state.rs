//! What survives a restart of the stand-in, in a directory, if one is set. fal itself forgets nothing either.
//!
//! | name | what |
//! |---|---|
//! | `webhook.key` | the key that webhooks are signed with |
//! | `requests.jsonl` | a line for each request that was made, ended, or whose webhook was acknowledged |
//! | `files/{id}` | an upload or a result: a line with its type, then its bytes; empty until the upload arrives |
//!
//! It survives the end of the process, not a crash of the machine: nothing is synced to disk. Tokens, parts of uploads,
//! start deadlines and the count of fetches are not kept.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use uuid::Uuid;

use crate::media::File;

/// The directory of the state.
#[derive(Debug, Clone)]
pub(crate) struct State {
    directory: PathBuf,
}

/// What is kept under a file's id.
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

    /// The webhook key, as PKCS#8; made by `generate` the first time.
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

    /// The path of the requests' journal.
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

    /// Writes a file. One that cannot be written is gone after a restart, as it would be without a state.
    pub(crate) fn keep(&self, id: Uuid, kept: &Kept) {
        let bytes = match kept {
            Kept::Announced => Vec::new(),
            Kept::File(file) => [file.content_type.as_bytes(), b"\n", &file.bytes[..]].concat(),
        };
        if let Err(error) = fs::write(self.file(id), bytes) {
            tracing::error!(%error, "a file is not kept");
        }
    }

    /// Removes a file.
    pub(crate) fn forget(&self, id: Uuid) {
        // A file that does not exist needs no removal.
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
