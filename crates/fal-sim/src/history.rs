//! `GET /v1/models/requests/by-endpoint`: finished requests, the last to end first
//! (fal platform docs: requests by endpoint).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use time::format_description::well_known::Iso8601;
use time::{Date, Duration, OffsetDateTime};
use url::form_urlencoded;
use uuid::Uuid;

use crate::authorization::KeyHolder;
use crate::clock;
use crate::problem::Problem;
use crate::requests::{Outcome, Search};
use crate::server::Sim;

/// How far back a search looks by default, and by default when it names a request's id.
const LOOKS_BACK: Duration = Duration::hours(24);
const LOOKS_BACK_FOR_ID: Duration = Duration::days(90);

/// How many requests a page shows by default, and at most.
const SHOWN: usize = 50;
const MOST_SHOWN: usize = 100;

pub(crate) async fn history(
    key: Result<KeyHolder, Problem>,
    request: HttpRequest,
    sim: web::Data<Sim>,
) -> HttpResponse {
    if let Err(problem) = key {
        let message = problem.to_string();
        return refusal(problem.status_code(), "authorization_error", &message);
    }
    let (search, page) = match read(request.query_string()) {
        Ok(read) => read,
        Err(message) => return refusal(StatusCode::BAD_REQUEST, "validation_error", &message),
    };
    let (items, has_more) = sim.requests.history(&search);
    let next = has_more.then(|| STANDARD.encode((page + 1).to_string()));
    HttpResponse::Ok().json(json!({"items": items, "next_cursor": next, "has_more": has_more}))
}

/// An error in the platform's own shape (fal docs: error bodies).
fn refusal(code: StatusCode, kind: &str, message: &str) -> HttpResponse {
    HttpResponse::build(code).json(json!({"error": {"type": kind, "message": message}}))
}

/// Reads the query into a search and the number of the page, from 1.
fn read(query: &str) -> Result<(Search, usize), String> {
    let now = clock::now();
    let mut endpoint_ids = Vec::new();
    let (mut start, mut end) = (None, now);
    let (mut outcome, mut request_id, mut payloads) = (None, None, false);
    let (mut limit, mut page) = (SHOWN, 1);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let wrong = || format!("{name} is not valid");
        match name.as_ref() {
            "endpoint_id" => endpoint_ids.extend(value.split(',').map(str::to_owned)),
            "start" => start = Some(moment(&value).ok_or_else(wrong)?),
            "end" => end = moment(&value).ok_or_else(wrong)?,
            "status" => outcome = Some(Outcome::named(&value).ok_or_else(wrong)?),
            "request_id" => request_id = Some(Uuid::parse_str(&value).ok().ok_or_else(wrong)?),
            "limit" => limit = within(&value, MOST_SHOWN).ok_or_else(wrong)?,
            "cursor" => page = page_number(&value).ok_or_else(wrong)?,
            "expand" => payloads |= value.split(',').any(|what| what == "payloads"),
            _ => {}
        }
    }
    if endpoint_ids.is_empty() {
        return Err("endpoint_id is required".to_owned());
    }
    let looks_back = if request_id.is_some() { LOOKS_BACK_FOR_ID } else { LOOKS_BACK };
    let start = start.unwrap_or(now - looks_back);
    let skip = (page - 1) * limit;
    let search = Search { endpoint_ids, start, end, outcome, request_id, payloads, limit, skip };
    Ok((search, page))
}

/// Reads a moment, or a date as the start of its day.
fn moment(value: &str) -> Option<OffsetDateTime> {
    let day = || Date::parse(value, &Iso8601::DATE).ok().map(|day| day.midnight().assume_utc());
    OffsetDateTime::parse(value, &Iso8601::DEFAULT).ok().or_else(day)
}

fn within(value: &str, most: usize) -> Option<usize> {
    value.parse().ok().filter(|number| (1..=most).contains(number))
}

/// Reads a cursor, which is the number of a page in base64.
fn page_number(cursor: &str) -> Option<usize> {
    let digits = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    within(&digits, 1_000_000)
}
