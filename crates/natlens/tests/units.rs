//! The units for systemd, as far as they speak of this program.
//!
//! Hides: the form of units.
//! Knows nothing of: systemd.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

use std::path::Path;
use std::process::Command;

/// The values of a key, in order.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

fn unit(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn each_unit_starts_the_program_as_it_can_be_started() {
    for name in ["natlens-agent.service", "natlens-server.service"] {
        let unit = unit(name);
        let [start] = values(&unit, "ExecStart")[..] else { panic!("{name} starts one program") };
        let (program, arguments) = start.split_once(' ').unwrap();
        assert_eq!(program, "/usr/bin/natlens");
        let place = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_natlens"));
        let output = command.current_dir(&place).args(arguments.split(' ')).arg("--check").output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let state = format!("/var/lib/{}", values(&unit, "StateDirectory")[0]);
        assert!(arguments.ends_with(&state), "{name} keeps what it has where it may write");
        assert_eq!(values(&unit, "User"), ["natlens"]);
        assert_eq!(values(&unit, "NoNewPrivileges"), ["yes"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_agent_gets_the_capabilities_of_its_source_and_the_server_gets_none() {
    let granted = capture::grant(&capture::SourceSettings::default(), Path::new("natlens"));
    let (names, _) = granted.strip_prefix("setcap ").unwrap().split_once('+').unwrap();
    let names = names.to_uppercase().replace(',', " ");
    let (agent, server) = (unit("natlens-agent.service"), unit("natlens-server.service"));
    for key in ["AmbientCapabilities", "CapabilityBoundingSet"] {
        assert_eq!(values(&agent, key), [names.as_str()], "{key}");
        assert_eq!(values(&server, key), [""], "{key}");
    }
}
