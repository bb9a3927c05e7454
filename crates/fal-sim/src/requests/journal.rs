//! The journal of requests, for a stand-in with a state: a line is written before any caller hears of the event.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Door, Request, Submission};
use crate::answer::Answer;

/// A line of the journal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Made(Box<Made>),
    Ended(Box<Ended>),
    Acknowledged(Uuid),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) id: Uuid,
    pub(super) door: Door,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) submitted_at: OffsetDateTime,
    pub(super) submission: Submission,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) id: Uuid,
    pub(super) gateway_id: Uuid,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) started_at: Option<OffsetDateTime>,
    #[serde(rename = "ended_at", with = "time::serde::rfc3339::option")]
    pub(super) at: Option<OffsetDateTime>,
    pub(super) answer: Answer,
    pub(super) inference: Option<Duration>,
}

/// The journal, open for the next line.
pub(super) struct Journal(File);

impl Journal {
    /// Opens or creates the journal, and returns its lines. A line that was cut off is ignored.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<Line>)> {
        let file = File::options().create(true).read(true).append(true).open(path)?;
        let mut lines = Vec::new();
        for line in BufReader::new(&file).split(b'\n') {
            lines.extend(serde_json::from_slice(&line?).ok());
        }
        // Else the next line would continue one that was cut off.
        (&file).write_all(b"\n")?;
        Ok((Self(file), lines))
    }

    pub(super) fn note(&mut self, line: &Line) {
        let written = serde_json::to_vec(line).map_err(io::Error::other).and_then(|mut bytes| {
            bytes.push(b'\n');
            self.0.write_all(&bytes)
        });
        if let Err(error) = written {
            tracing::error!(%error, "the journal is not written");
        }
    }
}

impl Line {
    pub(super) fn ended(request: &Request) -> Option<Self> {
        Some(Self::Ended(Box::new(Ended {
            id: request.id,
            gateway_id: request.gateway_id,
            started_at: request.started_at,
            at: request.ended_at,
            answer: request.answer.clone()?,
            inference: request.inference,
        })))
    }
}
