//! Facets say what the statements of SQL say that they name.

use engine::{Cell, EngineErrorClass, FACET_FIELDS_MAX, Facet};
use flow::{Record, TimeRange};
use query::IndexedField;

use crate::topic::{Topic, record};

const FIELDS: [&str; 4] = ["action", "dstport", "srcaddr", "reject-reason"];

fn filled() -> Topic {
    let topic = Topic::new();
    let make = |number: usize| {
        let reason = if number.is_multiple_of(3) { "reject-reason=POLICY" } else { "" };
        let action = if number.is_multiple_of(3) { "REJECT" } else { "ACCEPT" };
        let (port, host) = (number * number % 7, number % 11);
        record(&format!("start-ms={number} action={action} dstport={port} srcaddr=10.0.0.{host} {reason}"))
    };
    let records: Vec<Record> = (0..500).map(make).collect();
    records.chunks(200).for_each(|part| topic.append(part));
    topic
}

fn facets(topic: &Topic, search: &str, names: &[&str], most: usize) -> Vec<Facet> {
    let fields: Vec<&IndexedField> = names.iter().map(|name| topic.index.field(name).unwrap()).collect();
    let scope = topic.scope(TimeRange::ALWAYS);
    topic.wait(topic.engine.facets(&scope, &topic.query(search).search, &fields, most)).unwrap()
}

#[test]
fn a_facet_is_what_sql_computes_in_a_scan_of_its_own() {
    let topic = filled();
    for search in ["*", "action:REJECT", "dstport:2 OR srcaddr:10.0.0.3", "dstport:99"] {
        for (facet, name) in facets(&topic, search, &FIELDS, 5).iter().zip(FIELDS) {
            let sql = format!(
                "{search} | SELECT \"{name}\" AS value, count(*) AS n GROUP BY 1 ORDER BY n DESC, value LIMIT 5"
            );
            let rows = topic.analyse(&sql).unwrap().rows;
            let told: Vec<Vec<Cell>> = facet
                .values
                .iter()
                .map(|value| vec![value.value.clone(), Cell::Bigint(i64::try_from(value.records).unwrap())])
                .collect();
            assert_eq!(told, rows, "{sql}");
            let distinct =
                topic.analyse(&format!("{search} | SELECT DISTINCT \"{name}\" LIMIT 1000")).unwrap();
            assert_eq!(facet.distinct, u64::try_from(distinct.rows.len()).unwrap(), "{search} {name}");
        }
    }
}

#[test]
fn many_fields_are_counted_in_one_scan_and_too_many_are_refused() {
    let topic = filled();
    let names: Vec<&str> = flow::FIELDS.iter().map(|field| field.name).take(FACET_FIELDS_MAX).collect();
    let all = facets(&topic, "*", &names, 3);
    assert_eq!(all.len(), FACET_FIELDS_MAX);
    for (place, name) in names.iter().enumerate() {
        assert_eq!(facets(&topic, "*", &[name], 3)[0], all[place], "{name}");
    }
    let scope = topic.scope(TimeRange::ALWAYS);
    let one = topic.index.field("action").unwrap();
    let ask = |fields: usize, most| {
        let (search, asked) = (topic.query("*").search, vec![one; fields]);
        let answer = topic.engine.facets(&scope, &search, &asked, most);
        topic.wait(answer).map_err(|error| error.class())
    };
    assert_eq!(ask(FACET_FIELDS_MAX + 1, 1).unwrap_err(), EngineErrorClass::TooLarge);
    assert_eq!(ask(1, 1000).unwrap_err(), EngineErrorClass::TooLarge);
    assert_eq!(ask(0, 1).unwrap(), []);
}
