//! Sends spooled batches to the server, oldest first.
//!
//! Hides: what each answer of the server means for a batch, and when to try again.
//! Knows nothing of: files, windows.

use std::time::Duration;

use api::{Client, ClientError, UploadBatchResponse};

use crate::backoff::{ASKED_WAIT_MAX, Backoff, FIRST_WAIT};
use crate::metrics::AgentMetrics;
use crate::spool::{Found, SetAside, Spool};

/// What a server says that knows neither this operation nor this format of a batch: it will, when it is updated.
const OF_AN_OLDER_SERVER: [&str; 2] = ["InvalidAction", "UnsupportedOperation"];

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is durable on the server.
    Stored { again: bool, records: u64 },
    /// Not now. `Some` when the server said when to come back.
    Later { retry_after: Option<Duration>, reason: String },
    /// Never: this batch will always be refused.
    Refused { reason: String },
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Take another turn.
    Now,
    /// Nothing waits: take a turn when a batch does.
    WhenSpooled,
    /// The server cannot be used: take a turn after this wait.
    After(Duration),
}

/// Sends spooled batches to the server.
#[derive(Debug)]
pub(crate) struct Shipper {
    backoff: Backoff,
    metrics: AgentMetrics,
}

impl Shipper {
    /// `seed` spreads the waits of many agents; see [`Backoff`].
    pub(crate) fn new(seed: &str, metrics: AgentMetrics) -> Self {
        Self { backoff: Backoff::new(seed), metrics }
    }

    /// Sends until the spool is abandoned, or closed and either empty or the server cannot be used.
    pub(crate) fn run(mut self, spool: &Spool, client: &Client) {
        let mut upload = |batch: &[u8]| answer(client.upload_batch(batch));
        loop {
            let next = self.turn(spool, &mut upload);
            let over = match next {
                Next::Now => false,
                // A batch spooled just before the close is still sent.
                Next::WhenSpooled => spool.wait_for_batch() && spool.oldest().is_none(),
                Next::After(wait) => spool.wait_for_close(wait),
            };
            if over || spool.is_abandoned() {
                return;
            }
        }
    }

    /// Sends the batch that has waited longest.
    pub(crate) fn turn(&mut self, spool: &Spool, upload: &mut impl FnMut(&[u8]) -> Answer) -> Next {
        let Some(spooled) = spool.oldest() else { return Next::WhenSpooled };
        let answer = match spool.read(&spooled) {
            Found::Batch(batch) => upload(&batch),
            Found::Torn => {
                self.metrics.counters.torn_batches_total.add(1);
                spool.set_aside(&spooled, &SetAside::Torn);
                return self.counted(spool, Next::Now);
            }
            Found::Gone => {
                spool.gone(&spooled);
                return self.counted(spool, Next::Now);
            }
        };
        let next = match answer {
            Answer::Stored { again, records } => {
                self.backoff.reset();
                self.metrics.note_sent(spooled.first, records);
                self.metrics.counters.sent_again_batches_total.add(again.into());
                spool.acknowledged(&spooled);
                Next::Now
            }
            Answer::Refused { reason } => {
                self.backoff.reset();
                self.metrics.counters.refused_batches_total.add(1);
                spool.set_aside(&spooled, &SetAside::Refused { reason });
                Next::Now
            }
            Answer::Later { retry_after, reason } => {
                let wait = self.backoff.next_wait();
                let wait = retry_after.map_or(wait, |asked| asked.clamp(FIRST_WAIT, ASKED_WAIT_MAX));
                tracing::warn!(reason, ?wait, "cannot send a batch yet");
                Next::After(wait)
            }
        };
        self.counted(spool, next)
    }

    /// Tells how much waits after a turn.
    fn counted(&self, spool: &Spool, next: Next) -> Next {
        self.metrics.note_spool(&spool.fill());
        next
    }
}

/// What the outcome of an upload means for the batch.
///
/// Only a natlens server that says what is wrong with this batch ends its wait. Whatever may be wrong with the way
/// there, the server's state (5xx, 429), its age or the agent's token (401) does not.
fn answer(outcome: Result<UploadBatchResponse, ClientError>) -> Answer {
    let error = match outcome {
        Ok(UploadBatchResponse { records, already_stored }) => {
            return Answer::Stored { again: already_stored, records };
        }
        Err(error) => error,
    };
    let reason = error.to_string();
    match error {
        ClientError::Refused { status, reply, .. }
            if is_about_the_batch(status) && !OF_AN_OLDER_SERVER.contains(&reply.error.code.as_str()) =>
        {
            Answer::Refused { reason }
        }
        ClientError::Refused { retry_after, .. } => Answer::Later { retry_after, reason },
        ClientError::Unreachable { .. }
        | ClientError::Distrusted { .. }
        | ClientError::Garbled { .. }
        | ClientError::BrokenOff { .. }
        | ClientError::Request(_) => Answer::Later { retry_after: None, reason },
    }
}

fn is_about_the_batch(status: u16) -> bool {
    (400..500).contains(&status) && ![401, 408, 425, 429].contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::ErrorReply;

    #[track_caller]
    fn check(status: u16, code: &str, refused: bool) {
        let mut reply = Box::new(ErrorReply::default());
        reply.error.code = code.to_owned();
        let retry_after = Some(Duration::from_secs(7));
        match answer(Err(ClientError::Refused { status, retry_after, reply })) {
            Answer::Refused { .. } => assert!(refused, "{status} {code} passes"),
            Answer::Later { retry_after: asked, .. } => {
                assert!(!refused, "{status} {code} is for good");
                assert_eq!(asked, retry_after);
            }
            Answer::Stored { .. } => panic!("{status} {code} is no success"),
        }
    }

    #[test]
    fn only_a_word_about_this_batch_ends_its_wait() {
        for status in [400, 403, 404, 409, 413, 422] {
            check(status, "FailedOperation", true);
        }
        for status in [401, 408, 425, 429, 500, 502, 503, 504, 507] {
            check(status, "FailedOperation", false);
        }
        check(404, "InvalidAction", false);
        check(400, "UnsupportedOperation", false);
    }
}
