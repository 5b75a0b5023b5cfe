//! One TCP connection through the gateway, as fast as it goes (iperf3).
//!
//! Hides: iperf3.
//! Knows nothing of: what captures meanwhile.

use std::time::Duration;

use serde_json::Value;
use testkit::{Host, Lab, Namespace, Program};

use crate::stand::StandError;

/// How long iperf3 may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server on the internet that bulk traffic goes to.
#[derive(Debug)]
pub(super) struct Bulk {
    client: Namespace,
    _server: Program,
}

impl Bulk {
    pub(super) fn start(lab: &Lab) -> Result<Self, StandError> {
        let mut command = lab.namespace(Host::Internet).command("iperf3");
        let mut server = Program::start("iperf3", command.args(["--server", "--forceflush"]))?;
        server.wait_for("iperf3 to listen", PATIENCE, |line| line.contains("listening").then_some(()))?;
        Ok(Self { client: lab.namespace(Host::Client).clone(), _server: server })
    }

    /// The throughput of the fastest of so many transfers, one after the other.
    pub(super) fn fastest_bits_per_second(&self, transfers: u32) -> Result<f64, StandError> {
        (0..transfers).try_fold(0.0, |fastest: f64, _| Ok(fastest.max(self.bits_per_second()?)))
    }

    /// The throughput of a transfer of a second.
    fn bits_per_second(&self) -> Result<f64, StandError> {
        let mut command = self.client.command("iperf3");
        command.args(["--json", "--client", &Lab::INTERNET_V4.to_string(), "--time", "1"]);
        let output = command.output().map_err(StandError::system("run `iperf3`"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let report: Value = serde_json::from_str(&said).unwrap_or_default();
        report
            .pointer("/end/sum_received/bits_per_second")
            .and_then(Value::as_f64)
            .ok_or_else(|| StandError::Program { program: "iperf3".to_owned(), said: said.into_owned() })
    }
}
