//! Finds out what this kernel and this process can capture with, and what would mend what they cannot.
//!
//! Hides: where the kernel says what; that a program in the kernel is proved to work only by loading it.
//! Knows nothing of: how findings are shown.

mod finding;

use std::fs;

use flow::Timestamp;

use crate::bpf::{Bpf, BpfSettings};
use crate::choice::SourceSettings;
use crate::conntrack::{Conntrack, Sysctls, sysctls};
use crate::namespace::Namespace;
use crate::nflog::Nflog;
use crate::privilege::{Capability, lacking, needed};
use crate::ruleset::Ruleset;
use crate::source::SourceError;
use crate::variant::Variant;

pub use finding::{Finding, State};

/// What was found out, by trying.
#[derive(Debug)]
pub struct Examination {
    settings: SourceSettings,
    /// How the kernel calls its version.
    kernel: String,
    lacking: Vec<Capability>,
    ebpf: Result<(), SourceError>,
    /// Why the kernel's programs work only by the second-best way.
    tcx: Option<SourceError>,
    conntrack: Result<(), SourceError>,
    sysctls: Result<Sysctls, SourceError>,
    rules: Result<(), SourceError>,
    /// `None` without a group to read.
    nflog: Option<Result<(), SourceError>>,
}

/// Examines what `settings` ask for.
///
/// For a moment it loads and attaches the kernel's programs, listens to connection tracking and binds the log group, as a
/// source would; it counts nothing.
pub fn examine(settings: SourceSettings, now: Timestamp) -> Examination {
    let (ebpf, tcx) = try_ebpf(&settings, now);
    let namespace = || Namespace::find(settings.network_namespace.as_deref());
    Examination {
        kernel: read("/proc/sys/kernel/osrelease"),
        lacking: lacking(&read("/proc/self/status"), &needed(&settings)),
        ebpf,
        tcx,
        conntrack: Conntrack::open(&settings.conntrack(), now).map(drop),
        sysctls: namespace().and_then(|namespace| sysctls(&namespace)),
        rules: namespace().and_then(|namespace| Ruleset::read(&namespace)).map(drop),
        nflog: settings.nflog().map(|nflog| Nflog::open(&nflog, now).map(drop)),
        settings,
    }
}

/// Whether the kernel's programs work, and if so, why not by the best way.
fn try_ebpf(settings: &SourceSettings, now: Timestamp) -> (Result<(), SourceError>, Option<SourceError>) {
    let attempt = |variant| {
        // As few flows as possible, so that it takes no memory; and never what an agent keeps in the kernel.
        let trial = BpfSettings { flows_max: 1, pin_folder: None, variant: Some(variant), ..settings.ebpf() };
        Bpf::open(trial, now).map(drop)
    };
    match settings.ebpf_variant {
        Some(variant) => (attempt(variant), None),
        None => match attempt(Variant::Tcx) {
            Err(error @ SourceError::Kernel { .. }) => match attempt(Variant::Tracing) {
                Ok(()) => (Ok(()), Some(error)),
                Err(_too) => (Err(error), None),
            },
            decided => (decided, None),
        },
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests;
