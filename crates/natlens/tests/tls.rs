//! Server, agent and command line over HTTPS, with a certificate that signed itself.
//!
//! Hides: how processes are started and what they print.
//! Knows nothing of: the inside of server and agent.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use testkit::Program;

/// How long a process may take for what takes it milliseconds, on a machine that builds meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

fn natlens(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natlens"));
    command.current_dir(folder).args(arguments);
    command
}

/// Runs a command to its end.
fn run(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let output = natlens(folder, arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

fn write_certificate(folder: &Path, file: &str, key_file: &str) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join(file), made.cert.pem()).unwrap();
    std::fs::write(folder.join(key_file), made.signing_key.serialize_pem()).unwrap();
}

#[test]
fn agent_and_command_line_reach_a_server_whose_certificate_they_trust() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/capture/demo.recording");
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    write_certificate(folder, "server.pem", "server-key.pem");
    write_certificate(folder, "other.pem", "other-key.pem");
    let tls = "[server]\ntls_certificate = \"server.pem\"\ntls_key = \"server-key.pem\"\n";
    std::fs::write(folder.join("natlens.toml"), tls).unwrap();
    let mut server =
        Program::start("server", &mut natlens(folder, &["server", "--listen", "127.0.0.1:0"])).unwrap();
    let listening = |line: &str| line.strip_prefix("listening on ").map(str::to_owned);
    let url = server.wait_for("its address", PATIENCE, listening).unwrap();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");

    let (refused, said) = run(folder, &["enrolment-token", "create"]);
    assert!(!refused.status.success() && said.contains("--ca-file"), "{said}");
    let (token, said) = run(folder, &["enrolment-token", "create", "--ca-file", "server.pem"]);
    assert!(token.status.success() && said.contains(&format!("--server {url}")), "{said}");
    let token = String::from_utf8(token.stdout).unwrap();

    let mut arguments = vec!["agent", "--server", &url, "--enrolment-token", token.trim()];
    arguments.extend(["--replay", recording, "--gateway-name", "edge", "--ca-file"]);
    let (refused, said) = run(folder, &[&arguments[..], &["other.pem"]].concat());
    let helps = said.contains("does not trust") && said.contains("setting `ca_file`");
    assert!(!refused.status.success() && helps, "{said}");

    let agent = Program::start("agent", &mut natlens(folder, &[&arguments[..], &["server.pem"]].concat()));
    let mut agent = agent.unwrap();
    let watching = |line: &str| (line == "watching edge (replay)").then_some(());
    agent.wait_for("what it watches", PATIENCE, watching).unwrap();
    let enrolled = (0..500).any(|_| {
        let (listed, _) = run(folder, &["gateway", "list", "-o", "csv", "--ca-file", "server.pem"]);
        String::from_utf8_lossy(&listed.stdout).contains(",edge,")
    });
    assert!(enrolled, "the gateway enrols over TLS");
    assert!(agent.stop(PATIENCE).unwrap().success());
    assert!(server.stop(PATIENCE).unwrap().success());
}

#[test]
fn a_check_reads_certificate_key_and_authority() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    write_certificate(folder, "server.pem", "server-key.pem");
    let check = |text: &str| {
        std::fs::write(folder.join("natlens.toml"), text).unwrap();
        let (output, said) = run(folder, &["--check"]);
        (output.status.code().unwrap(), said)
    };
    let (code, said) = check("[server]\ntls_certificate = \"server.pem\"\n");
    assert!(code == 2 && said.contains("`server.tls_key` belong together"), "{said}");
    let (code, said) = check("[server]\ntls_certificate = \"server.pem\"\ntls_key = \"server.pem\"\n");
    assert!(code == 2 && said.contains("setting `tls_key`"), "{said}");
    let (code, said) = check("[client]\nca_file = \"server-key.pem\"\n");
    assert!(code == 2 && said.contains("setting `client.ca_file`"), "{said}");
    let right =
        "tls_certificate = \"server.pem\"\ntls_key = \"server-key.pem\"\n[agent]\nca_file = \"server.pem\"\n";
    let (code, said) = check(&format!("[server]\n{right}"));
    assert_eq!(code, 0, "{said}");
}
