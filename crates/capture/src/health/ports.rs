//! Which set of ports for translation is the fullest.
//!
//! Hides: how a million entries are counted in little memory.
//! Knows nothing of: when it is worth a listing of the table.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;

use flow::Tuple;

use crate::conntrack::entry::Entry;
use crate::health::PortSet;
use crate::netlink::{Netlink, Request};

/// `NFNL_SUBSYS_CTNETLINK << 8` with `IPCTNL_MSG_CT_NEW`, `_GET`.
const KIND_LISTED: u16 = 0x100;
const KIND_GET: u16 = 0x101;

/// The most sets that are counted, 24 MB; what goes on top is in none.
const PORT_SETS_MAX: usize = 1_048_576;

/// Lists the table and finds it; `None` when nothing is translated.
pub(super) fn fullest_port_set(netlink: &mut Netlink, ports_available: u32) -> io::Result<Option<PortSet>> {
    let mut count = Count { ports_available, ..Count::default() };
    let everything = Request { kind: KIND_GET, resource: 0, attributes: &[] };
    netlink.dump(&everything, |messages| {
        let entries = messages.filter(|message| message.kind == KIND_LISTED);
        entries.filter_map(|message| Entry::read(message.body)).for_each(|entry| count.add(&entry));
        Ok(())
    })?;
    Ok(count.fullest)
}

/// Counts sets by a number that stands for each: two sets of the same number are rarer than a failing memory.
#[derive(Default)]
struct Count {
    state: RandomState,
    used: HashMap<u64, u32>,
    fullest: Option<PortSet>,
    ports_available: u32,
}

impl Count {
    fn add(&mut self, entry: &Entry) {
        let Tuple { srcaddr, dstaddr, srcport, dstport } = entry.translated;
        let takes_a_port = srcaddr != entry.name.original.srcaddr && srcport != 0;
        if !takes_a_port {
            return;
        }
        let protocol = entry.name.protocol;
        let set = self.state.hash_one((protocol, srcaddr, dstaddr, dstport));
        if self.used.len() >= PORT_SETS_MAX && !self.used.contains_key(&set) {
            return;
        }
        let used = self.used.entry(set).or_default();
        *used += 1;
        if self.fullest.as_ref().is_none_or(|fullest| fullest.ports_used < *used) {
            self.fullest = Some(PortSet {
                public_address: srcaddr,
                destination: dstaddr,
                destination_port: dstport,
                protocol,
                ports_used: *used,
                ports_available: self.ports_available,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::entry::Name;

    fn entry(source: &str, public: &str, destination: &str, port: u16) -> Entry {
        let original = Tuple {
            srcaddr: source.parse().unwrap(),
            dstaddr: destination.parse().unwrap(),
            srcport: port,
            dstport: 443,
        };
        let name = Name { protocol: 6, original, zone: 0, id: 0 };
        let translated = Tuple { srcaddr: public.parse().unwrap(), ..original };
        Entry { name, translated, counted: None, start: None, stop: None }
    }

    #[test]
    fn the_fullest_set_is_that_of_one_public_address_and_one_destination() {
        let mut count = Count::default();
        count.add(&entry("10.0.0.1", "203.0.113.1", "192.0.2.1", 4000));
        for port in 5000..5003 {
            count.add(&entry("10.0.0.1", "203.0.113.1", "192.0.2.2", port));
            count.add(&entry("10.0.0.1", "10.0.0.1", "192.0.2.3", port));
        }
        count.add(&entry("10.0.0.1", "203.0.113.9", "192.0.2.2", 5000));
        let fullest = count.fullest.unwrap();
        assert_eq!((fullest.destination.to_string().as_str(), fullest.ports_used), ("192.0.2.2", 3));
        assert_eq!(fullest.public_address.to_string(), "203.0.113.1");
    }
}
