//! Laws of scopes and places: every flow goes to exactly the flow logs whose scope contains it, and the longest
//! prefix decides where an address is.
//!
//! Hides: the small network that the tests speak of.
//! Knows nothing of: how an inventory is searched.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]
#![expect(clippy::indexing_slicing, reason = "a test that misses what it looks for shall panic")]

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use expect_test::{Expect, expect};
use flow::{
    CollectionScope, CollectionType, Counters, Event, FlowKey, FlowLog, LogStatus, Loss, LossCause, Prefix,
    Record, RejectReason, Rejection, Timestamp, Tuple, Verdict, WindowLength, protocol,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use window::{Inventory, WindowSettings, Windows, private_prefixes};

/// What holds for the addresses of a prefix: region, VPC, subnet, CCN; `-` for none. Later lines are within earlier
/// ones, so the last line that holds an address is its longest prefix.
const NETWORK: &str = "
    10.0.0.0/8       ap-guangzhou  -      -        -
    10.1.0.0/16      ap-guangzhou  vpc-a  -        ccn-1
    10.1.2.0/24      ap-guangzhou  vpc-a  sub-a    ccn-1
    10.1.2.128/25    ap-shanghai   vpc-b  -        ccn-1
    10.1.2.192/26    ap-shanghai   vpc-b  sub-b    ccn-1
    172.16.0.0/16    eu-frankfurt  -      -        ccn-1
    192.168.0.0/16   eu-frankfurt  vpc-c  -        ccn-2
    192.168.7.0/24   eu-frankfurt  vpc-c  sub-c    ccn-2
    fd00:1::/32      ap-shanghai   vpc-b  -        ccn-1
";

const ADDRESSES: [&str; 12] = [
    "10.0.0.1",
    "10.1.0.1",
    "10.1.2.1",
    "10.1.2.129",
    "10.1.2.200",
    "172.16.9.9",
    "192.168.1.1",
    "192.168.7.1",
    "fd00:1::1",
    "fd00:2::1",
    "198.51.100.9",
    "203.0.113.1",
];

const RESOURCES: [(CollectionScope, &str); 12] = [
    (CollectionScope::Nat, "nat-00000001"),
    (CollectionScope::NetworkInterface, "lan"),
    (CollectionScope::NetworkInterface, "wan"),
    (CollectionScope::Vpc, "vpc-a"),
    (CollectionScope::Vpc, "vpc-b"),
    (CollectionScope::Vpc, "vpc-c"),
    (CollectionScope::Vpc, "vpc-z"),
    (CollectionScope::Subnet, "sub-a"),
    (CollectionScope::Subnet, "sub-b"),
    (CollectionScope::Subnet, "sub-c"),
    (CollectionScope::Ccn, "ccn-1"),
    (CollectionScope::Ccn, "ccn-2"),
];

fn prefixes(texts: &[&str]) -> Vec<Prefix> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// The same network as in `NETWORK`, as an operator describes it.
fn inventory() -> Inventory {
    let mut inventory = Inventory::default();
    let region = |text: &str| text.parse().unwrap();
    let (south, east, west) = (region("ap-guangzhou"), region("ap-shanghai"), region("eu-frankfurt"));
    inventory.add_region(&south, &prefixes(&["10.0.0.0/8"])).unwrap();
    inventory.add_vpc("vpc-a", &south, &prefixes(&["10.1.0.0/16"])).unwrap();
    inventory.add_vpc("vpc-b", &east, &prefixes(&["10.1.2.128/25", "fd00:1::/32"])).unwrap();
    inventory.add_vpc("vpc-c", &west, &prefixes(&["192.168.0.0/16"])).unwrap();
    inventory.add_subnet("sub-a", "vpc-a", &prefixes(&["10.1.2.0/24"])).unwrap();
    inventory.add_subnet("sub-b", "vpc-b", &prefixes(&["10.1.2.192/26"])).unwrap();
    inventory.add_subnet("sub-c", "vpc-c", &prefixes(&["192.168.7.0/24"])).unwrap();
    inventory.add_instance("ins-1", &prefixes(&["10.1.2.1"])).unwrap();
    inventory.attach_vpc("ccn-1", "vpc-a").unwrap();
    inventory.attach_vpc("ccn-1", "vpc-b").unwrap();
    inventory.attach_vpc("ccn-2", "vpc-c").unwrap();
    inventory.attach_networks("ccn-1", &west, &prefixes(&["172.16.0.0/16"])).unwrap();
    inventory
}

fn windows(inventory: Inventory) -> Windows {
    let mut windows = Windows::new(WindowSettings {
        account: "1".parse().unwrap(),
        region: "ap-guangzhou".parse().unwrap(),
        gateway: "nat-00000001".parse().unwrap(),
        vpc: None,
        length: WindowLength::MINUTE,
        inside: private_prefixes(),
    });
    windows.use_inventory(Arc::new(inventory));
    windows
}

/// One flow log for each resource and type.
fn flow_logs() -> Vec<FlowLog> {
    let kinds = [CollectionType::All, CollectionType::Accept, CollectionType::Reject];
    let all = RESOURCES.iter().flat_map(|resource| kinds.map(|kind| (resource, kind)));
    all.enumerate()
        .map(|(place, ((scope, resource), kind))| FlowLog {
            id: format!("fl-{place:08}").parse().unwrap(),
            scope: *scope,
            resource: (*resource).to_owned(),
            kind,
            topic: "topic-1".parse().unwrap(),
        })
        .collect()
}

fn tuple(source: &str, destination: &str, srcport: u16) -> Tuple {
    Tuple { srcaddr: source.parse().unwrap(), dstaddr: destination.parse().unwrap(), srcport, dstport: 443 }
}

fn event(original: Tuple, translated: Option<Tuple>) -> Event {
    let at = Timestamp::from_seconds(5);
    Event {
        key: FlowKey { protocol: protocol::TCP, original, translated },
        first: at,
        last: at,
        forward: Counters { packets: 3, bytes: 180 },
        reply: Counters::default(),
        verdict: Verdict::Accept,
        tcp_flags: 0,
        interface_in: Some("lan".into()),
        interface_out: None,
    }
}

/// A line of `NETWORK`: the prefix; region, VPC, subnet, CCN.
type Line = (Prefix, [Option<&'static str>; 4]);

static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
    let lines = NETWORK.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let told =
        |words: &[&'static str]| [1, 2, 3, 4].map(|column| Some(words[column]).filter(|word| *word != "-"));
    lines.filter(|words| !words.is_empty()).map(|words| (words[0].parse().unwrap(), told(&words))).collect()
});

/// Region, VPC, subnet, CCN of an address by reading `NETWORK` from its end.
fn told(address: IpAddr) -> [Option<&'static str>; 4] {
    let found = LINES.iter().rev().find(|(prefix, _)| prefix.contains(address));
    found.map_or([None; 4], |(_, told)| *told)
}

/// Whether a flow log shall collect the event, said without an inventory.
fn shall_collect(flow_log: &FlowLog, event: &Event) -> bool {
    let initiator = told(event.key.original.srcaddr);
    let responder = told(event.key.translated.unwrap_or(event.key.original).dstaddr);
    let resource = Some(flow_log.resource.as_str());
    let in_scope = match flow_log.scope {
        CollectionScope::Nat => true,
        CollectionScope::NetworkInterface => event.interface_in.as_deref() == resource,
        CollectionScope::Vpc => initiator[1] == resource || responder[1] == resource,
        CollectionScope::Subnet => initiator[2] == resource || responder[2] == resource,
        CollectionScope::Ccn => {
            initiator[3] == resource && responder[3] == resource && initiator[0] != responder[0]
        }
    };
    in_scope
        && match flow_log.kind {
            CollectionType::All => true,
            CollectionType::Accept => event.verdict == Verdict::Accept,
            CollectionType::Reject => event.verdict != Verdict::Accept,
        }
}

prop_compose! {
    fn any_event()(
        source in select(&ADDRESSES[..]),
        destination in select(&ADDRESSES[..]),
        translated in prop_oneof![Just(None), select(&ADDRESSES[..]).prop_map(Some)],
        interface in select(&["lan", "wan", "dmz"][..]),
        refused in any::<bool>(),
    ) -> Event {
        let original = tuple(source, destination, 0);
        let translated = translated.map(|address| tuple("203.0.113.1", address, 0));
        let rejection = Rejection { reason: RejectReason::Acl, rule: None };
        Event {
            verdict: if refused { Verdict::Reject(rejection) } else { Verdict::Accept },
            interface_in: Some(interface.into()),
            ..event(original, translated)
        }
    }
}

proptest! {
    #[test]
    fn every_flow_goes_to_exactly_the_flow_logs_whose_scope_contains_it(mut events in vec(any_event(), 1..40)) {
        for (port, event) in events.iter_mut().enumerate() {
            // A port of its own makes each event a flow of its own, and names it in the records.
            event.key.original.srcport = u16::try_from(port).unwrap();
        }
        let mut windows = windows(inventory());
        events.iter().cloned().for_each(|event| windows.observe(event));
        let flow_logs = flow_logs();
        let closed = windows.close(Timestamp::from_seconds(60), &flow_logs);
        for (flow_log, collected) in flow_logs.iter().zip(&closed[0].collected) {
            let mut ports: Vec<u16> = collected.records.iter().filter_map(|record| record.srcport).collect();
            ports.sort_unstable();
            let expected = (0..).zip(&events).filter(|(_, event)| shall_collect(flow_log, event));
            let expected: Vec<u16> = expected.map(|(port, _)| port).collect();
            prop_assert_eq!(ports, expected, "{} {} {}", flow_log.scope, flow_log.resource, flow_log.kind);
        }
    }

    #[test]
    fn the_longest_prefix_decides(
        networks in vec((any::<[u8; 4]>(), 0..=32u8), 1..30),
        asked in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..30),
    ) {
        let mut inventory = Inventory::default();
        let mut kept: Vec<(Prefix, String)> = Vec::new();
        for (place, (octets, length)) in networks.into_iter().enumerate() {
            // Few leading bits differ, so that prefixes often lie within another.
            let address = IpAddr::from([octets[0] & 3, octets[1] & 3, octets[2], octets[3]]);
            let (prefix, id) = (Prefix::new(address, length).unwrap(), format!("vpc-{place}"));
            if inventory.add_vpc(&id, &"lab".parse().unwrap(), &[prefix]).is_ok() {
                kept.push((prefix, id));
            }
        }
        for (near, last) in asked {
            let IpAddr::V4(near) = kept[near.index(kept.len())].0.first() else { unreachable!() };
            let [a, b, c, _] = near.octets();
            let address = IpAddr::from([a, b, c, last]);
            let longest = kept.iter().filter(|(prefix, _)| prefix.contains(address))
                .max_by_key(|(prefix, _)| prefix.length());
            prop_assert_eq!(inventory.place(address).vpc.map(|id| &**id), longest.map(|(_, id)| id.as_str()));
        }
    }
}

#[test]
fn the_inventory_says_what_the_network_is() {
    let inventory = inventory();
    for address in ADDRESSES.map(|text| text.parse().unwrap()) {
        let place = inventory.place(address);
        let found = [place.region, place.vpc, place.subnet, place.ccn].map(|name| name.map(|name| &**name));
        assert_eq!(found, told(address), "{address}");
    }
}

fn names(record: &Record) -> String {
    const PLACE: [&str; 8] = [
        "srcaddr",
        "dstaddr",
        "vpc-id",
        "subnet-id",
        "instance-id",
        "ccn-id",
        "src-region-id",
        "dst-region-id",
    ];
    let value = |name| (flow::field(name).unwrap().get)(record).map(|value| format!("{name}={value}"));
    PLACE.into_iter().filter_map(value).collect::<Vec<_>>().join(" ")
}

fn check_collected(scope: CollectionScope, resource: &str, expected: Expect) {
    let mut windows = windows(inventory());
    let events = [
        // Within one region, between two of one CCN, out to a third region, and to the outside.
        event(tuple("10.1.2.1", "10.1.9.9", 1), None),
        event(tuple("10.1.2.1", "10.1.2.200", 2), None),
        event(tuple("172.16.0.5", "10.1.2.200", 3), None),
        event(tuple("10.1.2.1", "198.51.100.9", 4), Some(tuple("203.0.113.1", "198.51.100.9", 61000))),
        // From the outside to a public address of the gateway, and on to a subnet.
        event(tuple("198.51.100.9", "203.0.113.1", 5), Some(tuple("198.51.100.9", "192.168.7.1", 5))),
        // Two CCNs have nothing in common.
        event(tuple("10.1.2.1", "192.168.7.1", 6), None),
    ];
    events.into_iter().for_each(|event| windows.observe(event));
    let flow_log = FlowLog {
        id: "fl-00000001".parse().unwrap(),
        scope,
        resource: resource.to_owned(),
        kind: CollectionType::All,
        topic: "topic-1".parse().unwrap(),
    };
    let closed = windows.close(Timestamp::from_seconds(60), &[flow_log]);
    let lines: Vec<String> = closed[0].collected[0].records.iter().map(names).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_ccn_collects_what_crosses_its_regions() {
    check_collected(
        CollectionScope::Ccn,
        "ccn-1",
        expect![[r#"
        srcaddr=10.1.2.1 dstaddr=10.1.2.200 vpc-id=vpc-a subnet-id=sub-a instance-id=ins-1 ccn-id=ccn-1 src-region-id=ap-guangzhou dst-region-id=ap-shanghai
        srcaddr=172.16.0.5 dstaddr=10.1.2.200 vpc-id=vpc-b subnet-id=sub-b ccn-id=ccn-1 src-region-id=eu-frankfurt dst-region-id=ap-shanghai"#]],
    );
}

#[test]
fn a_record_names_the_private_end_and_both_regions() {
    check_collected(
        CollectionScope::Nat,
        "nat-00000001",
        expect![[r#"
        srcaddr=10.1.2.1 dstaddr=10.1.2.200 vpc-id=vpc-a subnet-id=sub-a instance-id=ins-1 ccn-id=ccn-1 src-region-id=ap-guangzhou dst-region-id=ap-shanghai
        srcaddr=10.1.2.1 dstaddr=10.1.9.9 vpc-id=vpc-a subnet-id=sub-a instance-id=ins-1 src-region-id=ap-guangzhou dst-region-id=ap-guangzhou
        srcaddr=10.1.2.1 dstaddr=192.168.7.1 vpc-id=vpc-a subnet-id=sub-a instance-id=ins-1 src-region-id=ap-guangzhou dst-region-id=eu-frankfurt
        srcaddr=10.1.2.1 dstaddr=198.51.100.9 vpc-id=vpc-a subnet-id=sub-a instance-id=ins-1 src-region-id=ap-guangzhou
        srcaddr=172.16.0.5 dstaddr=10.1.2.200 vpc-id=vpc-b subnet-id=sub-b ccn-id=ccn-1 src-region-id=eu-frankfurt dst-region-id=ap-shanghai
        srcaddr=198.51.100.9 dstaddr=203.0.113.1 vpc-id=vpc-c subnet-id=sub-c dst-region-id=eu-frankfurt"#]],
    );
}

#[test]
fn a_subnet_collects_what_begins_or_ends_in_it() {
    check_collected(
        CollectionScope::Subnet,
        "sub-c",
        expect![[r#"
        srcaddr=10.1.2.1 dstaddr=192.168.7.1 vpc-id=vpc-a subnet-id=sub-a instance-id=ins-1 src-region-id=ap-guangzhou dst-region-id=eu-frankfurt
        srcaddr=198.51.100.9 dstaddr=203.0.113.1 vpc-id=vpc-c subnet-id=sub-c dst-region-id=eu-frankfurt"#]],
    );
}

#[test]
fn a_quiet_window_is_told_only_of_what_the_inventory_describes() {
    let statuses = |inventory: Inventory, lost: bool| {
        let mut windows = windows(inventory);
        windows.close(Timestamp::default(), &[]);
        if lost {
            let window = WindowLength::MINUTE.window_of(Timestamp::default());
            windows.lose(&Loss { packets: 7, ..Loss::unknown(window, LossCause::TooManyFlows) });
        }
        let closed = windows.close(Timestamp::from_seconds(60), &flow_logs());
        let of_place = |scope| !matches!(scope, CollectionScope::Nat | CollectionScope::NetworkInterface);
        let collected = flow_logs().into_iter().zip(closed[0].collected.clone());
        collected
            .filter(|(flow_log, _)| of_place(flow_log.scope))
            .map(|(flow_log, collected)| {
                let statuses = collected.records.iter().map(|record| record.log_status).collect();
                (flow_log.resource, statuses)
            })
            .collect::<Vec<(String, Vec<LogStatus>)>>()
    };
    for (resource, found) in statuses(inventory(), false) {
        let expected = if resource == "vpc-z" { vec![] } else { vec![LogStatus::NoData] };
        assert_eq!(found, expected, "{resource}");
    }
    for (resource, found) in statuses(inventory(), true) {
        let expected = if resource == "vpc-z" { vec![] } else { vec![LogStatus::SkipData] };
        assert_eq!(found, expected, "{resource}");
    }
    assert!(statuses(Inventory::default(), false).iter().all(|(_, found)| found.is_empty()));
}

#[test]
fn the_gateways_vpc_is_that_of_unplaced_ends_until_the_inventory_describes_it() {
    let vpc_of = |inventory: Inventory, source: &str| {
        let mut windows = Windows::new(WindowSettings {
            account: "1".parse().unwrap(),
            region: "ap-guangzhou".parse().unwrap(),
            gateway: "nat-00000001".parse().unwrap(),
            vpc: Some("vpc-a".to_owned()),
            length: WindowLength::MINUTE,
            inside: private_prefixes(),
        });
        windows.use_inventory(Arc::new(inventory));
        windows.observe(event(tuple(source, "198.51.100.9", 1), None));
        let vpc_a = flow_logs().remove(9);
        let closed = windows.close(Timestamp::from_seconds(60), &[vpc_a]);
        let record = closed[0].collected[0].records[0].clone();
        (record.log_status, record.vpc_id.map(|vpc| vpc.to_string()))
    };
    let vpc_a = Some("vpc-a".to_owned());
    assert_eq!(vpc_of(Inventory::default(), "10.9.9.9"), (LogStatus::Ok, vpc_a.clone()));
    assert_eq!(vpc_of(inventory(), "10.1.9.9"), (LogStatus::Ok, vpc_a.clone()));
    assert_eq!(vpc_of(inventory(), "10.9.9.9"), (LogStatus::NoData, vpc_a));
}
