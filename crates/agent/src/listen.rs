//! Tells an agent's numbers over HTTP, to whoever may know them.
//!
//! Hides: the HTTP library and its runtime, limits of connections.
//! Knows nothing of: what the numbers say, the run that they are of.
//!
//! | path | says |
//! |---|---|
//! | `/healthz` | the process runs |
//! | `/readyz` | it reads its source, knows its flow logs and can keep records; else 503 and why not |
//! | `/metrics` | the numbers; see [`AgentMetrics::text`] |

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use flow::Clock;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use crate::metrics::AgentMetrics;

/// The content type of the numbers.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How many connections are answered at once. Who reads numbers comes every few seconds, and is one or two.
const CONNECTIONS_MAX: usize = 16;

/// How long a connection may take from its beginning to its end: it is for one request.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(10);

/// The wait after the system gave no connection, for lack of file descriptors above all.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where numbers are told, and to whom.
#[derive(Clone, PartialEq, Eq)]
pub struct ListenSettings {
    /// Port 0 lets the system choose one.
    pub listen: SocketAddr,
    /// What `/metrics` asks for as `Authorization: Bearer …`. Without it, an agent that listens beyond loopback tells its
    /// numbers to its own machine alone.
    pub token: Option<String>,
}

/// Why numbers cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be used.
    #[error(
        "cannot listen on `{listen}`: is the port free, and the address this machine's? (setting `metrics_listen`)"
    )]
    Address {
        /// Which.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no thread or no runtime for it.
    #[error("cannot start to tell numbers")]
    Start(#[source] io::Error),
}

/// Tells numbers as long as it lives.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    _end: oneshot::Sender<()>,
}

impl Listening {
    /// Where.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Begins to tell the numbers of `metrics`.
///
/// # Errors
/// Each says why it cannot.
pub fn listen(
    settings: ListenSettings,
    metrics: AgentMetrics,
    clock: Clock,
) -> Result<Listening, ListenError> {
    let fails = |source| ListenError::Address { listen: settings.listen, source };
    let listener = TcpListener::bind(settings.listen).map_err(fails)?;
    listener.set_nonblocking(true).map_err(fails)?;
    let address = listener.local_addr().map_err(fails)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ListenError::Start)?;
    let (end, ended) = oneshot::channel();
    let desk = Arc::new(Desk { settings, metrics, clock });
    let work = move || runtime.block_on(serve(listener, desk, ended));
    std::thread::Builder::new().name("tells numbers".to_owned()).spawn(work).map_err(ListenError::Start)?;
    tracing::info!(%address, "numbers are told at /metrics");
    Ok(Listening { address, _end: end })
}

