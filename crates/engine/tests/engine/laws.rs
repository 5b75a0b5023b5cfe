//! Laws: the engine finds what a search means, and every way of asking tells the same.
//!
//! Hides: how records and searches are made.
//! Knows nothing of: the inside of the engine; what a search means is told by `Search::finds`.

use std::time::Duration;

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use engine::{Cell, FindOrder, Found, FoundRecord, Page};
use flow::{FlowId, Record, TimeRange, Timestamp};
use proptest::prelude::*;
use query::{Case, IndexedFields, Syntax, parse};

use crate::topic::{FIRST_PAGE, Topic, record};

/// Values that meet each other, and the edges of what a column holds.
fn value_of_some_field() -> impl Strategy<Value = String> {
    let texts = prop::sample::select(vec![
        "action=ACCEPT",
        "action=REJECT",
        "action=accept",
        "log-status=SKIPDATA",
        "interface-id=eni-a1",
        "interface-id=eni-A1",
        "interface-id=",
        "reject-rule=drop_all",
        "reject-rule=drop,all_10.0.0.1",
        "reject-rule=all/drop",
        "reject-rule=Ärger_443",
        "reject-rule=ärger",
        "reject-rule=",
        "reject-rule=拒绝_ssh",
        "reject-rule=拒接全部",
        "dst-country=443",
        "flow-state=NEW",
        "flow-id=443",
        "flow-id=d754024bbebe1f3d",
        "direction=EGRESS",
    ]);
    let addresses = prop::sample::select(vec![
        "10.0.0.0",
        "10.0.0.1",
        "10.0.255.255",
        "10.1.0.0",
        "0.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::fffe:ffff:ffff",
        "::1:0:0:0",
        "2001:db8::443",
        "2001:db8:0:1::7",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]);
    let numbers = prop::sample::select(vec![0, 1, 79, 80, 443, 65_535, 9_223_372_036_854_775_807_u64]);
    let address_fields = prop::sample::select(vec!["srcaddr", "dstaddr", "natsrcaddr", "natdstaddr"]);
    let number_fields = prop::sample::select(vec![
        "srcport",
        "dstport",
        "natdstport",
        "bytes",
        "lost",
        "protocol",
        "dst-asn",
    ]);
    prop_oneof![
        texts.prop_map(str::to_owned),
        (address_fields, addresses).prop_map(|(field, address)| format!("{field}={address}")),
        (number_fields, numbers).prop_map(|(field, number)| format!("{field}={number}")),
    ]
}

/// A conversation whose `flow-id` is in some of the searches.
const CONVERSATION: &str =
    "nat-gateway-id=nat-1 flow-start=5 protocol=6 srcaddr=10.0.0.1 dstaddr=10.1.0.0 srcport=80 dstport=443";

fn some_record() -> impl Strategy<Value = Record> {
    let values = prop::collection::vec(value_of_some_field(), 0..8);
    (0..5_000_i64, values, prop::sample::select(vec!["", CONVERSATION])).prop_map(
        |(start_ms, values, conversation)| {
            let mut record = record(&format!("start-ms={start_ms} {conversation} {}", values.join(" ")));
            if record.flow_id.is_none() {
                record.flow_id = FlowId::of_record(&record).map(|id| id.to_string().into());
            }
            record
        },
    )
}

fn condition() -> impl Strategy<Value = String> {
    prop_oneof![4 => condition_on_what_is_stored(), 1 => condition_on_what_follows()]
}

/// Conditions on fields that follow from others in some records.
fn condition_on_what_follows() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "flow-id:d754024bbebe1f3d",
        "flow-id:D754024BBEBE1F3D",
        "flow-id:d7540*",
        "flow-id:*",
        "flow-id:\"\"",
        "d754024bbebe1f3d",
        "d7540*",
        "natdstaddr:10.1.0.0",
        "natdstaddr:10.0.0.0/15",
        "natdstaddr:*",
        "natdstaddr:10.1*",
        "natdstport:443",
        "natdstport:<443",
        "natdstport:\"\"",
    ])
    .prop_map(str::to_owned)
}

