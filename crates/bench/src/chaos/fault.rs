//! What may go wrong.

mod words;

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
    /// An operator pauses or limits, and later takes it back.
    Rule(Rule),
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

/// What an operator says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rule {
    /// Nothing is submitted.
    Pause,
    /// Nothing for this model is.
    PauseModel(&'static str),
    /// So many jobs for this model may be in flight.
    LimitModel(&'static str, u16),
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
    Rules,
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
            Self::Rule(_) => Target::Rules,
            Self::Weather(_) => Target::Weather,
            Self::Clock(_) => Target::Clock,
        }
    }
}
