//! Writes the fields of a record.
//!
//! Hides: how translation, direction, state, place and refusal become values.
//! Knows nothing of: which windows are open, which flow logs exist.

use std::sync::Arc;

use flow::{Direction, FlowKey, FlowLog, LogStatus, NatType, Record, Timestamp, Tuple, Verdict};

use crate::conversation::Conversation;
use crate::ends::Ends;
use crate::flows::Sum;
use crate::settings::WindowSettings;

/// The values that every record of the gateway repeats, shared instead of copied.
#[derive(Debug)]
pub(crate) struct Stamp {
    account: Arc<str>,
    region: Arc<str>,
    gateway: Arc<str>,
    vpc: Option<Arc<str>>,
    accept: Arc<str>,
    reject: Arc<str>,
}

impl Stamp {
    pub(crate) fn new(settings: &WindowSettings) -> Self {
        Self {
            account: settings.account.as_str().into(),
            region: settings.region.as_str().into(),
            gateway: settings.gateway.as_str().into(),
            vpc: settings.vpc.as_deref().map(Into::into),
            accept: "ACCEPT".into(),
            reject: "REJECT".into(),
        }
    }

    /// A record of one flow, not yet given to a flow log.
    pub(crate) fn flow(&self, key: &FlowKey, sum: &Sum, conversation: Conversation) -> Record {
        let original = key.original;
        let mut record = self.bare(sum.first, sum.last, LogStatus::Ok);
        record.interface_id = sum.interface_in.clone();
        record.srcaddr = Some(original.srcaddr);
        record.dstaddr = Some(original.dstaddr);
        record.srcport = Some(original.srcport);
        record.dstport = Some(original.dstport);
        record.protocol = Some(key.protocol);
        record.packets = Some(sum.forward.packets);
        record.bytes = Some(sum.forward.bytes);
        record.reply_packets = Some(sum.reply.packets);
        record.reply_bytes = Some(sum.reply.bytes);
        record.flow_id = Some(conversation.id.to_string().into());
        record.flow_start = Some(conversation.start);
        record.flow_state = Some(conversation.state);
        record.tcp_flags = (key.protocol == flow::protocol::TCP).then_some(sum.tcp_flags);
        if let Some(translated) = &key.translated {
            write_translation(&mut record, &original, translated);
        }
        record
    }

    /// The VPC that the gateway serves.
    pub(crate) const fn vpc(&self) -> Option<&Arc<str>> {
        self.vpc.as_ref()
    }

    /// Adds what the verdict says.
    pub(crate) fn judge(&self, record: &mut Record, verdict: &Verdict) {
        match verdict {
            Verdict::Accept => record.action = Some(Arc::clone(&self.accept)),
            Verdict::Reject(rejection) => {
                record.action = Some(Arc::clone(&self.reject));
                record.reject_reason = Some(rejection.reason);
                record.reject_rule = rejection.rule.clone();
            }
        }
    }

    /// A record that says that nothing matched.
    pub(crate) fn no_data(&self, start: Timestamp, end: Timestamp) -> Record {
        self.bare(start, end, LogStatus::NoData)
    }

    /// A record that says that something is missing; `lost` is zero when nobody knows how much.
    pub(crate) fn skip_data(&self, start: Timestamp, end: Timestamp, lost: u64) -> Record {
        let mut record = self.bare(start, end, LogStatus::SkipData);
        record.lost = (lost > 0).then_some(lost);
        record
    }

    /// The words for what passed and for what was refused.
    pub(crate) const fn actions(&self) -> [&Arc<str>; 2] {
        [&self.accept, &self.reject]
    }

    pub(crate) fn bare(&self, start: Timestamp, end: Timestamp, status: LogStatus) -> Record {
        let mut record = Record::empty(start, end, status);
        record.account_id = Some(Arc::clone(&self.account));
        record.region_id = Some(Arc::clone(&self.region));
        record.nat_gateway_id = Some(Arc::clone(&self.gateway));
        record.vpc_id.clone_from(&self.vpc);
        record
    }
}

/// Adds where the ends are.
pub(crate) fn place(record: &mut Record, ends: &Ends<'_>) {
    let private = ends.private();
    record.vpc_id = private.vpc.cloned();
    record.subnet_id = private.subnet.cloned();
    record.instance_id = private.instance.cloned();
    record.ccn_id = ends.ccn().cloned();
    record.src_region_id = ends.initiator.region.cloned();
    record.dst_region_id = ends.responder.region.cloned();
}

/// The record as `flow_log` collects it.
pub(crate) fn collected_by(flow_log: &FlowLog, mut record: Record) -> Record {
    record.flow_log_id = Some(flow_log.id.as_str().into());
    record
}

/// `EGRESS` when the conversation goes from inside to outside, `INGRESS` otherwise.
pub(crate) fn direction(settings: &WindowSettings, original: &Tuple) -> Direction {
    let inside = |address| settings.inside.iter().any(|prefix| prefix.contains(address));
    if inside(original.srcaddr) && !inside(original.dstaddr) { Direction::Egress } else { Direction::Ingress }
}

fn write_translation(record: &mut Record, original: &Tuple, translated: &Tuple) {
    let source_changed = (original.srcaddr, original.srcport) != (translated.srcaddr, translated.srcport);
    let destination_changed =
        (original.dstaddr, original.dstport) != (translated.dstaddr, translated.dstport);
    record.nat_type = Some(match (source_changed, destination_changed) {
        (true, true) => NatType::Both,
        (true, false) => NatType::Snat,
        (false, true) => NatType::Dnat,
        (false, false) => NatType::None,
    });
    record.natsrcaddr = Some(translated.srcaddr);
    record.natsrcport = Some(translated.srcport);
    record.natdstaddr = Some(translated.dstaddr);
    record.natdstport = Some(translated.dstport);
}
