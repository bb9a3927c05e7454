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
        let news = self.news(report);
        if let Some(progress) = news.and_then(|news| ProviderProgress::of(job.lease.job, &news)) {
            life.teller.tell(progress);
        }
    }

    /// What is new in an answer, which has the last lines of the log.
    fn news(&mut self, report: &Report) -> Option<Report> {
        let before = *self;
        let lines = report.left_out + report.logs.len();
        *self = Self { progress: Some(report.progress), lines };
        if before.progress == self.progress && before.lines == self.lines {
            return None;
        }
        let mut news = report.clone();
        let known = before.lines.saturating_sub(report.left_out);
        news.logs.drain(..known.min(news.logs.len()));
        Some(news)
    }
}

#[cfg(test)]
mod tests {
    use darkroom_core::fal::LogLine;

    use super::*;

    /// An answer whose log has these lines, by their numbers, at its end.
    fn report(lines: std::ops::Range<usize>) -> Report {
        let line =
            |number: usize| LogLine { message: number.to_string(), timestamp: None, level: None };
        Report {
            progress: Progress::Running,
            left_out: lines.start,
            logs: lines.map(line).collect(),
        }
    }

    #[test]
    fn each_line_is_told_once_however_long_the_log_gets() {
        let mut told = Told::default();
        for (answer, new) in
            [(0..2, 0..2), (0..2, 0..0), (0..5, 2..5), (3..8, 5..8), (20..25, 20..25)]
        {
            let lines = told.news(&report(answer)).map(|news| news.logs).unwrap_or_default();
            assert_eq!(lines, report(new).logs);
        }
    }
}
