//! What is shown on standard error: a bar on a terminal, a few lines elsewhere, or nothing.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::job::{Progress, Status};

const UPLOAD: &str = "uploading {bar:30} {bytes} of {total_bytes}";
const SPINNER: &str = "{spinner} {wide_msg}";
const TICK: Duration = Duration::from_millis(120);

/// Where messages and progress are shown.
#[derive(Clone)]
pub(super) enum Screen {
    /// Nothing is shown.
    Quiet,
    /// Lines that stay. Holds the last one about upload or progress.
    Lines(Arc<Mutex<String>>),
    /// A bar that moves.
    Terminal(ProgressBar),
}

impl Screen {
    /// Chooses by what standard error is.
    pub(super) fn new(is_quiet: bool) -> Self {
        if is_quiet {
            Self::Quiet
        } else if io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            // It is not drawn until there is something to show.
            bar.finish_and_clear();
            Self::Terminal(bar)
        } else {
            Self::Lines(Arc::default())
        }
    }

    /// Shows that an upload of this many bytes begins.
    pub(super) fn upload(&self, bytes: u64) {
        if let Self::Terminal(bar) = self {
            restyle(bar, UPLOAD);
            bar.set_length(bytes);
            bar.reset();
        }
        self.line_once(format!("uploading {bytes} bytes"));
    }

    /// Shows that this many more bytes are uploaded.
    pub(super) fn uploaded(&self, bytes: u64) {
        if let Self::Terminal(bar) = self {
            bar.inc(bytes);
        }
    }

    /// How far a job is.
    pub(super) fn progress(&self, progress: &Progress) {
        let phase = phase(progress);
        match self {
            Self::Quiet => {}
            Self::Terminal(bar) => {
                if bar.is_finished() {
                    restyle(bar, SPINNER);
                    bar.reset();
                    bar.enable_steady_tick(TICK);
                }
                bar.set_message(format!("{phase}, {}", clock(progress)));
            }
            Self::Lines(_) => self.line_once(phase),
        }
    }

    /// Shows a message that stays.
    pub(super) fn say(&self, text: &str) {
        match self {
            Self::Quiet => {}
            Self::Lines(_) => line(text),
            Self::Terminal(bar) => bar.suspend(|| line(text)),
        }
    }

    /// Prints a line unless it is the same as the one before: a retry repeats it.
    fn line_once(&self, text: String) {
        let Self::Lines(last) = self else { return };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != text {
            line(&text);
            *last = text;
        }
    }

    /// Removes the bar.
    pub(super) fn clear(&self) {
        if let Self::Terminal(bar) = self {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
    }
}

/// Changes the bar's style. Our templates are valid; for an invalid one the style would stay.
fn restyle(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

/// Prints one line to standard error.
fn line(text: &str) {
    // An error is ignored, as standard error may be closed.
    writeln!(io::stderr(), "darkroom: {text}").ok();
}

/// Where a job is, as far as it is known.
fn phase(progress: &Progress) -> String {
    let phase = match (progress.status, &progress.provider, progress.queue_position) {
        (Status::Pending, _, Some(position)) => format!("in line, place {position}"),
        (Status::Pending, _, None) => "being submitted".into(),
        (_, Some(provider), _) if provider.state == "in_queue" => match provider.position {
            Some(ahead) => format!("in the provider's line, {ahead} ahead"),
            None => "in the provider's line".into(),
        },
        (_, Some(_), _) => "the provider edits".into(),
        (_, None, _) => "the provider has it".into(),
    };
    match progress.percent {
        Some(percent) => format!("{phase}, {percent:.0} %"),
        None => phase,
    }
}

/// How long the job has taken, and how long one usually takes.
fn clock(progress: &Progress) -> String {
    let elapsed = format!("{:.0} s", progress.elapsed_seconds);
    match progress.typical_seconds {
        Some(typical) => format!("{elapsed} (an edit usually takes {typical} s)"),
        None => elapsed,
    }
}
