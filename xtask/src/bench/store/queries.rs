//! What is asked of natlens and of its peers: the questions that people ask of flow logs.
//!
//! Hides: how each of them says it.
//! Knows nothing of: who runs it.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use flow::{Direction, Prefix, Record, TimeRange, Timestamp};

/// One question in three languages.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) name: &'static str,
    /// Only records that start in it.
    pub(super) range: TimeRange,
    /// In the search language of natlens; without SQL it wants the newest hundred records.
    pub(super) natlens: String,
    /// The list of what is selected, the condition, and the rest, in the SQL of peers.
    select: &'static str,
    condition: String,
    rest: &'static str,
}

/// Another program that answers SQL.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dialect {
    DuckDb,
    ClickHouse,
}

const NEWEST: &str = "ORDER BY __TIMESTAMP__ DESC LIMIT 100";

/// All of them about records such as `record`, of a day that ends at `end`.
pub(super) fn questions(record: &Record, end: Timestamp) -> Vec<Question> {
    let (Some(host), Some(port), Some(peer)) = (record.srcaddr, record.srcport, record.dstaddr) else {
        return Vec::new();
    };
    let gateway = record.nat_gateway_id.as_deref().unwrap_or_default();
    let network =
        |bits| Prefix::new(host, bits).map_or_else(|| host.to_string(), |prefix| prefix.to_string());
    let between = |bits| {
        let ends = Prefix::new(host, bits).map(|prefix| [prefix.first(), prefix.last()]);
        let [first, last] = ends.unwrap_or([host, host]).map(literal);
        format!("srcaddr BETWEEN {first} AND {last}")
    };
    let last = |seconds| TimeRange { from: end.minus(Duration::from_secs(seconds)), to: end };
    let ask = |name, natlens: String, select, condition: String, rest| Question {
        name,
        range: TimeRange::ALWAYS,
        natlens,
        select,
        condition,
        rest,
    };
    let any = |peer| {
        ["srcaddr", "dstaddr", "natsrcaddr"].map(|field| format!("{field} = {}", literal(peer))).join(" OR ")
    };
    let everywhere = TEXTS.map(|field| format!("\"{field}\" LIKE '%sg-no-mail%'")).join(" OR ");
    let all = || "true".to_owned();
    vec![
        ask("needle: host and port", format!("srcaddr:{host} AND srcport:{port}"), "*",
            format!("srcaddr = {} AND srcport = {port}", literal(host)), NEWEST),
        ask("refused of a /23", format!("srcaddr:{} AND action:REJECT | SELECT count(*) AS n, sum(bytes) AS b", network(23)),
            "count(*) AS n, sum(bytes) AS b", format!("{} AND action = 'REJECT'", between(23)), ""),
        ask("top 20 talkers", "* | SELECT srcaddr, sum(bytes) AS b GROUP BY srcaddr ORDER BY b DESC LIMIT 20".to_owned(),
            "srcaddr, sum(bytes) AS b", all(), "GROUP BY srcaddr ORDER BY b DESC LIMIT 20"),
        ask("bytes a minute by action",
            "* | SELECT histogram(__TIMESTAMP__, INTERVAL 1 MINUTE) AS m, action, sum(bytes) AS b GROUP BY m, action ORDER BY m LIMIT 10000".to_owned(),
            "MILLIS / 60000 AS m, action, sum(bytes) AS b", all(), "GROUP BY m, action ORDER BY m"),
        ask("peers of each host", "* | SELECT srcaddr, count(DISTINCT dstaddr) AS n GROUP BY srcaddr ORDER BY n DESC LIMIT 20".to_owned(),
            "srcaddr, count(DISTINCT dstaddr) AS n", all(), "GROUP BY srcaddr ORDER BY n DESC LIMIT 20"),
        ask("histogram of a gateway's HTTPS",
            format!("nat-gateway-id:{gateway} AND dstport:443 | SELECT histogram(__TIMESTAMP__, INTERVAL 5 MINUTE) AS m, count(*) AS n GROUP BY m ORDER BY m LIMIT 10000"),
            "MILLIS / 300000 AS m, count(*) AS n", format!("\"nat-gateway-id\" = '{gateway}' AND dstport = 443"), "GROUP BY m ORDER BY m"),
        ask("an address anywhere", format!("srcaddr:{peer} OR dstaddr:{peer} OR natsrcaddr:{peer}"), "*", any(peer), NEWEST),
        ask("a word anywhere", "sg-no-mail".to_owned(), "*", everywhere, NEWEST),
        ask("newest 100", "*".to_owned(), "*", all(), NEWEST),
        ask("newest 100 refused to port 25", "action:REJECT AND dstport:25".to_owned(), "*",
            "action = 'REJECT' AND dstport = 25".to_owned(), NEWEST),
        Question {
            range: last(900),
            ..ask("ports of a /16, last 15 minutes", format!("srcaddr:{} | SELECT dstport, sum(bytes) AS b GROUP BY dstport ORDER BY b DESC LIMIT 20", network(16)),
                "dstport, sum(bytes) AS b", between(16), "GROUP BY dstport ORDER BY b DESC LIMIT 20")
        },
        Question {
            range: last(3600),
            ..ask("actions by gateway, last hour",
                "* | SELECT \"nat-gateway-id\", action, count(*) AS n GROUP BY \"nat-gateway-id\", action ORDER BY n DESC LIMIT 100".to_owned(),
                "\"nat-gateway-id\", action, count(*) AS n", all(), "GROUP BY \"nat-gateway-id\", action ORDER BY n DESC LIMIT 100")
        },
        ask("count", "* | SELECT count(*) AS n".to_owned(), "count(*) AS n", all(), ""),
    ]
}

/// The fields of text that people search for words.
const TEXTS: [&str; 13] = [
    "account-id",
    "interface-id",
    "action",
    "log-status",
    "nat-gateway-id",
    "nat-type",
    "direction",
    "reject-reason",
    "reject-rule",
    "region-id",
    "vpc-id",
    "subnet-id",
    "instance-id",
];

/// A record of an accepted conversation from inside.
pub(super) fn is_typical(record: &Record) -> bool {
    record.direction == Some(Direction::Egress) && record.nat_type.is_some() && record.dstport == Some(443)
}

fn literal(address: IpAddr) -> String {
    let mapped: Ipv6Addr = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    format!("unhex('{:032x}')", u128::from(mapped))
}

impl Question {
    /// The question as a peer's SQL over `table`.
    pub(super) fn sql(&self, dialect: Dialect, table: &str) -> String {
        let millis = match dialect {
            Dialect::DuckDb => "epoch_ms(__TIMESTAMP__) // 1",
            Dialect::ClickHouse => "toUnixTimestamp64Milli(__TIMESTAMP__)",
        };
        let divide = match dialect {
            Dialect::DuckDb => " // ",
            Dialect::ClickHouse => " DIV ",
        };
        let select = self.select.replace("MILLIS", millis).replace(" / ", divide);
        let within = if self.range == TimeRange::ALWAYS {
            String::new()
        } else {
            let moment = |at: Timestamp| match dialect {
                Dialect::DuckDb => format!("make_timestamptz({}000)", at.millis()),
                Dialect::ClickHouse => format!("fromUnixTimestamp64Milli({}, 'UTC')", at.millis()),
            };
            format!(
                "__TIMESTAMP__ >= {} AND __TIMESTAMP__ < {} AND ",
                moment(self.range.from),
                moment(self.range.to)
            )
        };
        format!("SELECT {select} FROM {table} WHERE {within}({}) {}", self.condition, self.rest)
    }
}
