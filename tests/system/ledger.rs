//! The ledger proves that a window is complete, and says so when one is not.

use std::time::Duration;

use serde_json::Value;
use testkit::traffic;
use testkit::truth::Watch;

use super::clock::{next_window, wait_for, wait_until};
use super::deployment::Deployment;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_whole_window_is_complete_to_the_packet_also_without_a_flow_log() {
    let Some(deployment) = Deployment::start("ledger", 10) else { return };
    let window = next_window(deployment.length);
    let watch = Watch::start(&deployment.lab).unwrap();
    traffic::known(&deployment.lab).unwrap();
    let truth = watch.stop().unwrap();
    wait_until(window.end());
    let (line, code, said) = ledger_of(&deployment, window);
    let on_the_wire: u64 =
        truth.flows(deployment.length).iter().map(|flow| flow.forward.packets + flow.reply.packets).sum();
    assert!(number(&line, "recorded_packets") >= on_the_wire, "{line} of {on_the_wire}");
    assert_eq!(number(&line, "kernel_packets"), number(&line, "recorded_packets"));
    assert_eq!((code, line["lost_packets"].as_object().unwrap().len()), (0, 0), "{line}");
    assert!(said.starts_with("every packet between"), "{said}");
}

#[test]
fn a_window_in_which_the_agent_was_killed_is_not_complete() {
    let Some(mut deployment) = Deployment::start("ledger-kill", 10) else { return };
    let window = next_window(deployment.length);
    traffic::known(&deployment.lab).unwrap();
    deployment.kill_agent();
    deployment.start_agent();
    traffic::known(&deployment.lab).unwrap();
    wait_until(window.end());
    let (line, code, said) = ledger_of(&deployment, window);
    assert_eq!(code, 3);
    assert!(line["lost_packets"].get("not-watching").is_some(), "{line}");
    assert!(number(&line, "recorded_packets") > 0, "what was watched is recorded: {line}");
    assert!(said.contains("1 of 1 windows") && said.contains("not-watching"), "{said}");
}

fn number(line: &Value, name: &str) -> u64 {
    line.get(name).and_then(Value::as_u64).unwrap_or_else(|| panic!("`{name}` is a number in {line}"))
}

/// A moment as the command line reads it.
fn written(at: flow::Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis()).expect("it is before the year 9999").to_string()
}

/// The line of a window once it has an entry, the exit code, and the sentence at the end.
#[track_caller]
fn ledger_of(deployment: &Deployment, window: flow::Window) -> (Value, i32, String) {
    let (since, until) = (written(window.start()), written(window.end()));
    let arguments = ["ledger", "--since", &since, "--until", &until, "--output", "json"];
    wait_for("the window in the ledger", PATIENCE, || {
        let output = deployment.outcome(&arguments);
        let text = String::from_utf8(output.stdout).expect("the program writes UTF-8");
        let line: Value = serde_json::from_str(text.lines().next()?).expect("each line is a JSON object");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let has_entry = line.pointer("/lost_packets/no-entry").is_none();
        has_entry.then(|| (line, output.status.code().unwrap_or(-1), said))
    })
}