fn condition_on_what_is_stored() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "*",
        "action:ACCEPT",
        "action:accept",
        "action:*",
        "action:\"\"",
        "interface-id:eni-a1",
        "interface-id:eni-*",
        "interface-id:\"\"",
        "interface-id:*",
        "reject-rule:drop",
        "reject-rule:\"drop all\"",
        "reject-rule:\"all drop\"",
        "reject-rule:ÄRGER",
        "reject-rule:dr*",
        "reject-rule:\"\"",
        "reject-rule:\"al? 10.0.0.1\"",
        "log-status:OK",
        "ccn-id:\"\"",
        "srcaddr:10.0.0.1",
        "srcaddr:10.0.0.0/16",
        "srcaddr:0.0.0.0/0",
        "srcaddr:\"::/0\"",
        "srcaddr:\"::/64\"",
        "srcaddr:\"2001:db8::/32\"",
        "srcaddr:10.*.0",
        "srcaddr:20*",
        "srcaddr:*",
        "srcaddr:\"\"",
        "dstaddr:[10.0.0.1 TO 10.1.0.0]",
        "dstaddr:[::1 TO ffff::]",
        "dstport:443",
        "dstport:>=80",
        "dstport<80",
        "dstport:[1 TO 443]",
        "dstport:{1 TO 443}",
        "dstport:{80 TO *]",
        "bytes:9223372036854775807",
        "bytes:>9223372036854775806",
        "srcport:\"\"",
        "lost:*",
        "protocol:tcp",
        "__TIMESTAMP__:>=2500",
        "__TIMESTAMP__:[1000 TO 1999]",
        "start:2",
        "443",
        "drop",
        "DROP",
        "\"drop all\"",
        "10.0.0.1",
        "10.0.*",
        "2001",
        "db8",
        "\"2001:db8\"",
        "ärger",
        "eni-*",
        "eni-a1",
        "ok",
        "4?3",
        "nowhere",
        "srcaddr>=10.0.0.1",
        "srcaddr<10.0.0.0/16",
        "srcaddr:>::1",
        "dstaddr:{::1 TO *]",
        "dstport:https",
    ])
    .prop_map(str::to_owned)
}

/// Conditions with Chinese, which an index may cut.
fn chinese_condition() -> impl Strategy<Value = String> {
    let written = ["reject-rule:拒绝", "reject-rule:\"拒绝 ssh\"", "reject-rule:拒*", "全", "\"接全\""];
    prop::sample::select(written.to_vec()).prop_map(str::to_owned)
}

/// Conditions that only Lucene has.
fn lucene_condition() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "reject-rule:/dr.p/",
        "reject-rule:/[a-z]+/",
        "interface-id:/eni-.*/",
        "interface-id:/.*/",
        "srcaddr:/10\\..*[05]/",
        "srcaddr:/.*:.*/",
        "/4\\d+/",
        "/dr.p|ok/",
        "/.*ä.*/",
        "/ACC.*/",
        "reject-rule:drop/all",
        "_exists_:lost",
    ])
    .prop_map(str::to_owned)
}

fn search(condition: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    condition.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("NOT ({one})")),
            (inner.clone(), prop::sample::select(vec!["AND", "OR"]), inner)
                .prop_map(|(left, joint, right)| format!("({left}) {joint} ({right})")),
        ]
    })
}

/// Field by field in upper and lower case, full text not, or the other way round; Chinese cut or not.
fn index() -> impl Strategy<Value = IndexedFields> {
    let case = prop::sample::select(vec![Case::Insensitive, Case::Sensitive]);
    (case, any::<bool>()).prop_map(|(case, chinese)| {
        let mut index = IndexedFields { case, ..IndexedFields::all() };
        for field in &mut index.fields {
            field.delimiters = field.delimiters.clone().with_chinese(chinese);
        }
        index.full_text = index.full_text.map(|full_text| query::FullTextIndex {
            case,
            delimiters: full_text.delimiters.with_chinese(chinese),
        });
        index
    })
}

/// Records in segments, in the order of their arrival.
fn segments() -> impl Strategy<Value = Vec<Vec<Record>>> {
    prop::collection::vec(prop::collection::vec(some_record(), 1..12), 1..14)
}

fn stored(segments: &[Vec<Record>], index: &IndexedFields) -> Topic {
    let mut topic = Topic::new();
    topic.index = index.clone();
    segments.iter().for_each(|records| topic.append(records));
    topic
}

