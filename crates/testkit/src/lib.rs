//! The lab: a real NAT gateway in network namespaces, known traffic through it, and the truth about that traffic.
//!
//! Hides: namespaces, packet-filter rules, sockets of both ends, packet capture and how it is read.
//! Knows nothing of: records, storage, queries; it sees only what passes on the wires.
//!
//! For tests and the demo only. It reads the clock itself, because it is the outside world of the program.

mod claim;
pub mod flows;
mod lab;
mod namespace;
mod outcome;
mod privilege;
mod program;
mod small_disk;
pub mod traffic;
pub mod truth;

pub use lab::{Host, Lab, LabSettings, Offloads};
pub use namespace::Namespace;
pub use outcome::LabError;
pub use privilege::{lab_or_skip, skip};
pub use program::{Lines, Program};
pub use small_disk::{SmallDisk, on_small_disk};
