//! A table of prefixes that finds the longest one of an address.
//!
//! Hides: that there is one hash table for each length in use, asked from the longest on.
//! Knows nothing of: what a prefix stands for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use flow::Prefix;

/// Prefixes, each with a value.
#[derive(Clone, Debug)]
pub(super) struct Prefixes<V> {
    v4: ByLength<V>,
    v6: ByLength<V>,
}

/// Lowest address to value, for each length in use; networks use few lengths.
type ByLength<V> = BTreeMap<Reverse<u8>, HashMap<IpAddr, V>>;

impl<V> Default for Prefixes<V> {
    fn default() -> Self {
        Self { v4: ByLength::new(), v6: ByLength::new() }
    }
}

impl<V> Prefixes<V> {
    /// Gives `prefix` a value, in place of the one that it had.
    pub(super) fn insert(&mut self, prefix: Prefix, value: V) {
        let lowest = prefix.first();
        let family = if lowest.is_ipv4() { &mut self.v4 } else { &mut self.v6 };
        family.entry(Reverse(prefix.length())).or_default().insert(lowest, value);
    }

    /// The value of just this prefix.
    pub(super) fn get(&self, prefix: Prefix) -> Option<&V> {
        let lowest = prefix.first();
        self.family(lowest).get(&Reverse(prefix.length()))?.get(&lowest)
    }

    /// The value of the longest prefix that holds `address`.
    pub(super) fn longest(&self, address: IpAddr) -> Option<&V> {
        self.family(address)
            .iter()
            .find_map(|(Reverse(length), of_length)| of_length.get(&Prefix::new(address, *length)?.first()))
    }

    /// How many prefixes there are.
    pub(super) fn len(&self) -> usize {
        self.v4.values().chain(self.v6.values()).map(HashMap::len).sum()
    }

    const fn family(&self, address: IpAddr) -> &ByLength<V> {
        match address {
            IpAddr::V4(_) => &self.v4,
            IpAddr::V6(_) => &self.v6,
        }
    }
}
