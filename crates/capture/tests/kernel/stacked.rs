//! Interfaces that stand on others, and interfaces that come while the gateway is watched.

use capture::{BpfSettings, LossCause, Variant};
use flow::Counters;
use testkit::traffic::{self, Deed, Family, Services};
use testkit::{Host, Lab, Offloads, lab_or_skip};

use crate::kernel::watcher::{Watcher, now, ten_seconds};

/// Both ends of a stacked interface, over the cable between gateway and internet.
struct Stack {
    name: &'static str,
    gateway: &'static str,
    internet: &'static str,
}

const STACKS: [Stack; 2] = [
    Stack {
        name: "macvlan",
        gateway: "link add link g1 name up1 type macvlan mode bridge",
        internet: "link add link i0 name up0 type macvlan mode bridge",
    },
    Stack {
        name: "vlan",
        gateway: "link add link g1 name up1 type vlan id 7",
        internet: "link add link i0 name up0 type vlan id 7",
    },
];

#[test]
fn a_packet_that_leaves_by_two_interfaces_counts_once() {
    let mut tried = 0;
    for stack in &STACKS {
        for variant in [Variant::Tcx, Variant::Tracing] {
            let name = format!("{}-{}", stack.name, variant.as_str());
            let Some(lab) = lab_or_skip(&name, Offloads::Off) else { return };
            if lab.namespace(Host::Gateway).ip(stack.gateway).is_err() {
                // Not a skip: one kind of stack is enough to see that packets count once.
                continue;
            }
            tried += 1;
            check_stack(&lab, stack, variant);
        }
    }
    assert!(tried > 0, "the kernel has neither VLAN nor macvlan interfaces");
}

fn check_stack(lab: &Lab, stack: &Stack, variant: Variant) {
    let (gateway, internet) = (lab.namespace(Host::Gateway), lab.namespace(Host::Internet));
    internet.ip(stack.internet).expect("the lab obeys");
    for (host, interface, address) in [(gateway, "up1", "198.51.100.1"), (internet, "up0", "198.51.100.2")] {
        host.ip(&format!("addr add {address}/24 dev {interface}")).expect("the lab obeys");
        host.ip(&format!("link set {interface} up")).expect("the lab obeys");
    }
    gateway_masquerades(lab);
    let _services = Services::start(lab).expect("the lab obeys");
    let mut watcher = Watcher::open(lab, BpfSettings { variant: Some(variant), ..BpfSettings::default() });
    // Over the stack, and by the interface below it.
    traffic::tell_to(lab.namespace(Host::Client), "198.51.100.2".parse().expect("the lab obeys"), 3)
        .expect("the lab obeys");
    traffic::play(lab.namespace(Host::Client), Family::V4, &[Deed::Ask { questions: 2 }])
        .expect("the lab obeys");
    watcher.wait_for_a_window();

    let mut told: Vec<_> = watcher
        .events
        .iter()
        .map(|event| {
            (event.key.original.dstaddr.to_string(), event.forward.packets, event.interface_out.clone())
        })
        .collect();
    told.sort();
    let expected = [
        ("198.51.100.2".to_owned(), 3, Some("up1".into())),
        (Lab::INTERNET_V4.to_string(), 2, Some(Lab::OUTSIDE.into())),
    ];
    assert_eq!(told, expected, "{} {variant:?}", stack.name);
    watcher.check_conservation();
}

fn gateway_masquerades(lab: &Lab) {
    crate::gateway_nft(lab, "add rule inet nat postrouting oifname up1 masquerade");
}

#[test]
fn a_window_in_which_an_interface_came_is_marked_and_no_later_one() {
    let Some(lab) = lab_or_skip("new-interface", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    let mut watcher = Watcher::open(&lab, BpfSettings::default());
    watcher.wait_for_a_window();
    let came_in = ten_seconds().window_of(now());
    let gateway = lab.namespace(Host::Gateway);
    gateway.ip("link add late0 type veth peer name late1").unwrap();
    gateway.ip("addr add 192.0.2.1/24 dev late0").unwrap();
    gateway.ip("link set late0 up").unwrap();
    watcher.wait_for_a_window();
    watcher.wait_for_a_window();

    let opened_in = watcher.losses[0].window;
    let told: Vec<_> = watcher.lost(LossCause::NotWatching).iter().map(|loss| loss.window).collect();
    assert_eq!(told, [opened_in, came_in]);
}

#[test]
fn an_interface_that_comes_during_a_window_is_counted_soon() {
    let Some(lab) = lab_or_skip("soon", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    let (gateway, internet) = (lab.namespace(Host::Gateway), lab.namespace(Host::Internet));
    let mut watcher = Watcher::open(&lab, BpfSettings::default());
    watcher.wait_for_a_window();
    gateway.ip(STACKS[0].gateway).unwrap();
    internet.ip(STACKS[0].internet).unwrap();
    for (host, interface, address) in [(gateway, "up1", "198.51.100.1"), (internet, "up0", "198.51.100.2")] {
        host.ip(&format!("addr add {address}/24 dev {interface}")).unwrap();
        host.ip(&format!("link set {interface} up")).unwrap();
    }
    gateway_masquerades(&lab);
    // The next poll finds it, long before the window ends.
    watcher.poll_once();
    traffic::tell_to(lab.namespace(Host::Client), "198.51.100.2".parse().unwrap(), 3).unwrap();
    watcher.wait_for_a_window();
    let sum = watcher.events.iter().fold(Counters::default(), |sum, event| sum.plus(event.forward));
    assert_eq!(sum.packets, 3);
    watcher.check_conservation();
}
