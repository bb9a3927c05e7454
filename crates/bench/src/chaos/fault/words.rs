//! Faults in words, for the chronicle and the report.

use std::fmt;

use super::{Blow, Break, Fault, Planned, Rule, Seat};
use crate::{chaos::weather, stand::Shutdown};

impl Fault {
    /// The kind of fault under which it is counted.
    pub(crate) fn kind(&self) -> String {
        let kind = |seat: &Seat| match seat {
            Seat::Worker(_) => "worker",
            Seat::Api(_) => "API",
            Seat::Sim => "stand-in",
        };
        match self {
            Self::Process(seat, blow) => format!("{} {blow}", kind(seat)),
            Self::Line(seat, broken) => format!("line of {}: {broken}", kind(seat)),
            Self::Rule(_) => "rule of an operator".to_owned(),
            Self::Weather(_) => "weather at the stand-in".to_owned(),
            Self::Clock(_) => "clock of a worker jumps".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(seat, blow) => write!(f, "{seat} {blow}"),
            Self::Line(seat, broken) => write!(f, "line of {seat}: {broken}"),
            Self::Blackout => f.write_str("nobody reaches PostgreSQL"),
            Self::Restart(Shutdown::Fast) => f.write_str("PostgreSQL restarts"),
            Self::Restart(Shutdown::Immediate) => {
                f.write_str("PostgreSQL breaks down and restarts")
            }
            Self::Crash => f.write_str("PostgreSQL loses a process and recovers"),
            Self::Terminations => f.write_str("connections are terminated"),
            Self::Hoard => f.write_str("all connections are taken"),
            Self::OldSnapshot => f.write_str("a transaction stays open"),
            Self::LockedRows => f.write_str("rows of the queue stay locked"),
            Self::Rule(Rule::Pause) => f.write_str("an operator pauses everything"),
            Self::Rule(Rule::PauseModel(model)) => write!(f, "an operator pauses {model}"),
            Self::Rule(Rule::LimitModel(model, most)) => {
                write!(f, "an operator limits {model} to {most}")
            }
            Self::Weather(number) => write!(f, "stand-in: {}", weather::name(*number)),
            Self::Clock(minutes) => write!(f, "clock of worker 1 is {minutes:+} minutes off"),
        }
    }
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Worker(number) => write!(f, "worker {}", number + 1),
            Self::Api(number) => write!(f, "API {}", number + 1),
            Self::Sim => f.write_str("stand-in"),
        }
    }
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "is killed",
            Self::Pause => "is paused",
            Self::Terminate => "is told to stop",
        })
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reset => "reset",
            Self::Silence => "silent",
            Self::SilenceAndReset => "silent, then reset",
            Self::NoAnswers => "no answers",
            Self::NoAnswersAndReset => "no answers, then reset",
        })
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, for {:.1} s", self.fault, self.lasts.as_secs_f64())
    }
}
