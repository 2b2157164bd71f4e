//! Bodies on their way through the front: the answer's, which says when it has ended, and the
//! request's, which is held until then.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::body::{BodySize, MessageBody};
use actix_http::error::PayloadError;
use actix_http::{BoxedPayloadStream, Payload};
use bytes::Bytes;
use futures_util::Stream;

use super::visit::Stay;
use crate::model::uptime_ms;

/// The body of an answer.
pub struct Tracked<B> {
    body: B,
    rest: Option<Rest>,
    stay: Stay,
}

impl<B> Tracked<B> {
    /// The answer to the request of `stay`.
    pub fn new(body: B, stay: Stay, rest: Option<Rest>) -> Self {
        Self { body, rest, stay }
    }
}

impl<B: MessageBody + Unpin> MessageBody for Tracked<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        this.stay.is_taken();
        let next = Pin::new(&mut this.body).poll_next(cx);
        if matches!(next, Poll::Ready(Some(_))) {
            this.stay.gave(uptime_ms());
        }
        next
    }
}

impl<B> Drop for Tracked<B> {
    fn drop(&mut self) {
        if self.rest.as_ref().is_some_and(|rest| !rest.ended.get()) {
            self.stay.leaves_a_rest();
        }
    }
}

/// What may be left of a request's body when it is answered.
///
/// actix-http reads on without an end where a chunked body was dropped unread. One that is still held
/// it takes for unread: it reads on for a second, and closes (`h1::dispatcher`,
/// `should_close_for_unread_payload`).
pub struct Rest {
    ended: Rc<Cell<bool>>,
    _payload: Rc<RefCell<Payload>>,
}

/// A body for the routes to read, and what holds it.
pub fn hold(payload: Payload) -> (Payload, Rest) {
    let (payload, ended) = (Rc::new(RefCell::new(payload)), Rc::new(Cell::new(false)));
    let reading = Reading { payload: Rc::clone(&payload), ended: Rc::clone(&ended) };
    let stream: BoxedPayloadStream = Box::pin(reading);
    (Payload::Stream { payload: stream }, Rest { ended, _payload: payload })
}

struct Reading {
    payload: Rc<RefCell<Payload>>,
    ended: Rc<Cell<bool>>,
}

impl Stream for Reading {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut *self.payload.borrow_mut()).poll_next(cx);
        if let Poll::Ready(None) = next {
            self.ended.set(true);
        }
        next
    }
}
