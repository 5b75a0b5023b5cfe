//! From HTTP to operations and back: routes, bodies, answers, headers.
//!
//! Hides: the HTTP framework, how a failure travels, which headers protect a browser.
//! Knows nothing of: what any operation does.

mod address;
mod exchange;
mod listener;
mod observe;
mod tls;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tower_http::compression::CompressionLayer;

use crate::failure::Failure;
use crate::handle::{self, Handle, HandleFile, HandleStreaming, HandleWaiting, OperationRoutes};
use crate::server::Server;
use crate::sign_in::secret::same;
use crate::{console, metrics};

pub(crate) use exchange::{
    ANYONE_BYTES_MAX, Answered, Asked, FileAnswer, JSON_BYTES_MAX, blocking, parse, read_body,
};
pub(crate) use listener::{Listening, Peer};
pub(crate) use observe::RequestId;
pub(crate) use tls::Certificate;
pub use tls::{TlsError, check_tls};

/// Everything that the server answers.
pub(crate) fn router(server: Arc<Server>) -> Router {
    let mut operations = Operations::default();
    handle::visit_routes(&mut operations);
    let api = operations.router.fallback(unknown_operation).method_not_allowed_fallback(wrong_method);
    Router::new()
        .nest("/api", api)
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/openapi.json", get(openapi))
        .route("/metrics", get(numbers))
        .fallback(files)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&server), observe::observe))
        .layer(CompressionLayer::new())
        .with_state(server)
}

/// Routes of the operation table, by the names that the operations carry.
#[derive(Default)]
struct Operations {
    router: Router<Arc<Server>>,
}

impl Operations {
    fn add<O: api::Operation>(&mut self, answer: MethodRouter<Arc<Server>>) {
        let path = format!("/{}/{}", O::SERVICE.as_str(), O::NAME);
        self.router = std::mem::take(&mut self.router).route(&path, answer);
    }
}

impl OperationRoutes for Operations {
    fn catalog<O: Handle>(&mut self) {
        self.add::<O>(post(exchange::catalog::<O>));
    }

    fn waiting<O: HandleWaiting>(&mut self) {
        self.add::<O>(post(exchange::waiting::<O>));
    }

    fn streaming<O: HandleStreaming>(&mut self) {
        self.add::<O>(post(exchange::streaming::<O>));
    }

    fn file<O: HandleFile>(&mut self) {
        self.add::<O>(post(exchange::file::<O>));
    }
}

async fn unknown_operation(RequestId(id): RequestId, request: axum::extract::Request) -> Response {
    let path = request.uri().path();
    exchange::refuse(&id, &Failure::new("InvalidAction", format!("there is no operation at `/api{path}`")))
}

async fn wrong_method(RequestId(id): RequestId) -> Response {
    let failure = Failure::new("UnsupportedProtocol", "operations are asked for with POST");
    let mut answer = exchange::refuse(&id, &failure);
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    answer
}

/// Whether the catalog answers and batches are stored.
async fn ready(State(server): State<Arc<Server>>) -> Response {
    match blocking(move || server.check()).await {
        Ok(()) => "ready\n".into_response(),
        Err(failure) => {
            observe::log(&failure);
            let why =
                if failure.retry_after.is_some() { &failure.message } else { "the catalog does not answer" };
            (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response()
        }
    }
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], api::openapi_json()).into_response()
}

/// Everybody's on loopback; beyond, this machine's or whoever has the token.
async fn numbers(State(server): State<Arc<Server>>, request: axum::extract::Request) -> Response {
    let (parts, _) = request.into_parts();
    let permitted = match &server.settings.metrics_token {
        Some(token) => is_bearer(&parts.headers, token),
        None => {
            let from = exchange::address_of(&server, &parts);
            server.settings.listen.ip().is_loopback() || from.is_some_and(|from| from.is_loopback())
        }
    };
    if !permitted {
        let help = "numbers are told to this machine, or with `metrics_token` as `Authorization: Bearer …`\n";
        return (StatusCode::UNAUTHORIZED, help).into_response();
    }
    match server.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            observe::log(&Failure::internal(error));
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn is_bearer(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    given
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|given| same(given.as_bytes(), token.as_bytes()))
}

async fn files(request: axum::extract::Request) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        console::serve(request).await
    } else {
        StatusCode::METHOD_NOT_ALLOWED.into_response()
    }
}
