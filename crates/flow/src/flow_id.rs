//! The `flow-id`: one name for all records of a conversation.
//!
//! Hides: how it is made from gateway, first packet and key, and how it is written.
//! Knows nothing of: which packets belong to one conversation.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use crate::event::{FlowKey, Tuple};
use crate::record::Record;
use crate::time::Timestamp;

/// How many hexadecimal digits a `flow-id` has.
const DIGITS: usize = 16;

/// The name of a conversation: FNV-1a over gateway, first packet and key, so that it is the same on every machine and in
/// every version, and need not be kept where these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowId(u64);

/// The names of the conversations through one gateway.
#[derive(Clone, Copy, Debug)]
pub struct FlowIds {
    begun: Fnv,
}

impl FlowIds {
    /// Those of the gateway with that id.
    pub const fn of_gateway(gateway: &str) -> Self {
        Self { begun: Fnv::new().with(gateway.as_bytes()) }
    }

    /// The name of the conversation of `key` whose first packet came at `start`.
    pub const fn id(self, key: &FlowKey, start: Timestamp) -> FlowId {
        let hash =
            self.begun.with(&start.millis().to_be_bytes()).with(&[key.protocol]).with_tuple(&key.original);
        FlowId(match &key.translated {
            Some(translated) => hash.with_tuple(translated).0,
            None => hash.0,
        })
    }
}

impl FlowId {
    /// The name that the conversation of a record has by its other fields, or `None` when these name no conversation.
    pub fn of_record(record: &Record) -> Option<Self> {
        let tuple = |srcaddr: Option<IpAddr>,
                     dstaddr: Option<IpAddr>,
                     (srcport, dstport): (Option<u16>, Option<u16>)| {
            Some(Tuple { srcaddr: srcaddr?, dstaddr: dstaddr?, srcport: srcport?, dstport: dstport? })
        };
        let translated = match (record.natsrcaddr, record.natdstaddr, record.natsrcport, record.natdstport) {
            (None, None, None, None) => None,
            (source, destination, source_port, destination_port) => {
                Some(tuple(source, destination, (source_port, destination_port))?)
            }
        };
        let key = FlowKey {
            protocol: record.protocol?,
            original: tuple(record.srcaddr, record.dstaddr, (record.srcport, record.dstport))?,
            translated,
        };
        Some(FlowIds::of_gateway(record.nat_gateway_id.as_deref()?).id(&key, record.flow_start?))
    }

    /// The name as it is written: sixteen hexadecimal digits without capitals, in ASCII.
    pub fn digits(self) -> [u8; DIGITS] {
        let mut rest = self.0;
        let mut digits = [b'0'; DIGITS];
        for digit in digits.iter_mut().rev() {
            let value = (rest & 0xf) as u8;
            *digit = if value < 10 { b'0' + value } else { b'a' - 10 + value };
            rest >>= 4;
        }
        digits
    }

    /// The name that is written so, or `None` unless it is sixteen hexadecimal digits without capitals.
    pub fn written(text: &str) -> Option<Self> {
        let digits = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        let is_one = text.len() == DIGITS && text.bytes().all(digits);
        is_one.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits().iter().try_for_each(|digit| f.write_char(char::from(*digit)))
    }
}

#[derive(Clone, Copy, Debug)]
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    const fn with(self, mut bytes: &[u8]) -> Self {
        let mut hash = self.0;
        while let [byte, rest @ ..] = bytes {
            hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
            bytes = rest;
        }
        Self(hash)
    }

    const fn with_tuple(self, tuple: &Tuple) -> Self {
        let addresses = self.with_address(tuple.srcaddr).with_address(tuple.dstaddr);
        addresses.with(&tuple.srcport.to_be_bytes()).with(&tuple.dstport.to_be_bytes())
    }

    const fn with_address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.with(&address.octets()),
            IpAddr::V6(address) => self.with(&address.octets()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::LogStatus;

    fn record() -> Record {
        let mut record = Record::empty(Timestamp::from_seconds(9), Timestamp::from_seconds(9), LogStatus::Ok);
        record.nat_gateway_id = Some("nat-00000001".into());
        record.flow_start = Some(Timestamp::from_seconds(5));
        record.protocol = Some(crate::protocol::TCP);
        (record.srcaddr, record.srcport) = ("10.0.0.2".parse().ok(), Some(4000));
        (record.dstaddr, record.dstport) = ("198.51.100.9".parse().ok(), Some(443));
        record
    }

    #[test]
    fn the_name_of_a_conversation_never_changes_between_versions() {
        let mut record = record();
        let name = |record: &Record| FlowId::of_record(record).unwrap().to_string();
        assert_eq!(name(&record), "6c8ae485822289e0");
        (record.natsrcaddr, record.natsrcport) = ("203.0.113.1".parse().ok(), Some(4000));
        assert_eq!(FlowId::of_record(&record), None, "half a translation names nothing");
        (record.natdstaddr, record.natdstport) = (record.dstaddr, record.dstport);
        assert_ne!(name(&record), "6c8ae485822289e0");
        let id = FlowId::of_record(&record).unwrap();
        assert_eq!(id.digits(), id.to_string().as_bytes());
    }

    #[test]
    fn only_what_could_be_a_name_is_taken_for_one() {
        let name = FlowId::of_record(&record()).unwrap();
        assert_eq!(FlowId::written(&name.to_string()), Some(name));
        for text in ["", "6c8ae485822289e", "6C8AE485822289E0", "6c8ae485822289e00", "+c8ae485822289e0"] {
            assert_eq!(FlowId::written(text), None, "{text}");
        }
    }
}
