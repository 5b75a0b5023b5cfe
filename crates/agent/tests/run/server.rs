//! An HTTP server that enrols one agent, tells it flow logs, and stores its batches in memory.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use api::{
    AgentFlowLog, AgentStatus, Batch, Destination, EnrolAgentRequest, EnrolAgentResponse, ErrorBody,
    ErrorReply, UploadBatchResponse, WatchFlowLogsRequest, WatchFlowLogsResponse,
};
use flow::Record;
use serde::Serialize;
use uuid::Uuid;

/// The gateway that the server enrols.
pub(crate) const GATEWAY: &str = "nat-00000001";
const TOKEN: &str = "agent-token";

/// How long a test waits for something that should happen at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How the server treats agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it should.
    Working,
    /// Answers uploads with 503 and `Retry-After`.
    Busy,
    /// Stores batches and closes the connection without an answer.
    Silent,
    /// Refuses batches for good.
    Refusing,
    /// Closes every connection.
    Gone,
}

/// What the server has seen.
pub(crate) struct Seen {
    pub(crate) mood: Mood,
    pub(crate) enrolments: u32,
    /// The generation that the agent said to carry out.
    pub(crate) known_generation: Option<u64>,
    pub(crate) status: Option<AgentStatus>,
    pub(crate) uploads: u32,
    pub(crate) acknowledged: u32,
    pub(crate) turned_away: u32,
    /// Batches of flow logs.
    pub(crate) stored: BTreeMap<Uuid, Batch>,
    /// Batches of the ledger, which are neither counted nor refused for good.
    pub(crate) ledger: BTreeMap<Uuid, Batch>,
    generation: u64,
    flow_logs: Vec<AgentFlowLog>,
}

struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    pub(crate) fn start(flow_logs: Vec<AgentFlowLog>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen {
            mood: Mood::Working,
            enrolments: 0,
            known_generation: None,
            status: None,
            uploads: 0,
            acknowledged: 0,
            turned_away: 0,
            stored: BTreeMap::new(),
            ledger: BTreeMap::new(),
            generation: 1,
            flow_logs,
        };
        let shared = Arc::new(Shared { seen: Mutex::new(seen), changed: Condvar::new() });
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, shared) = (stream.unwrap(), Arc::clone(&of_thread));
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.shared.change(|seen| seen.mood = mood);
    }

    /// Changes the flow logs.
    pub(crate) fn order(&self, flow_logs: Vec<AgentFlowLog>) {
        self.shared.change(|seen| {
            seen.generation += 1;
            seen.flow_logs = flow_logs;
        });
    }

    pub(crate) fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.shared.seen.lock().unwrap())
    }

    /// All stored records of a flow log.
    pub(crate) fn records(&self, flow_log: &str) -> Vec<Record> {
        self.seen(|seen| {
            let is_of = |batch: &&Batch| match &batch.destination {
                Destination::FlowLog { flow_log: of, .. } => of.as_str() == flow_log,
                Destination::Topic { .. } | Destination::Ledger => false,
            };
            seen.stored.values().filter(is_of).flat_map(|batch| batch.records.clone()).collect()
        })
    }

    /// All rows of the ledger, by time.
    pub(crate) fn ledger(&self) -> Vec<Record> {
        let mut rows: Vec<Record> =
            self.seen(|seen| seen.ledger.values().flat_map(|batch| batch.records.clone()).collect());
        rows.sort_by_key(|row| (row.start, row.end, row.lost_cause, row.action.clone()));
        rows
    }

    /// Waits until `holds`; looks at every request, and now and then without one.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, mut holds: impl FnMut(&Seen) -> bool) {
        let look = Duration::from_millis(20);
        let mut seen = self.shared.seen.lock().unwrap();
        let mut looks = 0;
        while !holds(&seen) {
            let (again, waited) = self.shared.changed.wait_timeout(seen, look).unwrap();
            seen = again;
            looks += u32::from(waited.timed_out());
            assert!(look * looks < PATIENCE, "in vain: {what}");
        }
    }
}

