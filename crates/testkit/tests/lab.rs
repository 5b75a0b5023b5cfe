//! The lab itself: what is sent through it is what the truth says.

use expect_test::expect;
use flow::{WindowLength, protocol};
use testkit::truth::{TrueFlow, TrueVerdict, Watch};
use testkit::{Lab, Offloads, lab_or_skip, traffic};

#[test]
fn the_truth_names_every_kind_of_known_traffic() {
    let Some(lab) = lab_or_skip("truth", Offloads::Off) else { return };
    let _services = traffic::Services::start(&lab).unwrap();
    let watch = Watch::start(&lab).unwrap();
    traffic::known(&lab).unwrap();
    let truth = watch.stop().unwrap();

    let flows = truth.flows(WindowLength::MINUTE);
    let told: Vec<String> = over_all_windows(&flows).iter().map(told).collect();
    expect![[r#"
        v4 protocol 1 to 2048: Accepted, 3 packets, 78 bytes, answered by 3 packets, 78 bytes
        v4 protocol 17 to 5140: Accepted, 1 packets, 19 bytes, answered by 0 packets, 0 bytes
        v4 protocol 17 to 53: Accepted, 2 packets, 40 bytes, answered by 2 packets, 40 bytes
        v4 protocol 17 to 8081: Refused, 1 packets, 23 bytes, answered by 0 packets, 0 bytes
        v4 protocol 17 to 8082: Refused, 3 packets, 57 bytes, answered by 0 packets, 0 bytes
        v4 protocol 6 to 8000: Accepted, next to nothing, answered by a download
        v4 protocol 6 to 8000: Accepted, next to nothing, answered by a page
        v4 protocol 6 to 8081: Refused, next to nothing, answered by next to nothing
        v6 protocol 17 to 5140: Accepted, 1 packets, 19 bytes, answered by 0 packets, 0 bytes
        v6 protocol 17 to 53: Accepted, 2 packets, 40 bytes, answered by 2 packets, 40 bytes
        v6 protocol 17 to 8081: Refused, 1 packets, 23 bytes, answered by 0 packets, 0 bytes
        v6 protocol 17 to 8082: Refused, 3 packets, 57 bytes, answered by 0 packets, 0 bytes
        v6 protocol 58 to 32768: Accepted, 3 packets, 78 bytes, answered by 3 packets, 78 bytes
        v6 protocol 6 to 8000: Accepted, next to nothing, answered by a download
        v6 protocol 6 to 8000: Accepted, next to nothing, answered by a page
        v6 protocol 6 to 8081: Refused, next to nothing, answered by next to nothing"#]]
    .assert_eq(&told.join("\n"));
    assert!(flows.iter().all(is_translated_when_accepted), "{flows:#?}");
}

#[test]
fn a_lab_goes_away_with_its_value() {
    let Some(lab) = lab_or_skip("away", Offloads::Off) else { return };
    let name = lab.namespace(testkit::Host::Gateway).name().to_owned();
    let path = std::path::Path::new("/run/netns").join(name);
    assert!(path.exists());
    drop(lab);
    assert!(!path.exists());
}

#[test]
fn the_generator_keeps_traffic_going_until_it_is_stopped() {
    let Some(lab) = lab_or_skip("generator", Offloads::Off) else { return };
    let watch = Watch::start(&lab).unwrap();
    let generator = traffic::Generator::start(&lab).unwrap();
    assert!(generator.is_running());
    let rounds = generator.stop().unwrap();
    assert_eq!(rounds, 1);
    assert!(watch.stop().unwrap().flows(WindowLength::MINUTE).len() >= 5);
}

/// The flows without regard to windows, in an order that does not depend on ports of the client.
fn over_all_windows(flows: &[TrueFlow]) -> Vec<TrueFlow> {
    let mut whole: Vec<TrueFlow> = Vec::new();
    for flow in flows {
        let same = |known: &&mut TrueFlow| (known.protocol, known.original) == (flow.protocol, flow.original);
        match whole.iter_mut().find(same) {
            Some(known) => {
                known.forward = known.forward.plus(flow.forward);
                known.reply = known.reply.plus(flow.reply);
                known.forward_payload_bytes += flow.forward_payload_bytes;
                known.reply_payload_bytes += flow.reply_payload_bytes;
            }
            None => whole.push(flow.clone()),
        }
    }
    whole.sort_by_key(told);
    whole
}

/// What does not depend on timing: ports do, and packets of TCP.
fn told(flow: &TrueFlow) -> String {
    let family = if flow.original.srcaddr.is_ipv4() { "v4" } else { "v6" };
    let told = |packets: u64, payload: u64| match flow.protocol {
        protocol::TCP => size(payload).to_owned(),
        _ => format!("{packets} packets, {payload} bytes"),
    };
    let (protocol, port, verdict) = (flow.protocol, flow.original.dstport, flow.verdict);
    let forward = told(flow.forward.packets, flow.forward_payload_bytes);
    let reply = told(flow.reply.packets, flow.reply_payload_bytes);
    format!("{family} protocol {protocol} to {port}: {verdict:?}, {forward}, answered by {reply}")
}

/// Which of the known answers over TCP a payload is: the truth counts what was sent twice as often as it was sent, and a
/// busy machine sends much of an answer twice.
fn size(payload: u64) -> &'static str {
    match payload {
        0..1_000 => "next to nothing",
        20_000..60_000 => "a page",
        2_000_000..6_000_000 => "a download",
        _ => "a size that nobody sent",
    }
}

fn is_translated_when_accepted(flow: &TrueFlow) -> bool {
    match flow.verdict {
        TrueVerdict::Accepted => flow.translated.is_some_and(|tuple| Lab::is_public(tuple.srcaddr)),
        TrueVerdict::Refused => flow.translated.is_none(),
    }
}
