//! What watchers have been told of the answers to checks.

use darkroom_core::{
    fal::{Progress, Report},
    queue::{Claimed, ProviderProgress},
};

use crate::life::Life;

/// What watchers have been told of the answers to checks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    progress: Option<Progress>,
    /// Lines of the log.
    lines: usize,
}

impl Told {
    /// Tells watchers only what is new in an answer: thousands of requests may be checked that have nothing new.
    pub(super) fn tell(&mut self, life: &Life, job: &Claimed, report: &Report) {
        let before = *self;
        *self = Self { progress: Some(report.progress), lines: report.logs.len() };
        if before.progress == self.progress && before.lines == self.lines {
            return;
        }
        let mut news = report.clone();
        news.logs.drain(..before.lines.min(news.logs.len()));
        if let Some(progress) = ProviderProgress::of(job.lease.job, &news) {
            life.teller.tell(progress);
        }
    }
}
