//! Tells whether a search finds a record: the meaning of the language, in a form that can be read.
//!
//! Hides: how a value is compared.
//! Knows nothing of: segments, columns; the engine must find the same records by other means.

use std::net::IpAddr;
use std::ops::RangeBounds as _;

use flow::{FIELDS, Record, Value, field};

use crate::index::{Case, Delimiters, IndexedFields, TIMESTAMP_FIELD};
use crate::phrase::Phrase;
use crate::search::{Comparison, Filter, Search, Test};

impl Search {
    /// Whether this finds `record` in a topic with this index.
    pub fn finds(&self, record: &Record, index: &IndexedFields) -> bool {
        match self {
            Self::All => true,
            Self::And(parts) => parts.iter().all(|part| part.finds(record, index)),
            Self::Or(parts) => parts.iter().any(|part| part.finds(record, index)),
            Self::Not(inner) => !inner.finds(record, index),
            Self::Filter(filter) => filter.finds(record, index),
            Self::FullText(phrase) => is_anywhere(phrase, record, index),
        }
    }
}

impl Filter {
    fn finds(&self, record: &Record, index: &IndexedFields) -> bool {
        let value = match self.field.as_str() {
            TIMESTAMP_FIELD => Some(Value::Long(record.start.millis())),
            name => field(name).and_then(|field| (field.get)(record)),
        };
        match (&self.test, value) {
            (Test::Exists, value) => value.is_some(),
            (Test::Empty, None) => true,
            (_, None) => false,
            (Test::Empty, Some(Value::Text(text))) => text.is_empty(),
            (Test::Text(phrase), Some(Value::Text(text))) => {
                let whole = Delimiters::default();
                let delimiters = index.field(&self.field).map_or(&whole, |field| &field.delimiters);
                phrase.is_in(&text, delimiters, index.case)
            }
            (Test::Compare(comparison, wanted), Some(Value::Long(number))) => {
                comparison.holds(number, *wanted)
            }
            (Test::Range(low, high), Some(Value::Long(number))) => (*low, *high).contains(&number),
            (test, Some(Value::Address(address))) => is_address(test, address),
            (_, Some(Value::Text(_) | Value::Long(_))) => false,
        }
    }
}

impl Comparison {
    /// Whether `left` stands in this relation to `right`.
    pub const fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Equal => left == right,
            Self::GreaterOrEqual => left >= right,
            Self::Greater => left > right,
        }
    }
}

fn is_address(test: &Test, address: IpAddr) -> bool {
    match test {
        Test::Address(wanted) => *wanted == address,
        Test::Prefix(prefix) => prefix.contains(address),
        Test::AddressRange(first, last) => {
            first.is_ipv4() == address.is_ipv4() && (*first..=*last).contains(&address)
        }
        Test::AddressWildcard(wildcard) => wildcard.matches(&address.to_string(), Case::Insensitive),
        Test::AddressPattern(pattern) => pattern.matches(&address.to_string(), Case::Insensitive),
        Test::Exists | Test::Empty | Test::Text(_) | Test::Compare(..) | Test::Range(..) => false,
    }
}

/// Whether the text of some field has the phrase; it does not reach from one field into the next.
fn is_anywhere(phrase: &Phrase, record: &Record, index: &IndexedFields) -> bool {
    let Some(full_text) = &index.full_text else { return false };
    FIELDS
        .iter()
        .filter_map(|field| (field.get)(record))
        .any(|value| phrase.is_in(&value.to_string(), &full_text.delimiters, full_text.case))
}
