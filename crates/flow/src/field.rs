//! The field table: every column of a record, in the order of the documentation.
//!
//! Hides: how a member of `Record` becomes a value and back.
//! Knows nothing of: Arrow, JSON, the console; all of them read this table.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::event::RejectReason;
use crate::loss::LossCause;
use crate::record::{Direction, FlowState, LogStatus, NatType, Record};
use crate::time::Timestamp;

/// What kind of value a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Words and names.
    Text,
    /// Whole numbers; the index type `long`.
    Long,
    /// IPv4 and IPv6 addresses; text in the API, with prefix search.
    Address,
}

/// One value of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Words and names.
    Text(Arc<str>),
    /// Whole numbers.
    Long(i64),
    /// An address.
    Address(IpAddr),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Long(number) => write!(f, "{number}"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

/// What a group of fields tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldGroup {
    /// The published 14 fields.
    Standard,
    /// The way back.
    Reply,
    /// What translation did.
    Translation,
    /// The conversation over time.
    State,
    /// Why something was refused.
    Refusal,
    /// Names from inventory and offline data.
    Place,
    /// Who ordered the record, and what was lost.
    Order,
    /// Only in the ledger: what the kernel counted, and why something was lost.
    Ledger,
}

/// One column of a record.
#[derive(Debug)]
pub struct Field {
    /// The name in searches, SQL and JSON, with hyphens.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Where it stands in the documentation.
    pub group: FieldGroup,
    /// `packets`, `bytes`, `s`, `ms`, or empty.
    pub unit: &'static str,
    /// The meaning, in English.
    pub help: &'static str,
    /// The meaning, in Chinese.
    pub help_zh: &'static str,
    /// Reads the value of a record.
    pub get: fn(&Record) -> Option<Value>,
    /// Writes the value into a record; a value of the wrong kind or out of range leaves it absent.
    pub set: fn(&mut Record, Value),
}

/// The field of that name, or `None`.
pub fn field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// How many fields, from the first, form the published text record.
pub const STANDARD_FIELDS: usize = 14;

macro_rules! fields {
    ($($name:literal $member:ident $kind:ident $group:ident $unit:literal $help:literal $help_zh:literal;)+) => {
        &[$(Field {
            name: $name,
            kind: kind!($kind),
            group: FieldGroup::$group,
            unit: $unit,
            help: $help,
            help_zh: $help_zh,
            get: getter!($kind $member),
            set: setter!($kind $member),
        }),+]
    };
}

// `Seconds` is the published view of a moment; the field in milliseconds beside it is set after it and keeps the rest.
macro_rules! kind {
    (Seconds) => {
        FieldKind::Long
    };
    ($kind:ident) => {
        FieldKind::$kind
    };
}
macro_rules! getter {
    (Seconds $member:ident) => {
        |record| Some(Value::Long(record.$member.seconds()))
    };
    ($kind:ident $member:ident) => {
        |record| Member::value(&record.$member)
    };
}
macro_rules! setter {
    (Seconds $member:ident) => {
        |record, value| {
            if let Some(seconds) = number(&value) {
                record.$member = Timestamp::from_seconds(seconds);
            }
        }
    };
    ($kind:ident $member:ident) => {
        |record, value| Member::assign(&mut record.$member, value)
    };
}

