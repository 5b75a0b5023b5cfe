//! Who owns a resource, how it is tagged, and how lists are paged.
//!
//! Hides: nothing; shared words of all resources.
//! Knows nothing of: any particular resource.

use flow::{AccountId, RegionId};
use serde::{Deserialize, Serialize};

/// The account and region that a resource belongs to; every key starts with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// Whose it is.
    pub account: AccountId,
    /// Where it stands.
    pub region: RegionId,
}

/// A key and a value for finding and managing; the value may be empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// Tags asked for: every entry must be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagFilter {
    /// Each list must have one key that the resource carries.
    pub keys: Vec<Vec<String>>,
    /// For each key, one of the values.
    pub values: Vec<(String, Vec<String>)>,
}

impl TagFilter {
    pub(crate) fn admits(&self, tags: &[Tag]) -> bool {
        let key_met = |keys: &Vec<String>| tags.iter().any(|tag| keys.contains(&tag.key));
        let value_met = |(key, values): &(String, Vec<String>)| {
            tags.iter().any(|tag| tag.key == *key && values.contains(&tag.value))
        };
        self.keys.iter().all(key_met) && self.values.iter().all(value_met)
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many to leave out from the first.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

impl Page {
    /// The whole list.
    pub const ALL: Self = Self { offset: 0, limit: usize::MAX };

    pub(crate) fn of<T>(self, rows: Vec<T>) -> Listing<T> {
        let total = rows.len();
        Listing { total, rows: rows.into_iter().skip(self.offset).take(self.limit).collect() }
    }
}

/// A part of a list, and how long the whole list is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// Rows that match, before paging.
    pub total: usize,
    /// The wanted part.
    pub rows: Vec<T>,
}

/// Whether `id` is wanted: an empty list wants everything.
pub(crate) fn wanted<T: PartialEq<U>, U: ?Sized>(list: &[T], id: &U) -> bool {
    list.is_empty() || list.iter().any(|entry| entry == id)
}
