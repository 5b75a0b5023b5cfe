//! A server with a clock that the test moves, and who asks it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use api::{Batch, Client, Credential, Deadline, Destination};
use flow::{Record, Timestamp};
use server::{Running, ServerSettings};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The moment at which every test starts: 2026-11-23 00:00:00 UTC. Unit: Unix seconds.
pub(crate) const START: i64 = 1_795_392_000;

/// How long an answer may take: less than a waiting agent waits without news.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub(crate) struct Stand {
    pub(crate) runtime: Runtime,
    pub(crate) running: Option<Running>,
    pub(crate) folder: TempDir,
    now: Arc<AtomicI64>,
    settings: ServerSettings,
}

/// The identity of an enrolled agent.
pub(crate) struct Agent {
    pub(crate) gateway: String,
    pub(crate) token: String,
    pub(crate) client: Client,
}

/// A raw answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

impl Stand {
    pub(crate) fn start() -> Self {
        Self::start_with(ServerSettings::default())
    }

    /// Starts a server with these settings, in a folder and at a port of its own.
    pub(crate) fn start_with(settings: ServerSettings) -> Self {
        Self::start_with_in(settings, TempDir::new().unwrap())
    }

    /// Starts a server in this folder.
    pub(crate) fn start_in(folder: TempDir) -> Self {
        Self::start_with_in(ServerSettings::default(), folder)
    }

    fn start_with_in(settings: ServerSettings, folder: TempDir) -> Self {
        let mut stand = Self {
            settings,
            runtime: Runtime::new().unwrap(),
            running: None,
            folder,
            now: Arc::new(AtomicI64::new(START * 1000)),
        };
        stand.run();
        stand
    }

