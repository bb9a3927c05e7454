//! The places where a fault may strike.

use serde::Deserialize;
use uuid::Uuid;

use crate::server::Sim;

/// A call of the protocol, or one of the last two, which are no calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Token,
    Initiate,
    Upload,
    /// Includes direct runs.
    Submit,
    Status,
    Stream,
    Result,
    Cancel,
    History,
    Download,
    Run,
    Webhook,
}

impl Place {
    /// The place of a resource, by its name in the routes.
    pub(super) fn named(resource: &str) -> Option<Self> {
        Some(match resource {
            "token" => Self::Token,
            "initiate" | "initiate-parts" => Self::Initiate,
            "upload" | "upload-file" | "upload-parts" | "upload-part" | "upload-end" => {
                Self::Upload
            }
            "submit" => Self::Submit,
            "status" => Self::Status,
            "stream" => Self::Stream,
            "result" | "response" => Self::Result,
            "cancel" => Self::Cancel,
            "history" => Self::History,
            "download" => Self::Download,
            _ => return None,
        })
    }

    /// Whether what happens here belongs to one endpoint.
    pub(super) fn knows_endpoint(self) -> bool {
        !matches!(
            self,
            Self::Token | Self::Initiate | Self::Upload | Self::History | Self::Download
        )
    }

    /// Whether it is a call, so that its answer can be spoiled.
    pub(super) fn is_call(self) -> bool {
        !matches!(self, Self::Run | Self::Webhook)
    }

    /// The endpoint that a call is about.
    pub(super) fn endpoint_of(self, path: &str, sim: &Sim) -> Option<String> {
        if self == Self::Submit {
            return Some(path.trim_start_matches('/').to_owned());
        }
        let (_, rest) = path.rsplit_once("/requests/")?;
        let id = Uuid::parse_str(rest.split('/').next()?).ok()?;
        sim.requests.with(id, |request| request.endpoint_id.clone())
    }
}
