//! Reads what the kernel says about one logged packet, and writes what it shall say.
//!
//! Hides: the attributes of nfnetlink_log, byte orders.
//! Knows nothing of: what is in the packet. The bytes are hostile: whatever they are, it ends without a panic.

use flow::Timestamp;

use crate::netlink::{Attribute, FAMILY_BYTES, attributes, be32, be64, text};

/// `NFNL_SUBSYS_ULOG << 8` with `NFULNL_MSG_PACKET` and `NFULNL_MSG_CONFIG`.
pub(super) const KIND_PACKET: u16 = 0x400;
pub(super) const KIND_CONFIGURE: u16 = 0x401;

/// How much of a packet is wanted: its headers, extension headers included. Unit: bytes.
const SNAP_BYTES: u32 = 160;
/// Room for one batch of packets; the default of a page holds 18. Unit: bytes.
const BATCH_BYTES: u32 = 128 * 1024;
/// Packets of one batch.
const BATCH_PACKETS: u32 = 64;
/// How long the kernel waits for a batch to fill: it decides how many packets miss the end of their window. Unit:
/// hundredths of a second.
const BATCH_WAIT: u32 = 1;

/// Where in its way a packet was logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

/// One logged packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logged<'a> {
    pub(crate) hook: Hook,
    /// When it came in; `None` when the kernel did not note it.
    pub(crate) time: Option<Timestamp>,
    /// 0 without one.
    pub(crate) interface_in: u32,
    /// 0 without one.
    pub(crate) interface_out: u32,
    /// As the rule writes it.
    pub(crate) prefix: &'a str,
    /// Its number in the group.
    pub(crate) sequence: Option<u32>,
    /// Its beginning, from the IP header on.
    pub(crate) packet: &'a [u8],
}

impl<'a> Logged<'a> {
    /// Reads the body of a message; `None` when it is no packet.
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let mut hook = None;
        let mut logged = Self {
            hook: Hook::Forward,
            time: None,
            interface_in: 0,
            interface_out: 0,
            prefix: "",
            sequence: None,
            packet: &[],
        };
        for Attribute { kind, value } in attributes(body.get(FAMILY_BYTES..)?) {
            match kind {
                1 => hook = Hook::read(*value.get(2)?),
                3 => logged.time = time(value),
                4 => logged.interface_in = be32(value)?,
                5 => logged.interface_out = be32(value)?,
                9 => logged.packet = value,
                10 => logged.prefix = text(value).unwrap_or_default(),
                12 => logged.sequence = be32(value),
                _ => {}
            }
        }
        Some(Self { hook: hook?, ..logged })
    }
}

impl Hook {
    fn read(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Prerouting,
            1 => Self::Input,
            2 => Self::Forward,
            3 => Self::Output,
            4 => Self::Postrouting,
            _ => return None,
        })
    }
}

/// What binds a socket to a group: the kernel shall copy headers, number packets, and wait shortly for more.
pub(super) fn configuration() -> Vec<(u16, Vec<u8>)> {
    const BIND: u8 = 1;
    const COPY_PACKET: u8 = 2;
    const NUMBER_THEM: u16 = 1;
    let mut mode = SNAP_BYTES.to_be_bytes().to_vec();
    mode.extend([COPY_PACKET, 0]);
    vec![
        (1, vec![BIND]),
        (2, mode),
        (3, BATCH_BYTES.to_be_bytes().to_vec()),
        (4, BATCH_WAIT.to_be_bytes().to_vec()),
        (5, BATCH_PACKETS.to_be_bytes().to_vec()),
        (6, NUMBER_THEM.to_be_bytes().to_vec()),
    ]
}

fn time(value: &[u8]) -> Option<Timestamp> {
    let (seconds, micros) = (be64(value.get(..8)?)?, be64(value.get(8..16)?)?);
    let millis = seconds.checked_mul(1000)?.checked_add(micros / 1000)?;
    Some(Timestamp::from_millis(i64::try_from(millis).ok()?))
}
