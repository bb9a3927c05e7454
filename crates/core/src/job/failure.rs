//! Why a job ended badly.

use strum::{IntoStaticStr, VariantArray};

/// Why a job ended badly, in words that may be shown to its caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// Stable, for programs: a [`FailureCode`] of this version, or of the other version that wrote the row.
    pub code: String,
    /// A sentence, for people.
    pub message: String,
}

impl Failure {
    /// A failure with this code and sentence.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code: code.as_str().into(), message: message.into() }
    }
}

/// Why jobs end badly. `docs/errors.md` says of each what to do about it.
#[derive(Clone, Copy, Debug, Eq, IntoStaticStr, PartialEq, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum FailureCode {
    /// The provider's content policy does not allow the edit.
    ContentPolicy,
    /// The model made no picture.
    NothingMade,
    /// The picture is too small for the model.
    ImageTooSmall,
    /// The picture is too large for the model.
    ImageTooLarge,
    /// The model cannot read the picture.
    ImageUnreadable,
    /// The picture does not decode here.
    DamagedImage,
    /// The model needs a face, and found none.
    NoFace,
    /// The model does not take an option.
    InvalidOption,
    /// The service does not offer the model any more.
    UnknownModel,
    /// The provider cannot make the edit.
    ProviderRefused,
    /// The edit was cancelled at the provider.
    ProviderCancelled,
    /// The provider took too long.
    ProviderTimeout,
    /// The provider did not complete the edit.
    ProviderError,
    /// The provider has too much to do.
    ProviderBusy,
    /// The provider does not know the request any more.
    ProviderLostRequest,
    /// The provider does not accept the service's account.
    ProviderAccount,
    /// The service's account at the provider is used up.
    ProviderBalance,
    /// The provider's result is not a picture that can be used, or could not be fetched.
    ResultUnusable,
    /// It could not be found out whether the provider accepted the edit.
    SubmissionUnknown,
    /// The edit was not done within the time that jobs have.
    DeadlineExceeded,
    /// The service broke down each time it worked on the job.
    WorkerLost,
}

impl FailureCode {
    /// All of them.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// As it is written down and sent.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
