//! The flow logs that the agent carries out.
//!
//! Hides: how they reach the gateway, and the file that keeps them for a start without a server.
//! Knows nothing of: windows, records, the spool.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::{AgentFlowLog, AgentStatus, Client, ClientError, WatchFlowLogs, WatchFlowLogsRequest};
use flow::{FlowLog, GatewayId};
use serde::{Deserialize, Serialize};

use crate::backoff::Backoff;
use crate::files::{Files, read_if_there, replace};
use crate::metrics::AgentMetrics;
use crate::status::keep_status;
use crate::stop::Stop;

const FLOW_LOGS_FILE: &str = "flow-logs.json";
const FLOW_LOGS_VERSION: u32 = 1;

/// The least wait between two answers that say the same: a server that does not hold the request back is not flooded.
const SAME_ANSWER_WAIT: Duration = Duration::from_secs(1);

/// The flow logs that the agent carries out: those of the last answer, or of the last run until there is one.
#[derive(Debug)]
pub(crate) struct Orders {
    files: Box<dyn Files>,
    gateway: GatewayId,
    metrics: AgentMetrics,
    known: Mutex<Option<Arc<[FlowLog]>>>,
}

/// The file. Members are only added; another meaning is another version.
#[derive(Serialize, Deserialize)]
struct FlowLogsFile {
    version: u32,
    nat_gateway_id: String,
    flow_logs: Vec<AgentFlowLog>,
}

impl Orders {
    /// Finds the flow logs of the last run; those of another gateway do not count.
    pub(crate) fn open(files: Box<dyn Files>, gateway: GatewayId, metrics: AgentMetrics) -> Self {
        let known = match read_if_there(&*files, FLOW_LOGS_FILE) {
            Ok(text) => text
                .and_then(|text| serde_json::from_slice::<FlowLogsFile>(&text).ok())
                .filter(|file| file.version == FLOW_LOGS_VERSION && file.nat_gateway_id == gateway.as_str())
                .map(|file| understood(&file.flow_logs)),
            Err(error) => {
                tracing::warn!(path = %files.path(FLOW_LOGS_FILE).display(), %error, "cannot read flow logs");
                None
            }
        };
        metrics.counters.flow_logs.set(known.as_ref().map_or(0, |known| known.len() as u64));
        metrics.counters.flow_logs_known.set(known.is_some().into());
        Self { files, gateway, metrics, known: Mutex::new(known) }
    }

