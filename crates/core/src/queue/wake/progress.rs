//! Progress: what fal says of a request while it waits and runs, passed on to those who watch its job.
//!
//! It is sent and not stored: such news is soon out of date, and not worth a write each time.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{PROGRESS, notify};
use crate::{
    db::Pool,
    fal::{LogLine, Progress, Report},
    job::JobId,
};

/// How long news is collected before it is sent: people do not notice faster changes.
const INTERVAL: Duration = Duration::from_millis(300);

/// How much news may wait to be sent; more is dropped.
const MOST_WAITING: usize = 2_000;

/// The most lines of a log that are sent at a time, and the most characters of each.
const MOST_LINES: usize = 20;
const MOST_CHARS: usize = 300;

/// The most bytes of a notification: it must have less than 8000 (source: PostgreSQL, NOTIFY).
const MOST_BYTES: usize = 7_900;

/// What fal says of a job's request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ProviderProgress {
    /// Whose request it is.
    pub job: JobId,
    /// It runs; otherwise it waits in fal's queue.
    pub is_running: bool,
    /// Requests ahead of it in fal's queue.
    pub position: Option<u64>,
    /// What the model has logged since the last time.
    pub logs: Vec<String>,
}

impl ProviderProgress {
    /// From a report whose log has only new lines; `None` where the request has ended, which watchers hear of
    /// in another way.
    pub fn of(job: JobId, report: &Report) -> Option<Self> {
        let (is_running, position) = match report.progress {
            Progress::Waiting { position } => (false, position),
            Progress::Running => (true, None),
            Progress::Ended { .. } => return None,
        };
        let line = |line: &LogLine| line.message.chars().take(MOST_CHARS).collect();
        let logs = report.logs.iter().map(line).collect();
        Some(Self { job, is_running, position, logs })
    }

    /// Adds what came later.
    fn and(&mut self, later: Self) {
        self.is_running = later.is_running;
        self.position = later.position;
        self.logs.extend(later.logs);
        let surplus = self.logs.len().saturating_sub(MOST_LINES);
        self.logs.drain(..surplus);
    }
}

/// Sends progress to those who watch jobs.
#[derive(Clone, Debug)]
pub struct Teller(mpsc::Sender<ProviderProgress>);

impl Teller {
    /// A teller that sends through `pool`. Must be called in a tokio runtime; its task ends with the last
    /// clone.
    pub fn new(pool: Pool) -> Self {
        let (tells, told) = mpsc::channel(MOST_WAITING);
        tokio::spawn(pass_on(pool, told));
        Self(tells)
    }

    /// Sends it soon, without waiting.
    pub fn tell(&self, progress: ProviderProgress) {
        // Such news is soon out of date: where there is too much of it, some is dropped.
        self.0.try_send(progress).ok();
    }
}

async fn pass_on(pool: Pool, mut told: mpsc::Receiver<ProviderProgress>) {
    while let Some(first) = told.recv().await {
        let mut news = HashMap::from([(first.job, first)]);
        let until = Instant::now() + INTERVAL;
        loop {
            let next = tokio::select! {
                next = told.recv() => next,
                () = sleep_until(until) => None,
            };
            let Some(next) = next else { break };
            match news.get_mut(&next.job) {
                Some(before) => before.and(next),
                None => drop(news.insert(next.job, next)),
            }
        }
        let payloads = payloads(news.into_values());
        notify(&pool, &vec![PROGRESS; payloads.len()], &payloads).await;
    }
}

/// Packs the news into few notifications, each a JSON array.
fn payloads(news: impl Iterator<Item = ProviderProgress>) -> Vec<String> {
    let mut payloads: Vec<String> = Vec::new();
    for mut progress in news {
        // However long its lines, it is made to fit: the oldest are dropped first.
        let text = loop {
            let text = serde_json::to_string(&progress).unwrap_or_default();
            if text.len() + 2 <= MOST_BYTES || progress.logs.is_empty() {
                break text;
            }
            progress.logs.remove(0);
        };
        match payloads.last_mut() {
            Some(last) if last.len() + text.len() + 2 <= MOST_BYTES => {
                last.push(',');
                last.push_str(&text);
            }
            _ => payloads.push(format!("[{text}")),
        }
    }
    for payload in &mut payloads {
        payload.push(']');
    }
    payloads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_told_fits_into_notifications_and_nothing_is_lost_but_old_lines() {
        let long = "ü\"\\".repeat(100);
        let news: Vec<_> = (0..50)
            .map(|number| ProviderProgress {
                job: JobId::generate(),
                is_running: number % 2 == 0,
                position: Some(number),
                logs: vec![long.clone(); MOST_LINES],
            })
            .collect();

        let payloads = payloads(news.clone().into_iter());

        assert!(payloads.iter().all(|payload| payload.len() < 8_000));
        let told: Vec<ProviderProgress> = payloads
            .iter()
            .flat_map(|payload| serde_json::from_str::<Vec<ProviderProgress>>(payload).unwrap())
            .collect();
        assert_eq!(told.len(), 50);
        for (told, news) in told.iter().zip(&news) {
            assert_eq!((told.job, told.position), (news.job, news.position));
            assert!(!told.logs.is_empty());
        }
    }
}
