//! What of a record follows from its other fields by a rule, and is not stored where it does.
//!
//! Hides: the rules, and how a row says which of them it keeps.
//! Knows nothing of: files, how columns are encoded.
//!
//! A `flow-id` is a hash, which nothing compresses, over fields that the row has. The end of a conversation that the gateway
//! does not translate is the same before and after. Other programs may send records that keep no rule: then the value
//! itself is stored, and a value that is absent stays absent.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int64Array, PrimitiveArray, RecordBatch, StringArray,
    StringBuilder, TimestampMillisecondArray,
};
use arrow::compute::nullif;
use arrow::datatypes::{ArrowPrimitiveType, Int64Type, TimestampMillisecondType};
use flow::{FlowId, FlowIds, FlowKey, Record, Timestamp, Tuple};

use crate::schema::{AGE_COLUMN, TIMESTAMP_COLUMN, address_of};

/// Which rules a row keeps: the sum of [`FLOW_ID_FOLLOWS`] and of those in [`SAME_AS`]. Absent in segments before version
/// 3, where nothing follows. Type: 64-bit integer.
pub const FOLLOWS_COLUMN: &str = "__FOLLOWS__";

/// The `flow-id` is [`FlowId::of_record`].
pub const FLOW_ID_FOLLOWS: i64 = 1;

/// A field that has the value of another where a row keeps the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SameAs {
    /// The field.
    pub field: &'static str,
    /// Whose value it has.
    pub other: &'static str,
    /// The number of the rule in [`FOLLOWS_COLUMN`].
    pub rule: i64,
}

const fn same_as(field: &'static str, other: &'static str, rule: i64) -> SameAs {
    SameAs { field, other, rule }
}

/// The ends of a conversation after translation, and before.
pub const SAME_AS: [SameAs; 4] = [
    same_as("natsrcaddr", "srcaddr", 2),
    same_as("natsrcport", "srcport", 4),
    same_as("natdstaddr", "dstaddr", 8),
    same_as("natdstport", "dstport", 16),
];

const FLOW_ID: &str = "flow-id";

/// The columns that [`flow_ids`] reads, in its order.
pub const FLOW_ID_COLUMNS: [&str; 14] = [
    FLOW_ID,
    FOLLOWS_COLUMN,
    TIMESTAMP_COLUMN,
    AGE_COLUMN,
    "nat-gateway-id",
    "protocol",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "natsrcaddr",
    "natdstaddr",
    "natsrcport",
    "natdstport",
];

/// The number of the rule for a field; no row keeps the rule 0.
pub(crate) fn rule_of(field: &str) -> i64 {
    if field == FLOW_ID {
        return FLOW_ID_FOLLOWS;
    }
    SAME_AS.iter().find(|same| same.field == field).map_or(0, |same| same.rule)
}

/// Which rules a record keeps.
pub(crate) fn rules_of_record(record: &Record) -> i64 {
    let id = record.flow_id.as_deref().and_then(FlowId::written);
    let follows = id.is_some() && id == FlowId::of_record(record);
    // In the order of `SAME_AS`.
    let same = [
        is_same(record.natsrcaddr, record.srcaddr),
        is_same(record.natsrcport, record.srcport),
        is_same(record.natdstaddr, record.dstaddr),
        is_same(record.natdstport, record.dstport),
    ];
    let rest = SAME_AS.iter().zip(same).filter(|(_, is_same)| *is_same);
    i64::from(follows) * FLOW_ID_FOLLOWS + rest.map(|(same, _)| same.rule).sum::<i64>()
}

fn is_same<T: PartialEq>(field: Option<T>, other: Option<T>) -> bool {
    field.is_some() && field == other
}

/// Rows of an older segment, which hold everything, without what follows. `rows` have the columns of today.
pub(crate) fn without_what_follows(rows: &RecordBatch) -> RecordBatch {
    let schema = rows.schema();
    let column = |name: &str| Arc::clone(rows.column_by_name(name).expect("rows have all columns"));
    let named = FLOW_ID_COLUMNS.map(column);
    let named = FlowIdColumns::of(&named).expect("rows have the types of columns");
    let same = SAME_AS.map(|same| (same, column(same.field), column(same.other)));
    let rules = |row| {
        let written = named.stored.is_valid(row).then(|| FlowId::written(named.stored.value(row))).flatten();
        let follows = written.is_some_and(|written| named.follow(row, &mut None) == Some(written));
        let rest = same.iter().filter(|(_, field, other)| {
            field.is_valid(row) && other.is_valid(row) && field.slice(row, 1) == other.slice(row, 1)
        });
        i64::from(follows) * FLOW_ID_FOLLOWS + rest.map(|(same, ..)| same.rule).sum::<i64>()
    };
    let rules: Int64Array = (0..rows.num_rows()).map(|row| Some(rules(row))).collect();
    let columns = schema.fields().iter().map(|field| match (field.name().as_str(), rule_of(field.name())) {
        (FOLLOWS_COLUMN, _) => Arc::new(rules.clone()) as ArrayRef,
        (name, 0) => column(name),
        (name, rule) => {
            let kept = rules.iter().map(|rules| rules.map(|rules| rules & rule != 0)).collect();
            nullif(&column(name), &kept).expect("both have a value for each row")
        }
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).expect("no column changes its type")
}

/// The `flow-id` of rows, from [`FLOW_ID_COLUMNS`]; `None` when these have other types than in segments.
pub fn flow_ids(columns: &[ArrayRef]) -> Option<StringArray> {
    let columns = FlowIdColumns::of(columns)?;
    let mut gateway = None;
    let mut ids = StringBuilder::with_capacity(columns.stored.len(), 16 * columns.stored.len());
    for row in 0..columns.stored.len() {
        if columns.keeps(row, FLOW_ID_FOLLOWS) {
            ids.append_option(columns.follow(row, &mut gateway).map(FlowId::digits).as_ref().map(digits));
        } else {
            ids.append_option(columns.stored.is_valid(row).then(|| columns.stored.value(row)));
        }
    }
    Some(ids.finish())
}

fn digits(digits: &[u8; 16]) -> &str {
    std::str::from_utf8(digits).expect("digits are ASCII")
}

struct FlowIdColumns<'a> {
    stored: &'a StringArray,
    follows: &'a Int64Array,
    moments: &'a TimestampMillisecondArray,
    ages: &'a Int64Array,
    gateways: &'a StringArray,
    protocols: &'a Int64Array,
    original: Tuples<'a>,
    translated: Tuples<'a>,
}

