//! SQL answers the same as DuckDB does, over the same records.
//!
//! Statements are made by chance from a seed, in two wordings where the dialects differ. DuckDB comes from the Python
//! package index (`cargo xtask ci` installs it); where it is not there, the test is skipped.
//!
//! Hides: how DuckDB is asked.
//! Knows nothing of: the inside of the engine.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use engine::{Cell, Table};
use fastrand::Rng;
use flow::Record;
use serde_json::{Value, json};

use crate::topic::{Topic, record};

/// How many statements of each form are asked.
const STATEMENTS_OF_A_FORM: usize = 27;

/// How many records there are.
const RECORDS: u64 = 300;

/// The columns that both engines have, with their types in DuckDB.
const COLUMNS: &[(&str, &str)] = &[
    ("__TIMESTAMP__", "BIGINT"),
    ("flow_id", "VARCHAR"),
    ("action", "VARCHAR"),
    ("srcaddr", "VARCHAR"),
    ("dstport", "BIGINT"),
    ("protocol", "BIGINT"),
    ("packets", "BIGINT"),
    ("bytes", "BIGINT"),
];

/// The same expression as natlens and as DuckDB say it.
type Both = (String, String);

#[test]
fn sql_answers_as_duckdb_does() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("duckdb");
    if !folder.join("installed").exists() {
        testkit::skip("sql_answers_as_duckdb_does", "DuckDB is not installed: run `cargo xtask ci` once");
        return;
    }
    let mut chance = Rng::with_seed(0x6475_636b);
    let records: Vec<Record> = (0..RECORDS).map(|number| some_record(number, &mut chance)).collect();
    let topic = Topic::new();
    records.chunks(90).for_each(|chunk| topic.append(chunk));

    let forms: [fn(&mut Rng) -> Both; 6] =
        [of_rows, of_groups, of_two_groups, of_windows, of_groups_of_groups, of_subqueries];
    let asked = forms.iter().flat_map(|form| std::iter::repeat_n(form, STATEMENTS_OF_A_FORM));
    let asked: Vec<Both> = asked.map(|form| form(&mut chance)).collect();
    assert!(asked.len() >= 150, "enough is asked: {}", asked.len());
    let theirs =
        duckdb(&folder.join("bin/python"), &records, asked.iter().map(|(_, theirs)| theirs.as_str()));
    let mut wrong = Vec::new();
    let mut rows = 0;
    for ((ours, theirs), expected) in asked.iter().zip(theirs.as_array().unwrap()) {
        let answer = topic.analyse(&format!("* | {ours}")).unwrap_or_else(|error| panic!("{ours}: {error}"));
        rows += answer.rows.len();
        if let Some(difference) = difference(&answer, expected) {
            wrong.push(format!("{ours}\n  {theirs}\n  {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), asked.len(), wrong.join("\n"));
    assert!(rows > 5_000, "the answers are not empty: {rows} rows");
}

fn some_record(number: u64, chance: &mut Rng) -> Record {
    let start = 1_795_500_000_000 + chance.u64(0..3 * 86_400_000);
    let mut text = format!("start-ms={start} flow-id=f{number:04}");
    if chance.u8(0..10) > 0 {
        let action = chance.choice(["ACCEPT", "ACCEPT", "REJECT"]).unwrap();
        let source =
            chance.choice(["10.0.0.1", "10.0.0.2", "10.1.0.1", "198.51.100.66", "2001:db8::7"]).unwrap();
        let protocol = chance.choice([6, 17]).unwrap();
        let (packets, bytes) = (chance.u32(1..200), chance.u32(0..200_000));
        text +=
            &format!(" action={action} srcaddr={source} protocol={protocol} packets={packets} bytes={bytes}");
    }
    if chance.bool() {
        text += &format!(" dstport={}", chance.choice([22, 53, 80, 443, 8080]).unwrap());
    }
    record(&text)
}

fn duckdb<'a>(python: &Path, records: &[Record], statements: impl Iterator<Item = &'a str>) -> Value {
    let value = |record: &Record, column: &str| match column {
        "__TIMESTAMP__" => json!(record.start.millis()),
        column => match flow::field(&column.replace('_', "-")).and_then(|field| (field.get)(record)) {
            Some(flow::Value::Long(number)) => json!(number),
            Some(flow::Value::Text(text)) => json!(text.as_ref()),
            Some(flow::Value::Address(address)) => json!(address.to_string()),
            None => Value::Null,
        },
    };
    let rows =
        records.iter().map(|record| COLUMNS.iter().map(|(name, _)| value(record, name)).collect::<Vec<_>>());
    let asked = json!({
        "columns": COLUMNS,
        "rows": rows.collect::<Vec<_>>(),
        "statements": statements.collect::<Vec<_>>(),
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/beside_duckdb.py");
    let mut command = Command::new(python);
    let mut child = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "DuckDB answers");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Where the answers differ first.
fn difference(ours: &Table, theirs: &Value) -> Option<String> {
    let Some(theirs) = theirs.as_array() else { return Some(format!("DuckDB says {theirs}")) };
    if ours.rows.len() != theirs.len() {
        return Some(format!("{} rows here, {} there", ours.rows.len(), theirs.len()));
    }
    let different = |(ours, theirs): &(&Vec<Cell>, &Value)| {
        let theirs = theirs.as_array().unwrap();
        ours.len() != theirs.len() || !ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
    };
    let (ours, theirs) = ours.rows.iter().zip(theirs).find(different)?;
    Some(format!("{ours:?} here, {theirs} there"))
}

fn is_same(ours: &Cell, theirs: &Value) -> bool {
    let close = |ours: f64| {
        theirs.as_f64().is_some_and(|theirs| (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0))
    };
    match ours {
        Cell::Null => theirs.is_null(),
        Cell::Bigint(number) => theirs.as_i64() == Some(*number) || close(*number as f64),
        Cell::Double(number) => close(*number) || (number.is_nan() && theirs.is_null()),
        Cell::Boolean(truth) => theirs.as_bool() == Some(*truth),
        Cell::Timestamp(at) => theirs.as_str() == Some(&format!("at {}", at.millis())),
        Cell::Varchar(text) => theirs.as_str() == Some(text),
    }
}

/// One of the wordings; `ours` alone when both say it alike.
fn one_of(chance: &mut Rng, wordings: &[(&str, &str)]) -> Both {
    let (ours, theirs) = *chance.choice(wordings).unwrap();
    (ours.to_owned(), if theirs.is_empty() { ours } else { theirs }.to_owned())
}

fn number(chance: &mut Rng) -> Both {
    one_of(
        chance,
        &[
            ("bytes", ""),
            ("packets", ""),
            ("dstport", ""),
            ("bytes + packets", ""),
            ("bytes % 7", ""),
            ("bytes / 7", "bytes // 7"),
            ("abs(packets - 100)", ""),
            ("coalesce(dstport, 0)", ""),
            ("nullif(protocol, 17)", ""),
            ("length(srcaddr)", ""),
            ("strpos(srcaddr, '.')", ""),
            ("greatest(bytes, packets)", ""),
            ("least(bytes, packets, 50)", ""),
            ("CASE WHEN bytes > 50000 THEN 2 WHEN bytes > 1000 THEN 1 ELSE 0 END", ""),
            ("if(dstport < 100, 1, 0)", "CASE WHEN dstport < 100 THEN 1 ELSE 0 END"),
            ("bitwise_and(bytes, 255)", "bytes & 255"),
            ("bitwise_or(packets, 1)", "packets | 1"),
            ("round(bytes / cast(3 AS double))", ""),
            ("sqrt(bytes)", ""),
            ("floor(log10(packets))", ""),
            ("hour(__TIMESTAMP__)", "hour(epoch_ms(__TIMESTAMP__))"),
            ("minute(__TIMESTAMP__)", "minute(epoch_ms(__TIMESTAMP__))"),
            ("day(__TIMESTAMP__)", "day(epoch_ms(__TIMESTAMP__))"),
            ("day_of_week(__TIMESTAMP__)", "isodow(epoch_ms(__TIMESTAMP__))"),
            ("day_of_year(__TIMESTAMP__)", "dayofyear(epoch_ms(__TIMESTAMP__))"),
            ("week(__TIMESTAMP__)", "week(epoch_ms(__TIMESTAMP__))"),
            ("quarter(__TIMESTAMP__)", "quarter(epoch_ms(__TIMESTAMP__))"),
            ("extract(year FROM __TIMESTAMP__)", "year(epoch_ms(__TIMESTAMP__))"),
            (
                "to_milliseconds(date_trunc('hour', __TIMESTAMP__))",
                "epoch_ms(date_trunc('hour', epoch_ms(__TIMESTAMP__)))",
            ),
            (
                "date_diff('minute', __TIMESTAMP__, __TIMESTAMP__ + bytes)",
                "date_sub('minute', epoch_ms(__TIMESTAMP__), epoch_ms(__TIMESTAMP__ + bytes))",
            ),
            (
                "date_diff('day', date_parse('2026-01-31', '%Y-%m-%d'), __TIMESTAMP__)",
                "date_sub('day', TIMESTAMP '2026-01-31', epoch_ms(__TIMESTAMP__))",
            ),
        ],
    )
}

/// What records can be grouped by.
fn key(chance: &mut Rng) -> Both {
    one_of(
        chance,
        &[
            ("action", ""),
            ("srcaddr", ""),
            ("dstport", ""),
            ("protocol", ""),
            ("lower(action)", ""),
            ("substr(srcaddr, 1, 4)", ""),
            ("split_part(srcaddr, '.', 2)", ""),
            ("replace(srcaddr, '10.', 'x')", ""),
            ("reverse(srcaddr)", ""),
            ("lpad(action, 10, '*')", ""),
            ("regexp_extract(srcaddr, '[0-9a-f]+')", ""),
            ("regexp_like(srcaddr, '[.]0[.]1$')", "regexp_matches(srcaddr, '[.]0[.]1$')"),
            ("concat(action, '/', srcaddr)", ""),
            ("action || '/' || cast(dstport AS varchar)", ""),
            ("md5(srcaddr)", ""),
            ("dstport IN (22, 443)", ""),
            ("srcaddr LIKE '10.%'", ""),
            ("bytes > 100000", ""),
            ("date_format(__TIMESTAMP__, '%Y-%m-%d %H')", "strftime(epoch_ms(__TIMESTAMP__), '%Y-%m-%d %H')"),
            (
                "date_trunc('day', __TIMESTAMP__)",
                "cast(date_trunc('day', epoch_ms(__TIMESTAMP__)) AS timestamp)",
            ),
            (
                "histogram(__TIMESTAMP__, INTERVAL 6 HOUR)",
                "time_bucket(INTERVAL 6 HOUR, epoch_ms(__TIMESTAMP__ + 28800000), TIMESTAMP '1970-01-01') - INTERVAL 8 HOUR",
            ),
            (
                "date_add('month', 1, __TIMESTAMP__ - __TIMESTAMP__ % 86400000)",
                "epoch_ms(__TIMESTAMP__ - __TIMESTAMP__ % 86400000) + INTERVAL 1 MONTH",
            ),
        ],
    )
}

fn condition(chance: &mut Rng) -> String {
    const CONDITIONS: &[&str] = &[
        "bytes > 60000",
        "packets <= 20",
        "dstport IS NULL",
        "dstport IN (22, 53)",
        "NOT (action = 'ACCEPT')",
        "srcaddr LIKE '10.0%'",
        "bytes BETWEEN 1000 AND 150000",
        "action <> 'REJECT' OR action IS NULL",
        "protocol = 17 AND bytes % 2 = 0",
        "flow_id >= 'f0100'",
    ];
    let (one, other) = (chance.choice(CONDITIONS).unwrap(), chance.choice(CONDITIONS).unwrap());
    match chance.u8(0..4) {
        0 => format!("({one}) AND NOT ({other})"),
        1 => format!("({one}) OR ({other})"),
        _ => (*one).to_owned(),
    }
}

fn aggregate(chance: &mut Rng) -> Both {
    let (ours, theirs) = number(chance);
    let same = |name: &str| (format!("{name}({ours})"), format!("{name}({theirs})"));
    match chance.u8(0..14) {
        0 => ("count(*)".to_owned(), "count(*)".to_owned()),
        1 => (format!("count(DISTINCT {ours})"), format!("count(DISTINCT {theirs})")),
        2 => (format!("count_if({ours} > 10)"), format!("count(*) FILTER (WHERE {theirs} > 10)")),
        3 => same("count"),
        4 => same("min"),
        5 => same("max"),
        6 => same("avg"),
        7 => (format!("bool_or({ours} > 50)"), format!("bool_or({theirs} > 50)")),
        8 => ("bitwise_or_agg(packets)".to_owned(), "bit_or(packets)".to_owned()),
        9 => ("stddev(bytes)".to_owned(), "stddev_samp(bytes)".to_owned()),
        10 => ("var_pop(packets)".to_owned(), "var_pop(packets)".to_owned()),
        11 => (
            format!("sum({ours}) FILTER (WHERE packets > 50)"),
            format!("sum({theirs}) FILTER (WHERE packets > 50)"),
        ),
        12 => (format!("every({ours} >= 0)"), format!("bool_and({theirs} >= 0)")),
        _ => same("sum"),
    }
}

/// What stands between the table and the order; often nothing.
fn filter(chance: &mut Rng) -> String {
    if chance.bool() { format!(" WHERE {}", condition(chance)) } else { String::new() }
}

fn of_rows(chance: &mut Rng) -> Both {
    let (filter, key, number) = (filter(chance), key(chance), number(chance));
    (
        format!("SELECT flow_id, {} AS k, {} AS n{filter} ORDER BY 1 LIMIT 1000", key.0, number.0),
        format!("SELECT flow_id, {} AS k, {} AS n FROM log{filter} ORDER BY 1 LIMIT 1000", key.1, number.1),
    )
}

fn of_groups(chance: &mut Rng) -> Both {
    let (filter, key) = (filter(chance), key(chance));
    let (one, other) = (aggregate(chance), aggregate(chance));
    let most = chance.u8(0..20);
    let having = if chance.bool() { format!(" HAVING count(*) > {most}") } else { String::new() };
    let rest = format!("{filter} GROUP BY 1{having} ORDER BY 1 NULLS LAST LIMIT 1000");
    (
        format!("SELECT {} AS k, {} AS a, {} AS b{rest}", key.0, one.0, other.0),
        format!("SELECT {} AS k, {} AS a, {} AS b FROM log{rest}", key.1, one.1, other.1),
    )
}

fn of_two_groups(chance: &mut Rng) -> Both {
    let (filter, one, other, value) = (filter(chance), key(chance), key(chance), aggregate(chance));
    let rest = format!("{filter} GROUP BY 1, 2 ORDER BY 1 DESC NULLS LAST, 2 NULLS FIRST LIMIT 1000");
    (
        format!("SELECT {} AS k, {} AS l, {} AS a{rest}", one.0, other.0, value.0),
        format!("SELECT {} AS k, {} AS l, {} AS a FROM log{rest}", one.1, other.1, value.1),
    )
}

fn of_windows(chance: &mut Rng) -> Both {
    const FUNCTIONS: &[&str] = &[
        "row_number()",
        "rank()",
        "dense_rank()",
        "percent_rank()",
        "cume_dist()",
        "ntile(4)",
        "lag(bytes, 1)",
        "lead(bytes, 2)",
        "first_value(bytes)",
        "last_value(bytes)",
        "nth_value(bytes, 2)",
        "sum(bytes)",
        "avg(packets)",
        "count(dstport)",
        "max(bytes)",
    ];
    let (filter, key) = (filter(chance), key(chance));
    let function = chance.choice(FUNCTIONS).unwrap();
    let order = *chance
        .choice(["packets, flow_id", "bytes DESC NULLS LAST, flow_id", "flow_id DESC"])
        .as_ref()
        .unwrap();
    (
        format!(
            "SELECT flow_id, {function} OVER (PARTITION BY {} ORDER BY {order}) AS w{filter} ORDER BY 1 LIMIT 1000",
            key.0
        ),
        format!(
            "SELECT flow_id, {function} OVER (PARTITION BY {} ORDER BY {order}) AS w FROM log{filter} ORDER BY 1 LIMIT 1000",
            key.1
        ),
    )
}

fn of_groups_of_groups(chance: &mut Rng) -> Both {
    let (filter, key) = (filter(chance), key(chance));
    let inner = chance.choice(["count(*)", "sum(bytes)", "max(packets)", "count(DISTINCT dstport)"]).unwrap();
    let outer = "count(*) AS groups, sum(n) AS s, min(n) AS low, max(n) AS high, avg(n) AS mean";
    (
        format!("SELECT {outer} FROM (SELECT {} AS k, {inner} AS n FROM log{filter} GROUP BY 1)", key.0),
        format!("SELECT {outer} FROM (SELECT {} AS k, {inner} AS n FROM log{filter} GROUP BY 1)", key.1),
    )
}

fn of_subqueries(chance: &mut Rng) -> Both {
    let (inner, number) = (condition(chance), number(chance));
    match chance.u8(0..3) {
        0 => {
            let same =
                format!("WHERE srcaddr IN (SELECT srcaddr FROM log WHERE {inner}) ORDER BY 1 LIMIT 1000");
            (format!("SELECT flow_id, srcaddr {same}"), format!("SELECT flow_id, srcaddr FROM log {same}"))
        }
        1 => (
            format!(
                "SELECT flow_id WHERE {0} > (SELECT avg({0}) FROM log WHERE {inner}) ORDER BY 1 LIMIT 1000",
                number.0
            ),
            format!(
                "SELECT flow_id FROM log WHERE {0} > (SELECT avg({0}) FROM log WHERE {inner}) ORDER BY 1 LIMIT 1000",
                number.1
            ),
        ),
        _ => {
            let same = format!(
                "SELECT action AS k FROM log WHERE {inner} UNION SELECT srcaddr FROM log ORDER BY 1 NULLS LAST LIMIT 1000"
            );
            (same.clone(), same)
        }
    }
}
