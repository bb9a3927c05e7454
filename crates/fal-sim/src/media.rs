//! Uploads and results, in memory, and in the state if there is one. The oldest make room for the newest.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use uuid::Uuid;

use crate::state::{Kept, State};

/// How many uploads may be announced and not yet received.
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
    state: Option<State>,
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
    /// Loads the files that the state has kept, if there is one.
    pub(crate) fn open(limit: usize, state: Option<&State>) -> io::Result<Self> {
        let mut store = Store::default();
        for (id, kept) in state.map(State::files).transpose()?.into_iter().flatten() {
            match kept {
                Kept::Announced => store.announced.push_back(id),
                Kept::File(file) => drop(store.keep(id, file, limit)),
            }
        }
        Ok(Self { limit, state: state.cloned(), store: Mutex::new(store) })
    }

    /// Reserves an id for an upload.
    pub(crate) fn announce(&self) -> Uuid {
        let id = Uuid::new_v4();
        let mut store = self.lock();
        if store.announced.len() >= ANNOUNCED {
            store.announced.pop_front();
        }
        store.announced.push_back(id);
        drop(store);
        if let Some(state) = &self.state {
            state.keep(id, &Kept::Announced);
        }
        id
    }

    /// Keeps an announced upload; `false` when its id was not announced, or was already used.
    pub(crate) fn receive(&self, id: Uuid, file: File) -> bool {
        let mut store = self.lock();
        let Some(place) = store.announced.iter().position(|announced| *announced == id) else {
            return false;
        };
        store.announced.remove(place);
        drop(store);
        self.keep_as(id, file);
        true
    }

    /// Keeps a result.
    pub(crate) fn keep(&self, file: File) -> Uuid {
        let id = Uuid::new_v4();
        self.keep_as(id, file);
        id
    }

    /// Keeps a file under an id that was made for this file alone.
    pub(crate) fn keep_as(&self, id: Uuid, file: File) {
        if let Some(state) = &self.state {
            state.keep(id, &Kept::File(file.clone()));
        }
        let let_go = self.lock().keep(id, file, self.limit);
        if let Some(state) = &self.state {
            for id in let_go {
                state.forget(id);
            }
        }
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<File> {
        self.lock().files.get(&id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Keeps a file, and returns the ids of those that were dropped for it.
    fn keep(&mut self, id: Uuid, file: File, limit: usize) -> Vec<Uuid> {
        let mut let_go = Vec::new();
        self.total += file.bytes.len();
        self.files.insert(id, file);
        self.oldest_first.push_back(id);
        // The newest stays even if it alone exceeds the limit: it is about to be read.
        while self.total > limit && self.oldest_first.len() > 1 {
            let oldest = self.oldest_first.pop_front();
            if let Some(file) = oldest.and_then(|id| self.files.remove(&id)) {
                self.total -= file.bytes.len();
            }
            let_go.extend(oldest);
        }
        let_go
    }
}
