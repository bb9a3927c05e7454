//! Reads faults from JSON, strictly: a misspelt fault is refused, not silently ignored.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::error_answer::Recipe;
use super::fault::{Effect, Fault};
use super::fields::{Fields, Refusal};
use super::latency::Latency;
use super::{Armed, FaultSet, Place};

/// The longest that a request may be sent back to the queue, in seconds.
const LONGEST_AWAY: f64 = 24.0 * 3600.0;

/// The fields that make a fault an error answer; its others only describe it.
const ANSWER_KEYS: [&str; 2] = ["error_type", "status"];

/// Reads `{"seed": ..., "faults": [...]}`.
pub(super) fn read(body: &[u8]) -> Result<FaultSet, Refusal> {
    let body = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut fields = Fields::of(body, vec![json!("body")])?;
    let seed = fields.take("seed")?.unwrap_or_default();
    let given: Vec<Value> = fields.take("faults")?.unwrap_or_default();
    fields.end()?;
    let faults = given.into_iter().enumerate().map(|(number, json)| {
        let loc = vec![json!("body"), json!("faults"), json!(number)];
        let fault = read_fault(Fields::of(json.clone(), loc)?)?;
        Ok(Armed { fault, json, occasions: 0, strikes: 0 })
    });
    Ok(FaultSet { seed, faults: faults.collect::<Result<_, _>>()? })
}

fn read_fault(mut fields: Fields) -> Result<Fault, Refusal> {
    let place: Place = fields.take("at")?.ok_or_else(|| fields.refuse("at", "Field required"))?;
    let endpoint: Option<String> = fields.take("endpoint")?;
    if endpoint.is_some() && !place.knows_endpoint() {
        return Err(fields.refuse("endpoint", "Nothing here belongs to an endpoint"));
    }
    let rate = fields.take("rate")?.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&rate) {
        return Err(fields.refuse("rate", "Input should be from 0 to 1"));
    }
    let next = fields.take("next")?;
    let latency: Option<Latency> = fields.take("latency")?;
    if latency.as_ref().is_some_and(|latency| !latency.is_sound()) {
        return Err(fields.refuse("latency", "Input should be seconds from 0 to a day"));
    }

    let effect = effect(place, &mut fields)?;
    // A second effect, or one that does not fit the place, has not been read and is refused.
    fields.end()?;
    if effect.is_none() && latency.is_none() {
        return Err(fields.refuse("at", "Nothing goes wrong here: an effect is required"));
    }
    Ok(Fault { place, endpoint, rate, next, latency, effect })
}

/// Reads the one effect that fits the place.
fn effect(place: Place, fields: &mut Fields) -> Result<Option<Effect>, Refusal> {
    if place != Place::Webhook && ANSWER_KEYS.iter().any(|name| fields.has(name)) {
        return answer(place, fields).map(Some);
    }
    if place.is_call() {
        if let Some(reset) = fields.take("reset")? {
            return Ok(Some(Effect::Reset(reset)));
        }
        if let Some(bytes_per_second) = fields.take("bytes_per_second")? {
            if bytes_per_second == 0 {
                return Err(fields.refuse("bytes_per_second", "Input should be greater than 0"));
            }
            return Ok(Some(Effect::Slow(bytes_per_second)));
        }
    }
    match place {
        Place::Run => run(fields),
        Place::Webhook => Ok(fields.take("delivery")?.map(Effect::Delivery)),
        Place::Cancel => {
            let ignored = fields.take("ignored")?.unwrap_or(false);
            Ok(ignored.then_some(Effect::IgnoreCancel))
        }
        _ => Ok(None),
    }
}

fn run(fields: &mut Fields) -> Result<Option<Effect>, Refusal> {
    if let Some(seconds) = fields.take("requeue")? {
        if !(0.0..=LONGEST_AWAY).contains(&seconds) {
            return Err(fields.refuse("requeue", "Input should be seconds from 0 to a day"));
        }
        return Ok(Some(Effect::Requeue(Duration::from_secs_f64(seconds))));
    }
    if fields.take("nsfw")?.unwrap_or(false) {
        return Ok(Some(Effect::Nsfw));
    }
    if let Some(names) = fields.take("null")? {
        return Ok(Some(Effect::Null(names)));
    }
    Ok(fields.take("absent")?.map(Effect::Absent))
}

fn answer(place: Place, fields: &mut Fields) -> Result<Effect, Refusal> {
    let status = fields.take("status")?;
    if status.is_some_and(|status| !(200..600).contains(&status)) {
        return Err(fields.refuse("status", "Input should be from 200 to 599"));
    }
    let headers: BTreeMap<String, String> = fields.take("headers")?.unwrap_or_default();
    let sendable = |(name, value): (&String, &String)| {
        reqwest::header::HeaderName::try_from(name).is_ok()
            && reqwest::header::HeaderValue::try_from(value).is_ok()
    };
    if !headers.iter().all(sendable) {
        return Err(fields.refuse("headers", "Input should be names and values of headers"));
    }
    // Only a call can be carried out all the same, and only a run can be billed.
    let call = place.is_call();
    let processed = if call { fields.take("processed")? } else { None };
    let billed_units = if call { None } else { fields.take("billed_units")? };
    let recipe = Recipe {
        status,
        shape: fields.take("shape")?,
        error_type: fields.take("error_type")?,
        detail: fields.take("detail")?,
        headers,
        processed: processed.unwrap_or_default(),
        billed_units: billed_units.unwrap_or_default(),
    };
    recipe.cook().map(Effect::Answer).map_err(|(name, msg)| fields.refuse(name, msg))
}
