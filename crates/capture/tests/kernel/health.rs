//! How a gateway fares, against what was done to it.

use capture::{HealthWatch, PORTS_AVAILABLE, PortSet};
use testkit::traffic::{self, Deed, Family, SINK_PORT, Services};
use testkit::{Host, Lab, Offloads, lab_or_skip};

use crate::gateway_nft;
use crate::kernel::watcher::now;

#[test]
fn the_table_the_fullest_ports_and_what_found_none_are_told() {
    let Some(lab) = lab_or_skip("health", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    gateway_nft(
        &lab,
        "insert rule inet nat postrouting oifname g1 udp dport 5140 masquerade to :40000-40002",
    );
    let gateway = lab.namespace(Host::Gateway).name();
    let before = HealthWatch::open(Some(gateway)).unwrap().look(now()).unwrap();
    assert_eq!((before.table_entries, before.insert_failed_total, &before.fullest), (0, 0, &None));

    let client = lab.namespace(Host::Client);
    // Five conversations for three ports, and one elsewhere.
    traffic::play(client, Family::V4, &[Deed::Tell { datagrams: 1 }; 5]).unwrap();
    traffic::play(client, Family::V4, &[Deed::Ask { questions: 1 }]).unwrap();
    let mut watch = HealthWatch::open(Some(gateway)).unwrap();
    let health = watch.look(now()).unwrap();

    let fullest = PortSet {
        public_address: Lab::PUBLIC_V4.into(),
        destination: Lab::INTERNET_V4.into(),
        destination_port: SINK_PORT,
        protocol: flow::protocol::UDP,
        ports_used: 3,
        ports_available: PORTS_AVAILABLE,
    };
    assert_eq!(health.fullest, Some(fullest));
    assert_eq!(health.table_entries, 4);
    assert_eq!((health.insert_failed_total, health.drop_total), (2, 2));
    let limit = std::fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_max").unwrap();
    assert_eq!(health.table_entries_max.to_string(), limit.trim());
    traffic::play(client, Family::V4, &[Deed::Ask { questions: 1 }]).unwrap();
    let next = watch.look(now()).unwrap();
    assert_eq!(
        (next.table_entries, next.fullest),
        (5, health.fullest),
        "the table is not listed again so soon"
    );

    // With the narrow rule alone, its range is what there is.
    gateway_nft(&lab, "flush chain inet nat postrouting");
    gateway_nft(&lab, "add rule inet nat postrouting oifname g1 udp dport 5140 masquerade to :40000-40002");
    let fullest = HealthWatch::open(Some(gateway)).unwrap().look(now()).unwrap().fullest.unwrap();
    assert_eq!((fullest.ports_used, fullest.ports_available), (3, 3));
}
