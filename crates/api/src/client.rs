//! A blocking client for the operations, for agents and the command line.
//!
//! Hides: addresses, headers, and how a failure travels.
//! Knows nothing of: retrying; the caller decides.

use std::io::Read;
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::typestate::WithBody;
use ureq::{Body, RequestBuilder};

use crate::batch::{BATCH_BYTES_MAX, BATCH_CONTENT_TYPE};
use crate::error::ErrorReply;
use crate::events::Events;
use crate::operation::{Operation, UploadBatch, UploadBatchResponse};
use crate::trust::{Trust, is_distrust};

/// How long an answer may take. `WatchFlowLogs` waits up to 25 seconds, so this is above it.
const ANSWER_PATIENCE: Duration = Duration::from_secs(60);

/// The status of an answer that is no failure.
const OK: u16 = 200;

/// The most bytes of an answer that are read: the published limit of a search answer.
const ANSWER_BYTES_MAX: u64 = 49 << 20;

/// Who is asking.
#[derive(Clone)]
pub enum Credential {
    /// Nobody yet: enrolment and sign-in.
    None,
    /// An enrolled agent.
    AgentToken(String),
    /// An access key.
    AccessKey {
        /// The public part.
        secret_id: String,
        /// The secret part.
        secret_key: String,
    },
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "Credential::None",
            Self::AgentToken(_) => "Credential::AgentToken(…)",
            Self::AccessKey { .. } => "Credential::AccessKey(…)",
        })
    }
}

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// A minute, for everything that people and agents usually ask.
    Usual,
    /// Something else.
    After(Duration),
}

/// A connection to one server, for one region.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    patience: Duration,
    server: String,
    region: Option<String>,
    credential: Credential,
}

