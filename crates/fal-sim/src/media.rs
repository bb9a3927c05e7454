//! Uploads and results, in memory; the oldest make room for the newest.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use uuid::Uuid;

/// How many uploads may be announced and not yet sent.
const ANNOUNCED: usize = 1000;

/// A file and the type it is served with.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

/// All files of the stand-in.
pub(crate) struct Media {
    limit: usize,
    store: Mutex<Store>,
}

#[derive(Default)]
struct Store {
    files: HashMap<Uuid, File>,
    oldest_first: VecDeque<Uuid>,
    total: usize,
    announced: VecDeque<Uuid>,
}

impl Media {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, store: Mutex::default() }
    }

    /// Reserves an id for an upload.
    pub(crate) fn announce(&self) -> Uuid {
        let id = Uuid::new_v4();
        let mut store = self.lock();
        if store.announced.len() >= ANNOUNCED {
            store.announced.pop_front();
        }
        store.announced.push_back(id);
        id
    }

    /// Keeps an announced upload; `false` when its id was never given out, or is used up.
    pub(crate) fn receive(&self, id: Uuid, file: File) -> bool {
        let mut store = self.lock();
        let Some(place) = store.announced.iter().position(|announced| *announced == id) else {
            return false;
        };
        store.announced.remove(place);
        store.keep(id, file, self.limit);
        true
    }

    /// Keeps a result.
    pub(crate) fn keep(&self, file: File) -> Uuid {
        let id = Uuid::new_v4();
        self.keep_as(id, file);
        id
    }

    /// Keeps a file under an id that was given out for it, and for nothing else.
    pub(crate) fn keep_as(&self, id: Uuid, file: File) {
        self.lock().keep(id, file, self.limit);
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<File> {
        self.lock().files.get(&id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    fn keep(&mut self, id: Uuid, file: File, limit: usize) {
        self.total += file.bytes.len();
        self.files.insert(id, file);
        self.oldest_first.push_back(id);
        // The newest stays even when it alone is over the limit: somebody is about to read it.
        while self.total > limit && self.oldest_first.len() > 1 {
            let oldest = self.oldest_first.pop_front();
            if let Some(file) = oldest.and_then(|id| self.files.remove(&id)) {
                self.total -= file.bytes.len();
            }
        }
    }
}
