//! Where events come from: the Linux kernel, capture files, and recordings of events.
//!
//! Hides: kernel interfaces, byte formats, privileges, network namespaces.
//! Knows nothing of: records, batches, HTTP, the agent's loop.
//!
//! [`Bpf`] counts in the kernel what a gateway forwards and refuses. Where it cannot, [`Conntrack`] and [`Nflog`] tell
//! most of it, together as a [`Fallback`]; [`open`] chooses, and [`examine`] says why. [`Pcap`] reads capture files;
//! [`Replay`] gives back what a [`Recorder`] wrote. Each is a [`Source`].

mod audit;
#[cfg(target_os = "linux")]
mod bpf;
mod choice;
#[cfg(target_os = "linux")]
mod conntrack;
#[cfg(target_os = "linux")]
mod doctor;
#[cfg(target_os = "linux")]
mod fallback;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub mod fuzzing;
mod gateway;
mod health;
#[cfg(target_os = "linux")]
mod losses;
mod namespace;
#[cfg(target_os = "linux")]
mod netlink;
#[cfg(target_os = "linux")]
mod nflog;
mod pcap;
#[cfg(target_os = "linux")]
mod privilege;
mod recording;
mod replay;
#[cfg(target_os = "linux")]
mod ruleset;
mod source;
#[cfg(target_os = "linux")]
mod timekeeping;
mod variant;

pub use audit::{AuditNumbers, AuditTotals};
#[cfg(target_os = "linux")]
pub use audit::{AuditSettings, Audited};
#[cfg(target_os = "linux")]
pub use bpf::{
    Bpf, BpfSettings, DRAIN_GRACE, FLOWS_MAX_DEFAULT, PIN_FOLDER_DEFAULT, PinError, Traffic,
    check_pin_folder, unpin,
};
#[cfg(target_os = "linux")]
pub use choice::{Opened, SourceSettings, open};
pub use choice::{SourceChoice, SourceKind, UnknownSource};
#[cfg(target_os = "linux")]
pub use conntrack::{Conntrack, ConntrackSettings, Heard, SOCKET_BUFFER_BYTES_DEFAULT};
#[cfg(target_os = "linux")]
pub use doctor::{Examination, Finding, State, examine};
#[cfg(target_os = "linux")]
pub use fallback::Fallback;
/// What a source tells as missing; the words are those of the ledger.
pub use flow::{Loss, LossCause};
pub use gateway::{GatewayFacts, Interface, describe};
#[cfg(target_os = "linux")]
pub use health::HealthWatch;
pub use health::{Health, PORTS_AVAILABLE, PortSet};
#[cfg(target_os = "linux")]
pub use nflog::{Nflog, NflogSettings};
pub use pcap::{CaptureFileError, CaptureNumbers, Pcap};
#[cfg(target_os = "linux")]
pub use privilege::{Kept, PrivilegeError, Privileges, USER_DEFAULT, grant};
pub use recording::{RECORDING_VERSION, RecordingError};
pub use replay::{Recorder, Replay};
pub use source::{Progress, Rest, Source, SourceError};
#[cfg(target_os = "linux")]
pub use timekeeping::{Timekeeping, timekeeping};
pub use variant::{UnknownVariant, Variant};
