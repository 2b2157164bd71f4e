//! A refusal over HTTP: a problem document (RFC 9457) with the code of the protocol.

use serde::Serialize;

use super::code::{Code, Refusal};

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

/// The JSON of the problem document.
pub fn json(refusal: &Refusal) -> Vec<u8> {
    super::wire::json(&Problem {
        r#type: "about:blank",
        title: refusal.code.sentence(),
        status: refusal.code.status(),
        detail: &refusal.message,
        code: refusal.code,
        field: refusal.field,
        retry_after_ms: refusal.retry_after_ms,
    })
}

/// `Retry-After` (RFC 9110 section 10.2.3): whole seconds, never too early.
pub fn retry_after_seconds(refusal: &Refusal) -> Option<u64> {
    refusal.retry_after_ms.map(|millis| millis.div_ceil(1000).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_code_status_and_when_to_come_back() {
        let refusal = Refusal::new(Code::RateLimited).retry_after(1001);
        let problem: serde_json::Value = serde_json::from_slice(&json(&refusal)).unwrap();
        assert_eq!(problem["code"], "rate_limited");
        assert_eq!(problem["status"], 429);
        assert_eq!(retry_after_seconds(&refusal), Some(2));
    }
}
