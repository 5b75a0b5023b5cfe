//! Reads the bytes that the kernel programs write.
//!
//! Hides: the layout of keys and values in `bpf/natlens.bpf.c`, byte orders.
//! Knows nothing of: how bytes are fetched, what becomes of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flow::{Counters, Tuple};

/// Size of `struct key4`. Unit: bytes.
pub(crate) const KEY4_BYTES: usize = 28;
/// Size of `struct key6`. Unit: bytes.
pub(crate) const KEY6_BYTES: usize = 76;
/// Size of `struct value`. Unit: bytes.
pub(crate) const VALUE_BYTES: usize = 72;
/// Size of `struct totals`. Unit: bytes.
#[cfg(test)]
pub(crate) const TOTALS_BYTES: usize = 80;

/// One entry of a flow map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) protocol: u8,
    pub(crate) original: Tuple,
    /// The translated tuple; of refusals, the packet's own tuple as the rules saw it.
    pub(crate) second: Tuple,
    pub(crate) class: Class,
    pub(crate) state: State,
    pub(crate) forward: Counters,
    pub(crate) reply: Counters,
    /// Unit: nanoseconds since the Unix epoch.
    pub(crate) first: u64,
    /// Unit: nanoseconds since the Unix epoch.
    pub(crate) last: u64,
    /// Number of the window since the Unix epoch, as far as it fits.
    pub(crate) window: u32,
    pub(crate) ifindex_in: u32,
    /// 0 when the packet had no route yet, that of loopback when it was for the gateway itself.
    pub(crate) ifindex_out: u32,
    pub(crate) tcp_flags: u8,
    /// The kernel's number of the drop reason; differs between kernels.
    pub(crate) drop_reason: u32,
}

/// Why a packet was counted: `enum class`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Tracked,
    Untracked,
    Filtered,
    NoPort,
    NoRoute,
    Invalid,
    Other,
}

/// How conntrack saw a refused packet: `enum state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Unsaid,
    New,
    Established,
    Related,
    Untracked,
    NoEntry,
}

/// Sums since the programs were loaded, of all even or all odd windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) forwarded: Counters,
    pub(crate) refused: Counters,
    pub(crate) local: Counters,
    pub(crate) full: Counters,
    pub(crate) late: Counters,
}

impl Entry {
    /// Reads one IPv4 entry; `None` when the bytes are none.
    pub(crate) fn read4(key: &[u8], value: &[u8]) -> Option<Self> {
        Self::read(key, value, |bytes| Some(IpAddr::V4(Ipv4Addr::from(bytes.take::<4>()?))))
    }

    /// Reads one IPv6 entry; `None` when the bytes are none.
    pub(crate) fn read6(key: &[u8], value: &[u8]) -> Option<Self> {
        Self::read(key, value, |bytes| Some(IpAddr::V6(Ipv6Addr::from(bytes.take::<16>()?))))
    }

    fn read(key: &[u8], value: &[u8], address: impl Fn(&mut Bytes<'_>) -> Option<IpAddr>) -> Option<Self> {
        let mut key = Bytes(key);
        let [srcaddr, dstaddr, second_src, second_dst] =
            [address(&mut key)?, address(&mut key)?, address(&mut key)?, address(&mut key)?];
        let [srcport, dstport, second_sport, second_dport] =
            [key.port()?, key.port()?, key.port()?, key.port()?];
        let [protocol, class, state, _] = key.take::<4>()?;
        let mut value = Bytes(value);
        let (forward, reply, last, window) =
            (value.counters()?, value.counters()?, value.u64()?, value.u32()?);
        let (tcp_flags, first, [ifindex_in, ifindex_out, drop_reason, _]) =
            (value.u32()?, value.u64()?, [value.u32()?, value.u32()?, value.u32()?, value.u32()?]);
        let entry = Self {
            protocol,
            original: Tuple { srcaddr, dstaddr, srcport, dstport },
            second: Tuple {
                srcaddr: second_src,
                dstaddr: second_dst,
                srcport: second_sport,
                dstport: second_dport,
            },
            class: Class::from_number(class)?,
            state: State::from_number(state)?,
            forward,
            reply,
            first,
            last,
            window,
            ifindex_in,
            ifindex_out,
            tcp_flags: u8::try_from(tcp_flags).ok()?,
            drop_reason,
        };
        (key.0.is_empty() && value.0.is_empty()).then_some(entry)
    }
}

impl Class {
    fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Tracked,
            1 => Self::Untracked,
            16 => Self::Filtered,
            17 => Self::NoPort,
            18 => Self::NoRoute,
            19 => Self::Invalid,
            20 => Self::Other,
            _ => return None,
        })
    }
}

