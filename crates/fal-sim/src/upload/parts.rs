//! Uploads in parts: the parts that have arrived, until they are joined.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::media::File;
use crate::problem::Problem;

/// How many uploads may be open at a time; the oldest is dropped for the newest.
const MOST: usize = 16;

/// The highest number of a part.
const LAST_PART: u16 = 10_000;

/// A part, as both sides identify it.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part {
    /// From 1.
    part_number: u16,
    pub(crate) etag: String,
}

/// The upload that a call is for.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) file: Uuid,
    pub(crate) upload: Uuid,
    /// Whether the caller has a token.
    pub(crate) by_token: bool,
}

/// All open uploads.
pub(crate) struct Uploads {
    /// How many bytes all parts of all uploads may have together.
    limit: usize,
    open: Mutex<VecDeque<Upload>>,
}

struct Upload {
    target: Target,
    content_type: String,
    parts: BTreeMap<u16, (String, Bytes)>,
}

impl Uploads {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, open: Mutex::default() }
    }

    /// Opens an upload in parts.
    pub(crate) fn open(&self, content_type: String, by_token: bool) -> Target {
        let target = Target { file: Uuid::new_v4(), upload: Uuid::new_v4(), by_token };
        let mut open = self.lock();
        if open.len() >= MOST {
            open.pop_front();
        }
        open.push_back(Upload { target, content_type, parts: BTreeMap::new() });
        target
    }

    /// Takes a part; the same number again replaces it.
    pub(crate) fn receive(
        &self,
        target: Target,
        part_number: u16,
        bytes: Bytes,
    ) -> Result<Part, Problem> {
        if !(1..=LAST_PART).contains(&part_number) {
            return Err(Problem::WrongParts("Part numbers are from 1 to 10000"));
        }
        let mut open = self.lock();
        let total: usize = open.iter().map(Upload::length).sum();
        if total + bytes.len() > self.limit {
            return Err(Problem::TooLarge(self.limit));
        }
        let upload = open.iter_mut().find(|upload| upload.is(target));
        let upload = upload.ok_or(Problem::UnknownFile)?;
        let etag = etag(&bytes);
        upload.parts.insert(part_number, (etag.clone(), bytes));
        Ok(Part { part_number, etag })
    }

    /// Joins the parts in the order of their numbers. `named` must list all that arrived.
    pub(crate) fn complete(&self, target: Target, mut named: Vec<Part>) -> Result<File, Problem> {
        let mut open = self.lock();
        let place = open.iter().position(|upload| upload.is(target));
        let place = place.ok_or(Problem::UnknownFile)?;
        let came = open.get(place).map(Upload::named).unwrap_or_default();
        // A caller that sends parts concurrently lists them in the order in which they arrived.
        named.sort_by_key(|part| part.part_number);
        if came.is_empty() || named != came {
            return Err(Problem::WrongParts("The parts are not the ones that were received"));
        }
        let upload = open.remove(place).ok_or(Problem::UnknownFile)?;
        let mut bytes = BytesMut::with_capacity(upload.length());
        upload.parts.values().for_each(|(_, part)| bytes.extend_from_slice(part));
        Ok(File { content_type: upload.content_type, bytes: bytes.freeze() })
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Upload>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upload {
    /// Whether this is the target, and the caller may add to it: an upload that was opened with a
    /// token needs one for every part.
    fn is(&self, target: Target) -> bool {
        let same = self.target.file == target.file && self.target.upload == target.upload;
        same && (target.by_token || !self.target.by_token)
    }

    fn length(&self) -> usize {
        self.parts.values().map(|(_, bytes)| bytes.len()).sum()
    }

    fn named(&self) -> Vec<Part> {
        let parts = self.parts.iter();
        parts.map(|(number, (etag, _))| Part { part_number: *number, etag: etag.clone() }).collect()
    }
}

fn etag(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let (start, _) = hash.split_at(16);
    let start: [u8; 16] = start.try_into().unwrap_or_default();
    format!("\"{:032x}\"", u128::from_be_bytes(start))
}
