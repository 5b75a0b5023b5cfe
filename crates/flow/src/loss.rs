//! Packets that passed or were refused, and are in no record: in which window, how many, and why.
//!
//! Hides: nothing; the words are those of log lines, records and the ledger.
//! Knows nothing of: how a loss is noticed, what is done about it.

use crate::event::Counters;
use crate::record::words;
use crate::time::Window;

/// Packets that passed or were refused, and are in no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The window that is incomplete.
    pub window: Window,
    /// How many packets are missing. Zero when the number is unknown.
    pub packets: u64,
    /// Their bytes, IP headers included. Zero when the number is unknown.
    pub bytes: u64,
    /// Why.
    pub cause: LossCause,
}

impl Loss {
    /// A loss of which nobody knows how much it is.
    pub const fn unknown(window: Window, cause: LossCause) -> Self {
        Self { window, packets: 0, bytes: 0, cause }
    }

    /// How much is missing, as far as known.
    pub const fn counters(&self) -> Counters {
        Counters { packets: self.packets, bytes: self.bytes }
    }
}

words!(
    /// Why packets are missing, in the order of their way from the kernel to the server.
    LossCause {
        /// The source was opened in the middle of the window; how much passed before is unknown.
        NotWatching = "not-watching",
        /// More flows in one window than `flows_max`.
        TooManyFlows = "too-many-flows",
        /// The source was not polled for longer than a window, so the kernel had no free place for a new one.
        PolledLate = "polled-late",
        /// An earlier run took them from the kernel and ended before it kept them.
        NotKept = "not-kept",
        /// A capture file holds packets whose headers are wrong or cut off.
        Unreadable = "unreadable",
        /// A capture file holds packets of a window that was complete already.
        OutOfOrder = "out-of-order",
        /// Whoever wrote a capture file says that it missed packets.
        NotCaptured = "not-captured",
        /// The kernel dropped messages about ended conversations because nobody read in time.
        EventsDropped = "events-dropped",
        /// The kernel did not count some conversations: accounting is off, their counters were set back, or they
        /// ended unheard.
        NotCounted = "not-counted",
        /// The kernel dropped messages about refused packets because nobody read in time.
        RefusalsDropped = "refusals-dropped",
        /// No agent ran, and nothing counted in its place.
        AgentDown = "agent-down",
        /// Somebody set the clock, so that moments before and after cannot be compared.
        ClockSet = "clock-set",
        /// Events came after their window was closed; they are counted in the next one.
        Late = "late",
        /// More flows at once than the open windows hold.
        WindowsFull = "windows-full",
        /// The agent's spool was full, or its disk refused.
        SpoolFull = "spool-full",
        /// The file of a spooled batch was damaged or removed before it was sent.
        BatchTorn = "batch-torn",
        /// The server refused a batch for good.
        BatchRefused = "batch-refused",
    }
);

impl LossCause {
    /// Whether the packets were recorded, and the records were lost on their way to the server.
    ///
    /// The ledger's row of the window counts them as recorded, because it left before; the row of the loss takes
    /// them back.
    pub const fn takes_back(self) -> bool {
        matches!(self, Self::BatchTorn | Self::BatchRefused)
    }
}
