//! The ways to capture that are compared.
//!
//! Hides: how each is started at the gateway and taken away again.
//! Knows nothing of: what is measured meanwhile.

use std::process::{Command, Stdio};
use std::time::Duration;

use testkit::{Host, Lab, Namespace, Program};

use crate::stand::StandError;
use crate::stand::deployment::{Deployment, OTHER_PROCESSOR};

const PATIENCE: Duration = Duration::from_secs(20);

/// Logs every forwarded packet, as capture by log groups would have to.
const LOG_EVERYTHING: &str = "table inet bench { chain forward { type filter hook forward priority -10; \
     log group 9 snaplen 96 queue-threshold 64\n }\n }";

/// Conversations of a measurement outlive it. Unit: seconds.
const KEPT_SECONDS: u32 = 900;

/// A way to capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing captures. The others are compared with it.
    Nothing,
    /// `natlens agent`, as it is by default.
    Natlens,
    /// softflowd, which reads every packet of the outside interface and exports NetFlow.
    Softflowd,
    /// A log group that gets every forwarded packet, with a reader.
    LogGroup,
}

impl Mode {
    pub(super) const ALL: [Self; 4] = [Self::Nothing, Self::Natlens, Self::Softflowd, Self::LogGroup];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "no capture",
            Self::Natlens => "natlens",
            Self::Softflowd => "softflowd",
            Self::LogGroup => "NFLOG of everything",
        }
    }
}

/// The gateway, and what captures at it now.
#[derive(Debug)]
pub(super) struct Modes {
    gateway: Namespace,
    deployment: Deployment,
    running: Option<Program>,
}

impl Modes {
    pub(super) fn new(lab: &Lab, deployment: Deployment) -> Self {
        Self { gateway: lab.namespace(Host::Gateway).clone(), deployment, running: None }
    }

    /// Lets conversations of the kernel live longer than the measurement.
    pub(super) fn keep_conversations(&self) -> Result<(), StandError> {
        for name in ["udp_timeout", "udp_timeout_stream"] {
            let setting = format!("net.netfilter.nf_conntrack_{name}={KEPT_SECONDS}");
            done(self.gateway.command("sysctl").args(["-q", "-w", &setting]))?;
        }
        Ok(())
    }

    /// Starts to capture; it does on return.
    pub(super) fn start(&mut self, mode: Mode) -> Result<(), StandError> {
        match mode {
            Mode::Nothing => {}
            Mode::Natlens => drop(self.deployment.start_agent()?),
            Mode::Softflowd => {
                let folder = self.deployment.folder();
                let file = |name: &str| folder.join(name).display().to_string();
                let arguments = format!(
                    "exec taskset -c {OTHER_PROCESSOR} softflowd -d -i {} -v 9 -n 127.0.0.1:9995 -p {} -c {} 2>&1",
                    Lab::OUTSIDE,
                    file("softflowd.pid"),
                    file("softflowd.ctl"),
                );
                self.running = Some(self.listening("softflowd", &arguments, "starting data collection")?);
            }
            Mode::LogGroup => {
                done(self.gateway.command("nft").arg(LOG_EVERYTHING))?;
                let arguments =
                    format!("exec taskset -c {OTHER_PROCESSOR} tcpdump -i nflog:9 -w /dev/null 2>&1");
                self.running = Some(self.listening("tcpdump", &arguments, "listening on")?);
            }
        }
        Ok(())
    }

    /// Ends what captures.
    pub(super) fn stop(&mut self) -> Result<(), StandError> {
        self.deployment.stop_agent()?;
        if let Some(program) = self.running.take() {
            program.stop(PATIENCE)?;
            // Only one of the modes has made it.
            drop(
                self.gateway
                    .command("nft")
                    .args(["delete", "table", "inet", "bench"])
                    .stderr(Stdio::null())
                    .status(),
            );
        }
        Ok(())
    }

    fn listening(&self, name: &str, line: &str, word: &str) -> Result<Program, StandError> {
        let mut program = Program::start(name, self.gateway.command("sh").args(["-c", line]))?;
        program.wait_for(word, PATIENCE, |line| line.contains(word).then_some(()))?;
        Ok(program)
    }
}

fn done(command: &mut Command) -> Result<(), StandError> {
    let name = command.get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let output = command.output().map_err(StandError::system(format!("run `{name}`")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(StandError::Program { program: name, said: String::from_utf8_lossy(&output.stderr).into_owned() })
}