/// Every column, in the order of the documentation; the first 14 are the published text record.
pub const FIELDS: &[Field] = fields! {
    "version" version Long Standard "" "version of the record format" "记录格式版本";
    "account-id" account_id Text Standard "" "account that owns the gateway" "账户 ID";
    "interface-id" interface_id Text Standard "" "interface by which the initiator's packets entered the gateway" "发起方报文进入网关的网卡";
    "srcaddr" srcaddr Address Standard "" "initiator's address before translation" "转换前的源地址";
    "dstaddr" dstaddr Address Standard "" "responder's address before translation" "转换前的目的地址";
    "srcport" srcport Long Standard "" "source port; ICMP: identifier" "源端口；ICMP 为标识符";
    "dstport" dstport Long Standard "" "destination port; ICMP: type × 256 + code" "目的端口；ICMP 为类型×256+代码";
    "protocol" protocol Long Standard "" "IANA protocol number" "IANA 协议号";
    "packets" packets Long Standard "packets" "packets from initiator to responder in the window" "窗口内发起方到响应方的包数";
    "bytes" bytes Long Standard "bytes" "bytes from initiator to responder in the window, IP headers included" "窗口内发起方到响应方的字节数（含 IP 头）";
    "start" start Seconds Standard "s" "first packet in the window, Unix seconds" "窗口内首包时间（Unix 秒）";
    "end" end Seconds Standard "s" "last packet in the window, Unix seconds" "窗口内末包时间（Unix 秒）";
    "action" action Text Standard "" "ACCEPT or REJECT" "ACCEPT 或 REJECT";
    "log-status" log_status Text Standard "" "OK, NODATA or SKIPDATA" "OK、NODATA 或 SKIPDATA";
    "reply-packets" reply_packets Long Reply "packets" "packets from responder to initiator in the window" "窗口内响应方到发起方的包数";
    "reply-bytes" reply_bytes Long Reply "bytes" "bytes from responder to initiator in the window" "窗口内响应方到发起方的字节数";
    "nat-gateway-id" nat_gateway_id Text Translation "" "gateway that translated" "NAT 网关 ID";
    "nat-type" nat_type Text Translation "" "SNAT, DNAT, BOTH or NONE" "SNAT、DNAT、BOTH 或 NONE";
    "natsrcaddr" natsrcaddr Address Translation "" "source address after translation" "转换后的源地址";
    "natsrcport" natsrcport Long Translation "" "source port after translation" "转换后的源端口";
    "natdstaddr" natdstaddr Address Translation "" "destination address after translation" "转换后的目的地址";
    "natdstport" natdstport Long Translation "" "destination port after translation" "转换后的目的端口";
    "start-ms" start Long State "ms" "first packet in the window, Unix milliseconds" "窗口内首包时间（毫秒）";
    "end-ms" end Long State "ms" "last packet in the window, Unix milliseconds" "窗口内末包时间（毫秒）";
    "direction" direction Text State "" "EGRESS: opened from inside; INGRESS: from outside" "EGRESS 由内发起；INGRESS 由外发起";
    "flow-id" flow_id Text State "" "the same in every window of a conversation" "同一会话在各窗口中相同";
    "flow-start" flow_start Long State "ms" "first packet of the conversation" "会话首包时间";
    "flow-state" flow_state Text State "" "NEW, ACTIVE or CLOSED at the end of the window" "窗口结束时的会话状态";
    "tcp-flags" tcp_flags Long State "" "TCP flags of both directions, ORed" "双向 TCP 标志按位或";
    "reject-reason" reject_reason Text Refusal "" "why it was refused" "拒绝原因";
    "reject-rule" reject_rule Text Refusal "" "the rule that refused it" "拒绝它的规则";
    "region-id" region_id Text Place "" "region of the gateway" "网关所在地域";
    "vpc-id" vpc_id Text Place "" "VPC of the private end" "私网端所在 VPC";
    "subnet-id" subnet_id Text Place "" "subnet of the private end" "私网端所在子网";
    "instance-id" instance_id Text Place "" "instance of the private end" "私网端实例";
    "ccn-id" ccn_id Text Place "" "CCN that joins the two regions" "连接两地域的云联网";
    "src-region-id" src_region_id Text Place "" "region of the source" "源地域";
    "dst-region-id" dst_region_id Text Place "" "region of the destination" "目的地域";
    "dst-country" dst_country Text Place "" "country where the destination address is registered" "目的地址注册国家";
    "dst-asn" dst_asn Long Place "" "autonomous system of the destination" "目的地址自治系统号";
    "flow-log-id" flow_log_id Text Order "" "flow log that collected the record" "采集该记录的流日志";
    "lost" lost Long Order "packets" "packets or events missing in the window, as far as known" "窗口内已知缺失的包或事件数";
    "lost-bytes" lost_bytes Long Ledger "bytes" "bytes missing in the window, as far as known" "窗口内已知缺失的字节数";
    "lost-cause" lost_cause Text Ledger "" "why they are missing" "缺失原因";
    "kernel-packets" kernel_packets Long Ledger "packets" "packets of both directions that the kernel counted in the window" "内核在窗口内统计的双向包数";
    "kernel-bytes" kernel_bytes Long Ledger "bytes" "bytes of both directions that the kernel counted in the window" "内核在窗口内统计的双向字节数";
};

/// A member of `Record` seen as a value.
trait Member {
    fn value(&self) -> Option<Value>;
    fn assign(&mut self, value: Value);
}

impl Member for i64 {
    fn value(&self) -> Option<Value> {
        Some(Value::Long(*self))
    }

    fn assign(&mut self, value: Value) {
        if let Value::Long(number) = value {
            *self = number;
        }
    }
}

impl Member for Timestamp {
    fn value(&self) -> Option<Value> {
        Some(Value::Long(self.millis()))
    }

