//! Agents that send batches to a server without end, each until it is acknowledged.
//!
//! Hides: enrolment, how records are numbered, threads.
//! Knows nothing of: why the server is away.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use api::{
    Batch, Client, ClientError, CreateEnrolmentToken, CreateEnrolmentTokenRequest, CreateFlowLog,
    CreateFlowLogRequest, Credential, Deadline, Destination, EnrolAgent, EnrolAgentRequest, FlowLog,
};
use fastrand::Rng;
use flow::{LogStatus, Record};
use uuid::Uuid;

use crate::stand::StandError;
use crate::stand::clock::now;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long an agent waits before it asks again a server that is away.
const AWAY: Duration = Duration::from_millis(10);

/// The most records of a batch.
const RECORDS_MAX: u64 = 400;

/// Of so many acknowledged batches, one is sent again, as if the acknowledgement had been lost.
const AGAIN_ONE_IN: u32 = 8;

/// The account that a new server has.
const ACCOUNT: &str = "100000000001";

/// What agents count together.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Numbers given to records.
    pub(super) records: AtomicU64,
    pub(super) batches: AtomicU64,
    /// Batches whose fate the server did not tell, so that they came again.
    pub(super) unanswered: AtomicU64,
    /// Those of them that had been stored all the same.
    pub(super) stored_unanswered: AtomicU64,
    /// Acknowledged batches that came once more.
    pub(super) again: AtomicU64,
    /// Those of them that the server took for new ones.
    pub(super) doubled: AtomicU64,
    /// Set when agents shall end, each after its batch.
    pub(super) ending: AtomicBool,
}

/// One agent, enrolled.
#[derive(Debug)]
pub(super) struct Agent {
    client: Client,
    gateway: String,
    flow_log: FlowLog,
    chance: Rng,
}

impl Agent {
    /// Enrols an agent whose flow log collects into the topic of the others.
    pub(super) fn enrol(admin: &Client, url: &str, number: u64) -> Result<Self, StandError> {
        let asked = |deed| move |source| StandError::Server { deed, source };
        let token = admin
            .call::<CreateEnrolmentToken>(&CreateEnrolmentTokenRequest::default())
            .map_err(asked("make an enrolment token"))?
            .token;
        let nobody = Client::new(url, Credential::None, Deadline::After(PATIENCE));
        let request =
            EnrolAgentRequest { token, gateway_name: format!("gateway-{number}"), ..Default::default() };
        let enrolled = nobody.call::<EnrolAgent>(&request).map_err(asked("enrol an agent"))?;
        let request = CreateFlowLogRequest {
            flow_log_name: format!("flow log {number}"),
            resource_type: "NAT".to_owned(),
            resource_id: enrolled.nat_gateway_id.clone(),
            traffic_type: "ALL".to_owned(),
            ..CreateFlowLogRequest::default()
        };
        let created = admin.call::<CreateFlowLog>(&request).map_err(asked("create a flow log"))?;
        let flow_log = created.flow_log.into_iter().next().ok_or_else(|| StandError::Program {
            program: "natlens server".to_owned(),
            said: "a flow log was created and is not told".to_owned(),
        })?;
        let credential = Credential::AgentToken(enrolled.agent_token);
        let client = Client::new(url, credential, Deadline::After(PATIENCE));
        Ok(Self { client, gateway: enrolled.nat_gateway_id, flow_log, chance: Rng::with_seed(number) })
    }

    /// The topic that its records go to.
    pub(super) fn topic(&self) -> &str {
        &self.flow_log.cloud_log_id
    }

    /// Sends batches until told to end.
    pub(super) fn work(&mut self, counts: &Counts) -> Result<(), StandError> {
        while !counts.ending.load(Ordering::Relaxed) {
            let batch = self.batch(counts)?;
            self.send(&batch, counts)?;
            if self.chance.u32(..AGAIN_ONE_IN) == 0 {
                counts.again.fetch_add(1, Ordering::Relaxed);
                if self.client.upload_batch(&batch).is_ok_and(|answer| !answer.already_stored) {
                    counts.doubled.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }

    /// Sends a batch until the server has acknowledged it.
    fn send(&self, batch: &[u8], counts: &Counts) -> Result<(), StandError> {
        let mut unanswered = false;
        loop {
            match self.client.upload_batch(batch) {
                Ok(answer) => {
                    counts.batches.fetch_add(1, Ordering::Relaxed);
                    counts.unanswered.fetch_add(unanswered.into(), Ordering::Relaxed);
                    counts.stored_unanswered.fetch_add(answer.already_stored.into(), Ordering::Relaxed);
                    return Ok(());
                }
                Err(ClientError::Refused { status, reply, .. }) if status < 500 && status != 429 => {
                    let said = format!("{status} {}: {}", reply.error.code, reply.error.message);
                    return Err(StandError::Program { program: "natlens server".to_owned(), said });
                }
                Err(_) => {
                    unanswered = true;
                    thread::sleep(AWAY);
                }
            }
        }
    }

    /// Records that no other batch has, each told by its bytes.
    fn batch(&mut self, counts: &Counts) -> Result<Vec<u8>, StandError> {
        let count = self.chance.u64(1..=RECORDS_MAX);
        let first = counts.records.fetch_add(count, Ordering::Relaxed) + 1;
        let records = (first..first + count).map(|number| {
            let start = now().minus(Duration::from_millis(self.chance.u64(..600_000)));
            Record {
                account_id: Some(ACCOUNT.into()),
                bytes: Some(number),
                nat_gateway_id: Some(self.gateway.as_str().into()),
                flow_log_id: Some(self.flow_log.flow_log_id.as_str().into()),
                ..Record::empty(start, start, LogStatus::Ok)
            }
        });
        let records = records.collect();
        let unreadable = |said: String| StandError::Program { program: "natlens server".to_owned(), said };
        let batch = Batch {
            id: Uuid::from_u128(self.chance.u128(..)),
            account: parsed(ACCOUNT)?,
            region: parsed("local")?,
            gateway: parsed(&self.gateway)?,
            destination: Destination::FlowLog {
                flow_log: parsed(&self.flow_log.flow_log_id)?,
                topic: parsed(&self.flow_log.cloud_log_id)?,
            },
            records,
        };
        batch.encode().map_err(|error| unreadable(error.to_string()))
    }
}

fn parsed<T: std::str::FromStr>(id: &str) -> Result<T, StandError> {
    id.parse().ok().ok_or_else(|| StandError::Program {
        program: "natlens server".to_owned(),
        said: format!("`{id}` is no id"),
    })
}