    fn run(&mut self) {
        let settings = ServerSettings {
            listen: match self.settings.listen.port() {
                0 => self.settings.listen,
                _ => "127.0.0.1:0".parse().unwrap(),
            },
            data_folder: self.folder.path().join("data"),
            ..self.settings.clone()
        };
        let now = Arc::clone(&self.now);
        let clock: flow::Clock = Arc::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst)));
        self.running = Some(self.runtime.block_on(server::start(settings, clock)).unwrap());
    }

    pub(crate) fn stop(&mut self) {
        let running = self.running.take().unwrap();
        self.runtime.block_on(running.stop()).unwrap();
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        self.run();
    }

    pub(crate) fn advance(&self, wait: Duration) {
        self.now.fetch_add(i64::try_from(wait.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn url(&self) -> String {
        self.running.as_ref().unwrap().url.clone()
    }

    /// The token of the first run's link.
    pub(crate) fn link_token(&self) -> String {
        let link = self.running.as_ref().unwrap().sign_in_link.clone().unwrap();
        link.split_once("/sign-in#").unwrap().1.to_owned()
    }

    pub(crate) fn client(&self, credential: Credential) -> Client {
        Client::new(&self.url(), credential, Deadline::After(PATIENCE))
    }

    pub(crate) fn key_file(&self) -> std::path::PathBuf {
        self.folder.path().join("data/admin-key.toml")
    }

    /// Asks with the key that the first run wrote for the command line.
    pub(crate) fn admin(&self) -> Client {
        let (secret_id, secret_key) = read_key(&self.key_file());
        self.client(Credential::AccessKey { secret_id, secret_key })
    }

    pub(crate) fn admin_bearer(&self) -> String {
        let (secret_id, secret_key) = read_key(&self.key_file());
        format!("Bearer {secret_id}:{secret_key}")
    }

    /// Creates a user with the role `reader` who has set a password; returns the cookie and an access key.
    pub(crate) fn reader(&self, name: &str) -> (String, Client) {
        let request = api::CreateUserRequest { user_name: name.to_owned(), role: "reader".to_owned() };
        let link = self.admin().call::<api::CreateUser>(&request).unwrap().link;
        let token = link.split_once("/sign-in#").unwrap().1;
        let cookie = self.sign_in(&format!(r#"{{"Token": "{token}"}}"#)).cookie();
        let body = r#"{"Password": "a quiet reader of logs"}"#;
        assert_eq!(self.in_session(&cookie, "natlens/SetPassword", body).status, 200);
        let key = self.in_session(&cookie, "natlens/CreateAccessKey", "{}").json();
        let member = |name: &str| key[name].as_str().unwrap().to_owned();
        let (secret_id, secret_key) = (member("SecretId"), member("SecretKey"));
        (cookie, self.client(Credential::AccessKey { secret_id, secret_key }))
    }

    pub(crate) fn enrol(&self, name: &str) -> Agent {
        let token = self.admin().call::<api::CreateEnrolmentToken>(&Default::default()).unwrap().token;
        let request = api::EnrolAgentRequest { token, gateway_name: name.to_owned(), ..Default::default() };
        let enrolled = self.client(Credential::None).call::<api::EnrolAgent>(&request).unwrap();
        Agent {
            gateway: enrolled.nat_gateway_id,
            client: self.client(Credential::AgentToken(enrolled.agent_token.clone())),
            token: enrolled.agent_token,
        }
    }

    /// A flow log of everything that a gateway does, into a topic of its own.
    pub(crate) fn flow_log(&self, agent: &Agent, name: &str) -> api::FlowLog {
        let request = api::CreateFlowLogRequest {
            flow_log_name: name.to_owned(),
            resource_type: "NAT".to_owned(),
            resource_id: agent.gateway.clone(),
            traffic_type: "ALL".to_owned(),
            ..Default::default()
        };
        self.admin().call::<api::CreateFlowLog>(&request).unwrap().flow_log.remove(0)
    }

    /// Signs in with the first run's link and sets a password; returns the cookie.
    pub(crate) fn signed_in(&self, password: &str) -> String {
        let cookie = self.sign_in(&format!(r#"{{"Token": "{}"}}"#, self.link_token())).cookie();
        let body = format!(r#"{{"Password": "{password}"}}"#);
        assert_eq!(self.in_session(&cookie, "natlens/SetPassword", &body).status, 200);
        cookie
    }

    pub(crate) fn sign_in(&self, body: &str) -> Answer {
        self.ask("natlens/SignIn", body, &[])
    }

    pub(crate) fn in_session(&self, cookie: &str, operation: &str, body: &str) -> Answer {
        self.ask(operation, body, &[("cookie", cookie), ("origin", &self.url())])
    }

    pub(crate) fn ask(&self, operation: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = ureq::post(format!("{}/api/{operation}", self.url()))
            .config()
            .http_status_as_error(false)
            .build()
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send(body).unwrap())
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request =
            ureq::get(format!("{}{path}", self.url())).config().http_status_as_error(false).build();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.call().unwrap())
    }
}

impl Answer {
    pub(crate) fn of(mut response: ureq::http::Response<ureq::Body>) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().unwrap_or_default(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The session cookie that the answer sets, as a client sends it back.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// `200`, or status and code.
    pub(crate) fn outcome(&self) -> String {
        match self.json()["Error"]["Code"].as_str() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }
}

fn read_key(path: &Path) -> (String, String) {
    let text = std::fs::read_to_string(path).unwrap();
    let file: toml::Table = toml::from_str(&text).unwrap();
    let member = |name: &str| file[name].as_str().unwrap().to_owned();
    (member("secret_id"), member("secret_key"))
}

/// A refused connection from 10.0.1.`host` that starts `seconds` after `START`.
pub(crate) fn record(agent: &Agent, flow_log: &api::FlowLog, host: u8, seconds: i64) -> Record {
    let at = Timestamp::from_seconds(START + seconds);
    Record {
        account_id: Some("100000000001".into()),
        interface_id: Some("eth1".into()),
        srcaddr: Some(format!("10.0.1.{host}").parse().unwrap()),
        dstaddr: Some("203.0.113.9".parse().unwrap()),
        srcport: Some(40_000),
        dstport: Some(443),
        protocol: Some(6),
        packets: Some(3),
        bytes: Some(180),
        action: Some(if host.is_multiple_of(2) { "ACCEPT" } else { "REJECT" }.into()),
        nat_gateway_id: Some(agent.gateway.as_str().into()),
        flow_log_id: Some(flow_log.flow_log_id.as_str().into()),
        ..Record::empty(at, at, flow::LogStatus::Ok)
    }
}

/// Asks for what is stored in the hour from `START` on.
pub(crate) fn question(flow_log: &api::FlowLog, query: &str) -> api::SearchLogRequest {
    api::SearchLogRequest {
        from: START * 1000,
        to: (START + 3600) * 1000,
        query_string: Some(query.to_owned()),
        topic_id: Some(flow_log.cloud_log_id.clone()),
        ..Default::default()
    }
}

pub(crate) fn batch(agent: &Agent, flow_log: &api::FlowLog, id: u128, records: Vec<Record>) -> Vec<u8> {
    let destination = Destination::FlowLog {
        flow_log: flow_log.flow_log_id.parse().unwrap(),
        topic: flow_log.cloud_log_id.parse().unwrap(),
    };
    batch_for(destination, agent, id, records)
}

/// The same for the ledger of the agent's region.
pub(crate) fn ledger_batch(agent: &Agent, id: u128, records: Vec<Record>) -> Vec<u8> {
    batch_for(Destination::Ledger, agent, id, records)
}

/// The same for a topic, without a flow log.
pub(crate) fn imported_batch(agent: &Agent, topic: &str, id: u128, records: Vec<Record>) -> Vec<u8> {
    batch_for(Destination::Topic { topic: topic.parse().unwrap() }, agent, id, records)
}

fn batch_for(destination: Destination, agent: &Agent, id: u128, records: Vec<Record>) -> Vec<u8> {
    let batch = Batch {
        id: uuid::Uuid::from_u128(id),
        account: "100000000001".parse().unwrap(),
        region: "local".parse().unwrap(),
        gateway: agent.gateway.parse().unwrap(),
        destination,
        records,
    };
    batch.encode().unwrap()
}