struct Tuples<'a> {
    sources: &'a FixedSizeBinaryArray,
    destinations: &'a FixedSizeBinaryArray,
    source_ports: &'a Int64Array,
    destination_ports: &'a Int64Array,
}

/// The ids of the gateway with that name: it is mostly that of the row before.
type Gateway<'a> = Option<(&'a str, FlowIds)>;

impl<'a> FlowIdColumns<'a> {
    fn of(columns: &'a [ArrayRef]) -> Option<Self> {
        let [stored, follows, moments, ages, gateways, protocols, tuples @ ..] = columns else { return None };
        let [srcaddr, dstaddr, srcport, dstport, natsrcaddr, natdstaddr, natsrcport, natdstport] = tuples
        else {
            return None;
        };
        Some(Self {
            stored: stored.as_string_opt()?,
            follows: follows.as_primitive_opt()?,
            moments: moments.as_primitive_opt::<TimestampMillisecondType>()?,
            ages: ages.as_primitive_opt()?,
            gateways: gateways.as_string_opt()?,
            protocols: protocols.as_primitive_opt()?,
            original: Tuples::of([srcaddr, dstaddr, srcport, dstport])?,
            translated: Tuples::of([natsrcaddr, natdstaddr, natsrcport, natdstport])?,
        })
    }

    fn keeps(&self, row: usize, rule: i64) -> bool {
        number(self.follows, row).is_some_and(|rules| rules & rule != 0)
    }

    /// The name that follows from the other columns.
    fn follow(&self, row: usize, gateway: &mut Gateway<'a>) -> Option<FlowId> {
        let original = Tuple {
            srcaddr: address(self.original.sources, row)?,
            dstaddr: address(self.original.destinations, row)?,
            srcport: port(self.original.source_ports, row)?,
            dstport: port(self.original.destination_ports, row)?,
        };
        let [source, source_port, destination, destination_port] =
            SAME_AS.map(|same| self.keeps(row, same.rule));
        let translated = (
            if source { Some(original.srcaddr) } else { address(self.translated.sources, row) },
            if source_port { Some(original.srcport) } else { port(self.translated.source_ports, row) },
            if destination { Some(original.dstaddr) } else { address(self.translated.destinations, row) },
            if destination_port {
                Some(original.dstport)
            } else {
                port(self.translated.destination_ports, row)
            },
        );
        let translated = match translated {
            (None, None, None, None) => None,
            (srcaddr, srcport, dstaddr, dstport) => {
                Some(Tuple { srcaddr: srcaddr?, dstaddr: dstaddr?, srcport: srcport?, dstport: dstport? })
            }
        };
        let protocol = number(self.protocols, row)?.try_into().ok()?;
        let begun = number(self.moments, row)?.wrapping_sub(number(self.ages, row)?);
        let name = self.gateways.is_valid(row).then(|| self.gateways.value(row))?;
        let ids = match gateway {
            Some((before, ids)) if *before == name => *ids,
            _ => gateway.insert((name, FlowIds::of_gateway(name))).1,
        };
        Some(ids.id(&FlowKey { protocol, original, translated }, Timestamp::from_millis(begun)))
    }
}

impl<'a> Tuples<'a> {
    fn of(columns: [&'a ArrayRef; 4]) -> Option<Self> {
        let [sources, destinations, source_ports, destination_ports] = columns;
        Some(Self {
            sources: sources.as_fixed_size_binary_opt()?,
            destinations: destinations.as_fixed_size_binary_opt()?,
            source_ports: source_ports.as_primitive_opt::<Int64Type>()?,
            destination_ports: destination_ports.as_primitive_opt::<Int64Type>()?,
        })
    }
}

fn address(column: &FixedSizeBinaryArray, row: usize) -> Option<std::net::IpAddr> {
    column.is_valid(row).then(|| address_of(column.value(row))).flatten()
}

fn port(column: &Int64Array, row: usize) -> Option<u16> {
    number(column, row)?.try_into().ok()
}

fn number<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    column.is_valid(row).then(|| column.value(row))
}

#[cfg(test)]
mod tests;
