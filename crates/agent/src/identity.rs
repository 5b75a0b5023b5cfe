//! Who the agent is: the gateway that it enrolled as, and its token.
//!
//! Hides: the file that keeps it, enrolment and its repetition.
//! Knows nothing of: what the identity is used for.

use std::io;
use std::path::{Path, PathBuf};

use api::{
    Client, ClientError, Credential, Deadline, EnrolAgent, EnrolAgentRequest, EnrolAgentResponse,
    WatchFlowLogs, WatchFlowLogsRequest,
};
use flow::{AccountId, GatewayId, InvalidId, RegionId};
use serde::{Deserialize, Serialize};

use crate::backoff::Backoff;
use crate::files::{Files, Folder, read_if_there, replace};
use crate::settings::AgentSettings;
use crate::stop::Stop;

const IDENTITY_FILE: &str = "identity.json";

/// Where an agent with that state folder keeps who it is.
pub fn identity_file(state_folder: &Path) -> PathBuf {
    state_folder.join(IDENTITY_FILE)
}
const IDENTITY_VERSION: u32 = 1;

/// Who the agent is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account: AccountId,
    pub(crate) region: RegionId,
    pub(crate) gateway: GatewayId,
    pub(crate) token: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.gateway)
    }
}

/// Why an agent has no identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Not enrolled, and no token to enrol with.
    #[error(
        "this agent is not enrolled: `{path}` does not exist; make a token with `natlens enrolment-token create` \
         and pass it as `--enrolment-token`"
    )]
    NotEnrolled {
        /// Where the identity would be.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("cannot {deed} the agent's identity `{path}`")]
    Disk {
        /// What was tried.
        deed: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what an agent wrote.
    #[error(
        "the agent's identity `{path}` is damaged: restore it, or remove it and enrol again with a new token"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is of another version.
    #[error(
        "the agent's identity `{path}` has version {version}, this agent reads version 1: update the agent"
    )]
    UnknownVersion {
        /// Which file.
        path: PathBuf,
        /// The version found.
        version: u32,
    },
    /// The server refused to enrol the agent.
    #[error(
        "the server at {server} does not enrol this agent: make a new token with `natlens enrolment-token create`, \
         or choose another `gateway_name` if it says that this one is heard"
    )]
    Refused {
        /// Its address.
        server: String,
        /// What it said.
        source: ClientError,
    },
    /// The server does not answer.
    #[error("the server at {server} does not answer this agent")]
    NotReached {
        /// Its address.
        server: String,
        /// Why.
        source: ClientError,
    },
    /// What answers there cannot prove that it is the server; the token is not told to it.
    #[error("this agent does not enrol with a server that it does not trust")]
    Distrusted(#[source] ClientError),
    /// The server enrolled the agent under ids that are none.
    #[error("the server at {server} enrolled this agent under an invalid id: is it of this version?")]
    InvalidAnswer {
        /// Its address.
        server: String,
        /// What is wrong.
        source: InvalidId,
    },
}

/// The file. Members are only added; another meaning is another version.
#[derive(Serialize, Deserialize)]
struct IdentityFile {
    version: u32,
    account_id: String,
    region: String,
    nat_gateway_id: String,
    agent_token: String,
}

/// The identity in the folder, or a new one from the server; `None` when asked to stop before there is one.
///
/// Waits for a server that is not there yet, because both are often started together.
pub(crate) fn find_or_enrol(
    files: &dyn Files,
    settings: &AgentSettings,
    stop: &Stop,
) -> Result<Option<Identity>, IdentityError> {
    if let Some(identity) = find(files)? {
        return Ok(Some(identity));
    }
    let path = files.path(IDENTITY_FILE);
    let Some(token) = &settings.enrolment_token else { return Err(IdentityError::NotEnrolled { path }) };
    let request = EnrolAgentRequest {
        token: token.clone(),
        gateway_name: settings.gateway_name.clone(),
        region: settings.region.clone(),
        vpc_id: settings.vpc.clone(),
    };
    let client = Client::new(&settings.server, Credential::None, Deadline::Usual).trusting(&settings.trust);
    let Some(response) = enrol(&client, &request, stop)? else { return Ok(None) };
    let server = || settings.server.clone();
    let identity =
        parse(&response).map_err(|source| IdentityError::InvalidAnswer { server: server(), source })?;
    keep(files, response).map_err(|source| IdentityError::Disk { deed: "write", path, source })?;
    tracing::info!(gateway = %identity.gateway, region = %identity.region, "enrolled");
    Ok(Some(identity))
}

