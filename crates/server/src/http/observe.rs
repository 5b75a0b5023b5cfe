//! What happens around every request: its id, its span, its numbers, the headers that protect a browser.
//!
//! Hides: the names and values of those headers.
//! Knows nothing of: operations.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::failure::{Failure, with_causes};
use crate::server::Server;

/// The header that names the request, in answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Scripts, data and frames come from this server alone; styles may be written by the console's scripts.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Headers of every answer.
const PROTECTION: [(HeaderName, HeaderValue); 5] = [
    (HeaderName::from_static("content-security-policy"), HeaderValue::from_static(CONTENT_POLICY)),
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY")),
    (HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// Names a request in answer and log.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self(String::new())))
    }
}

/// Gives a request its id, its span and its protection, and counts it.
pub(crate) async fn observe(State(server): State<Arc<Server>>, mut request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "console".to_owned(), |path| path.as_str().trim_start_matches("/api/").to_owned());
    let span = tracing::info_span!("server.answer", request = %id, %route);

    let started = (server.clock)();
    let mut answer = next.run(request).instrument(span.clone()).await;
    let took = (server.clock)().since(started);

    server.metrics.answered(&route, answer.status(), took);
    span.in_scope(|| tracing::debug!(status = answer.status().as_u16(), took_ms = took.as_millis()));
    let headers = answer.headers_mut();
    headers.extend(PROTECTION);
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    answer
}

/// Says that an answer broke off: its status was sent long ago.
pub(crate) fn log_break(failure: &Failure) {
    log(failure);
    tracing::warn!(code = failure.code, message = failure.message, "an answer broke off");
}

/// Writes the chain of causes of a failure of the server itself, once.
pub(crate) fn log(failure: &Failure) {
    let Some(cause) = &failure.cause else { return };
    tracing::error!(code = failure.code, cause = with_causes(cause.as_ref()), "an operation failed");
}
