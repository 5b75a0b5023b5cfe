//! Where events come from: the Linux kernel, capture files, and recordings of events.
//!
//! Hides: kernel interfaces, byte formats, privileges, network namespaces.
//! Knows nothing of: records, batches, HTTP, the agent's loop.
//!
//! [`Bpf`] counts in the kernel what a gateway forwards and refuses; [`Pcap`] reads capture files; [`Replay`] gives back
//! what a [`Recorder`] wrote. Each is a [`Source`].

#[cfg(target_os = "linux")]
mod bpf;
#[cfg(target_os = "linux")]
mod conntrack;
mod gateway;
mod namespace;
#[cfg(target_os = "linux")]
mod netlink;
mod pcap;
mod recording;
mod replay;
#[cfg(target_os = "linux")]
mod ruleset;
mod source;

#[cfg(target_os = "linux")]
pub use bpf::{
    Bpf, BpfSettings, DRAIN_GRACE, FLOWS_MAX_DEFAULT, PIN_FOLDER_DEFAULT, PinError, Traffic, Variant, unpin,
};
#[cfg(target_os = "linux")]
pub use conntrack::{Conntrack, ConntrackSettings, Heard, SOCKET_BUFFER_BYTES_DEFAULT};
pub use gateway::{GatewayFacts, Interface, describe};
pub use pcap::{CaptureFileError, CaptureNumbers, Pcap};
pub use recording::{RECORDING_VERSION, RecordingError};
pub use replay::{Recorder, Replay};
pub use source::{Loss, LossCause, Progress, Source, SourceError};
