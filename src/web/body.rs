//! The body of a request: bounded in bytes and time, and what JSON it holds.

use std::time::Duration;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web;
use serde::de::DeserializeOwned;

use super::refused::Refused;
use crate::protocol::{Code, Refusal};

/// The largest body, in bytes.
const BODY_BYTES: usize = 64 * 1024;
/// How long a body may take.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// The body, within [`BODY_BYTES`] and [`BODY_PATIENCE`].
///
/// # Errors
/// `request_timeout`, `payload_too_large`, `bad_json`.
pub async fn read(payload: web::Payload) -> Result<web::Bytes, Refused> {
    match actix_rt::time::timeout(BODY_PATIENCE, payload.to_bytes_limited(BODY_BYTES)).await {
        Err(_) => Err(Code::RequestTimeout.into()),
        Ok(Err(_)) => Err(Code::PayloadTooLarge.into()),
        Ok(Ok(body)) => body.map_err(|_| {
            Refusal::because(Code::BadJson, "The body broke off before its end.").into()
        }),
    }
}

/// The body as one JSON object with the fields of `T`.
///
/// # Errors
/// As [`read`]; `unsupported_media_type`, `bad_json`, `invalid_field`.
pub async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    payload: web::Payload,
) -> Result<T, Refused> {
    if media_type(headers).as_deref() != Some("application/json") {
        let message = "Send application/json.";
        return Err(Refusal::because(Code::UnsupportedMediaType, message).into());
    }
    let body = read(payload).await?;
    serde_json::from_slice(&body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            // What a value was is not repeated: it may be a secret.
            let message =
                "The fields of the body do not fit: see the documentation of this address.";
            Refusal::because(Code::InvalidField, message).into()
        }
        _ => {
            let message = format!("The body is not one JSON object (line {}).", error.line());
            Refusal::because(Code::BadJson, message).into()
        }
    })
}

/// What the body is said to be, without its parameters.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = header.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}
