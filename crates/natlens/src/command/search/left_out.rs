//! What an answer leaves out because its file is damaged.
//!
//! Hides: that every page of an answer says so again.
//! Knows nothing of: what is damaged, and why.

use std::collections::BTreeMap;

use crate::moment;
use crate::outside::Outside;

/// What all pages of an answer leave out, by segment.
#[derive(Debug, Default)]
pub(super) struct LeftOut(BTreeMap<i64, api::LeftOut>);

impl LeftOut {
    /// Adds what a page says.
    pub(super) fn add(&mut self, page: Option<Vec<api::LeftOut>>) {
        self.0.extend(page.into_iter().flatten().map(|left_out| (left_out.segment_id, left_out)));
    }

    /// Says so beside the answer.
    pub(super) fn tell(&self, outside: &mut Outside) {
        for api::LeftOut { segment_id, from, to, records, reason } in self.0.values() {
            let (from, to) = (moment::shown(*from), moment::shown(*to));
            let what = reason.to_lowercase();
            outside.hint(format_args!(
                "not in this answer: {records} records between {from} and {to}, whose segment {segment_id} is {what}"
            ));
        }
    }
}
