//! One exchange: who asks, may they, what do they ask, what is the answer.
//!
//! Hides: the order of these steps (nothing is read before the permission is known), bodies, JSON.
//! Knows nothing of: what any operation does.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use api::{ErrorBody, ErrorReply, Operation, Permission};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::Owner;

use super::{Peer, RequestId, address, observe};
use crate::caller::{self, Caller};
use crate::failure::Failure;
use crate::handle::{Handle, HandleFile, HandleStreaming, HandleWaiting};
use crate::server::Server;

/// The most bytes of a request in JSON. The longest real one is an index of 300 fields, about 60 kB.
pub(crate) const JSON_BYTES_MAX: usize = 1 << 20;

/// The most bytes of a request from nobody knows whom: names, a password or a token.
pub(crate) const ANYONE_BYTES_MAX: usize = 4096;

/// How long the body of a request may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// How often a stream without news says that it is still there. Below the patience of common proxies, 30 seconds.
const STREAM_SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Who asks, in which region, of which server.
#[derive(Clone)]
pub(crate) struct Asked {
    /// The server.
    pub(crate) server: Arc<Server>,
    /// Who asks; the permission has been checked.
    pub(crate) caller: Caller,
    /// The account and region that the operation may touch, and nothing else.
    pub(crate) owner: Owner,
    /// Where the question comes from.
    pub(crate) address: IpAddr,
}

/// An answer, and the session cookie that it sets.
pub(crate) struct Answered<R> {
    /// The answer.
    pub(crate) response: R,
    /// The value of `Set-Cookie`.
    pub(crate) cookie: Option<String>,
}

/// A file, part by part.
pub(crate) struct FileAnswer<S> {
    pub(crate) content_type: &'static str,
    /// What browsers call it: letters, digits, hyphens and dots.
    pub(crate) name: String,
    /// It ends when the file is whole; a failure says that it never will be.
    pub(crate) parts: S,
}

impl<R> From<R> for Answered<R> {
    fn from(response: R) -> Self {
        Self { response, cookie: None }
    }
}

/// Answers an operation that only asks the catalog.
pub(crate) async fn catalog<O: Handle>(
    State(server): State<Arc<Server>>,
    RequestId(id): RequestId,
    request: Request,
) -> Response {
    let answer = async {
        let (asked, request) = admit_json::<O>(server, request).await?;
        blocking(move || O::handle(&asked, request)).await
    };
    reply(&id, answer.await.map(Answered::from))
}

/// Answers an operation that waits for something.
pub(crate) async fn waiting<O: HandleWaiting>(
    State(server): State<Arc<Server>>,
    RequestId(id): RequestId,
    request: Request,
) -> Response {
    let answer = async {
        let (asked, body) = admit::<O>(server, request).await?;
        O::handle(asked, body).await
    };
    reply(&id, answer.await)
}

/// Answers an operation with an event for each response, until the caller leaves or the server stops.
pub(crate) async fn streaming<O: HandleStreaming>(
    State(server): State<Arc<Server>>,
    RequestId(id): RequestId,
    request: Request,
) -> Response {
    let begun = async {
        let (asked, request) = admit_json::<O>(server, request).await?;
        O::handle(asked, request).await
    };
    match begun.await {
        Ok(responses) => {
            let events = responses.map(|response| Event::default().json_data(response));
            Sse::new(events).keep_alive(KeepAlive::new().interval(STREAM_SIGN_OF_LIFE)).into_response()
        }
        Err(failure) => refuse(&id, &failure),
    }
}

/// Answers an operation with a file, as fast as the caller reads it.
pub(crate) async fn file<O: HandleFile>(
    State(server): State<Arc<Server>>,
    RequestId(id): RequestId,
    request: Request,
) -> Response {
    let begun = async {
        let (asked, request) = admit_json::<O>(server, request).await?;
        O::handle(asked, request).await
    };
    match begun.await {
        Ok(file) => file_response(file),
        Err(failure) => refuse(&id, &failure),
    }
}

/// A file that fails cuts the connection, without the last chunk: whoever reads it sees that it is not whole.
fn file_response<S>(FileAnswer { content_type, name, parts }: FileAnswer<S>) -> Response
where
    S: Stream<Item = Result<Vec<u8>, Failure>> + Send + 'static,
{
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    let span = tracing::Span::current();
    // The compression asks once more after the end.
    let told = move |part: Result<Vec<u8>, Failure>| {
        part.inspect_err(|failure| span.in_scope(|| observe::log_break(failure)))
    };
    (headers, Body::from_stream(parts.map(told).fuse())).into_response()
}

/// Finds out who asks and whether they may, and then what.
async fn admit_json<O: Operation>(
    server: Arc<Server>,
    request: Request,
) -> Result<(Asked, O::Request), Failure> {
    let (asked, body) = admit::<O>(server, request).await?;
    let bytes_max = if O::PERMISSION == Permission::Anyone { ANYONE_BYTES_MAX } else { JSON_BYTES_MAX };
    Ok((asked, parse(&read_body(body, bytes_max).await?)?))
}

