//! What every source of events offers, and how it fails.
//!
//! Hides: nothing; it is the door of the crate.
//! Knows nothing of: any single source.

use std::error::Error as _;
use std::io;

use flow::{Event, KernelTotal, Loss, Timestamp};

use crate::pcap::CaptureFileError;
use crate::recording::RecordingError;
use crate::variant::Variant;

/// Where events come from. Implemented by `Bpf`, `Conntrack`, `Nflog`, `Fallback`, `Pcap` and `Replay`.
pub trait Source {
    /// Appends to `events` what has become known since the last call; never waits for traffic.
    ///
    /// Call it again at [`Progress::poll_again`]: at once, when this was a part of many events. An error leaves the source as it was; a new call may succeed,
    /// unless the error says to open the source again.
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError>;

    /// Appends what is known of windows that are not complete, or a part of it: the end of a run, after the last poll.
    ///
    /// A source that gives back whole windows only has nothing to add.
    fn finish(&mut self, _events: &mut Vec<Event>) -> Result<Rest, SourceError> {
        Ok(Rest::Nothing)
    }

    /// Tells the source that all it gave so far is kept for good, so that a later run need not account for it.
    ///
    /// Only a source that outlives its run has something to note.
    fn kept(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// By which way the kernel counts what leaves; `None` where it does not count.
    fn variant(&self) -> Option<Variant> {
        None
    }

    /// From when on everything is in an event or a loss; `None` means since the source was opened.
    fn watching_since(&self) -> Option<Timestamp> {
        None
    }
}

/// Whether the end of a run has more to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// That was all.
    Nothing,
    /// Ask again.
    More,
}

/// How far a source has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Every event whose `first` lies before this moment has been delivered. Never moves backwards.
    pub complete_until: Timestamp,
    /// What is known to be missing from windows that became complete with this call.
    pub losses: Vec<Loss>,
    /// What the kernel counted in windows that became complete with this call, from a source that counts there.
    pub totals: Vec<KernelTotal>,
    /// When the next call is useful.
    pub poll_again: Timestamp,
}

/// Why a source cannot be opened or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The process lacks privileges.
    #[error(
        "cannot {deed}: grant CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, and CAP_SYS_ADMIN for another network namespace, or run as root"
    )]
    NotPermitted {
        /// What was tried.
        deed: &'static str,
        /// What the kernel said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The kernel describes no types.
    #[error(
        "`/sys/kernel/btf/vmlinux` is missing: use a kernel built with CONFIG_DEBUG_INFO_BTF, 5.17 or later"
    )]
    NoKernelTypes,
    /// The kernel refused a step of the set-up.
    #[error("cannot {deed}: the kernel refused (5.17 or later is needed)")]
    Kernel {
        /// What was tried.
        deed: &'static str,
        /// What the kernel said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The process lacks one privilege.
    #[error("cannot {deed}: grant {capability}, or run as root")]
    MissingCapability {
        /// What was tried.
        deed: &'static str,
        /// Its name.
        capability: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel's netfilter refused.
    #[error("cannot {deed}: the kernel's netfilter refused")]
    Netfilter {
        /// What was tried.
        deed: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// A log group cannot be read.
    #[error(
        "cannot read log group {group}: another program reads it (see `/proc/net/netfilter/nfnetlink_log`), or CAP_NET_ADMIN is missing"
    )]
    LogGroup {
        /// Its number.
        group: u16,
        /// What the kernel said.
        source: io::Error,
    },
    /// The network namespace cannot be entered.
    #[error("cannot enter network namespace `{name}`: see `ip netns list` for the names that exist")]
    Namespace {
        /// The name that was asked for.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// An interface that was named does not exist.
    #[error(
        "there is no interface `{name}` in the watched namespace: see `ip link` for the names that exist"
    )]
    NoInterface {
        /// The name that was asked for.
        name: String,
    },
    /// There is nothing to watch.
    #[error("the watched namespace has no interface with an address: name interfaces in `interfaces`")]
    NothingToWatch,
    /// Facts about the gateway cannot be read.
    #[error("cannot read {what}")]
    Facts {
        /// What was asked for.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The clock was set.
    #[error("the clock moved {millis} ms against the kernel's: open the source again")]
    ClockSet {
        /// Forward is positive.
        millis: i64,
    },
    /// Programs cannot be kept in the kernel, or let go of.
    #[cfg(target_os = "linux")]
    #[error(transparent)]
    Pins(#[from] crate::bpf::PinError),
    /// A recording is wrong.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A capture file is wrong.
    #[error(transparent)]
    CaptureFile(#[from] CaptureFileError),
}

impl SourceError {
    /// The error with its causes, in one line.
    pub fn said(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(deeper) = cause {
            text = format!("{text}: {deeper}");
            cause = deeper.source();
        }
        // A program that failed may have said several lines.
        text.lines().collect::<Vec<_>>().join("; ")
    }
}
