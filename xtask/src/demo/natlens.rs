//! The running `natlens up`, and what the demo asks of it.
//!
//! Hides: what it prints, its administrator's key, how it is stopped.
//! Knows nothing of: records.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use api::{
    Client, CreateFlowLog, CreateFlowLogRequest, Credential, Deadline, DescribeNatGateways,
    DescribeNatGatewaysRequest, FlowLog,
};
use serde::Deserialize;
use testkit::Program;

use super::DemoError;
use super::folder::Folder;
use super::interrupt::Interrupt;

/// How long it may take to listen, and its agent to enrol and be heard.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take to end.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked at while something is awaited.
const LOOK: Duration = Duration::from_millis(100);

/// What the agent watches.
pub(super) enum Watched {
    /// The network namespace of this name.
    Namespace(&'static str),
    /// The recording in this file.
    Recording(PathBuf),
}

/// The running program; it is stopped in order when dropped, so that what its windows hold is stored.
pub(super) struct Natlens {
    /// Always there until the drop.
    program: Option<Program>,
    url: String,
    sign_in_link: String,
    client: Client,
}

impl Natlens {
    /// Starts it in the folder and waits until it listens.
    pub(super) fn start(
        program: &Path,
        folder: &Folder,
        watched: Watched,
        interrupt: &Interrupt,
    ) -> Result<Self, DemoError> {
        let mut command = Command::new(program);
        command.arg("--config").arg(folder.config()).arg("up");
        match watched {
            Watched::Namespace(name) => folder.write_config(Some(name))?,
            Watched::Recording(path) => {
                folder.write_config(None)?;
                command.arg("--replay").arg(path);
            }
        }
        // In a group of its own, Ctrl-C reaches only the demo, which then stops things in order.
        command.process_group(0);
        let mut program = Program::start("natlens", &mut command)?;
        folder.note_process(program.id())?;
        let url = said(&mut program, "listening on ", interrupt)?;
        let sign_in_link = said(&mut program, "sign in at ", interrupt)?;
        let client = administrator(&folder.data().join("admin-key.toml"), &url)?;
        Ok(Self { program: Some(program), url, sign_in_link, client })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn sign_in_link(&self) -> &str {
        &self.sign_in_link
    }

    /// A client that speaks as the administrator.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The id of the gateway, as soon as its agent is heard.
    pub(super) fn gateway(&mut self, interrupt: &Interrupt) -> Result<String, DemoError> {
        let mut waited = Duration::ZERO;
        while waited < START_PATIENCE {
            let listed = self
                .client
                .call::<DescribeNatGateways>(&DescribeNatGatewaysRequest::default())
                .map_err(|source| DemoError::Server { deed: "list gateways", source })?;
            if let Some(gateway) = listed.nat_gateway_set.into_iter().find(|gateway| gateway.last_seen > 0) {
                return Ok(gateway.nat_gateway_id);
            }
            interrupt.wait(LOOK)?;
            waited += LOOK;
            self.check()?;
        }
        Err(self.failed(format!("its agent was not heard within {} s", START_PATIENCE.as_secs())))
    }

    /// Orders all records of the gateway; the server makes logset, topic and index.
    pub(super) fn create_flow_log(&self, gateway: &str) -> Result<FlowLog, DemoError> {
        let request = CreateFlowLogRequest {
            flow_log_name: "demo".to_owned(),
            resource_type: "NAT".to_owned(),
            resource_id: gateway.to_owned(),
            traffic_type: "ALL".to_owned(),
            flow_log_description: Some("All traffic of the demo's gateway".to_owned()),
            ..CreateFlowLogRequest::default()
        };
        let created = self
            .client
            .call::<CreateFlowLog>(&request)
            .map_err(|source| DemoError::Server { deed: "create a flow log", source })?;
        Ok(created.flow_log.into_iter().next().unwrap_or_default())
    }

    /// Fails when the program has ended.
    pub(super) fn check(&mut self) -> Result<(), DemoError> {
        let runs = self.program.as_mut().is_some_and(Program::is_running);
        if runs { Ok(()) } else { Err(self.failed("natlens ended".to_owned())) }
    }

    /// A failure that repeats the program's last lines.
    pub(super) fn failed(&mut self, what: String) -> DemoError {
        DemoError::Natlens { what, said: self.program.as_mut().map(Program::last_lines).unwrap_or_default() }
    }
}

impl Drop for Natlens {
    fn drop(&mut self) {
        if let Some(mut program) = self.program.take()
            && program.is_running()
        {
            // When it does not stop it is killed; there is nobody to tell.
            drop(program.stop(STOP_PATIENCE));
        }
    }
}

/// What the program says after `beginning`.
fn said(program: &mut Program, beginning: &str, interrupt: &Interrupt) -> Result<String, DemoError> {
    let mut waited = Duration::ZERO;
    while waited < START_PATIENCE {
        while let Some(line) = program.line(Duration::ZERO) {
            if let Some(rest) = line.strip_prefix(beginning) {
                return Ok(rest.trim().to_owned());
            }
        }
        if !program.is_running() {
            return Err(DemoError::Natlens { what: "natlens ended".to_owned(), said: program.last_lines() });
        }
        interrupt.wait(LOOK)?;
        waited += LOOK;
    }
    let what = format!("`{beginning}…` did not come within {} s", START_PATIENCE.as_secs());
    Err(DemoError::Natlens { what, said: program.last_lines() })
}

fn administrator(key_file: &Path, url: &str) -> Result<Client, DemoError> {
    #[derive(Deserialize)]
    struct Key {
        secret_id: String,
        secret_key: String,
    }
    let deed = format!("read `{}`", key_file.display());
    let key: Key = std::fs::read_to_string(key_file)
        .and_then(|text| toml::from_str(&text).map_err(std::io::Error::other))
        .map_err(DemoError::system(deed))?;
    let credential = Credential::AccessKey { secret_id: key.secret_id, secret_key: key.secret_key };
    Ok(Client::new(url, credential, Deadline::Usual))
}
