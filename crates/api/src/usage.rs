//! `/api/usage`: what was made and what it cost.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use darkroom_core::{db, store};
use serde::Serialize;
use time::{Date, Duration, OffsetDateTime, Time, serde::rfc3339};
use utoipa::ToSchema;

use crate::{
    State,
    access::Caller,
    docs::refusals::DatabaseAway,
    error::{ApiError, Code, Problem},
    money::usd,
    query::{self, Offered},
};

/// How many days are shown when the request does not say.
const USUAL_DAYS: i64 = 30;

/// The most days that are shown.
const MOST_DAYS: i64 = 366;

/// What was made, and what it cost.
#[derive(Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct UsageView {
    /// The first day, UTC.
    #[schema(format = Date)]
    from: String,
    /// The last day, UTC.
    #[schema(format = Date)]
    to: String,
    /// One entry for each day and model, the latest first; days on which nothing was made are left out.
    days: Vec<DayView>,
    /// The key's budget; null where it has none.
    #[schema(required)]
    budget: Option<BudgetView>,
}

/// What was made with one model on one day.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageOfDay)]
pub(crate) struct DayView {
    /// The day (UTC) on which the jobs were made, or tried again.
    #[schema(format = Date)]
    day: String,
    /// The model that made the edits.
    #[schema(example = "fal-ai/bytedance/seedream/v4/edit")]
    model: String,
    /// Jobs that have ended.
    jobs: i64,
    /// Result images of these jobs.
    images: i64,
    /// What was paid for these jobs, in US dollars. What may have been paid for counts, too, if the job has an API key.
    #[schema(example = 0.03)]
    spent_usd: f64,
    /// What is reserved for jobs that have not ended, in US dollars: what they may cost.
    reserved_usd: f64,
}

/// The key's daily budget, and what is left of it today.
#[derive(Serialize, ToSchema)]
#[schema(as = Budget)]
pub(crate) struct BudgetView {
    /// What may be spent in a day, in US dollars.
    daily_usd: f64,
    /// What is left of it today, in US dollars: neither spent nor reserved for jobs that have not ended.
    left_usd: f64,
    /// When the whole budget is available again.
    #[serde(with = "rfc3339")]
    full_at: OffsetDateTime,
}

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/api/usage").get(read).head(read));
}

/// Read the usage
///
/// How many jobs and images were made, and what they cost, by day and model.
/// For the API key that asks; for all keys, if it may see all jobs. The figures stay when jobs are deleted.
#[utoipa::path(get, path = "/api/usage", tag = "usage", operation_id = "get_usage",
    params(
        ("from" = Option<String>, Query, format = Date, description = "The first day (UTC); 29 days before the last one if left out"),
        ("to" = Option<String>, Query, format = Date, description = "The last day (UTC); today if left out. From the first to the last, there can be at most 366 days"),
    ),
    responses(
        (status = 200, description = "The jobs, images and costs of each day and model", body = UsageView),
        (status = 422, description = "A parameter is unknown or wrong, or was sent more than once; `field` names it, and `detail` says what is wrong", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    ))]
pub(crate) async fn read(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (from, to) = days(request.query_string())?;
    let today = db::now(&state.pool).await?.date();
    let to = to.unwrap_or(today);
    let from = from.or(to.checked_sub(Duration::days(USUAL_DAYS - 1))).unwrap_or(to);
    let fits = from <= to && (to - from).whole_days() < MOST_DAYS;
    if !fits {
        let detail = format!(
            "The day in 'from' must not be after the day in 'to', and from the first to the last there may be at most {MOST_DAYS} days."
        );
        return Err(ApiError::invalid(Code::InvalidRange, "from", detail));
    }
    let only = caller.sees_only();
    let used = store::usage(&state.pool, only, from, to).await?;
    let view = UsageView {
        from: from.to_string(),
        to: to.to_string(),
        days: used.into_iter().map(Into::into).collect(),
        budget: budget(&state, &caller, today).await?,
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view))
}

async fn budget(
    state: &State,
    caller: &Caller,
    today: Date,
) -> Result<Option<BudgetView>, ApiError> {
    let Caller::Key(key) = caller else { return Ok(None) };
    let Some(daily) = key.limits.daily_budget_micros else { return Ok(None) };
    let used = store::usage(&state.pool, Some(key.id), today, today).await?;
    let taken: i64 = used.iter().map(|used| used.spent_micros + used.reserved_micros).sum();
    let tomorrow = today.next_day().unwrap_or(today);
    Ok(Some(BudgetView {
        daily_usd: usd(daily),
        left_usd: usd((daily - taken).max(0)),
        full_at: OffsetDateTime::new_utc(tomorrow, Time::MIDNIGHT),
    }))
}

pub(crate) fn days(text: &str) -> Result<(Option<Date>, Option<Date>), ApiError> {
    let (mut from, mut to) = (None, None);
    query::read(text, &["from", "to"], |name, value| {
        match name {
            "from" => from = Some(day(name, value)?),
            "to" => to = Some(day(name, value)?),
            _ => return Ok(Offered::Unknown),
        }
        Ok(Offered::Taken)
    })?;
    Ok((from, to))
}

fn day(field: &str, text: &str) -> Result<Date, ApiError> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let day = Date::parse(text, &format).ok();
    // The database knows no day before 4714 BC.
    day.filter(|day| day.year() >= 0).ok_or_else(|| {
        let detail = format!("The parameter '{field}' must be a day such as 2026-01-31.");
        ApiError::invalid(Code::InvalidDate, field, detail)
    })
}

impl From<store::Usage> for DayView {
    fn from(used: store::Usage) -> Self {
        Self {
            day: used.day.to_string(),
            model: used.model,
            jobs: used.jobs,
            images: used.images,
            spent_usd: usd(used.spent_micros),
            reserved_usd: usd(used.reserved_micros),
        }
    }
}
