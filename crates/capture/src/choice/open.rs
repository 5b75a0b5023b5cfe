//! Opens the chosen source.
//!
//! Hides: which settings each source takes.
//! Knows nothing of: how the operator writes a choice.

use std::fmt;
use std::path::PathBuf;

use flow::{Timestamp, WindowLength};

use crate::bpf::{Bpf, BpfSettings, FLOWS_MAX_DEFAULT};
use crate::choice::{SourceChoice, SourceKind};
use crate::conntrack::{Conntrack, ConntrackSettings};
use crate::fallback::Fallback;
use crate::nflog::{Nflog, NflogSettings};
use crate::source::{Source, SourceError};
use crate::variant::Variant;

/// What to watch, whichever source it is.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Which source.
    pub choice: SourceChoice,
    /// A namespace as `ip netns list` names it; `None` watches that of the process.
    pub network_namespace: Option<String>,
    /// The interfaces to watch; empty means all. Connection tracking knows none and watches all.
    pub interfaces: Vec<String>,
    /// How long a window is.
    pub window: WindowLength,
    /// The most flows of one address family in one window, where the kernel's programs count them.
    pub flows_max: u32,
    /// How the kernel's programs count what leaves; `None` takes the first that works.
    pub ebpf_variant: Option<Variant>,
    /// Where the kernel's programs are kept counting while no source is open.
    pub pin_folder: Option<PathBuf>,
    /// The log group of refusing rules, where the kernel's programs do not see refusals.
    pub nflog_group: Option<u16>,
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self {
            choice: SourceChoice::default(),
            network_namespace: None,
            interfaces: Vec::new(),
            window: WindowLength::default(),
            flows_max: FLOWS_MAX_DEFAULT,
            ebpf_variant: None,
            pin_folder: None,
            nflog_group: None,
        }
    }
}

/// An open source.
pub struct Opened {
    /// It counts from now on.
    pub source: Box<dyn Source + Send>,
    /// Which one it is.
    pub kind: SourceKind,
    /// Why it is not a better one; empty when there is none, or when the operator chose it.
    pub failed: Vec<SourceError>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("kind", &self.kind)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// Opens the best source that works, or the chosen one.
///
/// The error is that of the best source that was tried: it is the one to mend.
pub fn open(settings: &SourceSettings, now: Timestamp) -> Result<Opened, SourceError> {
    match settings.choice {
        SourceChoice::Ebpf => ebpf(settings, now),
        SourceChoice::Conntrack => conntrack(settings, now),
        SourceChoice::Auto => match ebpf(settings, now) {
            Err(error) if error.speaks_of_this_kernel() => match conntrack(settings, now) {
                Ok(mut opened) => {
                    opened.failed.insert(0, error);
                    Ok(opened)
                }
                Err(_too) => Err(error),
            },
            decided => decided,
        },
    }
}

fn ebpf(settings: &SourceSettings, now: Timestamp) -> Result<Opened, SourceError> {
    let source = Bpf::open(settings.ebpf(), now)?;
    Ok(Opened { source: Box::new(source), kind: SourceKind::Ebpf, failed: Vec::new() })
}

fn conntrack(settings: &SourceSettings, now: Timestamp) -> Result<Opened, SourceError> {
    if !settings.interfaces.is_empty() {
        tracing::warn!(
            "connection tracking knows no interfaces: every conversation through the gateway is watched"
        );
    }
    let conntrack = Conntrack::open(&settings.conntrack(), now)?;
    let nflog = settings.nflog().map(|nflog| Nflog::open(&nflog, now));
    let (source, kind, failed): (Box<dyn Source + Send>, _, _) = match nflog {
        None => (Box::new(conntrack), SourceKind::Conntrack, Vec::new()),
        // Conversations without refusals are better than nothing.
        Some(Err(error)) => (Box::new(conntrack), SourceKind::Conntrack, vec![error]),
        Some(Ok(nflog)) => {
            (Box::new(Fallback::new(conntrack, nflog)), SourceKind::ConntrackAndNflog, Vec::new())
        }
    };
    Ok(Opened { source, kind, failed })
}

impl SourceSettings {
    pub(crate) fn ebpf(&self) -> BpfSettings {
        BpfSettings {
            network_namespace: self.network_namespace.clone(),
            interfaces: self.interfaces.clone(),
            window: self.window,
            flows_max: self.flows_max,
            variant: self.ebpf_variant,
            pin_folder: self.pin_folder.clone(),
        }
    }

    pub(crate) fn conntrack(&self) -> ConntrackSettings {
        ConntrackSettings {
            network_namespace: self.network_namespace.clone(),
            window: self.window,
            ..ConntrackSettings::default()
        }
    }

    pub(crate) fn nflog(&self) -> Option<NflogSettings> {
        self.nflog_group.map(|group| NflogSettings {
            network_namespace: self.network_namespace.clone(),
            window: self.window,
            group,
            ..NflogSettings::default()
        })
    }
}

impl SourceError {
    /// Whether it says what this kernel or this process cannot do, and not that a setting is wrong.
    fn speaks_of_this_kernel(&self) -> bool {
        matches!(self, Self::NotPermitted { .. } | Self::NoKernelTypes | Self::Kernel { .. })
    }
}
