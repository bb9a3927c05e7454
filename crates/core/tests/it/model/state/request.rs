//! A request: what a submission becomes at fal.

/// An attempt's submission.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(in crate::model) struct Request {
    pub(in crate::model) progress: Progress,
    /// How often fal accepted it, and so how often it is paid for.
    pub(in crate::model) calls: u8,
}

/// How far a submission is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(in crate::model) enum Progress {
    /// There is none.
    #[default]
    NotSent,
    /// On the wire, for any time.
    OnTheWay,
    /// It will never arrive.
    Vanished,
    /// fal has it.
    Running,
    /// It ended with a result.
    EndedWell,
    /// It ended without one.
    EndedBadly,
    /// fal was told to cancel it, and did.
    Stopped,
}

impl Progress {
    /// Whether fal accepted it.
    pub(in crate::model) fn is_taken(self) -> bool {
        !matches!(self, Self::NotSent | Self::OnTheWay | Self::Vanished)
    }

    /// Whether there will be no more news of it.
    pub(in crate::model) fn has_ended(self) -> bool {
        matches!(self, Self::EndedWell | Self::EndedBadly | Self::Stopped)
    }
}
