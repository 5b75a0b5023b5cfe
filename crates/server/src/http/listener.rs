//! Accepts connections, up to a limit, and ends those that are silent for too long.
//!
//! Hides: TLS, deadlines, how a connection is counted from its start to its end, and how all of them end.
//! Knows nothing of: what travels in them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{interval, timeout};

use super::tls::{Certificate, LOOK_AGAIN};

/// The most connections at once; more wait in the kernel's queue.
///
/// A waiting agent holds one for 25 seconds, so this is also about how many agents one server can have.
/// At about 20 kB each it bounds them to 80 MB, with TLS to 200 MB.
const CONNECTIONS_MAX: usize = 4096;

/// How long a connection may take until the next request's header is there. Proxies keep theirs for a minute, and
/// must be the first to end them.
const HEADER_PATIENCE: Duration = Duration::from_secs(120);

/// How long a connection may take to agree on its keys.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(5);

/// How long the other end may leave an answer unread.
#[cfg(target_os = "linux")]
const UNREAD_PATIENCE: Duration = Duration::from_secs(120);

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What is accepted, and by what rules.
pub(crate) struct Listening {
    listener: TcpListener,
    /// With one, connections are encrypted.
    certificate: Option<Arc<Certificate>>,
    /// How long a connection may stay without a request.
    header_patience: Duration,
}

impl Listening {
    /// Accepts at `listener`, with the usual patience.
    pub(crate) fn new(listener: TcpListener, certificate: Option<Arc<Certificate>>) -> Self {
        Self { listener, certificate, header_patience: HEADER_PATIENCE }
    }

    /// Answers by `router` until `stopped`; returns when the requests that run are answered.
    pub(crate) async fn serve(mut self, router: Router, mut stopped: watch::Receiver<bool>) {
        let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let open = GracefulShutdown::new();
        let mut look_again = interval(LOOK_AGAIN);
        loop {
            let accepted = tokio::select! {
                biased;
                // An error means that the sender is gone, which ends the server as well.
                _ = stopped.wait_for(|stop| *stop) => break,
                _ = look_again.tick() => {
                    self.look_again();
                    continue;
                }
                accepted = accept(&free, &mut self.listener) => accepted,
            };
            let connection = Connection {
                router: TowerToHyperService::new(router.clone()),
                certificate: self.certificate.clone(),
                header_patience: self.header_patience,
                watcher: open.watcher(),
            };
            tokio::spawn(connection.serve(accepted));
        }
        drop(self);
        open.shutdown().await;
    }

    fn look_again(&self) {
        if let Some(certificate) = self.certificate.clone() {
            tokio::task::spawn_blocking(move || certificate.look_again());
        }
    }
}

/// A connection, and its place among those that may be open.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    _place: OwnedSemaphorePermit,
}

async fn accept(free: &Arc<Semaphore>, listener: &mut TcpListener) -> Accepted {
    let place = Arc::clone(free).acquire_owned().await.expect("the semaphore is never closed");
    // The framework's own accept: it waits when the process is out of file descriptors.
    let (stream, peer) = axum::serve::Listener::accept(listener).await;
    if let Err(error) = set_up(&stream) {
        tracing::debug!(%error, "cannot set up a connection");
    }
    Accepted { stream, peer, _place: place }
}

/// No delay before small answers, and an end when nobody reads them.
fn set_up(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_PATIENCE))?;
    Ok(())
}

/// How a connection is answered.
struct Connection {
    router: TowerToHyperService<Router>,
    certificate: Option<Arc<Certificate>>,
    header_patience: Duration,
    watcher: Watcher,
}

impl Connection {
    async fn serve(self, accepted: Accepted) {
        let Accepted { stream, peer, _place } = accepted;
        let Some(certificate) = &self.certificate else {
            return self.answer(stream, peer).await;
        };
        match timeout(HANDSHAKE_PATIENCE, certificate.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => self.answer(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%error, "a connection did not agree on its keys"),
            Err(_) => tracing::debug!("a connection did not agree on its keys in time"),
        }
    }

    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static, peer: SocketAddr) {
        let answering = Answering { router: self.router, peer: Peer(peer) };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_patience)
            .serve_connection(TokioIo::new(stream), answering);
        if let Err(error) = self.watcher.watch(connection).await {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// Answers requests of one peer.
struct Answering {
    router: TowerToHyperService<Router>,
    peer: Peer,
}

impl Service<Request<Incoming>> for Answering {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.router.call(request)
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Connects to a server that waits 100 ms for requests, sends `text`, and reads until the connection ends.
    async fn said_to(text: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let header_patience = Duration::from_millis(100);
        let listening = Listening { header_patience, ..Listening::new(listener, None) };
        let (_stopping, stopped) = watch::channel(false);
        tokio::spawn(listening.serve(Router::new().route("/", get(async || "answer")), stopped));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut said = String::new();
        let read = timeout(Duration::from_secs(20), stream.read_to_string(&mut said)).await;
        read.expect("the server ends the connection").unwrap();
        said
    }

    #[tokio::test]
    async fn who_is_silent_from_the_first_byte_or_in_the_middle_of_a_header_is_let_go() {
        assert!(!said_to("").await.contains("answer"));
        assert!(!said_to("GET / HTTP/1.1\r\nhost: x\r\n").await.contains("answer"));
    }

    #[tokio::test]
    async fn who_is_silent_after_an_answer_is_let_go() {
        assert!(said_to("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.ends_with("answer"));
    }
}
