//! What a person sees on standard error: a bar on a terminal, few lines elsewhere, or nothing.

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

/// Where a person looks, or nobody.
#[derive(Clone)]
pub(super) enum Screen {
    /// Nothing is shown.
    Quiet,
    /// Lines that stay; with the last one about progress.
    Lines(Arc<Mutex<String>>),
    /// A bar that moves.
    Terminal(ProgressBar),
}

impl Screen {
    /// As standard error is.
    pub(super) fn new(is_quiet: bool) -> Self {
        if is_quiet {
            Self::Quiet
        } else if io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            // Not drawn until there is something to show.
            bar.finish_and_clear();
            Self::Terminal(bar)
        } else {
            Self::Lines(Arc::default())
        }
    }

    /// An upload begins, of so many bytes.
    pub(super) fn upload(&self, bytes: u64) {
        if let Self::Terminal(bar) = self {
            restyle(bar, UPLOAD);
            bar.set_length(bytes);
            bar.reset();
        }
        self.line_once(format!("uploading {bytes} bytes"));
    }

    /// So many bytes more are uploaded.
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

    /// Something to know, which stays.
    pub(super) fn say(&self, text: &str) {
        match self {
            Self::Quiet => {}
            Self::Lines(_) => line(text),
            Self::Terminal(bar) => bar.suspend(|| line(text)),
        }
    }

    /// A line, unless it is the one before: whoever asks again says nothing new.
    fn line_once(&self, text: String) {
        let Self::Lines(last) = self else { return };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != text {
            line(&text);
            *last = text;
        }
    }

    /// What was only of the moment goes.
    pub(super) fn clear(&self) {
        if let Self::Terminal(bar) = self {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
    }
}

/// A template of ours is well-formed; were it not, the style before would do.
fn restyle(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

/// One line on standard error.
fn line(text: &str) {
    // Nobody may be left to read it.
    writeln!(io::stderr(), "darkroom: {text}").ok();
}

/// Where a job is; nothing is guessed.
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

/// How long it takes, and is known to take.
fn clock(progress: &Progress) -> String {
    let elapsed = format!("{:.0} s", progress.elapsed_seconds);
    match progress.typical_seconds {
        Some(typical) => format!("{elapsed} (an edit usually takes {typical} s)"),
        None => elapsed,
    }
}
