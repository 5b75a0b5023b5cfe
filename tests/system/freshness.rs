//! How soon a window can be searched after it has ended.

use std::time::Duration;

use api::{SearchLog, SearchLogRequest};
use flow::Window;
use testkit::traffic::Generator;

use super::clock::{next_window, now, wait_for, wait_until};
use super::deployment::{Deployment, FlowLog};

/// How many windows are measured.
const WINDOWS: u32 = 6;

/// How long after its end a window may take to be searchable, also on a machine that does much else. How long it takes on an
/// idle one says `docs/reference/performance.md`.
const FRESH_MAX: Duration = Duration::from_secs(20);

#[test]
fn a_window_is_searchable_seconds_after_its_end() {
    let Some(deployment) = Deployment::start("fresh", 10) else { return };
    let flow_log = deployment.create_flow_log("all");
    let generator = Generator::start_without_services(&deployment.lab);
    let mut window = next_window(deployment.length);
    let mut measured = Vec::new();
    for _ in 0..WINDOWS {
        wait_until(window.end());
        measured.push(searchable_after(&deployment, &flow_log, window));
        window = window.next();
    }
    generator.stop().unwrap();
    measured.sort();
    let seconds: Vec<String> = measured.iter().map(|after| format!("{:.2}", after.as_secs_f64())).collect();
    println!("windows were searchable after {} s", seconds.join(", "));
    assert!(measured.iter().all(|after| *after <= FRESH_MAX));
}

/// Waits until a window that has ended can be searched; returns how long after its end that was.
#[track_caller]
pub(crate) fn searchable_after(deployment: &Deployment, flow_log: &FlowLog, window: Window) -> Duration {
    let request = SearchLogRequest {
        from: window.start().millis(),
        to: window.end().millis(),
        query_string: Some("*".to_owned()),
        topic_id: Some(flow_log.topic.clone()),
        limit: Some(1),
        ..SearchLogRequest::default()
    };
    wait_for("a window to be searchable", Duration::from_secs(60), || {
        let answer = deployment.client.call::<SearchLog>(&request).expect("the server answers");
        answer.results.is_some_and(|found| !found.is_empty()).then(|| now().since(window.end()))
    })
}
