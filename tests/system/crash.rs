//! What is spooled or acknowledged outlives a crash of either program.

use std::time::Duration;

use testkit::traffic;
use testkit::truth::{GroundTruth, Watch};

use super::clock::{next_window, next_window_after, now, wait_for, wait_until};
use super::deployment::Deployment;
use super::found::{differences, records, window_start, with_status};
use super::freshness::searchable_after;

const PATIENCE: Duration = Duration::from_secs(60);

/// When a server is killed, after the end of a window: around the time in which its batches arrive and are stored.
const MOMENTS_OF_STORING: [Duration; 4] = [
    Duration::from_millis(280),
    Duration::from_millis(320),
    Duration::from_millis(380),
    Duration::from_millis(450),
];

#[test]
fn an_agent_survives_a_server_restart() {
    let Some(mut deployment) = Deployment::start("restart", 10) else { return };
    let flow_log = deployment.create_flow_log("all");
    let first = next_window(deployment.length);
    let watch = Watch::start(&deployment.lab).unwrap();
    traffic::known(&deployment.lab).unwrap();
    deployment.kill_server();
    assert!(now() < first.end(), "the server was killed before the window ended");

    next_window(deployment.length);
    traffic::known(&deployment.lab).unwrap();
    let truth = watch.stop().unwrap();
    wait_for("the first window to be spooled", PATIENCE, || (deployment.spooled() > 0).then_some(()));
    deployment.start_server();
    wait_until(first.next().end());
    searchable_after(&deployment, &flow_log, first.next());
    wait_for("the spool to be empty", PATIENCE, || (deployment.spooled() == 0).then_some(()));

    let mut found = records(&deployment, &flow_log);
    found.retain(|record| window_start(record, deployment.length) >= first.start());
    assert_eq!(differences(&found, &truth, deployment.length), [""; 0], "nothing lost, nothing twice");
    assert_eq!(with_status(&found, "SKIPDATA").len(), 0);
}

#[test]
fn a_server_that_is_killed_while_it_stores_neither_loses_nor_doubles() {
    let Some(mut deployment) = Deployment::start("kills", 10) else { return };
    let flow_log = deployment.create_flow_log("all");
    let first = next_window(deployment.length);
    let watch = Watch::start(&deployment.lab).unwrap();
    let mut window = first;
    for after_end in MOMENTS_OF_STORING {
        traffic::known(&deployment.lab).unwrap();
        wait_until(window.end().plus(after_end));
        deployment.kill_server();
        deployment.start_server();
        window = next_window_after(window);
    }
    let truth = watch.stop().unwrap();
    wait_until(window.end());
    searchable_after(&deployment, &flow_log, window);
    wait_for("the spool to be empty", PATIENCE, || (deployment.spooled() == 0).then_some(()));

    let mut found = records(&deployment, &flow_log);
    found.retain(|record| window_start(record, deployment.length) >= first.start());
    assert_eq!(differences(&found, &truth, deployment.length), [""; 0]);
}

#[test]
fn a_server_restart_keeps_what_was_acknowledged() {
    let Some(mut deployment) = Deployment::start("acked", 10) else { return };
    let flow_log = deployment.create_flow_log("all");
    let (truth, window) = known_in_one_window(&deployment);
    wait_until(window.end());
    searchable_after(&deployment, &flow_log, window);
    deployment.kill_server();
    deployment.start_server();

    let mut found = records(&deployment, &flow_log);
    found.retain(|record| window_start(record, deployment.length) == window.start());
    assert_eq!(differences(&found, &truth, deployment.length), [""; 0]);
}

#[test]
fn an_agent_restart_loses_nothing_that_was_spooled() {
    let Some(mut deployment) = Deployment::start("spooled", 10) else { return };
    let flow_log = deployment.create_flow_log("all");
    let (truth, window) = known_in_one_window(&deployment);
    deployment.kill_server();
    let before = deployment.spooled();
    wait_until(window.end());
    wait_for("the window to be spooled", PATIENCE, || (deployment.spooled() > before).then_some(()));
    deployment.kill_agent();

    deployment.start_server();
    deployment.start_agent();
    wait_for("the spool to be empty", PATIENCE, || (deployment.spooled() == 0).then_some(()));
    let restarted_in = next_window(deployment.length);
    wait_until(restarted_in.end());
    searchable_after(&deployment, &flow_log, restarted_in);
    let found = records(&deployment, &flow_log);
    let mut of_window = found.clone();
    of_window.retain(|record| window_start(record, deployment.length) == window.start());
    assert_eq!(differences(&of_window, &truth, deployment.length), [""; 0]);
    let missed: Vec<_> = with_status(&found, "SKIPDATA")
        .into_iter()
        .map(|record| window_start(record, deployment.length))
        .collect();
    assert!(
        missed.contains(&window.next().start()),
        "the window that nobody watched whole says so: {missed:?}"
    );
}

#[test]
fn an_agent_that_is_asked_to_end_keeps_the_beginning_of_its_window() {
    let Some(mut deployment) = Deployment::start("asked", 10) else { return };
    let flow_log = deployment.create_flow_log("all");
    let (truth, window) = known_in_one_window(&deployment);
    deployment.stop_agent();
    assert!(now() < window.end(), "the agent ended before its window");
    deployment.start_agent();
    wait_until(window.end());
    wait_for("records of the window", PATIENCE, || {
        let mut found = records(&deployment, &flow_log);
        found.retain(|record| window_start(record, deployment.length) == window.start());
        let is_marked = !with_status(&found, "SKIPDATA").is_empty();
        (is_marked && differences(&found, &truth, deployment.length).is_empty()).then_some(())
    });
}

/// Known traffic within one window; returns the truth about it.
#[track_caller]
fn known_in_one_window(deployment: &Deployment) -> (GroundTruth, flow::Window) {
    let window = next_window(deployment.length);
    let watch = Watch::start(&deployment.lab).expect("packets can be captured");
    traffic::known(&deployment.lab).expect("traffic flows");
    let truth = watch.stop().expect("no packet was missed");
    assert!(now() < window.end(), "the machine is too slow for this test");
    (truth, window)
}