/// Why an operation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server was not reached, or the connection broke.
    #[error("cannot reach the server at {server}: is it running, and is the address right?")]
    Unreachable {
        /// Its address.
        server: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// What answers there cannot prove that it is the server.
    #[error(
        "the certificate of the server at {server} is not trusted: name the file of its authority (setting `ca_file`, \
         --ca-file), and reach the server by a name that stands in the certificate"
    )]
    Distrusted {
        /// Its address.
        server: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The server refused or failed.
    #[error("{}: {} (request {})", reply.error.code, reply.error.message, reply.request_id)]
    Refused {
        /// HTTP status.
        status: u16,
        /// When to try again, if the server said so. Unit: whole seconds.
        retry_after: Option<Duration>,
        /// What it said.
        reply: Box<ErrorReply>,
    },
    /// Something answered that is no natlens server, or of another version.
    #[error(
        "the answer of {server} cannot be understood (status {status}): is it a natlens server of this version?"
    )]
    Garbled {
        /// Its address.
        server: String,
        /// HTTP status.
        status: u16,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stream of events broke off, or nothing came for longer than its signs of life are apart.
    #[error("the server at {server} does not go on with its answer: is it still running and reachable?")]
    BrokenOff {
        /// Its address.
        server: String,
        /// Why, if that is known.
        #[source]
        source: Option<std::io::Error>,
    },
    /// The request cannot be written as JSON.
    #[error("the request cannot be encoded")]
    Request(#[source] serde_json::Error),
}

impl Client {
    /// A client of the server at `server`, for example `https://natlens.example` or `http://127.0.0.1:8860`.
    pub fn new(server: &str, credential: Credential, deadline: Deadline) -> Self {
        let patience = match deadline {
            Deadline::Usual => ANSWER_PATIENCE,
            Deadline::After(patience) => patience,
        };
        Self {
            agent: connections(patience, &Trust::default()),
            patience,
            server: server.trim_end_matches('/').to_owned(),
            region: None,
            credential,
        }
    }

    /// The same client, which believes the authorities of `trust`.
    #[must_use]
    pub fn trusting(self, trust: &Trust) -> Self {
        Self { agent: connections(self.patience, trust), ..self }
    }

    /// The same client, asking as somebody else.
    #[must_use]
    pub fn asking_as(self, credential: Credential) -> Self {
        Self { credential, ..self }
    }

    /// The same client, asking for `region`.
    #[must_use]
    pub fn in_region(mut self, region: Option<&str>) -> Self {
        self.region = region.map(str::to_owned);
        self
    }

    /// The address of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Asks for operation `O`.
    ///
    /// # Errors
    /// Each says whether the server was not reached, refused, or was not understood.
    pub fn call<O: Operation>(&self, request: &O::Request) -> Result<O::Response, ClientError> {
        let body = serde_json::to_vec(request).map_err(ClientError::Request)?;
        self.post::<O, _>("application/json", &body)
    }

    /// Asks for operation `O`, whose answer goes on: it has no deadline, but the server may not fall silent.
    ///
    /// # Errors
    /// As `call`; those of the answer itself come with the items.
    pub fn stream<O: Operation>(&self, request: &O::Request) -> Result<Events<O::Response>, ClientError> {
        let body = serde_json::to_vec(request).map_err(ClientError::Request)?;
        let request = self.request::<O>("application/json").config().timeout_global(None).build();
        let mut response = request.send(&body).map_err(|source| self.unreachable(source))?;
        if response.status() == OK {
            return Ok(Events::read(self.server.clone(), response.into_body().into_reader()));
        }
        let text = self.read(&mut response)?;
        Err(self.refused(&response, &text))
    }

    /// Asks for operation `O`, whose answer is a file: it has no deadline.
    ///
    /// The file is whole when reading ends without an error.
    ///
    /// # Errors
    /// As `call`; that it breaks off is told where it is read.
    pub fn download<O: Operation>(&self, request: &O::Request) -> Result<impl Read + use<O>, ClientError> {
        let body = serde_json::to_vec(request).map_err(ClientError::Request)?;
        let request = self.request::<O>("application/json").config().timeout_global(None).build();
        let mut response = request.send(&body).map_err(|source| self.unreachable(source))?;
        if response.status() == OK {
            return Ok(response.into_body().into_reader());
        }
        let text = self.read(&mut response)?;
        Err(self.refused(&response, &text))
    }

    /// Hands over an encoded batch; when it returns, the batch is durable.
    ///
    /// # Errors
    /// As `call`.
    pub fn upload_batch(&self, batch: &[u8]) -> Result<UploadBatchResponse, ClientError> {
        debug_assert!(batch.len() <= BATCH_BYTES_MAX, "an encoded batch stays within its limit");
        self.post::<UploadBatch, _>(BATCH_CONTENT_TYPE, batch)
    }

    fn post<O: Operation, T: DeserializeOwned>(
        &self,
        content_type: &str,
        body: &[u8],
    ) -> Result<T, ClientError> {
        let mut response =
            self.request::<O>(content_type).send(body).map_err(|source| self.unreachable(source))?;
        let text = self.read(&mut response)?;
        if response.status() == OK {
            return serde_json::from_slice(&text).map_err(|source| self.garbled(OK, source));
        }
        Err(self.refused(&response, &text))
    }

    fn request<O: Operation>(&self, content_type: &str) -> RequestBuilder<WithBody> {
        let address = format!("{}/api/{}/{}", self.server, O::SERVICE.as_str(), O::NAME);
        let mut request = self.agent.post(&address).header("content-type", content_type);
        if let Some(region) = &self.region {
            request = request.query("Region", region);
        }
        if let Some(bearer) = self.bearer() {
            request = request.header("authorization", &format!("Bearer {bearer}"));
        }
        request
    }

    fn read(&self, response: &mut Response<Body>) -> Result<Vec<u8>, ClientError> {
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        body.read_to_vec().map_err(|source| self.unreachable(source))
    }

    fn refused(&self, response: &Response<Body>, text: &[u8]) -> ClientError {
        let status = response.status().as_u16();
        match serde_json::from_slice(text) {
            Ok(reply) => {
                let retry_after = retry_after(response.headers());
                ClientError::Refused { status, retry_after, reply: Box::new(reply) }
            }
            Err(source) => self.garbled(status, source),
        }
    }

    fn bearer(&self) -> Option<String> {
        match &self.credential {
            Credential::None => None,
            Credential::AgentToken(token) => Some(token.clone()),
            Credential::AccessKey { secret_id, secret_key } => Some(format!("{secret_id}:{secret_key}")),
        }
    }

    fn unreachable(&self, source: ureq::Error) -> ClientError {
        let (server, source) = (self.server.clone(), Box::new(source));
        if is_distrust(&source) {
            ClientError::Distrusted { server, source }
        } else {
            ClientError::Unreachable { server, source }
        }
    }

    fn garbled(&self, status: u16, source: serde_json::Error) -> ClientError {
        ClientError::Garbled { server: self.server.clone(), status, source: Box::new(source) }
    }
}

fn connections(patience: Duration, trust: &Trust) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .tls_config(trust.config())
        .build()
        .into()
}

/// `Retry-After` in seconds (RFC 9110 10.2.3).
fn retry_after(headers: &ureq::http::HeaderMap) -> Option<Duration> {
    headers.get("retry-after")?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}