async fn serve(listener: TcpListener, desk: Arc<Desk>, mut ended: oneshot::Receiver<()>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "numbers cannot be told"),
    };
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = Arc::clone(&free).acquire_owned().await;
        let accepted = tokio::select! {
            _ = &mut ended => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let desk = Arc::clone(&desk);
                tokio::spawn(async move {
                    let answered =
                        tokio::time::timeout(CONNECTION_PATIENCE, answer(stream, peer, desk)).await;
                    tracing::debug!(in_time = answered.is_ok(), "a connection ended");
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn answer(stream: TcpStream, peer: SocketAddr, desk: Arc<Desk>) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let answer = desk.answer(&request, peer);
        async { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// What is asked and answered.
struct Desk {
    settings: ListenSettings,
    metrics: AgentMetrics,
    clock: Clock,
}

impl Desk {
    fn answer<B>(&self, request: &Request<B>, peer: SocketAddr) -> Response<String> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return said(StatusCode::METHOD_NOT_ALLOWED, "numbers can be read, and nothing else\n");
        }
        match request.uri().path() {
            "/healthz" | "/livez" => said(StatusCode::OK, "ok\n"),
            "/readyz" => match self.metrics.unready((self.clock)()) {
                None => said(StatusCode::OK, "ok\n"),
                Some(why) => said(StatusCode::SERVICE_UNAVAILABLE, &format!("{why}\n")),
            },
            "/metrics" if self.permits(request, peer) => self.numbers(),
            "/metrics" => said(
                StatusCode::UNAUTHORIZED,
                "numbers are told to this machine, or with `agent.metrics_token` as `Authorization: Bearer …`\n",
            ),
            _ => said(StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n"),
        }
    }

    fn permits<B>(&self, request: &Request<B>, peer: SocketAddr) -> bool {
        let Some(token) = &self.settings.token else { return peer.ip().to_canonical().is_loopback() };
        let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        // Digests, so that the time of the comparison says nothing of the token.
        given
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|given| Sha256::digest(given.as_bytes()) == Sha256::digest(token.as_bytes()))
    }

    fn numbers(&self) -> Response<String> {
        match self.metrics.text((self.clock)()) {
            Ok(text) => typed(StatusCode::OK, OPEN_METRICS, text),
            Err(error) => {
                tracing::error!(%error, "cannot write the numbers");
                said(StatusCode::INTERNAL_SERVER_ERROR, "the numbers cannot be written: see the log\n")
            }
        }
    }
}

fn said(status: StatusCode, text: &str) -> Response<String> {
    typed(status, "text/plain; charset=utf-8", text.to_owned())
}

fn typed(status: StatusCode, kind: &'static str, text: String) -> Response<String> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

impl std::fmt::Debug for ListenSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is a secret.
        f.debug_struct("ListenSettings").field("listen", &self.listen).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use flow::Timestamp;

    use super::*;

    fn told(token: Option<&str>) -> (Listening, AgentMetrics) {
        let listen = "127.0.0.1:0".parse().unwrap();
        let settings = ListenSettings { listen, token: token.map(str::to_owned) };
        let metrics = AgentMetrics::default();
        let clock: Clock = Arc::new(|| Timestamp::from_seconds(100));
        (listen_to(settings, &metrics, clock), metrics)
    }

    fn listen_to(settings: ListenSettings, metrics: &AgentMetrics, clock: Clock) -> Listening {
        listen(settings, metrics.clone(), clock).unwrap()
    }

    fn ask(listening: &Listening, request: &str) -> String {
        let mut stream = std::net::TcpStream::connect(listening.address()).unwrap();
        write!(stream, "{request}\r\nHost: agent\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn numbers_and_readiness_are_told_and_nothing_else() {
        let (listening, metrics) = told(None);
        assert!(ask(&listening, "GET /healthz HTTP/1.1").starts_with("HTTP/1.1 200"));
        let unready = ask(&listening, "GET /readyz HTTP/1.1");
        assert!(unready.starts_with("HTTP/1.1 503") && unready.contains("not read yet"), "{unready}");
        metrics.counters.polled_ms.set(100_000);
        metrics.counters.flow_logs_known.set(1);
        assert!(ask(&listening, "GET /readyz HTTP/1.1").starts_with("HTTP/1.1 200"));
        let numbers = ask(&listening, "GET /metrics HTTP/1.1");
        assert!(
            numbers.contains("natlens_agent_ready 1") && numbers.contains("openmetrics-text"),
            "{numbers}"
        );
        assert!(ask(&listening, "GET / HTTP/1.1").starts_with("HTTP/1.1 404"));
        assert!(ask(&listening, "POST /metrics HTTP/1.1").starts_with("HTTP/1.1 405"));
    }

    #[test]
    fn with_a_token_numbers_are_told_to_who_has_it() {
        let (listening, _) = told(Some("right"));
        for (header, status) in
            [("", 401), ("\r\nAuthorization: Bearer wrong", 401), ("\r\nAuthorization: Bearer right", 200)]
        {
            let answer = ask(&listening, &format!("GET /metrics HTTP/1.1{header}"));
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{header}: {answer}");
        }
        assert!(ask(&listening, "GET /healthz HTTP/1.1").starts_with("HTTP/1.1 200"));
    }

    #[test]
    fn without_a_token_another_machine_learns_no_number() {
        let settings = ListenSettings { listen: "0.0.0.0:0".parse().unwrap(), token: None };
        let desk = Desk {
            settings,
            metrics: AgentMetrics::default(),
            clock: Arc::new(|| Timestamp::from_seconds(100)),
        };
        for (peer, status) in [
            ("127.0.0.1:4000", 200),
            ("[::ffff:127.0.0.1]:4000", 200),
            ("[::1]:4000", 200),
            ("192.0.2.7:4000", 401),
        ] {
            let request = Request::get("/metrics").body(()).unwrap();
            assert_eq!(desk.answer(&request, peer.parse().unwrap()).status().as_u16(), status, "{peer}");
        }
    }

    #[test]
    fn an_address_in_use_is_named() {
        let (listening, metrics) = told(None);
        let settings = ListenSettings { listen: listening.address(), token: None };
        let error = listen(settings, metrics, Arc::new(|| Timestamp::from_seconds(100))).unwrap_err();
        assert!(error.to_string().contains(&listening.address().to_string()), "{error}");
    }
}
