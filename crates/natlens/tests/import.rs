//! `natlens import`: records of capture files, printed and stored.
//!
//! Hides: how a capture file is written.
//! Knows nothing of: the inside of the program.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use api::{
    AgentStatus, Client, Credential, Deadline, EnrolAgent, EnrolAgentRequest, WatchFlowLogs,
    WatchFlowLogsRequest,
};
use expect_test::expect;
use testkit::Program;

/// How long a process may take for what takes it milliseconds, on a machine that builds meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// 2026-11-25T00:00:00Z. Unit: seconds.
const MIDNIGHT: u32 = 1_795_564_800;

/// Second of the day, source, destination, payload.
type Datagram<'a> = (u32, [u8; 4], u16, [u8; 4], u16, &'a [u8]);

const CLIENT: [u8; 4] = [10, 0, 0, 2];
const PUBLIC: [u8; 4] = [203, 0, 113, 1];
const SERVER: [u8; 4] = [198, 51, 100, 9];

/// A capture of raw IP (link type 101) with microseconds.
fn capture(datagrams: &[Datagram<'_>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 101_u32] {
        file.extend(word.to_le_bytes());
    }
    for (second, source, srcport, destination, dstport, payload) in datagrams {
        let bytes = u16::try_from(28 + payload.len()).unwrap();
        for word in [MIDNIGHT + second, 0, u32::from(bytes), u32::from(bytes)] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0]);
        file.extend(bytes.to_be_bytes());
        file.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
        file.extend(source);
        file.extend(destination);
        file.extend(srcport.to_be_bytes());
        file.extend(dstport.to_be_bytes());
        file.extend((bytes - 20).to_be_bytes());
        file.extend([0, 0]);
        file.extend(*payload);
    }
    file
}

/// Writes the captures of both sides: a question and its answer, and a datagram that is refused.
fn write_captures(folder: &Path) {
    let inside = [
        (61, CLIENT, 4000, SERVER, 53, &b"where?"[..]),
        (62, SERVER, 53, CLIENT, 4000, b"there"),
        (63, CLIENT, 4001, SERVER, 8082, b"let me"),
    ];
    let outside = [
        (61, PUBLIC, 61_000, SERVER, 53, &b"where?"[..]),
        (62, SERVER, 53, PUBLIC, 61_000, b"there"),
        (130, PUBLIC, 9, SERVER, 9, b"the gateway's own"),
    ];
    std::fs::write(folder.join("inside.pcap"), capture(&inside)).unwrap();
    std::fs::write(folder.join("outside.pcap"), capture(&outside)).unwrap();
}

fn natlens(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natlens"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

/// Runs a command that must succeed; returns what it printed and what it said beside.
#[track_caller]
fn good(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = natlens(folder, arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(output.stderr));
    (text(output.stdout), text(output.stderr))
}

/// Enrols the gateway `edge`, and asks for its flow logs as its agent does.
fn agent_is_heard(url: &str, token: &str) {
    let client = |credential| Client::new(url, credential, Deadline::After(PATIENCE));
    let (token, gateway_name) = (token.to_owned(), "edge".to_owned());
    let request = EnrolAgentRequest { token, gateway_name, ..EnrolAgentRequest::default() };
    let enrolled = client(Credential::None).call::<EnrolAgent>(&request).unwrap();
    let agent = client(Credential::AgentToken(enrolled.agent_token));
    let status = Some(AgentStatus::default());
    agent.call::<WatchFlowLogs>(&WatchFlowLogsRequest { generation: None, status }).unwrap();
}

#[test]
fn captures_of_both_sides_are_printed_without_any_server() {
    let folder = tempfile::tempdir().unwrap();
    write_captures(folder.path());
    let both = ["import", "--pcap", "inside.pcap", "--outside", "outside.pcap"];
    let (printed, said) = good(folder.path(), &both);
    expect![[r#"
        TIME                      ACTION  PROTOCOL  SRCADDR   SRCPORT  DSTADDR       DSTPORT  NATSRCADDR   NATSRCPORT  PACKETS  BYTES  REPLY-PACKETS  REPLY-BYTES  REJECT-REASON
        2026-11-25T00:01:01.000Z  ACCEPT  17        10.0.0.2  4000     198.51.100.9  53       203.0.113.1  61000       1        34     1              33           -
        2026-11-25T00:01:03.000Z  REJECT  17        10.0.0.2  4001     198.51.100.9  8082     -            -           1        34     0              0            OTHER
    "#]]
    .assert_eq(&printed);
    expect![[r#"
        2 windows are not complete, as the first and the last of a capture never are: -o json shows them as SKIPDATA
        6 frames read, 0 of them no IP packets
        1 packets went through the gateway neither way: its own, of one link, or refused outside
    "#]]
    .assert_eq(&said);

    let fields = "log-status,direction,nat-type,reject-reason,srcport";
    let (one, _) = good(folder.path(), &["import", "--pcap", "inside.pcap", "-o", "csv", "--fields", fields]);
    expect![[r#"
        time,log-status,direction,nat-type,reject-reason,srcport
        2026-11-25T00:01:01.000Z,OK,EGRESS,,,4000
        2026-11-25T00:01:03.000Z,OK,EGRESS,,,4001
        2026-11-25T00:01:00.000Z,SKIPDATA,,,,
    "#]]
    .assert_eq(&one.replace('\r', ""));
    let output = natlens(folder.path(), &["import", "--pcap", "absent.pcap"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("cannot open the capture file `absent.pcap`"),
        "{said}"
    );
}

#[test]
fn importing_twice_stores_once_and_takes_no_agents_name() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    write_captures(folder);
    let mut server = Command::new(env!("CARGO_BIN_EXE_natlens"));
    server.current_dir(folder).args(["server", "--listen", "127.0.0.1:0"]);
    let mut program = Program::start("natlens", &mut server).unwrap();
    let listening = |line: &str| line.strip_prefix("listening on ").map(str::to_owned);
    let url = program.wait_for("its address", PATIENCE, listening).unwrap();
    good(folder, &["logset", "create", "edge"]);
    good(folder, &["topic", "create", "flows"]);
    good(folder, &["index", "create"]);

    let import = ["import", "--pcap", "inside.pcap", "--outside", "outside.pcap", "--topic", "flows"];
    assert_eq!(good(folder, &import).0, "4 records stored\n");
    let (stored, said) = good(folder, &import);
    assert_eq!(stored, "0 records stored\n");
    assert!(said.contains("4 records were stored by an earlier import"), "{said}");
    let count =
        ["search", "log-status:OK | SELECT count(*) AS records", "--since", "2026-11-25", "-o", "json"];
    assert_eq!(good(folder, &count).0, "{\"records\":2}\n");

    agent_is_heard(&url, good(folder, &["enrolment-token", "create"]).0.trim());
    let output = natlens(folder, &[&import[..], &["--gateway-name", "edge"]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("an agent speaks for the gateway `edge`"), "{said}");
    assert!(program.stop(PATIENCE).unwrap().success());
}
