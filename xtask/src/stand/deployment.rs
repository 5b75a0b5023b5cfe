//! A server and an agent as an operator runs them, in a folder of their own.
//!
//! Hides: configuration, enrolment, keys, how both are stopped, killed and started again.
//! Knows nothing of: what is measured or tried.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use api::{
    Client, CreateFlowLog, CreateFlowLogRequest, Credential, Deadline, DescribeNatGateways,
    DescribeNatGatewaysRequest,
};
use flow::{TimeRange, Timestamp};
use serde::Deserialize;
use tempfile::TempDir;
use testkit::{Host, Lab, Program};

use super::StandError;
use super::clock::wait_for;
use super::process::Process;
use super::records::{self, Fields};

/// How long a program may take to start and to end, and a command to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often something is looked at that is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// The processor that does not send: see `testkit::traffic::SENDING_PROCESSOR`.
pub(crate) const OTHER_PROCESSOR: &str = "1";

/// The room for one window in the kernel, for each family: more than any measurement fills.
pub(crate) const FLOWS_MAX: u32 = 1_200_000;

/// The running programs.
#[derive(Debug)]
pub(crate) struct Deployment {
    agent: Option<Program>,
    server: Program,
    program: PathBuf,
    url: String,
    client: Client,
    topic: String,
    folder: TempDir,
}

impl Deployment {
    /// Starts a server for the gateway of `lab`; the agent is enrolled, but does not run.
    pub(crate) fn start(program: &Path, lab: &Lab, window_seconds: u32) -> Result<Self, StandError> {
        Self::start_with(program, lab, window_seconds, "pin = false")
    }

