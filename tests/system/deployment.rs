//! A server, an agent and a gateway: the system as it is deployed, in a folder of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use api::{Client, Credential, Deadline, DescribeFlowLogs, DescribeFlowLogsRequest};
use flow::WindowLength;
use serde_json::Value;
use tempfile::TempDir;
use testkit::traffic::Services;
use testkit::{Host, Lab, Offloads, Program, lab_or_skip};

use super::clock::wait_for;

/// How long a program may take to start, and a command to answer. The machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Deployment {
    // Programs end before the lab that they use goes away.
    agent: Option<Program>,
    server: Option<Program>,
    _services: Services,
    pub(crate) lab: Lab,
    pub(crate) length: WindowLength,
    pub(crate) client: Client,
    address: SocketAddr,
    folder: TempDir,
}

/// A flow log, and the topic that takes its records.
pub(crate) struct FlowLog {
    pub(crate) id: String,
    pub(crate) topic: String,
}

impl Deployment {
    /// Brings all of it up; `None` when the test is skipped.
    pub(crate) fn start(name: &str, window_seconds: u32) -> Option<Self> {
        Self::start_with(name, window_seconds, "user = \"root\"\npin = false\n")
    }

    /// Brings all of it up, with these settings of the agent beside the usual ones.
    pub(crate) fn start_with(name: &str, window_seconds: u32, settings: &str) -> Option<Self> {
        let lab = lab_or_skip(name, Offloads::Off)?;
        let services = Services::start(&lab).expect("the lab's services start");
        let folder = tempfile::tempdir().expect("there is room for a folder");
        open_to_all(folder.path());
        configure(folder.path(), &lab, window_seconds, settings);
        let (server, address) = start_server(folder.path(), None);
        let mut deployment = Self {
            agent: None,
            server: Some(server),
            _services: services,
            lab,
            length: WindowLength::try_from(window_seconds).expect("the length is offered"),
            client: client(folder.path(), address),
            address,
            folder,
        };
        let token = deployment.natlens(&["enrolment-token", "create"]);
        deployment.start_agent_with(&["--enrolment-token", token.trim()]);
        wait_for("the agent to enrol", PATIENCE, || deployment.rows(&["gateway", "list"]).pop());
        Some(deployment)
    }

    /// Runs a command of the program to its end; returns what it wrote to its standard output.
    #[track_caller]
    pub(crate) fn natlens(&self, arguments: &[&str]) -> String {
        let output = program(self.folder.path()).args(arguments).output().expect("the program is built");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "natlens {arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("the program writes UTF-8")
    }

    /// Runs a command of the program to its end, whatever comes of it.
    pub(crate) fn outcome(&self, arguments: &[&str]) -> Output {
        program(self.folder.path()).args(arguments).output().expect("the program is built")
    }

    /// The rows that a command writes as JSON.
    #[track_caller]
    pub(crate) fn rows(&self, arguments: &[&str]) -> Vec<Value> {
        let text = self.natlens(&[arguments, &["--output", "json"]].concat());
        text.lines().map(|line| serde_json::from_str(line).expect("each line is a JSON object")).collect()
    }

    /// Orders a flow log that collects everything into the region's default topic.
    #[track_caller]
    pub(crate) fn create_flow_log(&self, name: &str) -> FlowLog {
        self.created(&["flow-log", "create", name])
    }

    /// Orders a flow log that collects everything into a topic of its own.
    #[track_caller]
    pub(crate) fn create_flow_log_apart(&self, name: &str) -> FlowLog {
        self.natlens(&["logset", "create", name]);
        let topic = self.natlens(&["topic", "create", name, "--logset", name]);
        self.natlens(&["index", "create", topic.trim()]);
        self.created(&["flow-log", "create", name, "--topic", topic.trim()])
    }

    #[track_caller]
    fn created(&self, arguments: &[&str]) -> FlowLog {
        let id = self.natlens(arguments).trim().to_owned();
        let all = self.client.call::<DescribeFlowLogs>(&DescribeFlowLogsRequest::default());
        let all = all.expect("the server answers").flow_log;
        let created = all.into_iter().find(|row| row.flow_log_id == id).expect("what was created is listed");
        FlowLog { id, topic: created.cloud_log_id }
    }