/// Finds out who asks and whether they may, before anything else is read.
async fn admit<O: Operation>(server: Arc<Server>, request: Request) -> Result<(Asked, Body), Failure> {
    let (parts, body) = request.into_parts();
    let address =
        address_of(&server, &parts).ok_or_else(|| Failure::internal("the connection has no peer address"))?;
    let caller = match O::PERMISSION {
        Permission::Anyone => {
            caller::check_origin_if_any(&server, &parts.headers)?;
            Caller::Nobody
        }
        Permission::Agent
        | Permission::Upload
        | Permission::View
        | Permission::Operate
        | Permission::Administer => {
            let (server, headers) = (Arc::clone(&server), parts.headers.clone());
            blocking(move || caller::identify(&server, &headers)).await?
        }
    };
    caller.require::<O>()?;
    let owner = caller.owner(&server, region_of(&parts)?.as_deref())?;
    Ok((Asked { server, caller, owner, address }, body))
}

/// Where a request comes from.
pub(super) fn address_of(server: &Server, parts: &Parts) -> Option<IpAddr> {
    let Peer(peer) = parts.extensions.get::<Peer>()?;
    Some(address::address(peer.ip(), &parts.headers, &server.settings.trusted_proxies))
}

/// The parameter `Region` of the address.
fn region_of(parts: &Parts) -> Result<Option<String>, Failure> {
    #[derive(serde::Deserialize)]
    struct Parameters {
        #[serde(rename = "Region")]
        region: Option<String>,
    }
    axum::extract::Query::<Parameters>::try_from_uri(&parts.uri)
        .map(|query| query.0.region.filter(|region| !region.is_empty()))
        .map_err(|error| Failure::new("InvalidParameter", format!("the parameters of the address: {error}")))
}

/// The whole body, within a size and a time.
pub(crate) async fn read_body(body: Body, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    match tokio::time::timeout(BODY_PATIENCE, collect(body, bytes_max)).await {
        Ok(read) => read,
        Err(_) => {
            let seconds = BODY_PATIENCE.as_secs();
            Err(late(format!("the body did not arrive within {seconds} seconds: send it again")))
        }
    }
}

async fn collect(body: Body, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let mut parts = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| late(format!("the body broke off: {error}; send it again")))?;
        if bytes.len() + part.len() > bytes_max {
            let message = format!("the body is longer than {bytes_max} bytes, the most that are accepted");
            return Err(Failure::new("RequestSizeLimitExceeded", message));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// What did not arrive whole may be right: an agent sends it again, and sets aside only what is wrong.
fn late(message: String) -> Failure {
    Failure::new("FailedOperation.Timeout", message)
}

/// The request that `body` writes in JSON; an empty body is an empty object.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        let absent = error.to_string().starts_with("missing field");
        let code = if absent { "MissingParameter" } else { "InvalidParameter" };
        Failure::new(code, format!("the request cannot be read: {error}"))
    })
}

/// Runs `deed`, which may wait for the disk, beside the threads that answer.
pub(crate) async fn blocking<T, F>(deed: F) -> Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Failure> + Send + 'static,
{
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(deed)).await {
        Ok(outcome) => outcome,
        Err(panicked) => Err(Failure::internal(panicked)),
    }
}

fn reply<R: Serialize>(id: &str, outcome: Result<Answered<R>, Failure>) -> Response {
    let written = outcome.and_then(|Answered { response, cookie }| {
        let body = serde_json::to_vec(&response).map_err(Failure::internal)?;
        let cookie = cookie.map(|value| HeaderValue::from_str(&value)).transpose();
        Ok((body, cookie.map_err(Failure::internal)?))
    });
    match written {
        Ok((body, cookie)) => {
            let mut answer = json(StatusCode::OK, body);
            if let Some(cookie) = cookie {
                answer.headers_mut().insert(SET_COOKIE, cookie);
            }
            answer
        }
        Err(failure) => refuse(id, &failure),
    }
}

/// The answer to what failed.
pub(crate) fn refuse(id: &str, failure: &Failure) -> Response {
    observe::log(failure);
    let error = ErrorBody {
        code: failure.code.to_owned(),
        message: failure.message.clone(),
        position: failure.position,
    };
    let reply = ErrorReply { error, request_id: id.to_owned() };
    let body = serde_json::to_vec(&reply).expect("texts and numbers can always be written as JSON");
    let mut answer = json(failure.status(), body);
    if let Some(wait) = failure.retry_after {
        // Whole seconds (RFC 9110 10.2.3), never 0: that would ask for a busy loop.
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    answer
}

/// Answers of operations are never kept by caches: they depend on who asks.
fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use api::DeleteTopicRequest;

    use super::*;

    #[tokio::test]
    async fn a_body_that_breaks_off_is_asked_for_again() {
        let torn = futures::stream::iter([Ok("half of"), Err(std::io::Error::other("the line is cut"))]);
        let failure = read_body(Body::from_stream(torn), JSON_BYTES_MAX).await.unwrap_err();
        assert_eq!(failure.status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[test]
    fn a_missing_member_and_a_wrong_one_have_different_codes() {
        assert_eq!(parse::<DeleteTopicRequest>(b"").unwrap_err().code, "MissingParameter");
        assert_eq!(parse::<DeleteTopicRequest>(br#"{"TopicId": 1}"#).unwrap_err().code, "InvalidParameter");
        assert_eq!(parse::<DeleteTopicRequest>(br#"{"TopicId": "x", "New": 1}"#).unwrap().topic_id, "x");
    }
}
