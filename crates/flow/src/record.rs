//! One flow in one window as one flow log collected it: one row.
//!
//! Hides: nothing; it is the row. What a column means stands in the field table (`field.rs`).
//! Knows nothing of: how rows are made, sent, stored.

use std::net::IpAddr;
use std::sync::Arc;

use crate::event::RejectReason;
use crate::loss::LossCause;
use crate::time::Timestamp;

/// The version of the record format that this program writes.
pub const RECORD_VERSION: i64 = 1;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every word, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in records.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}
pub(crate) use words;

words!(
    /// Whether a record speaks of traffic, of silence, or of loss.
    LogStatus {
        /// Recorded normally.
        Ok = "OK",
        /// The window had no matching traffic.
        NoData = "NODATA",
        /// Something was lost in the window.
        SkipData = "SKIPDATA",
    }
);
words!(
    /// Which ends of a flow were translated.
    NatType {
        /// The source.
        Snat = "SNAT",
        /// The destination.
        Dnat = "DNAT",
        /// Both (hairpin).
        Both = "BOTH",
        /// Neither.
        None = "NONE",
    }
);
words!(
    /// Which side opened the conversation.
    Direction {
        /// The inside.
        Egress = "EGRESS",
        /// The outside.
        Ingress = "INGRESS",
    }
);
words!(
    /// Where a conversation stands at the end of a window.
    FlowState {
        /// First seen in this window.
        New = "NEW",
        /// Seen before, and still open.
        Active = "ACTIVE",
        /// Ended in this window.
        Closed = "CLOSED",
    }
);

/// One row. Members follow the field table; `None` is an absent value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the field table documents each member in one place")]
pub struct Record {
    pub version: i64,
    pub account_id: Option<Arc<str>>,
    pub interface_id: Option<Arc<str>>,
    pub srcaddr: Option<IpAddr>,
    pub dstaddr: Option<IpAddr>,
    pub srcport: Option<u16>,
    pub dstport: Option<u16>,
    pub protocol: Option<u8>,
    pub packets: Option<u64>,
    pub bytes: Option<u64>,
    pub start: Timestamp,
    pub end: Timestamp,
    pub action: Option<Arc<str>>,
    pub log_status: LogStatus,
    pub reply_packets: Option<u64>,
    pub reply_bytes: Option<u64>,
    pub nat_gateway_id: Option<Arc<str>>,
    pub nat_type: Option<NatType>,
    pub natsrcaddr: Option<IpAddr>,
    pub natsrcport: Option<u16>,
    pub natdstaddr: Option<IpAddr>,
    pub natdstport: Option<u16>,
    pub direction: Option<Direction>,
    pub flow_id: Option<Arc<str>>,
    pub flow_start: Option<Timestamp>,
    pub flow_state: Option<FlowState>,
    pub tcp_flags: Option<u8>,
    pub reject_reason: Option<RejectReason>,
    pub reject_rule: Option<Arc<str>>,
    pub region_id: Option<Arc<str>>,
    pub vpc_id: Option<Arc<str>>,
    pub subnet_id: Option<Arc<str>>,
    pub instance_id: Option<Arc<str>>,
    pub ccn_id: Option<Arc<str>>,
    pub src_region_id: Option<Arc<str>>,
    pub dst_region_id: Option<Arc<str>>,
    pub dst_country: Option<Arc<str>>,
    pub dst_asn: Option<u64>,
    pub flow_log_id: Option<Arc<str>>,
    pub lost: Option<u64>,
    pub lost_bytes: Option<u64>,
    pub lost_cause: Option<LossCause>,
    pub kernel_packets: Option<u64>,
    pub kernel_bytes: Option<u64>,
}

impl Record {
    /// A record without traffic: only its time and status are set.
    pub fn empty(start: Timestamp, end: Timestamp, log_status: LogStatus) -> Self {
        Self {
            version: RECORD_VERSION,
            account_id: None,
            interface_id: None,
            srcaddr: None,
            dstaddr: None,
            srcport: None,
            dstport: None,
            protocol: None,
            packets: None,
            bytes: None,
            start,
            end,
            action: None,
            log_status,
            reply_packets: None,
            reply_bytes: None,
            nat_gateway_id: None,
            nat_type: None,
            natsrcaddr: None,
            natsrcport: None,
            natdstaddr: None,
            natdstport: None,
            direction: None,
            flow_id: None,
            flow_start: None,
            flow_state: None,
            tcp_flags: None,
            reject_reason: None,
            reject_rule: None,
            region_id: None,
            vpc_id: None,
            subnet_id: None,
            instance_id: None,
            ccn_id: None,
            src_region_id: None,
            dst_region_id: None,
            dst_country: None,
            dst_asn: None,
            flow_log_id: None,
            lost: None,
            lost_bytes: None,
            lost_cause: None,
            kernel_packets: None,
            kernel_bytes: None,
        }
    }
}