    /// Ends the server without warning.
    pub(crate) fn kill_server(&mut self) {
        self.server.take().expect("the server runs").kill().expect("it can be killed");
    }

    /// Starts the server again, at the same address.
    pub(crate) fn start_server(&mut self) {
        let (server, address) = start_server(self.folder.path(), Some(self.address));
        assert_eq!(address, self.address);
        self.server = Some(server);
    }

    /// Ends the agent without warning.
    pub(crate) fn kill_agent(&mut self) {
        self.agent.take().expect("the agent runs").kill().expect("it can be killed");
    }

    /// Asks the agent to end.
    pub(crate) fn stop_agent(&mut self) {
        let agent = self.agent.take().expect("the agent runs");
        let status = agent.stop(PATIENCE).expect("it ends when asked");
        assert!(status.success(), "the agent ended with {status}");
    }

    /// Starts the agent again; it is enrolled already.
    pub(crate) fn start_agent(&mut self) {
        self.start_agent_with(&[]);
    }

    /// The agent's process id.
    pub(crate) fn agent_id(&self) -> u32 {
        self.agent.as_ref().expect("the agent runs").id()
    }

    /// Where configuration, server and agent are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many batches wait in the agent's spool.
    pub(crate) fn spooled(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("agent/spool"))
            .map(|entries| entries.flatten().filter(|entry| is_batch(&entry.path())).count())
            .unwrap_or(0)
    }

    fn start_agent_with(&mut self, arguments: &[&str]) {
        let mut command = program(self.folder.path());
        command.arg("agent").args(["--server", &format!("http://{}", self.address)]).args(arguments);
        let mut agent = Program::start("the agent", &mut command).expect("the program is built");
        agent
            .wait_for("the first words", PATIENCE, |line| line.starts_with("watching lab").then_some(()))
            .unwrap_or_else(|error| panic!("{error}"));
        self.agent = Some(agent);
    }
}

/// An agent of another user passes it.
fn open_to_all(folder: &Path) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(folder, mode).expect("the folder is the test's own");
}

fn configure(folder: &Path, lab: &Lab, window_seconds: u32, settings: &str) {
    let network_namespace = lab.namespace(Host::Gateway).name();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata_folder = \"server\"\n\n\
         [agent]\nstate_folder = \"agent\"\ngateway_name = \"lab\"\n\
         network_namespace = \"{network_namespace}\"\nwindow_seconds = {window_seconds}\n{settings}"
    );
    std::fs::write(folder.join("natlens.toml"), text).expect("there is room for a file");
}

fn start_server(folder: &Path, address: Option<SocketAddr>) -> (Program, SocketAddr) {
    let mut command = program(folder);
    command.arg("server");
    if let Some(address) = address {
        command.args(["--listen", &address.to_string()]);
    }
    let mut server = Program::start("the server", &mut command).expect("the program is built");
    let address = server
        .wait_for("the address", PATIENCE, |line| line.strip_prefix("listening on http://")?.parse().ok())
        .unwrap_or_else(|error| panic!("{error}"));
    (server, address)
}

/// The client of a script, with the key that the server leaves for the administrator.
fn client(folder: &Path, address: SocketAddr) -> Client {
    let text = std::fs::read_to_string(folder.join("server/admin-key.toml")).expect("the server left a key");
    let key: toml::Table = text.parse().expect("the key file is TOML");
    let part =
        |name: &str| key.get(name).and_then(toml::Value::as_str).expect("the key has its parts").to_owned();
    let credential = Credential::AccessKey { secret_id: part("secret_id"), secret_key: part("secret_key") };
    Client::new(&format!("http://{address}"), credential, Deadline::After(PATIENCE))
}

/// The program beside the test, run in a folder that holds its configuration.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(built());
    command.current_dir(folder);
    command
}

/// The program beside the test.
pub(crate) fn built() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    let built: PathBuf = test.ancestors().nth(2).expect("the test is in `deps`").join("natlens");
    assert!(built.exists(), "`{}` is missing: run `cargo build --workspace` first", built.display());
    built
}

fn is_batch(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "batch")
}
