//! What the fixtures of format 1 hold: written once with it, compared ever after.
//!
//! Hides: nothing.
//! Knows nothing of: how it is kept.

use std::time::Duration;

use flow::{CollectionScope, CollectionType, FIELDS, FieldKind, LogStatus, Record, Timestamp, Value};
use store::{
    AccessKeyRow, BYTES_UNBOUNDED, EnrolmentTokenRow, FlowLogRow, FullText, GatewayInterface, GatewayReport,
    GatewayRow, IndexKey, IndexKeyKind, IndexRow, IndexSettings, LogsetRow, NewBatch, OneTimeLinkRow, Owner,
    SessionRow, StorageType, Tag, TopicRow, UserRow,
};
use uuid::Uuid;

/// 2026-11-25 00:00 UTC.
pub(crate) const CREATED: Timestamp = Timestamp::from_seconds(1_795_564_800);

/// Long after: what ends in the fixtures ends then.
pub(crate) const EXPIRES: Timestamp = Timestamp::from_seconds(4_000_000_000);

pub(crate) const TOKEN_HASH: [u8; 32] = [0x11; 32];

pub(crate) fn owner() -> Owner {
    Owner { account: "100001".parse().unwrap(), region: "ap-guangzhou".parse().unwrap() }
}

fn tags() -> Vec<Tag> {
    vec![
        Tag { key: "team".to_owned(), value: "网络".to_owned() },
        Tag { key: "empty".to_owned(), value: String::new() },
    ]
}

pub(crate) fn logset() -> LogsetRow {
    LogsetRow {
        id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".parse().unwrap(),
        name: "flowlog_logset".to_owned(),
        tags: tags(),
        topics: 1,
        created: CREATED,
    }
}

pub(crate) fn topic() -> TopicRow {
    TopicRow {
        id: "nat-100001".parse().unwrap(),
        logset: logset().id,
        name: "nat".to_owned(),
        period_days: 3640,
        bytes_max: BYTES_UNBOUNDED,
        storage_type: StorageType::Cold,
        describes: "flow logs of NAT gateways".to_owned(),
        tags: tags(),
        collecting: true,
        indexed: true,
        created: CREATED,
    }
}

pub(crate) fn index() -> IndexRow {
    let key = IndexKey {
        name: "srcaddr".to_owned(),
        kind: IndexKeyKind::Text,
        tokenizer: String::new(),
        sql_flag: true,
        contain_zh: false,
        alias: "source".to_owned(),
    };
    let full_text = FullText {
        case_sensitive: true,
        tokenizer: "@&?|#()='\",;:<>[]{}/ \n\t\r\\".to_owned(),
        contain_zh: true,
    };
    IndexRow {
        settings: IndexSettings {
            full_text: Some(full_text),
            key_value: true,
            keys_case_sensitive: true,
            keys: vec![IndexKey { name: "bytes".to_owned(), kind: IndexKeyKind::Long, ..key.clone() }, key],
            include_internal_fields: true,
            metadata_flag: 1,
        },
        enabled: true,
        modified: CREATED,
    }
}

pub(crate) fn flow_log() -> FlowLogRow {
    FlowLogRow {
        id: "fl-a1b2c3d4".parse().unwrap(),
        name: "all of edge one".to_owned(),
        scope: CollectionScope::Nat,
        resource: gateway().id.to_string(),
        kind: CollectionType::All,
        topic: topic().id,
        topic_region: owner().region,
        topic_exists: true,
        enabled: true,
        description: "everything".to_owned(),
        vpc: Some("vpc-1".to_owned()),
        period_seconds: Some(60),
        tags: tags(),
        created: CREATED,
    }
}

/// A flow log that was deleted: since format 3 its order is remembered.
pub(crate) fn deleted_flow_log() -> FlowLogRow {
    FlowLogRow {
        id: "fl-0ld0ld00".parse().unwrap(),
        name: "what edge one refuses".to_owned(),
        kind: CollectionType::Reject,
        ..flow_log()
    }
}

