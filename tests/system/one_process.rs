//! `natlens up`: server and agent in one process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testkit::traffic::{Generator, Services};
use testkit::{Host, Offloads, Program, lab_or_skip};

use super::clock::wait_for;
use super::deployment::program;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn two_commands_make_a_gateways_traffic_searchable() {
    let Some(lab) = lab_or_skip("up", Offloads::On) else { return };
    let folder = tempfile::tempdir().unwrap();
    let gateway = lab.namespace(Host::Gateway).name();
    let up = up(folder.path(), &["--network-namespace", gateway, "--window-seconds", "10"]);
    let _services = Services::start(&lab).unwrap();
    let generator = Generator::start_without_services(&lab);
    natlens(folder.path(), &["flow-log", "create", "all"]);
    let found = wait_for("records", PATIENCE, || found(folder.path(), "action:ACCEPT"));
    assert!(
        found.contains("203.0.113.1") || found.contains("2001:db8::1"),
        "the translation is shown: {found}"
    );
    let fares = wait_for("the gateway's health", PATIENCE, || {
        Some(printed(folder.path(), &["gateway", "describe", "-o", "csv"]))
            .filter(|text| text.contains(" of "))
    });
    assert!(
        fares.contains("203.0.113.1 to ") || fares.contains("2001:db8::1 to "),
        "the fullest ports: {fares}"
    );
    generator.stop().unwrap();
    assert!(up.stop(PATIENCE).unwrap().success());
}

#[test]
fn a_recording_is_shown_without_privileges() {
    let folder = tempfile::tempdir().unwrap();
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/capture/demo.recording");
    let replay = recording.to_str().unwrap();
    let up = up(folder.path(), &["--replay", replay, "--window-seconds", "10"]);
    natlens(folder.path(), &["flow-log", "create", "all"]);
    let found = wait_for("refusals", PATIENCE, || found(folder.path(), "reject-rule:\"acl-telemetry\""));
    assert!(found.contains("8082"), "{found}");
    assert!(up.stop(PATIENCE).unwrap().success());
}

/// Starts the program on a port of its own, with all that it keeps in `folder`.
#[track_caller]
fn up(folder: &Path, arguments: &[&str]) -> Program {
    let mut command = program(folder);
    command.args(["up", "--listen", "127.0.0.1:0", "--gateway-name", "lab"]).args(arguments);
    let mut up = Program::start("natlens up", &mut command).expect("the program is built");
    let sign_in = |line: &str| line.contains("/sign-in#").then_some(());
    up.wait_for("the sign-in link", PATIENCE, sign_in).unwrap_or_else(|error| panic!("{error}"));
    up
}

fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = program(folder).args(arguments).output().expect("the program is built");
    String::from_utf8(output.stdout).expect("the program writes UTF-8")
}

/// What a search prints, once it finds something.
fn found(folder: &Path, query: &str) -> Option<String> {
    let text = printed(folder, &["search", query, "--output", "csv"]);
    (text.lines().count() > 1).then_some(text)
}

/// Repeats a command until it succeeds: at first no agent has enrolled.
#[track_caller]
fn natlens(folder: &Path, arguments: &[&str]) {
    let succeeds = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let mut command = program(folder);
    command.args(arguments);
    wait_for("the command to succeed", PATIENCE, || succeeds(&mut command).then_some(()));
}
