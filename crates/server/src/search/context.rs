//! The text that continues an answer: where the last page ended, and of which question.
//!
//! Hides: its encoding.
//! Knows nothing of: how a page is found.

use engine::Position;
use flow::Timestamp;
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// The version of the encoding.
const VERSION: u8 = 1;

/// Version, moment, row, listed records, checksum of the question.
const BYTES: usize = 1 + 8 + 8 + 4 + 8;

/// Names a question, so that a context is not used with another one.
pub(crate) type Checksum = [u8; 8];

/// Where an answer continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// After which record.
    pub(crate) after: Position,
    /// How many records the pages before had.
    pub(crate) listed: u32,
}

/// The checksum of a question that consists of `parts`.
pub(crate) fn checksum(parts: &[&str]) -> Checksum {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let mut sum = Checksum::default();
    for (to, from) in sum.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    sum
}

impl Context {
    /// The context as opaque text.
    pub(crate) fn encode(self, question: Checksum) -> String {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(VERSION);
        bytes.extend(self.after.at.millis().to_be_bytes());
        bytes.extend(self.after.row.to_be_bytes());
        bytes.extend(self.listed.to_be_bytes());
        bytes.extend(question);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The context that `text` encodes, if it belongs to `question`.
    pub(crate) fn decode(text: &str, question: Checksum) -> Result<Self, Failure> {
        let invalid = |why: &str| {
            let message = format!("the Context {why}: search again from the first page");
            Failure::new("FailedOperation.InvalidContext", message)
        };
        let (context, of) = read(text).ok_or_else(|| invalid("cannot be read"))?;
        if of == question { Ok(context) } else { Err(invalid("belongs to another search")) }
    }
}

fn read(text: &str) -> Option<(Context, Checksum)> {
    let digits = text.as_bytes();
    if digits.len() != 2 * BYTES || !text.is_ascii() {
        return None;
    }
    let bytes: Vec<u8> = (0..BYTES)
        .map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok())
        .collect::<Option<_>>()?;
    let (version, rest) = bytes.split_first_chunk::<1>()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let (row, rest) = rest.split_first_chunk::<8>()?;
    let (listed, rest) = rest.split_first_chunk::<4>()?;
    let after =
        Position { at: Timestamp::from_millis(i64::from_be_bytes(*at)), row: i64::from_be_bytes(*row) };
    let context = Context { after, listed: u32::from_be_bytes(*listed) };
    (*version == [VERSION]).then_some((context, rest.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_continues_its_own_question_only() {
        let after = Position { at: Timestamp::from_millis(-5), row: 7 };
        let context = Context { after, listed: 100 };
        let question = checksum(&["topic", "action:REJECT"]);
        let text = context.encode(question);
        assert_eq!(Context::decode(&text, question).unwrap(), context);
        assert_eq!(
            Context::decode(&text, checksum(&["topica", "ction:REJECT"])).unwrap_err().code,
            "FailedOperation.InvalidContext"
        );
    }

    #[test]
    fn a_hostile_context_is_refused() {
        let good = Context { after: Position { at: Timestamp::default(), row: 0 }, listed: 0 }.encode([0; 8]);
        for text in
            ["", "xyz", &good[2..], &format!("{good}00"), &good.replacen("01", "02", 1), &"é".repeat(BYTES)]
        {
            assert!(Context::decode(text, [0; 8]).is_err(), "{text}");
        }
    }
}
