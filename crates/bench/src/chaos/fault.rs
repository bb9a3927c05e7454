//! The faults that a run may have.

mod words;

use tokio::time::Duration;

use crate::stand::Shutdown;

/// A fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// A role's process is killed, paused or told to stop.
    Process(Seat, Blow),
    /// A role's line is disturbed: the one to PostgreSQL or, for the stand-in, the one from everybody to it.
    Line(Seat, Break),
    /// Nothing passes between any API or worker and PostgreSQL.
    Blackout,
    /// PostgreSQL ends, and is started again.
    Restart(Shutdown),
    /// The server process of a connection is killed: PostgreSQL drops all connections and recovers.
    Crash,
    /// An administrator ends a share of the connections, again and again.
    Terminations,
    /// Somebody else holds all connections that PostgreSQL accepts.
    Hoard,
    /// A transaction stays open and keeps its snapshot.
    OldSnapshot,
    /// A transaction stays open and keeps some rows of the queue locked.
    LockedRows,
    /// An operator sets a pause or a limit, and later removes it.
    Rule(Rule),
    /// The stand-in misbehaves: the storm of this number.
    Weather(usize),
    /// The clock of the worker that has its own jumps, and is then this many minutes off.
    Clock(i64),
}

/// A role's place, by its number among its kind. Its process may end and be started again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Seat {
    Worker(usize),
    Api(usize),
    Sim,
}

/// What is done to a process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Blow {
    Kill,
    /// It is stopped (SIGSTOP), and later continues.
    Pause,
    Terminate,
}

/// What is done to a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Break {
    /// All connections are reset.
    Reset,
    /// Nothing passes; what was held back passes later.
    Silence,
    /// Nothing passes, and then all connections are reset.
    SilenceAndReset,
    /// Only answers are held back; they pass later.
    NoAnswers,
    /// Answers are held back, and then all connections are reset: clients do not hear of what was committed.
    NoAnswersAndReset,
}

/// A rule that an operator sets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rule {
    /// Nothing is submitted.
    Pause,
    /// Nothing is submitted for this model.
    PauseModel(&'static str),
    /// At most this many jobs for this model may be in flight.
    LimitModel(&'static str, u16),
}

/// A fault that was drawn, with its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Planned {
    /// Since the start.
    pub(crate) at: Duration,
    pub(crate) lasts: Duration,
    pub(crate) fault: Fault,
}

/// What a fault acts on. No two faults act on the same target at the same time.
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
