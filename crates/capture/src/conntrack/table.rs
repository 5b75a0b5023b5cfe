//! Speaks with the kernel about its connection-tracking table.
//!
//! Hides: groups, kinds of messages, the order in which listed and ended entries must be read.
//! Knows nothing of: attributes, counters.

use std::io;

use crate::conntrack::no;
use crate::namespace::Namespace;
use crate::netlink::{Message, Netlink, Request};
use crate::source::SourceError;

/// Room for 52 000 messages, which a reader that comes every tenth of a second needs only in a storm; the kernel takes
/// memory as messages come. Unit: bytes.
pub const SOCKET_BUFFER_BYTES_DEFAULT: usize = 64 * 1024 * 1024;

/// The group "an entry ended" as a bit of the mask (`NFNLGRP_CONNTRACK_DESTROY` is 3). Groups of new and changed entries
/// cost 70 % more processor time in the packet path, and counting does not need them.
const GROUP_ENDED: u32 = 1 << 2;
/// The group "an entry began" (`NFNLGRP_CONNTRACK_NEW` is 1).
const GROUP_BEGAN: u32 = 1;
/// `NFNL_SUBSYS_CTNETLINK << 8` with `IPCTNL_MSG_CT_NEW` (an entry that is listed, or that began), `_GET`, `_DELETE`.
const KIND_LISTED: u16 = 0x100;
const KIND_GET: u16 = 0x101;
const KIND_ENDED: u16 = 0x102;

/// After so many batches of a dump, ended entries are read in between: about 2000 entries, 6 ms.
const BATCHES_UNHEARD_MAX: usize = 16;

/// What the kernel says about an entry: the body of its message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word<'a> {
    /// It lives.
    Listed(&'a [u8]),
    /// It ended.
    Ended(&'a [u8]),
}

/// The kernel's table, and what it says about ended entries.
#[derive(Debug)]
pub(crate) struct Table {
    ended: Netlink,
    listed: Netlink,
}

impl Table {
    pub(crate) fn open(namespace: &Namespace, buffer_bytes: usize) -> Result<Self, SourceError> {
        let fails = no("listen to connection tracking");
        let ended = Netlink::open(namespace, GROUP_ENDED)?.map_err(&fails)?;
        ended.set_room(buffer_bytes).map_err(&fails)?;
        ended.go_on_after_overrun().map_err(&fails)?;
        let listed = Netlink::open(namespace, 0)?.map_err(&fails)?;
        Ok(Self { ended, listed })
    }

    /// Lists every living entry and tells which have ended. The kernel ends what is overdue when it lists, so the
    /// entries that ended are read last.
    pub(crate) fn survey(&mut self, mut each: impl FnMut(Word<'_>)) -> Result<(), SourceError> {
        let Self { ended, listed } = self;
        let everything = Request { kind: KIND_GET, resource: 0, attributes: &[] };
        let mut batches = 0;
        let dumped = listed.dump(&everything, |messages| {
            let entries = messages.filter(|message| message.kind == KIND_LISTED);
            entries.for_each(|message| each(Word::Listed(message.body)));
            batches += 1;
            if batches % BATCHES_UNHEARD_MAX == 0 { hear(ended, &mut each) } else { Ok(()) }
        });
        dumped.map_err(no("list the connection-tracking table"))?;
        hear(ended, &mut each).map_err(no("listen to connection tracking"))
    }

    /// Tells which entries have ended.
    pub(crate) fn listen(&mut self, mut each: impl FnMut(Word<'_>)) -> Result<(), SourceError> {
        hear(&mut self.ended, &mut each).map_err(no("listen to connection tracking"))
    }

    /// How many ends the kernel dropped since the last call.
    pub(crate) fn dropped(&mut self) -> Result<u32, SourceError> {
        self.ended.dropped().map_err(no("read how many messages were dropped"))
    }
}

fn hear(ended: &mut Netlink, each: &mut impl FnMut(Word<'_>)) -> io::Result<()> {
    ended.listen(|message: &Message<'_>| {
        if message.kind == KIND_ENDED {
            each(Word::Ended(message.body));
        }
    })
}

/// What the kernel says about entries that begin. It costs the packet path as long as this value lives.
#[derive(Debug)]
pub(crate) struct Births {
    began: Netlink,
}

impl Births {
    /// Begins to listen, with room for what comes between two reads; what comes on top is dropped unheard.
    pub(crate) fn open(namespace: &Namespace) -> Result<Self, SourceError> {
        let fails = no("listen to connection tracking");
        let began = Netlink::open(namespace, GROUP_BEGAN)?.map_err(&fails)?;
        began.set_room(SOCKET_BUFFER_BYTES_DEFAULT).map_err(&fails)?;
        began.go_on_after_overrun().map_err(&fails)?;
        Ok(Self { began })
    }

    /// Tells the bodies of which entries have begun.
    pub(crate) fn listen(&mut self, mut each: impl FnMut(&[u8])) -> Result<(), SourceError> {
        let began = self.began.listen(|message| {
            if message.kind == KIND_LISTED {
                each(message.body);
            }
        });
        began.map_err(no("listen to connection tracking"))
    }
}

/// The kernel's settings of connection tracking in a namespace; `None` when it is not loaded there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sysctls {
    pub(crate) acct: Option<u64>,
    pub(crate) timestamp: Option<u64>,
    pub(crate) events: Option<u64>,
}

/// Reads them.
pub(crate) fn sysctls(namespace: &Namespace) -> Result<Sysctls, SourceError> {
    let read = |name: &str| {
        let path = format!("/proc/sys/net/netfilter/nf_conntrack_{name}");
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    };
    namespace.run(|| Sysctls { acct: read("acct"), timestamp: read("timestamp"), events: read("events") })
}

impl Sysctls {
    /// Which settings are missing, and what that means.
    pub(crate) fn wanting(&self) -> Vec<(&'static str, &'static str)> {
        [
            (
                self.acct,
                "net.netfilter.nf_conntrack_acct",
                "the kernel does not count what conversations carry",
            ),
            (
                self.timestamp,
                "net.netfilter.nf_conntrack_timestamp",
                "the kernel does not note when conversations begin",
            ),
            (
                self.events,
                "net.netfilter.nf_conntrack_events",
                "conversations that begin while nobody listens end unheard",
            ),
        ]
        .into_iter()
        .filter(|(value, ..)| *value != Some(1))
        .map(|(_, name, why)| (name, why))
        .collect()
    }
}