pub(crate) fn gateway() -> GatewayRow {
    let interface = GatewayInterface {
        name: "eth0".to_owned(),
        addresses: vec!["198.51.100.7".parse().unwrap(), "2001:db8::7".parse().unwrap()],
    };
    let report = GatewayReport {
        version: "0.1.0".to_owned(),
        hostname: "edge-1".to_owned(),
        source: "ebpf".to_owned(),
        window_seconds: 60,
        public_addresses: interface.addresses.clone(),
        interfaces: vec![interface],
        spooled_batches: 2,
        lost_packets: 3,
        ..GatewayReport::default()
    };
    GatewayRow {
        id: "nat-a1b2c3d4".parse().unwrap(),
        name: "edge one".to_owned(),
        vpc: Some("vpc-1".to_owned()),
        tags: tags(),
        report: Some(report),
        last_seen: Some(CREATED.plus(Duration::from_secs(60))),
        created: CREATED,
    }
}

pub(crate) fn user() -> UserRow {
    UserRow {
        name: "admin".to_owned(),
        role: "admin".to_owned(),
        password_hash: Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        must_set_password: false,
        created: CREATED,
    }
}

pub(crate) fn session() -> SessionRow {
    SessionRow {
        hash: [0x22; 32],
        user: user().name,
        created: CREATED,
        last_used: CREATED.plus(Duration::from_secs(1)),
        expires: EXPIRES,
    }
}

pub(crate) fn access_key() -> AccessKeyRow {
    AccessKeyRow {
        secret_id: "AKID0123456789".to_owned(),
        secret_hash: [0x33; 32],
        user: user().name,
        description: "laptop".to_owned(),
        created: CREATED,
    }
}

pub(crate) fn enrolment_token() -> EnrolmentTokenRow {
    EnrolmentTokenRow { hash: [0x44; 32], created: CREATED, expires: EXPIRES }
}

pub(crate) fn one_time_link() -> OneTimeLinkRow {
    OneTimeLinkRow { hash: [0x55; 32], user: user().name, created: CREATED, expires: EXPIRES }
}

/// The fields of format 1, in its order. Those that came later are absent from its segments.
const FIELDS_OF_V1: usize = 42;

/// A record with a value in every field of format 1, all told from each other by `number`.
fn full_record(start: Timestamp, number: i64) -> Record {
    let mut record = Record::empty(start, start, LogStatus::Ok);
    for (field, place) in FIELDS.iter().zip(0..).take(FIELDS_OF_V1) {
        let word = match field.name {
            "log-status" => "OK".to_owned(),
            "nat-type" => "BOTH".to_owned(),
            "direction" => "EGRESS".to_owned(),
            "flow-state" => "ACTIVE".to_owned(),
            "reject-reason" => "SECURITY_GROUP".to_owned(),
            name => format!("{name} {number}"),
        };
        let address = if number % 2 == 0 { "192.0.2.1" } else { "2001:db8::1" };
        let value = match field.kind {
            FieldKind::Text => Value::Text(word.into()),
            FieldKind::Long => Value::Long(place + number),
            FieldKind::Address => Value::Address(address.parse().unwrap()),
        };
        (field.set)(&mut record, value);
    }
    record.start = start;
    record
}

/// Two batches: one of records with all fields, one of a record with none.
pub(crate) fn batches() -> [NewBatch; 2] {
    let batch = |id: u128, records| NewBatch {
        id: Uuid::from_u128(id),
        owner: owner(),
        topic: topic().id,
        gateway: gateway().id,
        records,
    };
    let minute = CREATED.plus(Duration::from_secs(60));
    [
        batch(1, vec![full_record(CREATED, 1), full_record(minute, 2), full_record(CREATED, 3)]),
        batch(2, vec![Record::empty(minute, minute, LogStatus::NoData)]),
    ]
}
