//! A request: what becomes of a submission.

/// An attempt's submission.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(in crate::model) struct Request {
    pub(in crate::model) progress: Progress,
    /// How often fal took it: what it costs.
    pub(in crate::model) calls: u8,
}

/// How far a submission is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(in crate::model) enum Progress {
    /// There is none.
    #[default]
    NotSent,
    /// On the wire, for as long as the model likes.
    OnTheWay,
    /// It will never arrive.
    Vanished,
    /// fal has it.
    Running,
    /// There is a result.
    EndedWell,
    /// There is none.
    EndedBadly,
    /// fal was told to stop it, and did.
    Stopped,
}

impl Progress {
    /// Whether fal took it.
    pub(in crate::model) fn is_taken(self) -> bool {
        !matches!(self, Self::NotSent | Self::OnTheWay | Self::Vanished)
    }

    /// Whether there will be no more news of it.
    pub(in crate::model) fn has_ended(self) -> bool {
        matches!(self, Self::EndedWell | Self::EndedBadly | Self::Stopped)
    }
}