impl State {
    fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Unsaid,
            1 => Self::New,
            2 => Self::Established,
            3 => Self::Related,
            4 => Self::Untracked,
            5 => Self::NoEntry,
            _ => return None,
        })
    }
}

impl Totals {
    /// Reads one processor's sums; `None` when the bytes are none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        Bytes(bytes).totals()
    }

    /// All counters, in the order of the kernel's structure.
    pub(super) fn all(&self) -> [Counters; 5] {
        [self.forwarded, self.refused, self.local, self.full, self.late]
    }

    /// What is or was in the flow maps: all that was counted for a flow and found room.
    pub(crate) fn in_maps(&self) -> Counters {
        less(self.forwarded.plus(self.refused), self.full.plus(self.late))
    }

    /// The sum of both.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            forwarded: self.forwarded.plus(other.forwarded),
            refused: self.refused.plus(other.refused),
            local: self.local.plus(other.local),
            full: self.full.plus(other.full),
            late: self.late.plus(other.late),
        }
    }
}

/// Bytes that are still to be read.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn port(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_ne_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_ne_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_ne_bytes)
    }

    pub(super) fn counters(&mut self) -> Option<Counters> {
        Some(Counters { packets: self.u64()?, bytes: self.u64()? })
    }

    pub(super) fn totals(&mut self) -> Option<Totals> {
        Some(Totals {
            forwarded: self.counters()?,
            refused: self.counters()?,
            local: self.counters()?,
            full: self.counters()?,
            late: self.counters()?,
        })
    }
}

/// The difference, zero when there is more to take away.
pub(super) fn less(from: Counters, taken: Counters) -> Counters {
    Counters {
        packets: from.packets.saturating_sub(taken.packets),
        bytes: from.bytes.saturating_sub(taken.bytes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_and_ports_are_in_network_order_and_counters_in_the_machines() {
        let mut key = vec![10, 0, 0, 1, 192, 0, 2, 1, 203, 0, 113, 1, 192, 0, 2, 1];
        key.extend([0x10, 0x00, 0x00, 0x35, 0x20, 0x00, 0x00, 0x35, 17, 0, 0, 0]);
        let wide =
            |numbers: &[u64]| numbers.iter().flat_map(|number| number.to_ne_bytes()).collect::<Vec<_>>();
        let narrow = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        let parts: [Vec<u8>; 4] = [
            wide(&[2, 120, 1, 80, 60_000_000_009]),
            narrow(&[6, 0x12]),
            wide(&[60_000_000_001]),
            narrow(&[2, 3, 7, 0]),
        ];
        let value = parts.concat();
        let entry = Entry::read4(&key, &value).unwrap();
        assert_eq!(entry.original.srcaddr.to_string(), "10.0.0.1");
        assert_eq!((entry.original.srcport, entry.original.dstport), (4096, 53));
        assert_eq!((entry.second.srcaddr.to_string().as_str(), entry.second.srcport), ("203.0.113.1", 8192));
        assert_eq!(entry.forward, Counters { packets: 2, bytes: 120 });
        assert_eq!((entry.first, entry.last, entry.window), (60_000_000_001, 60_000_000_009, 6));
        assert_eq!((entry.ifindex_in, entry.ifindex_out, entry.tcp_flags), (2, 3, 0x12));
        assert_eq!(Entry::read6(&key, &value), None, "an IPv4 key is too short for IPv6");
    }

    proptest! {
        #[test]
        fn only_bytes_of_the_right_size_are_an_entry(
            key in proptest::collection::vec(any::<u8>(), 0..100),
            value in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            if Entry::read4(&key, &value).is_some() {
                prop_assert_eq!((key.len(), value.len()), (KEY4_BYTES, VALUE_BYTES));
            }
            if Entry::read6(&key, &value).is_some() {
                prop_assert_eq!((key.len(), value.len()), (KEY6_BYTES, VALUE_BYTES));
            }
            prop_assert_eq!(Totals::read(&value).is_some(), value.len() >= TOTALS_BYTES);
        }
    }
}
