//! The agent with no more privileges than it needs, and with less.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testkit::Host;
use testkit::traffic;
use testkit::truth::Watch;

use super::clock::{next_window, wait_until};
use super::deployment::{Deployment, built};
use super::found::{differences, records, window_start, with_status};
use super::freshness::searchable_after;

/// A user that every Linux has.
const USER: &str = "nobody";

/// CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF, as bits.
const CAPTURE: u64 = 1 << 12 | 1 << 38 | 1 << 39;
/// What enters another network namespace.
const SYS_ADMIN: u64 = 1 << 21;

#[test]
fn an_agent_of_its_own_user_keeps_what_capture_needs_and_loses_nothing_over_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let Some(pins) = BpfFilesystem::mount(place.path()) else { return };
    let settings = format!("user = \"{USER}\"\npin_folder = \"{}\"\n", pins.folder.join("natlens").display());
    let Some(mut deployment) = Deployment::start_with("privileges", 10, &settings) else { return };
    check_privileges(&deployment);
    let flow_log = deployment.create_flow_log("all");

    let first = next_window(deployment.length);
    let watch = Watch::start(&deployment.lab).unwrap();
    traffic::known(&deployment.lab).unwrap();
    deployment.stop_agent();
    traffic::known(&deployment.lab).unwrap();
    deployment.start_agent();
    check_privileges(&deployment);
    let truth = watch.stop().unwrap();

    wait_until(first.next().end());
    searchable_after(&deployment, &flow_log, first.next());
    let mut found = records(&deployment, &flow_log);
    found.retain(|record| window_start(record, deployment.length) >= first.start());
    // Rules are named, so `nft` could read them; nothing is missing, so what is pinned was taken over.
    assert_eq!(differences(&found, &truth, deployment.length), [""; 0]);
    assert_eq!(with_status(&found, "SKIPDATA").len(), 0, "the kernel counted while no agent ran");
}

#[test]
fn an_agent_with_too_few_privileges_says_which_command_grants_them() {
    let Some(deployment) = Deployment::start_with("unprivileged", 10, "user = \"root\"\n") else { return };
    let state = deployment.folder().join("another-agent");
    let namespace = deployment.lab.namespace(Host::Gateway).name().to_owned();
    let agent = |capabilities: &[&str]| -> Output {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{namespace}")).arg("timeout").arg("3").arg("setpriv");
        command.args(["--reuid", USER, "--clear-groups"]).args(capabilities);
        command.arg(built()).args(["agent", "--server", "http://127.0.0.1:1", "--enrolment-token", "x"]);
        command.arg("--state-folder").arg(&state).current_dir("/").output().unwrap()
    };
    std::fs::create_dir(&state).unwrap();
    let chown = Command::new("chown").arg(USER).arg(&state).status().unwrap();
    assert!(chown.success());

    let without = agent(&["--bounding-set", "-all"]);
    let said = String::from_utf8_lossy(&without.stderr).into_owned();
    assert_eq!(without.status.code(), Some(1), "{said}");
    assert!(said.contains("setcap cap_bpf,cap_perfmon,cap_net_admin+ep /"), "{said}");

    // With this one, conversations are known from connection tracking.
    let some =
        ["--bounding-set", "-all,+net_admin", "--inh-caps", "+net_admin", "--ambient-caps", "+net_admin"];
    let degraded = agent(&some);
    let said = String::from_utf8_lossy(&degraded.stderr).into_owned();
    let watching = String::from_utf8_lossy(&degraded.stdout).into_owned();
    assert!(watching.contains("(conntrack)"), "{watching}{said}");
    assert!(said.contains("capture is degraded") && said.contains("setcap cap_bpf,"), "{said}");
}

/// Whether the agent runs as its user, with its capabilities and no others.
#[track_caller]
fn check_privileges(deployment: &Deployment) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", deployment.agent_id()));
    let status = status.expect("the agent runs");
    let line = |name: &str| {
        let found = status.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap_or_else(|| panic!("{name} is there")).trim().to_owned()
    };
    let set = |name: &str| u64::from_str_radix(&line(name), 16).expect("a set is a number");
    let uid = Command::new("id").args(["-u", USER]).output().expect("`id` is there").stdout;
    let uid = String::from_utf8(uid).expect("a number is text");
    assert_eq!(line("Uid:"), [uid.trim(); 4].join("\t"));
    assert_eq!(set("CapEff:"), CAPTURE);
    // The agent watches a namespace that is not its own.
    assert_eq!(set("CapPrm:"), CAPTURE | SYS_ADMIN);
    assert_eq!(set("CapBnd:"), CAPTURE | SYS_ADMIN);
    assert_eq!(set("CapAmb:"), 1 << 12, "`nft` reads the rule set with this one");
    assert_eq!(line("NoNewPrivs:"), "1");
}

/// A bpf file system that only root may enter, as on many machines.
struct BpfFilesystem {
    folder: PathBuf,
}

impl BpfFilesystem {
    fn mount(place: &Path) -> Option<Self> {
        let folder = place.join("bpf");
        std::fs::create_dir(&folder).expect("there is room for a folder");
        let mounted =
            Command::new("mount").args(["-t", "bpf", "-o", "mode=0700", "bpf"]).arg(&folder).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self { folder });
        }
        testkit::skip("privileges", "a bpf file system cannot be mounted here");
        None
    }
}

impl Drop for BpfFilesystem {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.folder).status().ok();
    }
}
