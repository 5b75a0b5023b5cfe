//! Events in, records out: sums the events of each flow per window and gives every flow log its records.
//!
//! Hides: when a window closes, late events, how counters fold, flow-log matching, NODATA, SKIPDATA
//! and the ledger.
//! Knows nothing of: the kernel, disk, network, the clock (`complete_until` is an argument).

mod balance;
mod conversation;
mod ends;
mod flows;
mod inventory;
mod matching;
mod row;
mod settings;
mod windows;

pub use balance::Balance;
pub use conversation::{
    CLOSED_LINGER, CONVERSATIONS_MAX, ICMP_IDLE, OTHER_IDLE, TCP_IDLE, TCP_UNANSWERED_IDLE, UDP_IDLE,
    UDP_UNANSWERED_IDLE,
};
pub use inventory::{
    INVENTORY_ID_CHARS_MAX, INVENTORY_PREFIXES_MAX, Inventory, InventoryError, InventoryKind, Place,
};
pub use settings::{WindowSettings, private_prefixes};
pub use windows::{ClosedWindow, Collected, OPEN_FLOWS_MAX, PART_RECORDS_MAX, QUIET_WINDOWS_MAX, Windows};
