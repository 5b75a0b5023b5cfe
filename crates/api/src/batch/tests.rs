//! Batches: what comes back is what went in, and hostile bytes are refused with bounded work.

use proptest::prelude::*;

use super::*;
use flow::LossCause;

fn batch(records: Vec<Record>) -> Batch {
    Batch {
        id: Uuid::from_u128(7),
        account: "100000001".parse().unwrap(),
        region: "ap-guangzhou".parse().unwrap(),
        gateway: "nat-a1b2c3d4".parse().unwrap(),
        destination: Destination::FlowLog {
            flow_log: "fl-a1b2c3d4".parse().unwrap(),
            topic: "topic-1".parse().unwrap(),
        },
        records,
    }
}

prop_compose! {
    fn record()(
        start in 0_i64..4_000_000_000_000, length in 0_i64..60_000, src in any::<u32>(), dst in any::<u128>(),
        srcport in any::<Option<u16>>(), packets in any::<Option<u32>>(), rule in proptest::option::of("[a-z]{0,8}"),
    ) -> Record {
        let mut record = Record::empty(Timestamp::from_millis(start), Timestamp::from_millis(start + length), LogStatus::Ok);
        record.srcaddr = Some(IpAddr::V4(src.into()));
        record.dstaddr = Some(IpAddr::V6(dst.into()));
        record.srcport = srcport;
        record.packets = packets.map(u64::from);
        record.reject_rule = rule.map(Arc::from);
        record
    }
}

proptest! {
    #[test]
    fn what_is_decoded_is_what_was_encoded(records in proptest::collection::vec(record(), 0..40)) {
        let batch = batch(records);
        prop_assert_eq!(Batch::decode(&batch.encode().unwrap()).unwrap(), batch);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Batch::decode(&bytes).is_err());
    }

    #[test]
    fn no_damage_makes_the_decoder_panic(place in any::<usize>(), value in any::<u8>(), records in proptest::collection::vec(record(), 1..8)) {
        let mut bytes = batch(records).encode().unwrap();
        let place = place % bytes.len();
        bytes[place] = value;
        if let Ok(decoded) = Batch::decode(&bytes) {
            prop_assert!(decoded.records.len() <= BATCH_RECORDS_MAX);
        }
    }
}

#[test]
fn a_batch_that_unpacks_to_too_much_is_refused() {
    let bomb = zstd::bulk::compress(&vec![0_u8; usize::try_from(BATCH_UNPACKED_BYTES_MAX).unwrap() + 10], 3)
        .unwrap();
    let bytes = [MAGIC.as_slice(), &bomb].concat();
    assert!(matches!(Batch::decode(&bytes), Err(BatchError::TooLarge { .. })));
}

#[test]
fn a_newer_format_is_named() {
    let error = Batch::decode(b"NLBATCH\x02rest").unwrap_err();
    assert!(error.to_string().contains("batch format 2 is unknown"));
}

#[test]
fn reads_batches_of_v1() {
    let bytes = include_bytes!("../../../../fixtures/batches/v1/two_records.batch");
    let decoded = Batch::decode(bytes).unwrap();
    assert_eq!(decoded, batch(two_records()));
}

#[test]
fn reads_batches_of_the_ledger_of_v1() {
    let bytes = include_bytes!("../../../../fixtures/batches/v1/ledger.batch");
    assert_eq!(Batch::decode(bytes).unwrap(), of_ledger());
}

#[test]
fn reads_batches_of_a_topic_of_v1() {
    let bytes = include_bytes!("../../../../fixtures/batches/v1/topic.batch");
    assert_eq!(Batch::decode(bytes).unwrap(), of_topic());
}

#[test]
fn a_batch_says_where_it_goes_in_one_of_three_ways() {
    for sent in [of_topic(), of_ledger(), batch(two_records())] {
        assert_eq!(Batch::decode(&sent.encode().unwrap()).unwrap(), sent);
    }
    let body = Body { flow_log: "fl-00000001".to_owned(), ..Body::of(&of_ledger()) };
    assert!(matches!(body.into_batch(), Err(BatchError::InvalidId { what: "topic", .. })));
}

fn of_topic() -> Batch {
    Batch { destination: Destination::Topic { topic: "topic-1".parse().unwrap() }, ..batch(two_records()) }
}

fn of_ledger() -> Batch {
    let (from, to) = (Timestamp::from_seconds(60), Timestamp::from_seconds(120));
    let mut whole = Record::empty(from, to, LogStatus::Ok);
    whole.action = Some("ACCEPT".into());
    (whole.packets, whole.bytes) = (Some(12), Some(3_456));
    (whole.kernel_packets, whole.kernel_bytes) = (Some(19), Some(4_156));
    let mut lost = Record::empty(from, to, LogStatus::SkipData);
    (lost.lost, lost.lost_bytes, lost.lost_cause) = (Some(7), Some(700), Some(LossCause::TooManyFlows));
    Batch { destination: Destination::Ledger, ..batch(vec![whole, lost]) }
}

fn two_records() -> Vec<Record> {
    let mut accepted =
        Record::empty(Timestamp::from_millis(60_123), Timestamp::from_millis(61_456), LogStatus::Ok);
    accepted.srcaddr = Some("10.10.0.2".parse().unwrap());
    accepted.dstaddr = Some("203.0.113.2".parse().unwrap());
    accepted.srcport = Some(40_000);
    accepted.dstport = Some(443);
    accepted.protocol = Some(6);
    accepted.packets = Some(12);
    accepted.bytes = Some(3_456);
    accepted.action = Some("ACCEPT".into());
    let nothing = Record::empty(Timestamp::from_seconds(60), Timestamp::from_seconds(120), LogStatus::NoData);
    vec![accepted, nothing]
}