proptest! {
    // Every case makes a store and asks for some time.
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_finds_what_the_search_means(
        segments in segments(),
        index in index(),
        searches in prop::collection::vec(search(prop_oneof![9 => condition(), 1 => chinese_condition()]), 24),
        lucene in prop::collection::vec(search(lucene_condition()), 8),
    ) {
        let topic = stored(&segments, &index);
        let cql = searches.iter().map(|text| (text, Syntax::Cql));
        for (text, syntax) in cql.chain(lucene.iter().map(|text| (text, Syntax::Lucene))) {
            let search = parse(text, syntax, &index).unwrap().search;
            let meant = newest_first(segments.iter().flatten().filter(|record| search.finds(record, &index)));
            let found = records(topic.found_by(&search).unwrap());
            prop_assert_eq!(found, meant, "{}", text);
        }
    }

    #[test]
    fn rows_that_somebody_else_reads_are_found_as_the_engine_finds_them(
        segments in segments(),
        searches in prop::collection::vec(search(condition()), 6),
        (from, length) in (0..3_000_i64, 1..4_000_i64),
    ) {
        let topic = stored(&segments, &IndexedFields::all());
        let range = TimeRange { from: Timestamp::from_millis(from), to: Timestamp::from_millis(from + length) };
        for text in searches {
            let search = topic.query(&text).search;
            let scope = topic.scope(range);
            let counted = topic.wait(topic.engine.count_by_segment(&scope, &search)).unwrap();
            let finder = topic.engine.finder(&search, &topic.index, range).unwrap();
            let mut all = 0;
            for segment in &scope.snapshot.segments {
                let file = std::fs::File::open(segment.path()).unwrap();
                let rows = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
                let found: usize = rows.map(|rows| finder.finds(&rows.unwrap()).unwrap().true_count()).sum();
                prop_assert_eq!(counted.get(&segment.id()).copied().unwrap_or(0), found as u64, "{}", text);
                all += found;
            }
            let meant = segments.iter().flatten().filter(|record| {
                range.contains(record.start) && search.finds(record, &topic.index)
            });
            prop_assert_eq!(all, meant.count(), "{}", text);
        }
    }

    #[test]
    fn pages_buckets_and_counts_tell_the_same(
        segments in segments(),
        text in search(condition()),
        (from, length, limit) in (0..3_000_i64, 1..4_000_i64, 5..40_u64),
    ) {
        let topic = stored(&segments, &IndexedFields::all());
        let query = topic.query(&format!("{text} | SELECT count(*)"));
        let range = TimeRange { from: Timestamp::from_millis(from), to: Timestamp::from_millis(from + length) };
        let scope = topic.scope(range);
        let all = topic.wait(topic.engine.find(&scope, &query.search, FindOrder::Newest, FIRST_PAGE)).unwrap().records;
        let meant = segments.iter().flatten().filter(|record| {
            range.contains(record.start) && query.search.finds(record, &topic.index)
        });
        prop_assert_eq!(records(all.clone()), newest_first(meant));

        let mut oldest = paged(&topic, &query.search, FindOrder::Oldest, (range, limit));
        oldest.reverse();
        prop_assert_eq!(&oldest, &all);
        prop_assert_eq!(&paged(&topic, &query.search, FindOrder::Newest, (range, limit)), &all);

        let interval = Duration::from_millis(700);
        let buckets = topic.wait(topic.engine.histogram(&scope, &query.search, interval)).unwrap();
        for bucket in &buckets {
            let inside = TimeRange { from: bucket.start, to: bucket.start.plus(interval) };
            let count = all.iter().filter(|found| inside.contains(found.position.at)).count();
            prop_assert_eq!(bucket.count, count as u64);
        }
        prop_assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u64>(), all.len() as u64);
        let covered = buckets.first().unwrap().start <= range.from
            && range.to <= buckets.last().unwrap().start.plus(interval);
        prop_assert!(covered, "{:?}", buckets);

        let counted = topic.wait(topic.engine.analyse(&scope, &query)).unwrap();
        prop_assert_eq!(counted.rows, vec![vec![Cell::Bigint(i64::try_from(all.len()).unwrap())]]);
    }
}

/// All records, by pages that continue after the last record, each compared with the page at its offset.
fn paged(
    topic: &Topic,
    search: &query::Search,
    order: FindOrder,
    (range, limit): (TimeRange, u64),
) -> Vec<FoundRecord> {
    let scope = topic.scope(range);
    let mut records: Vec<FoundRecord> = Vec::new();
    loop {
        let after = records.last().map(|record| record.position);
        let page = Page { after, offset: 0, limit };
        let Found { records: next, more } =
            topic.wait(topic.engine.find(&scope, search, order, page)).unwrap();
        let page = Page { after: None, offset: records.len() as u64, limit };
        let at_offset = topic.wait(topic.engine.find(&scope, search, order, page)).unwrap();
        assert_eq!((&at_offset.records, at_offset.more), (&next, more), "a page is the same at its offset");
        assert!(!more || next.len() as u64 == limit, "only the last page is short");
        records.extend(next);
        if !more {
            return records;
        }
    }
}

fn newest_first<'a>(records: impl DoubleEndedIterator<Item = &'a Record>) -> Vec<Record> {
    let mut records: Vec<Record> = records.rev().cloned().collect();
    // Stable: of the same moment, what arrived last comes first.
    records.sort_by_key(|record| std::cmp::Reverse(record.start));
    records
}

fn records(found: Vec<FoundRecord>) -> Vec<Record> {
    found.into_iter().map(|found| found.record).collect()
}
