//! Every flow is found as it was on the wire.

use std::time::Duration;

use testkit::Host;
use testkit::traffic::{self, Deed, Family, Talk};
use testkit::truth::Watch;

use super::clock::{next_window, now, wait_for, wait_until};
use super::deployment::Deployment;
use super::found::{differences, field, records, window_start, with_status};
use super::freshness::searchable_after;

/// How long after it happened a refusal may take to be found, with windows of a minute.
const REFUSAL_FOUND: Duration = Duration::from_secs(75);

#[test]
fn every_flow_is_found_as_it_was_on_the_wire() {
    let Some(deployment) = Deployment::start("truth", 10) else { return };
    let flow_log = deployment.create_flow_log("all");
    let client = deployment.lab.namespace(Host::Client);

    let first = next_window(deployment.length);
    let watch = Watch::start(&deployment.lab).unwrap();
    let mut talks = Family::ALL.map(|family| Talk::open(client, family).unwrap());
    traffic::known(&deployment.lab).unwrap();
    talks.iter_mut().for_each(|talk| talk.fetch(3000).unwrap());
    assert!(now() < first.end(), "the machine is too slow for this test");

    let second = next_window(deployment.length);
    assert_eq!(second, first.next());
    talks.iter_mut().for_each(|talk| talk.fetch(5000).unwrap());
    traffic::known(&deployment.lab).unwrap();
    talks.into_iter().for_each(|talk| talk.close().unwrap());
    let truth = watch.stop().unwrap();

    // The window after them is empty: when it is searchable, both are there whole.
    let quiet = second.next();
    for window in [second, quiet] {
        wait_until(window.end());
        let after = searchable_after(&deployment, &flow_log, window);
        println!("window {} was searchable after {:.2} s", window.start(), after.as_secs_f64());
    }
    let mut found = records(&deployment, &flow_log);
    found.retain(|record| window_start(record, deployment.length) >= first.start());
    assert_eq!(differences(&found, &truth, deployment.length), [""; 0]);
    let silent = with_status(&found, "NODATA");
    let silent: Vec<_> = silent.into_iter().map(|record| window_start(record, deployment.length)).collect();
    assert!(silent.contains(&quiet.start()), "the quiet window has a record of its own: {silent:?}");
    assert!(!silent.contains(&first.start()) && !silent.contains(&second.start()), "{silent:?}");
    assert_eq!(with_status(&found, "SKIPDATA").len(), 0, "nothing was lost");
}

#[test]
fn a_refused_connection_is_found_with_its_reason_and_rule_in_time() {
    let Some(deployment) = Deployment::start("refused", 60) else { return };
    let flow_log = deployment.create_flow_log("all");
    let client = deployment.lab.namespace(Host::Client);
    let happened = now();
    traffic::play(client, Family::V4, &[Deed::FetchRefused]).unwrap();

    let query = "action:REJECT AND dstport:8081";
    let found = wait_for("the refusal", REFUSAL_FOUND, || {
        deployment.rows(&["search", query, "--since", "15m"]).into_iter().next()
    });
    let after = now().since(happened);
    println!("a refusal was found after {:.1} s, with windows of a minute", after.as_secs_f64());
    assert!(after <= REFUSAL_FOUND);
    let told = ["flow-log-id", "reject-reason", "reject-rule", "protocol", "packets", "tcp-flags"]
        .map(|name| field(&found, name).unwrap_or("-"));
    assert_eq!(told, [flow_log.id.as_str(), "SECURITY_GROUP", "sg-web-admin", "6", "1", "2"]);
}