    /// The flow logs to carry out; `None` while nobody has ever told.
    pub(crate) fn current(&self) -> Option<Arc<[FlowLog]>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Arc::clone)
    }

    /// Carries out `flow_logs` from now on, and after the next start.
    fn apply(&self, flow_logs: Vec<AgentFlowLog>) {
        let understood = understood(&flow_logs);
        self.metrics.counters.flow_logs.set(understood.len() as u64);
        self.metrics.counters.flow_logs_known.set(1);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(understood);
        if let Err(error) = self.keep(flow_logs) {
            let path = self.files.path(FLOW_LOGS_FILE);
            tracing::warn!(path = %path.display(), %error, "cannot keep flow logs for the next start");
        }
    }

    fn keep(&self, flow_logs: Vec<AgentFlowLog>) -> io::Result<()> {
        let nat_gateway_id = self.gateway.to_string();
        let file = FlowLogsFile { version: FLOW_LOGS_VERSION, nat_gateway_id, flow_logs };
        replace(&*self.files, FLOW_LOGS_FILE, &serde_json::to_vec_pretty(&file).map_err(io::Error::other)?)
    }

    /// Asks the server for flow logs again and again until asked to stop, and tells it how the agent is.
    pub(crate) fn watch(&self, client: &Client, status: impl Fn() -> AgentStatus, stop: &Stop) {
        let mut backoff = Backoff::new(self.gateway.as_str());
        let mut generation = None;
        let mut unreached = None;
        while !stop.is_asked() {
            let status = status();
            if let Err(error) = keep_status(&*self.files, &self.gateway, unreached.as_deref(), &status) {
                tracing::warn!(%error, "`natlens agent status` does not know how the agent is");
            }
            let request = WatchFlowLogsRequest { generation, status: Some(status) };
            let wait = match client.call::<WatchFlowLogs>(&request) {
                _ if stop.is_asked() => return, // another run may own the folder by now
                Ok(response) => {
                    backoff.reset();
                    unreached = None;
                    if generation == Some(response.generation) {
                        SAME_ANSWER_WAIT
                    } else {
                        generation = Some(response.generation);
                        let count = response.flow_logs.len();
                        tracing::info!(
                            generation = response.generation,
                            flow_logs = count,
                            "flow logs changed"
                        );
                        self.apply(response.flow_logs);
                        Duration::ZERO
                    }
                }
                Err(error) => {
                    let wait = backoff.next_wait();
                    self.tell(&error, wait);
                    unreached = Some(error.to_string());
                    wait
                }
            };
            stop.wait(wait);
        }
    }

    fn tell(&self, error: &ClientError, wait: Duration) {
        if matches!(error, ClientError::Refused { status: 401, .. }) {
            tracing::error!(
                gateway = %self.gateway, error = error as &dyn std::error::Error,
                "the server does not know this agent's token: records are spooled meanwhile; if the gateway was \
                 removed from the server, remove `identity.json` from the state folder and enrol again"
            );
        } else {
            let error = error as &dyn std::error::Error;
            tracing::warn!(error, ?wait, "cannot ask for flow logs; the last known ones stay in force");
        }
    }
}

/// The flow logs that this agent understands; the others are of a newer server.
fn understood(flow_logs: &[AgentFlowLog]) -> Arc<[FlowLog]> {
    let parsed = flow_logs.iter().filter_map(|flow_log| match parse(flow_log) {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            tracing::error!(
                flow_log = flow_log.flow_log_id,
                error,
                "cannot carry out a flow log: update the agent"
            );
            None
        }
    });
    parsed.collect()
}

fn parse(flow_log: &AgentFlowLog) -> Result<FlowLog, Box<dyn std::error::Error>> {
    Ok(FlowLog {
        id: flow_log.flow_log_id.parse()?,
        scope: flow_log.resource_type.parse()?,
        resource: flow_log.resource_id.clone(),
        kind: flow_log.traffic_type.parse()?,
        topic: flow_log.topic_id.parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Folder;

    fn flow_log(id: &str, scope: &str) -> AgentFlowLog {
        AgentFlowLog {
            flow_log_id: id.to_owned(),
            resource_type: scope.to_owned(),
            resource_id: "nat-00000001".to_owned(),
            traffic_type: "ALL".to_owned(),
            topic_id: "flow-log-topic".to_owned(),
        }
    }

    #[test]
    fn flow_logs_survive_a_restart_unless_they_are_of_another_gateway() {
        let place = tempfile::tempdir().unwrap();
        let open = |gateway: &str| {
            let folder = Box::new(Folder::open(place.path()).unwrap());
            Orders::open(folder, gateway.parse().unwrap(), AgentMetrics::default())
        };
        let orders = open("nat-00000001");
        assert_eq!(orders.current(), None, "nobody has told yet");
        orders.apply(vec![flow_log("fl-00000001", "NAT"), flow_log("fl-00000002", "GALAXY")]);
        let known = open("nat-00000001").current().unwrap();
        assert_eq!(known.iter().map(|known| known.id.as_str()).collect::<Vec<_>>(), ["fl-00000001"]);
        assert_eq!(open("nat-00000002").current(), None);

        orders.apply(Vec::new());
        assert_eq!(open("nat-00000001").current().as_deref(), Some(&[][..]), "none is an answer, too");
    }
}
