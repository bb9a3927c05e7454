//! The answer that replaces the right one, in one of fal's shapes (fal docs: error bodies).

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error_type::{self, ErrorType};
use crate::answer::{Answer, RequestError};

/// The layout of an error body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shape {
    /// A: `detail` is a list of errors.
    Model,
    /// B: `detail` is a text, and there is an `error_type`.
    Request,
    /// C: `detail` is a text.
    Plain,
    /// fal does not know the request.
    NotFound,
    /// A gateway's HTML page, without a request id.
    Nginx,
    /// No body at all.
    Empty,
}

/// What an error answer is made from.
pub(super) struct Recipe {
    pub(super) status: Option<u16>,
    pub(super) shape: Option<Shape>,
    pub(super) error_type: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) processed: bool,
    pub(super) billed_units: u32,
}

/// An error answer, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct ErrorAnswer {
    status: u16,
    shape: Shape,
    body: Bytes,
    headers: Vec<(String, String)>,
    request_error: Option<RequestError>,
    billed_units: u32,
    /// Whether the call is carried out all the same.
    pub(super) processed: bool,
}

impl Recipe {
    /// Makes the answer; for an unknown type, fails with the wrong field's name and the reason.
    pub(super) fn cook(self) -> Result<ErrorAnswer, (&'static str, &'static str)> {
        let listed = self.error_type.as_deref().and_then(ErrorType::named);
        if self.error_type.is_some() && listed.is_none() && self.shape.is_none() {
            return Err(("error_type", "Not in fal's tables; give a shape to use it anyway"));
        }
        let (shape, status, field, message) = match listed {
            Some(ErrorType::Model { status, field, message }) => {
                (Shape::Model, status, field, message)
            }
            Some(ErrorType::Request { status, message }) => (Shape::Request, status, "", message),
            None => (Shape::Plain, 500, "", ""),
        };
        let status = self.status.unwrap_or(status);
        let shape = self.shape.unwrap_or(shape);
        let unnamed = if shape == Shape::Model { "value_error" } else { "internal_error" };
        let kind = self.error_type.clone().unwrap_or_else(|| unnamed.to_owned());
        let message = match self.detail {
            Some(detail) => Cow::Owned(detail),
            None if message.is_empty() => Cow::Borrowed(usual_message(status)),
            None => Cow::Borrowed(message),
        };

        let mut headers: Vec<_> = self.headers.into_iter().collect();
        if shape == Shape::Request {
            headers.push(("X-Fal-Error-Type".to_owned(), kind.clone()));
        }
        if shape == Shape::Model && listed_model(&kind) {
            let retryable = error_type::is_retryable(&kind).to_string();
            headers.push(("X-Fal-Retryable".to_owned(), retryable));
        }
        let body = write(shape, status, field, &kind, &message);
        let request_error = (shape == Shape::Request).then(|| RequestError {
            kind: kind.into(),
            message,
            deadline: false,
        });
        Ok(ErrorAnswer {
            status,
            shape,
            body,
            headers,
            request_error,
            billed_units: self.billed_units,
            processed: self.processed,
        })
    }
}

impl ErrorAnswer {
    /// Answers a call with it.
    pub(super) fn respond(&self, request_id: Option<&str>) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut response = HttpResponse::build(status);
        for (name, value) in &self.headers {
            response.insert_header((name.as_str(), value.as_str()));
        }
        match self.shape {
            Shape::Empty => return response.finish(),
            Shape::Nginx => response.content_type("text/html"),
            Shape::Model | Shape::Request | Shape::Plain | Shape::NotFound => {
                if let Some(id) = request_id {
                    response.insert_header(("x-fal-request-id", id));
                }
                response.content_type("application/json")
            }
        };
        response.body(self.body.clone())
    }

    /// Ends a request with it.
    pub(crate) fn end(&self) -> Answer {
        Answer {
            status_code: self.status,
            body: self.body.clone(),
            billed_units: self.billed_units,
            request_error: self.request_error.clone(),
        }
    }
}

fn listed_model(kind: &str) -> bool {
    matches!(ErrorType::named(kind), Some(ErrorType::Model { .. }))
}

fn write(shape: Shape, status: u16, field: &str, kind: &str, message: &str) -> Bytes {
    let json = match shape {
        Shape::Model => json!({"detail": [complaint(field, kind, message)]}),
        Shape::Request => json!({"detail": message, "error_type": kind}),
        Shape::Plain => json!({"detail": message}),
        Shape::NotFound => json!({"status": "NOT_FOUND"}),
        Shape::Nginx => return page(status).into(),
        Shape::Empty => return Bytes::new(),
    };
    json.to_string().into()
}

fn complaint(field: &str, kind: &str, message: &str) -> Value {
    let mut loc = vec!["body"];
    loc.extend((!field.is_empty()).then_some(field));
    let mut complaint = json!({"loc": loc, "msg": message, "type": kind, "input": null});
    if let (Some(context), Some(complaint)) = (error_type::context(kind), complaint.as_object_mut())
    {
        complaint.insert("ctx".to_owned(), context);
    }
    complaint
}

/// fal's message for a status code (fal docs: 401, 403, 404, 429).
fn usual_message(status: u16) -> &'static str {
    match status {
        401 => "No user found for Key ID and Secret",
        403 => {
            "User is locked. Reason: Exhausted balance. \
             Top up your balance at fal.ai/dashboard/billing."
        }
        429 => "Too many requests",
        _ => {
            let code = StatusCode::from_u16(status).ok();
            code.and_then(|code| code.canonical_reason()).unwrap_or("Unknown error")
        }
    }
}

fn page(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
    let title = format!("{status} {}", reason.unwrap_or("Error"));
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
         <center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n\
         </body>\r\n</html>\r\n"
    )
}