    /// Starts it with these settings of the agent beside the usual ones.
    pub(crate) fn start_with(
        program: &Path,
        lab: &Lab,
        window_seconds: u32,
        settings: &str,
    ) -> Result<Self, StandError> {
        let folder = tempfile::tempdir().map_err(StandError::system("make a folder"))?;
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\ndata_folder = \"server\"\n\n\
             [agent]\nstate_folder = \"agent\"\ngateway_name = \"bench\"\nnetwork_namespace = \"{}\"\n\
             window_seconds = {window_seconds}\nflows_max = {FLOWS_MAX}\n{settings}\n\n[log]\nlevel = \"warn\"\n",
            lab.namespace(Host::Gateway).name(),
        );
        fs::write(folder.path().join("natlens.toml"), config)
            .map_err(StandError::system("write the configuration"))?;
        let (server, url) = start_server(program, folder.path(), "127.0.0.1:0")?;
        let client = administrator(&folder.path().join("server/admin-key.toml"), &url)?;
        let (program, topic) = (program.to_owned(), String::new());
        let mut deployment = Self { agent: None, server, program, url, client, topic, folder };
        deployment.enrol()?;
        Ok(deployment)
    }

    fn enrol(&mut self) -> Result<(), StandError> {
        let output = self.natlens(&["enrolment-token", "create"])?;
        let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        self.start_agent_with(&["--enrolment-token", &token])?;
        let client = &self.client;
        let gateway = wait_for("the agent to enrol", PATIENCE, LOOK, || {
            let listed = client
                .call::<DescribeNatGateways>(&DescribeNatGatewaysRequest::default())
                .map_err(|source| StandError::Server { deed: "list gateways", source })?;
            Ok(listed.nat_gateway_set.into_iter().next())
        })?;
        let request = CreateFlowLogRequest {
            flow_log_name: "bench".to_owned(),
            resource_type: "NAT".to_owned(),
            resource_id: gateway.nat_gateway_id,
            traffic_type: "ALL".to_owned(),
            ..CreateFlowLogRequest::default()
        };
        let created = client
            .call::<CreateFlowLog>(&request)
            .map_err(|source| StandError::Server { deed: "create a flow log", source })?;
        self.topic = created.flow_log.into_iter().next().unwrap_or_default().cloud_log_id;
        self.stop_agent()
    }

    /// Starts the agent; it counts on return.
    pub(crate) fn start_agent(&mut self) -> Result<Process, StandError> {
        self.start_agent_with(&[])
    }

    fn start_agent_with(&mut self, arguments: &[&str]) -> Result<Process, StandError> {
        let mut command = on_other_processor(&self.program, self.folder.path());
        command.args(["agent", "--server", &self.url]).args(arguments);
        let mut agent = Program::start("the agent", &mut command)?;
        agent.wait_for("the first words", PATIENCE, |line| line.starts_with("watching ").then_some(()))?;
        let process = Process::new(agent.id());
        self.agent = Some(agent);
        Ok(process)
    }

    /// Ends the agent without warning.
    pub(crate) fn kill_agent(&mut self) -> Result<(), StandError> {
        Ok(self.agent.take().map_or(Ok(()), |mut agent| agent.kill())?)
    }

    /// Ends the server without warning.
    pub(crate) fn kill_server(&mut self) -> Result<(), StandError> {
        Ok(self.server.kill()?)
    }

    /// Starts the server again, at the same address.
    pub(crate) fn start_server(&mut self) -> Result<(), StandError> {
        let address = self.url.trim_start_matches("http://");
        (self.server, _) = start_server(&self.program, self.folder.path(), address)?;
        Ok(())
    }

    /// Stops the server in order.
    pub(crate) fn stop_server(self) -> Result<(), StandError> {
        self.server.stop(PATIENCE)?;
        Ok(())
    }

    /// Runs a command of the program to its end.
    pub(crate) fn natlens(&self, arguments: &[&str]) -> Result<Output, StandError> {
        Command::new(&self.program)
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .map_err(StandError::system(format!("run `natlens {}`", arguments.join(" "))))
    }

    /// Stops the agent in order; what it counted is spooled.
    pub(crate) fn stop_agent(&mut self) -> Result<(), StandError> {
        let Some(mut agent) = self.agent.take() else { return Ok(()) };
        if !agent.is_running() {
            return Err(StandError::Program {
                program: "natlens agent".to_owned(),
                said: agent.last_lines(),
            });
        }
        agent.stop(PATIENCE)?;
        Ok(())
    }

    /// The first moment that is in no closed window, as the agent has noted it durably after spooling.
    pub(crate) fn closed_until(&self) -> Option<Timestamp> {
        #[derive(Deserialize)]
        struct Noted {
            closed_until_ms: i64,
        }
        let text = fs::read_to_string(self.folder.path().join("agent/spool/closed-until.json")).ok()?;
        let noted: Noted = serde_json::from_str(&text).ok()?;
        Some(Timestamp::from_millis(noted.closed_until_ms))
    }

    /// Waits until every window that ends at or before `moment` is spooled.
    pub(crate) fn wait_until_spooled(&self, moment: Timestamp) -> Result<(), StandError> {
        wait_for("the agent to spool a window", PATIENCE * 3, LOOK, || {
            Ok(self.closed_until().filter(|closed| *closed >= moment))
        })?;
        Ok(())
    }

    /// Waits until the server has everything that was spooled.
    pub(crate) fn wait_until_sent(&self) -> Result<(), StandError> {
        let folder = self.folder.path().join("agent/spool");
        wait_for("the server to store what is spooled", PATIENCE * 3, LOOK, || {
            let entries = fs::read_dir(&folder).map_err(StandError::system("list the spool"))?;
            let waits =
                entries.flatten().any(|entry| entry.path().extension().is_some_and(|end| end == "batch"));
            Ok((!waits).then_some(()))
        })
    }

    /// Every record that starts between two moments, whatever its status.
    pub(crate) fn records(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Fields>, StandError> {
        records::between(&self.client, &self.topic, from, to)
    }

    /// How many records that start within the range match the search.
    pub(crate) fn count(&self, search: &str, range: TimeRange) -> Result<u64, StandError> {
        records::count(&self.client, &self.topic, search, (range.from, range.to))
    }

    /// Where files of the measurement may stand.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the server and the agent warned of, of late.
    pub(crate) fn warnings(&mut self) -> String {
        let agent = self.agent.as_mut().map(Program::last_lines).unwrap_or_default();
        let said = format!("{}\n{agent}", self.server.last_lines());
        let warns = |line: &&str| line.contains(" WARN ") || line.contains(" ERROR ");
        said.lines().filter(warns).collect::<Vec<_>>().join("\n")
    }
}

/// A program that leaves the processor alone that sends.
fn on_other_processor(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", OTHER_PROCESSOR]).arg(program).current_dir(folder);
    command
}

fn start_server(program: &Path, folder: &Path, address: &str) -> Result<(Program, String), StandError> {
    let mut command = on_other_processor(program, folder);
    let mut server = Program::start("the server", command.args(["server", "--listen", address]))?;
    let url = server
        .wait_for("the address", PATIENCE, |line| line.strip_prefix("listening on ").map(str::to_owned))?;
    Ok((server, url))
}

/// Asks with the key that a server wrote into its data folder.
pub(crate) fn administrator(key_file: &Path, url: &str) -> Result<Client, StandError> {
    #[derive(Deserialize)]
    struct Key {
        secret_id: String,
        secret_key: String,
    }
    let key: Key = fs::read_to_string(key_file)
        .and_then(|text| toml::from_str(&text).map_err(std::io::Error::other))
        .map_err(StandError::system(format!("read `{}`", key_file.display())))?;
    let credential = Credential::AccessKey { secret_id: key.secret_id, secret_key: key.secret_key };
    Ok(Client::new(url, credential, Deadline::After(PATIENCE)))
}