/// Whether the server at `settings.server` knows the agent of this state folder.
///
/// # Errors
/// Each says what stands in the way.
pub fn check_server(settings: &AgentSettings) -> Result<(), IdentityError> {
    let path = identity_file(&settings.state_folder);
    if !path.exists() {
        return Err(IdentityError::NotEnrolled { path });
    }
    let folder = Folder::open(&settings.state_folder).map_err(|source| IdentityError::Disk {
        deed: "read",
        path: path.clone(),
        source,
    })?;
    let Some(identity) = find(&folder)? else { return Err(IdentityError::NotEnrolled { path }) };
    let client = Client::new(&settings.server, Credential::AgentToken(identity.token), Deadline::Usual)
        .trusting(&settings.trust);
    let server = || settings.server.clone();
    match client.call::<WatchFlowLogs>(&WatchFlowLogsRequest::default()) {
        Ok(_flow_logs) => Ok(()),
        Err(source @ ClientError::Distrusted { .. }) => Err(IdentityError::Distrusted(source)),
        Err(source @ ClientError::Refused { status: 401, .. }) => {
            Err(IdentityError::Refused { server: server(), source })
        }
        Err(source) => Err(IdentityError::NotReached { server: server(), source }),
    }
}

pub(crate) fn find(files: &dyn Files) -> Result<Option<Identity>, IdentityError> {
    let path = || files.path(IDENTITY_FILE);
    let text = read_if_there(files, IDENTITY_FILE).map_err(|source| IdentityError::Disk {
        deed: "read",
        path: path(),
        source,
    })?;
    let Some(text) = text else { return Ok(None) };
    let file: IdentityFile = serde_json::from_slice(&text)
        .map_err(|source| IdentityError::Damaged { path: path(), source: source.into() })?;
    if file.version != IDENTITY_VERSION {
        return Err(IdentityError::UnknownVersion { path: path(), version: file.version });
    }
    let response = EnrolAgentResponse {
        account_id: file.account_id,
        region: file.region,
        nat_gateway_id: file.nat_gateway_id,
        agent_token: file.agent_token,
    };
    parse(&response)
        .map(Some)
        .map_err(|source| IdentityError::Damaged { path: path(), source: source.into() })
}

fn keep(files: &dyn Files, response: EnrolAgentResponse) -> io::Result<()> {
    let file = IdentityFile {
        version: IDENTITY_VERSION,
        account_id: response.account_id,
        region: response.region,
        nat_gateway_id: response.nat_gateway_id,
        agent_token: response.agent_token,
    };
    let text = serde_json::to_vec_pretty(&file).map_err(io::Error::other)?;
    replace(files, IDENTITY_FILE, &text)
}

fn parse(response: &EnrolAgentResponse) -> Result<Identity, InvalidId> {
    Ok(Identity {
        account: response.account_id.parse()?,
        region: response.region.parse()?,
        gateway: response.nat_gateway_id.parse()?,
        token: response.agent_token.clone(),
    })
}

/// Asks the server until it answers; `None` when asked to stop.
fn enrol(
    client: &Client,
    request: &EnrolAgentRequest,
    stop: &Stop,
) -> Result<Option<EnrolAgentResponse>, IdentityError> {
    let mut backoff = Backoff::new(&request.gateway_name);
    loop {
        if stop.is_asked() {
            return Ok(None);
        }
        match client.call::<EnrolAgent>(request) {
            Ok(response) => return Ok(Some(response)),
            Err(source @ ClientError::Refused { status: 400..=428 | 430..=499, .. }) => {
                return Err(IdentityError::Refused { server: client.server().to_owned(), source });
            }
            Err(source @ ClientError::Distrusted { .. }) => return Err(IdentityError::Distrusted(source)),
            Err(error) => {
                let wait = backoff.next_wait();
                tracing::warn!(%error, ?wait, "cannot enrol yet");
                stop.wait(wait);
            }
        }
    }
}

#[cfg(test)]
impl Identity {
    /// An identity that no server knows.
    pub(crate) fn of_tests() -> Self {
        Self {
            account: "100000000001".parse().unwrap(),
            region: "ap-guangzhou".parse().unwrap(),
            gateway: "nat-00000001".parse().unwrap(),
            token: "agent-token".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content: Option<&str>, expected: &str) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        if let Some(content) = content {
            folder.write(IDENTITY_FILE, content.as_bytes()).unwrap();
        }
        let error = find_or_enrol(&folder, &AgentSettings::default(), &Stop::new()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(&folder.path(IDENTITY_FILE).display().to_string()), "{error}");
    }

    #[test]
    fn an_agent_without_a_usable_identity_says_what_to_do() {
        check(None, "natlens enrolment-token create");
        check(Some("{"), "is damaged: restore it, or remove it");
        let file = |version: u32, gateway: &str| {
            format!(
                r#"{{"version":{version},"account_id":"1","region":"r","nat_gateway_id":"{gateway}","agent_token":"t"}}"#
            )
        };
        check(Some(&file(1, "gateway 7")), "is damaged");
        check(Some(&file(2, "nat-00000001")), "has version 2");
    }

    #[test]
    fn an_identity_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let response = EnrolAgentResponse {
            account_id: "100000000001".to_owned(),
            region: "ap-guangzhou".to_owned(),
            nat_gateway_id: "nat-00000001".to_owned(),
            agent_token: "agent-token".to_owned(),
        };
        keep(&folder, response).unwrap();
        assert_eq!(find(&folder).unwrap(), Some(Identity::of_tests()));
    }
}
