//! Stores imported records on a server, under a gateway that no agent speaks for.
//!
//! Hides: enrolment, batches, and ids that make importing twice store once.
//! Knows nothing of: capture files beyond their bytes.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use api::{
    Batch, Client, CreateEnrolmentToken, CreateEnrolmentTokenRequest, Credential, Destination, EnrolAgent,
    EnrolAgentRequest, EnrolAgentResponse,
};
use flow::{AccountId, GatewayId, Record, RegionId, TopicId};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use window::WindowSettings;

use crate::command::find;
use crate::failure::Failure;

/// The records of one batch: about 600 kB, of 8 MB that a batch may have.
const BATCH_RECORDS: usize = 5000;

/// An upload that has begun.
pub(super) struct Upload {
    client: Client,
    /// The first batch's head; the others differ in id and records.
    head: Batch,
    topic: TopicId,
    /// What the ids of batches are made from, without the batch's number.
    identity: Sha256,
    batches: u64,
    waiting: Vec<Record>,
    stored: Stored,
}

/// What became of the records.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stored {
    pub(super) records: u64,
    pub(super) known_before: u64,
}

impl Upload {
    /// Finds the topic, and enrols a gateway of that name; the records are sent with the access key of `client`.
    ///
    /// A gateway that an agent speaks for is refused: its records are what its agent saw, and enrolling it again would
    /// send the agent away.
    pub(super) fn begin(
        client: &Client,
        topic: &str,
        gateway_name: &str,
        region: Option<&str>,
    ) -> Result<Self, Failure> {
        let topic = find::named(find::topics(client)?, topic)?.topic_id;
        let gateways = find::gateways(client)?;
        let has_agent =
            |gateway: &api::NatGateway| gateway.nat_gateway_name == gateway_name && gateway.last_seen > 0;
        if gateways.iter().any(has_agent) {
            return Err(Failure::Arguments(format!(
                "an agent speaks for the gateway `{gateway_name}`: name another with --gateway-name"
            )));
        }
        let enrolled = enrol(client, gateway_name, region)?;
        let topic: TopicId = topic.parse()?;
        let head = Batch {
            id: Uuid::nil(),
            account: enrolled.account_id.parse()?,
            region: enrolled.region.parse()?,
            gateway: enrolled.nat_gateway_id.parse()?,
            destination: Destination::Topic { topic: topic.clone() },
            records: Vec::new(),
        };
        Ok(Self {
            client: client.clone(),
            head,
            topic,
            identity: Sha256::new(),
            batches: 0,
            waiting: Vec::new(),
            stored: Stored::default(),
        })
    }

    pub(super) fn account(&self) -> &AccountId {
        &self.head.account
    }

    pub(super) fn region(&self) -> &RegionId {
        &self.head.region
    }

    pub(super) fn gateway(&self) -> &GatewayId {
        &self.head.gateway
    }

    pub(super) fn topic(&self) -> &TopicId {
        &self.topic
    }

    /// Makes the ids of all batches follow from the content of the files and from what else decides their records.
    pub(super) fn identify<'a>(
        &mut self,
        files: impl Iterator<Item = &'a PathBuf>,
        settings: &WindowSettings,
    ) -> Result<(), Failure> {
        for path in files {
            let failed = |source| Failure::File { path: path.clone(), source };
            let mut content = Sha256::new();
            let mut file = File::open(path).map_err(failed)?;
            io::copy(&mut file, &mut Hashed(&mut content)).map_err(failed)?;
            self.identity.update(content.finalize());
        }
        self.identity.update(format!("{settings:?} {}", self.topic));
        Ok(())
    }

    /// Takes records, and sends what fills a batch.
    pub(super) fn add(&mut self, records: Vec<Record>) -> Result<(), Failure> {
        for mut record in records {
            // No flow log ordered it.
            record.flow_log_id = None;
            self.waiting.push(record);
            if self.waiting.len() == BATCH_RECORDS {
                self.send()?;
            }
        }
        Ok(())
    }

    /// Sends the rest.
    pub(super) fn finish(mut self) -> Result<Stored, Failure> {
        if !self.waiting.is_empty() {
            self.send()?;
        }
        Ok(self.stored)
    }

    fn send(&mut self) -> Result<(), Failure> {
        let records = std::mem::take(&mut self.waiting);
        let batch = Batch { id: self.next_id(), records, ..self.head.clone() };
        let answer = self.client.upload_batch(&batch.encode()?)?;
        if answer.already_stored {
            self.stored.known_before += answer.records;
        } else {
            self.stored.records += answer.records;
        }
        Ok(())
    }

    fn next_id(&mut self) -> Uuid {
        let digest = self.identity.clone().chain_update(self.batches.to_be_bytes()).finalize();
        self.batches += 1;
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, from)| *byte = from);
        // Version 8 is for ids that are made in ways of one's own (RFC 9562).
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// Enrols a gateway for its id. Its agent's token is thrown away: there is no agent.
fn enrol(client: &Client, gateway_name: &str, region: Option<&str>) -> Result<EnrolAgentResponse, Failure> {
    let request = CreateEnrolmentTokenRequest { valid_hours: Some(1) };
    let token = client.call::<CreateEnrolmentToken>(&request)?.token;
    let (gateway_name, region) = (gateway_name.to_owned(), region.map(str::to_owned));
    let request = EnrolAgentRequest { token, gateway_name, region, vpc_id: None };
    Ok(client.clone().asking_as(Credential::None).call::<EnrolAgent>(&request)?)
}

/// Takes what is written into a digest.
struct Hashed<'a>(&'a mut Sha256);

impl io::Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
