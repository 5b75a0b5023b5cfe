//! Conversations from connection tracking and refusals from a log group, as one source.
//!
//! Hides: that there are two.
//! Knows nothing of: how either learns what it tells.

use flow::{Event, Loss, Timestamp};

use crate::conntrack::Conntrack;
use crate::nflog::Nflog;
use crate::source::{Progress, Rest, Source, SourceError};

/// What is known without programs in the kernel.
#[derive(Debug)]
pub struct Fallback {
    conntrack: Conntrack,
    nflog: Nflog,
    /// Not yet given to the caller, because a later step failed.
    taken: Vec<Event>,
    losses: Vec<Loss>,
}

impl Fallback {
    /// Joins the two; they watch the same gateway in windows of the same length.
    pub fn new(conntrack: Conntrack, nflog: Nflog) -> Self {
        Self { conntrack, nflog, taken: Vec::new(), losses: Vec::new() }
    }
}

impl Source for Fallback {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        // Conversations first: they notice a clock that was set, and their windows end on time.
        let accepted = self.conntrack.poll(now, &mut self.taken)?;
        self.losses.extend(accepted.losses);
        let refused = self.nflog.poll(now, &mut self.taken)?;
        self.losses.extend(refused.losses);
        events.append(&mut self.taken);
        Ok(Progress {
            complete_until: accepted.complete_until.min(refused.complete_until),
            losses: std::mem::take(&mut self.losses),
            totals: Vec::new(),
            poll_again: accepted.poll_again.min(refused.poll_again),
        })
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<Rest, SourceError> {
        self.conntrack.finish(&mut self.taken)?;
        self.nflog.finish(&mut self.taken)?;
        events.append(&mut self.taken);
        Ok(Rest::Nothing)
    }
}
