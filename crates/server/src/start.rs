//! Starts a server and stops it.
//!
//! Hides: what has to be there before the first request, and what is finished before the last.
//! Knows nothing of: arguments, signals; the program calls it.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::settings::ServerSettings;

/// A server that runs until `stop`.
#[derive(Debug)]
pub struct Running {
    /// Where it really listens; the port is chosen by the system when the settings say 0.
    pub address: SocketAddr,
    /// Opens the console for the first time; absent once the user has a password.
    pub sign_in_link: Option<String>,
    stopping: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
}

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: is another server running there? (setting `listen`)")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The server ended by itself.
    #[error("the server ended by itself")]
    Ended(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts a server; it answers when this returns.
///
/// # Errors
/// Each says what is missing and which setting to change.
pub async fn start(settings: ServerSettings, _clock: flow::Clock) -> Result<Running, ServerError> {
    let failed = |source| ServerError::Listen { address: settings.listen, source };
    let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (stopping, mut stopped) = watch::channel(false);
    let router = Router::new().route("/livez", get(async || "ok\n"));
    let serving = tokio::spawn(async move {
        axum::serve(listener, router)
            .with_graceful_shutdown(async move {
                // An error means that the sender is gone, which ends the server as well.
                stopped.wait_for(|stop| *stop).await.ok();
            })
            .await
    });
    Ok(Running { address, sign_in_link: None, stopping, serving })
}

impl Running {
    /// Ends the server: no new request is taken, those that run are finished.
    ///
    /// # Errors
    /// `Ended` when it had ended by itself before.
    pub async fn stop(self) -> Result<(), ServerError> {
        self.stopping.send_replace(true);
        match self.serving.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => Err(ServerError::Ended(Box::new(source))),
            Err(source) => Err(ServerError::Ended(Box::new(source))),
        }
    }
}
