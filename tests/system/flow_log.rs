//! A flow log is a standing order that can be given, paused, resumed and withdrawn.

use std::time::Duration;

use flow::Window;
use testkit::traffic;

use super::clock::{next_window, wait_for, wait_until};
use super::deployment::{Deployment, FlowLog};
use super::found::{records, window_start, with_status};

const PATIENCE: Duration = Duration::from_secs(60);

/// How long before the end of a window a change is made: it reaches the agent within that time.
const SECONDS_BEFORE: Duration = Duration::from_secs(4);

#[test]
fn pausing_resuming_and_deleting_a_flow_log_stops_and_starts_its_records() {
    let Some(deployment) = Deployment::start("orders", 10) else { return };
    // The witness collects all the time: what it has, the other one could have, too.
    let witness = deployment.create_flow_log_apart("witness");
    let flow_log = deployment.create_flow_log("all");
    let mut windows = Vec::new();
    for change in ["create", "pause", "resume", "delete"] {
        let window = next_window(deployment.length);
        traffic::known(&deployment.lab).unwrap();
        wait_until(window.end().minus(SECONDS_BEFORE));
        if change != "create" {
            deployment.natlens(&["flow-log", change, "all"]);
        }
        windows.push((change, window));
    }
    let (_, last) = windows[3];
    wait_for("the last window", PATIENCE, || (flows_in(&deployment, &witness, last) > 0).then_some(()));
    wait_for("the spool to be empty", PATIENCE, || (deployment.spooled() == 0).then_some(()));

    let told = |flow_log: &FlowLog| -> Vec<(&str, usize)> {
        windows.iter().map(|(change, window)| (*change, flows_in(&deployment, flow_log, *window))).collect()
    };
    let mut expected = told(&witness);
    assert!(expected.iter().all(|(_, flows)| *flows > 0), "{expected:?}");
    for (change, flows) in &mut expected {
        if matches!(*change, "pause" | "delete") {
            *flows = 0;
        }
    }
    assert_eq!(told(&flow_log), expected, "records of each window, by what was done before it closed");
    let listed = deployment.rows(&["flow-log", "list"]);
    assert_eq!(listed.len(), 1, "the deleted one is not listed: {listed:?}");
}

fn flows_in(deployment: &Deployment, flow_log: &FlowLog, window: Window) -> usize {
    let mut found = records(deployment, flow_log);
    found.retain(|record| window_start(record, deployment.length) == window.start());
    with_status(&found, "OK").len()
}