    fn assign(&mut self, value: Value) {
        if let Value::Long(millis) = value {
            *self = Self::from_millis(millis);
        }
    }
}

impl Member for LogStatus {
    fn value(&self) -> Option<Value> {
        Some(Value::Text(self.as_str().into()))
    }

    fn assign(&mut self, value: Value) {
        if let Some(status) = word(Self::ALL, Self::as_str, &value) {
            *self = status;
        }
    }
}

macro_rules! optional {
    ($($type:ty: |$read:ident| $to:expr, |$given:ident| $from:expr;)+) => {$(
        impl Member for Option<$type> {
            fn value(&self) -> Option<Value> {
                self.as_ref().map(|$read| $to)
            }

            fn assign(&mut self, value: Value) {
                fn from($given: Value) -> Option<$type> {
                    $from
                }
                *self = from(value);
            }
        }
    )+};
}

optional! {
    Arc<str>: |text| Value::Text(Arc::clone(text)), |value| match value {
        Value::Text(text) => Some(text),
        Value::Long(_) | Value::Address(_) => None,
    };
    IpAddr: |address| Value::Address(*address), |value| match value {
        Value::Address(address) => Some(address),
        Value::Text(_) | Value::Long(_) => None,
    };
    u8: |number| Value::Long(i64::from(*number)), |value| number(&value)?.try_into().ok();
    u16: |number| Value::Long(i64::from(*number)), |value| number(&value)?.try_into().ok();
    u64: |number| Value::Long(i64::try_from(*number).unwrap_or(i64::MAX)), |value| number(&value)?.try_into().ok();
    Timestamp: |at| Value::Long(at.millis()), |value| Some(Timestamp::from_millis(number(&value)?));
    NatType: |kind| Value::Text(kind.as_str().into()), |value| word(NatType::ALL, NatType::as_str, &value);
    Direction: |side| Value::Text(side.as_str().into()), |value| word(Direction::ALL, Direction::as_str, &value);
    FlowState: |state| Value::Text(state.as_str().into()), |value| word(FlowState::ALL, FlowState::as_str, &value);
    LossCause: |cause| Value::Text(cause.as_str().into()), |value| word(LossCause::ALL, LossCause::as_str, &value);
    RejectReason: |reason| Value::Text(reason.as_str().into()), |value| word(REASONS, RejectReason::as_str, &value);
}

const REASONS: &[RejectReason] = &[
    RejectReason::Acl,
    RejectReason::SecurityGroup,
    RejectReason::NoPort,
    RejectReason::TableFull,
    RejectReason::Invalid,
    RejectReason::NoRoute,
    RejectReason::Other,
];

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Long(number) => Some(*number),
        Value::Text(_) | Value::Address(_) => None,
    }
}

fn word<T: Copy>(all: &[T], name: fn(T) -> &'static str, value: &Value) -> Option<T> {
    match value {
        Value::Text(text) => all.iter().copied().find(|word| name(*word) == &**text),
        Value::Long(_) | Value::Address(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fourteen_fields_are_the_published_record() {
        let names: Vec<&str> = FIELDS.iter().take(STANDARD_FIELDS).map(|field| field.name).collect();
        assert_eq!(
            names.join(" "),
            "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
        );
    }

    #[test]
    fn every_field_reads_back_what_was_written() {
        for field in FIELDS {
            let mut record = Record::empty(Timestamp::default(), Timestamp::default(), LogStatus::Ok);
            let value = sample(field);
            (field.set)(&mut record, value.clone());
            assert_eq!((field.get)(&record), Some(value), "{}", field.name);
        }
    }

    #[test]
    fn a_number_out_of_range_is_absent_rather_than_wrong() {
        let mut record = Record::empty(Timestamp::default(), Timestamp::default(), LogStatus::Ok);
        (field("srcport").unwrap().set)(&mut record, Value::Long(65_536));
        assert_eq!(record.srcport, None);
    }

    fn sample(field: &Field) -> Value {
        match (field.name, field.kind) {
            ("nat-type", _) => Value::Text("SNAT".into()),
            ("direction", _) => Value::Text("EGRESS".into()),
            ("flow-state", _) => Value::Text("CLOSED".into()),
            ("lost-cause", _) => Value::Text("spool-full".into()),
            ("reject-reason", _) => Value::Text("NO_PORT".into()),
            ("log-status", _) => Value::Text("SKIPDATA".into()),
            (_, FieldKind::Text) => Value::Text("x-1".into()),
            (_, FieldKind::Long) => Value::Long(7),
            (_, FieldKind::Address) => Value::Address("2001:db8::7".parse().unwrap()),
        }
    }
}