/// What is answered: status, further headers, body; `None` closes the connection.
type Reply = Option<(u16, &'static str, Vec<u8>)>;

impl Shared {
    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap());
        self.changed.notify_all();
    }

    /// Answers one request; anything strange ends the connection.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_ascii_lowercase());
        }
        let header = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name));
        let mut body = vec![0; header("content-length: ")?.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        let agent = header("authorization: ") == Some(&format!("bearer {TOKEN}"));
        let operation = lines.first()?.split(['/', '?', ' ']).nth(4)?.to_owned();
        let gone = self.seen.lock().unwrap().mood == Mood::Gone;
        let reply = match operation.as_str() {
            "uploadbatch" => self.upload(&body),
            _ if gone => None,
            "enrolagent" => self.enrol(&body),
            "watchflowlogs" if agent => self.watch(&body),
            _ => refusal(401, ""),
        };
        if reply.is_none() {
            self.change(|seen| seen.turned_away += 1);
        }
        let (status, headers, body) = reply?;
        let mut answer =
            format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
        answer.push_str(headers);
        answer.push_str("\r\n");
        let mut stream = reader.into_inner();
        stream.write_all(answer.as_bytes()).ok()?;
        stream.write_all(&body).ok()
    }

    fn enrol(&self, body: &[u8]) -> Reply {
        let request: EnrolAgentRequest = serde_json::from_slice(body).unwrap();
        if request.token != "enrolment-token" {
            return refusal(401, "");
        }
        self.change(|seen| seen.enrolments += 1);
        success(&EnrolAgentResponse {
            account_id: "100000000001".to_owned(),
            region: "ap-guangzhou".to_owned(),
            nat_gateway_id: GATEWAY.to_owned(),
            agent_token: TOKEN.to_owned(),
        })
    }

    fn watch(&self, body: &[u8]) -> Reply {
        let request: WatchFlowLogsRequest = serde_json::from_slice(body).unwrap();
        self.change(|seen| {
            seen.known_generation = request.generation;
            seen.status = request.status;
        });
        let same = |seen: &mut Seen| Some(seen.generation) == request.generation && seen.mood != Mood::Gone;
        let seen = self.seen.lock().unwrap();
        let (seen, _) = self.changed.wait_timeout_while(seen, PATIENCE, same).unwrap();
        if seen.mood == Mood::Gone {
            return None;
        }
        success(&WatchFlowLogsResponse { generation: seen.generation, flow_logs: seen.flow_logs.clone() })
    }

    fn upload(&self, body: &[u8]) -> Reply {
        let batch = Batch::decode(body).unwrap();
        let records = batch.records.len() as u64;
        let mut reply = None;
        self.change(|seen| {
            if batch.destination == Destination::Ledger {
                reply = match seen.mood {
                    Mood::Working | Mood::Refusing | Mood::Silent => {
                        let already_stored = seen.ledger.insert(batch.id, batch.clone()).is_some();
                        success(&UploadBatchResponse { records, already_stored })
                    }
                    Mood::Busy => refusal(503, "retry-after: 0\r\n"),
                    Mood::Gone => None,
                };
                return;
            }
            seen.uploads += 1;
            let stores = matches!(seen.mood, Mood::Working | Mood::Silent);
            let before = if stores { seen.stored.insert(batch.id, batch.clone()) } else { None };
            assert!(before.as_ref().is_none_or(|before| *before == batch), "an id names one content");
            reply = match seen.mood {
                Mood::Working => {
                    seen.acknowledged += 1;
                    success(&UploadBatchResponse { records, already_stored: before.is_some() })
                }
                Mood::Busy => refusal(503, "retry-after: 0\r\n"),
                Mood::Refusing => refusal(404, ""),
                Mood::Silent | Mood::Gone => None,
            };
        });
        reply
    }
}

fn success(response: &impl Serialize) -> Reply {
    Some((200, "", serde_json::to_vec(response).unwrap()))
}

fn refusal(status: u16, headers: &'static str) -> Reply {
    let error = ErrorBody { code: "Refused".to_owned(), message: "no".to_owned(), position: None };
    let reply = ErrorReply { error, request_id: "1".to_owned() };
    Some((status, headers, serde_json::to_vec(&reply).unwrap()))
}
