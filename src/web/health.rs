//! Alive, able to serve, and how it is going.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::{HttpResponse, web};

use super::Site;
use super::refused::Refused;
use crate::chat::{Backlog, Overview, Ready};
use crate::protocol::{Code, Refusal};

/// How long the chat and the store may take to say that they are well.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /healthz`: the process answers.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(r#"{"status":"alive"}"#)
}

/// `GET /readyz`: the chat answers and the store can write.
pub async fn ready(site: web::Data<Site>) -> Result<HttpResponse, Refused> {
    if !site.open.load(Ordering::Acquire) {
        return Err(Refusal::new(Code::ShuttingDown).retry_after(1000).into());
    }
    let asked = actix_rt::time::timeout(PATIENCE, site.chat.send(Ready)).await;
    match asked {
        Ok(Ok(Ok(()))) => {
            Ok(HttpResponse::Ok().content_type("application/json").body(r#"{"status":"ready"}"#))
        }
        Ok(Ok(Err(crate::store::StoreError::Full))) => Err(Code::StorageFull.into()),
        _ => {
            let message = "The chat or its store does not answer.";
            Err(Refusal::because(Code::Busy, message).retry_after(1000).into())
        }
    }
}

/// `GET /metrics`: Prometheus text.
pub async fn metrics(site: web::Data<Site>) -> HttpResponse {
    let mut backlog = 0;
    let gathered = async {
        for relay in site.chat.send(Overview).await.unwrap_or_default() {
            backlog += relay.send(Backlog).await.unwrap_or(0);
        }
    };
    if actix_rt::time::timeout(PATIENCE, gathered).await.is_ok() {
        site.meters.backlog_bytes.set(backlog as f64);
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(site.prometheus.render())
}
