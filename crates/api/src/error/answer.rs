//! Errors as answers: their status, headers and body, and what is logged of them.

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, ContentRange, ContentRangeSpec},
    },
};
use darkroom_core::chain::chain;

use super::{ApiError, PROBLEM, RETRY_AFTER_SECONDS};

impl ApiError {
    /// Logs the cause of what is not the client's fault; called once, where the answer is made.
    pub(crate) fn log(&self) {
        match self {
            Self::Internal(cause) => {
                tracing::error!(error = %chain(cause), "a request failed on our side");
            }
            Self::KeysAway(cause) => {
                tracing::warn!(error = %chain(cause), "a notice could not be verified");
            }
            Self::Unavailable(cause) | Self::JobMayExist(cause) => {
                tracing::warn!(error = %chain(cause), "a request found the database away");
            }
            _ => {}
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code().status()
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Unavailable(_) | Self::JobMayExist(_) | Self::KeysAway(_) | Self::Busy => {
                response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
            }
            Self::Limited { wait, .. } => {
                let seconds = wait.as_secs_f64().ceil().max(1.0);
                response.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            Self::RangeNotSatisfiable { length } => {
                response.insert_header(ContentRange(ContentRangeSpec::Bytes {
                    range: None,
                    instance_length: Some(*length),
                }));
            }
            Self::KeyNeeded | Self::UnknownKey => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            // The rest of the body is not read, so the connection cannot be used again.
            Self::TooLarge { .. } | Self::BodyTooLarge | Self::EndlessBody | Self::SlowBody => {
                response.force_close();
            }
            _ => {}
        }
        response.content_type(PROBLEM).json(self.problem())
    }
}
