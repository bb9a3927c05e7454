//! Refusals that many operations' contracts name, each with its status and description.

use utoipa::IntoResponses;

use crate::error::Problem;

macro_rules! refusals {
    ($($name:ident = $status:literal, $description:literal;)*) => {$(
        #[doc = $description]
        #[derive(IntoResponses)]
        #[response(
            status = $status,
            description = $description,
            content_type = "application/problem+json"
        )]
        #[expect(dead_code, reason = "documents an answer")]
        pub(crate) struct $name(Problem);
    )*};
}

refusals! {
    DatabaseAway = 503, "The database cannot be reached; send the request again after `Retry-After`";
    NoSuchJob = 404, "There is no job with this id, or it belongs to another API key";
    BadLink = 403, "The signed link was not made by this service, or was made for something else, or has expired";
    ForeignPage = 403, "The request comes from a web page whose origin is not among `CORS_ALLOWED_ORIGINS`";
    NoOperator = 403, "The API key is not an operator's";
    NoOperatorOrForeignPage = 403, "The API key is not an operator's, or the request comes from a web page whose origin is not among `CORS_ALLOWED_ORIGINS`";
}
