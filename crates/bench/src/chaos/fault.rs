//! What may go wrong.

use std::fmt;

use tokio::time::Duration;

use crate::stand::Shutdown;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// A process of a role, by its number among its kind.
    Process(Seat, Blow),
    /// The line between a role and PostgreSQL.
    Line(Seat, Break),
    /// Nothing passes between anybody and PostgreSQL.
    Blackout,
    /// PostgreSQL ends, and is started anew.
    Restart(Shutdown),
    /// A connection's process is killed: PostgreSQL drops all connections and recovers.
    Crash,
    /// Connections are ended by an administrator, a share of them again and again.
    Terminations,
    /// All connections that PostgreSQL accepts are held by somebody else.
    Hoard,
    /// A transaction stays open and keeps its view of the tables.
    OldSnapshot,
    /// A transaction stays open and keeps some rows of the queue locked.
    LockedRows,
    /// The stand-in misbehaves: one of its kinds of weather.
    Weather(usize),
    /// The clock of the worker that has its own jumps to so many minutes beside the truth.
    Clock(i64),
}

/// A role's place, which its process may leave and take again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Seat {
    Worker(usize),
    Api(usize),
    Sim,
}

/// What a process suffers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Blow {
    Kill,
    /// It is stopped, and goes on later as if nothing had been.
    Pause,
    Terminate,
}

/// What a line suffers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Break {
    /// All connections are reset.
    Reset,
    /// Nothing passes; later everything does.
    Silence,
    /// Nothing passes, and then all connections are reset.
    SilenceAndReset,
    /// Only answers do not pass; later they do.
    NoAnswers,
    /// Answers do not pass, and then all connections are reset: what was committed is not heard of.
    NoAnswersAndReset,
}

/// A fault that was drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Planned {
    /// Since the start.
    pub(crate) at: Duration,
    pub(crate) lasts: Duration,
    pub(crate) fault: Fault,
}

/// What a fault keeps to itself: no other comes to it meanwhile.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Target {
    Process(Seat),
    Line(Seat),
    Lines,
    Postgres,
    Terminations,
    Connections,
    Snapshot,
    Rows,
    Weather,
    Clock,
}

impl Fault {
    pub(crate) fn target(&self) -> Target {
        match self {
            Self::Process(seat, _) => Target::Process(*seat),
            Self::Line(seat, _) => Target::Line(*seat),
            Self::Blackout => Target::Lines,
            Self::Restart(_) | Self::Crash => Target::Postgres,
            Self::Terminations => Target::Terminations,
            Self::Hoard => Target::Connections,
            Self::OldSnapshot => Target::Snapshot,
            Self::LockedRows => Target::Rows,
            Self::Weather(_) => Target::Weather,
            Self::Clock(_) => Target::Clock,
        }
    }

    /// Its kind, to count by.
    pub(crate) fn kind(&self) -> String {
        let kind = |seat: &Seat| match seat {
            Seat::Worker(_) => "worker",
            Seat::Api(_) => "API",
            Seat::Sim => "stand-in",
        };
        match self {
            Self::Process(seat, blow) => format!("{} {blow}", kind(seat)),
            Self::Line(seat, broken) => format!("line of {}: {broken}", kind(seat)),
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
            Self::Weather(number) => write!(f, "stand-in: {}", super::weather::name(*number)),
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
