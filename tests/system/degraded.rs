//! An agent that goes without something says so, and no longer when it has it again.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::clock::wait_for;
use super::deployment::Deployment;

/// How long what an agent says may take to its host and its server.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn what_an_agent_goes_without_is_told_on_its_host_and_at_its_server() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let numbers = free.local_addr().unwrap();
    drop(free);
    let settings =
        format!("user = \"root\"\npin = false\nsource = \"conntrack\"\nmetrics_listen = \"{numbers}\"\n");
    let Some(mut deployment) = Deployment::start_with("degraded", 10, &settings) else { return };
    let at_server = |deployment: &Deployment, expected: usize| {
        wait_for("the server to know how the agent is", PATIENCE, || {
            let row = deployment.rows(&["gateway", "describe"]).pop()?;
            let degraded = row["Degraded"].as_array()?.clone();
            (row["Source"] != "" && degraded.len() == expected).then_some(row)
        })
    };
    let row = at_server(&deployment, 1);
    assert_eq!(row["Source"], "conntrack");
    assert_eq!(row["Degraded"][0]["What"], "refusals");
    assert!(row["Degraded"][0]["Mend"].as_str().unwrap().contains("agent.nflog_group"), "{row}");

    let (code, own) = own_status(&deployment);
    assert_eq!((code, own["state"].as_str()), (Some(1), Some("degraded")), "{own}");
    assert!(own["degraded"].as_str().unwrap().starts_with("refusals: refused packets are not seen"), "{own}");
    let told = wait_for("the agent to read its source", PATIENCE, || {
        let told = metrics(numbers);
        told.contains("natlens_agent_ready 1\n").then_some(told)
    });
    assert!(told.contains("natlens_agent_degraded{what=\"refusals\"} 1\n"), "{told}");

    // The same agent with the kernel's programs goes without nothing.
    deployment.stop_agent();
    let file = deployment.folder().join("natlens.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("source = \"conntrack\"", "source = \"ebpf\"")).unwrap();
    deployment.start_agent();
    assert_eq!(at_server(&deployment, 0)["Source"], "ebpf");
    let (code, own) = own_status(&deployment);
    assert_eq!((code, own["state"].as_str()), (Some(0), Some("running")), "{own}");
    assert!(["tcx", "tracing"].contains(&own["variant"].as_str().unwrap()), "{own}");
}

/// What the agent says on its host, and the exit code.
fn own_status(deployment: &Deployment) -> (Option<i32>, Value) {
    let output = deployment.outcome(&["agent", "status", "--output", "json"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), serde_json::from_str(text.trim()).unwrap_or(Value::Null))
}

fn metrics(address: std::net::SocketAddr) -> String {
    let mut answer = String::new();
    let mut stream = TcpStream::connect(address).expect("the agent listens");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: agent\r\n\r\n").expect("it reads");
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}
