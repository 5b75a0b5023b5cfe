//! The chain of a topic: everything that ever happened to its segments, each link sealed by a digest of all before.
//!
//! Hides: the rows of the chain in the catalog, and what exactly is sealed.
//! Knows nothing of: what the files hold now; `verify.rs` compares.

use std::collections::BTreeMap;

use flow::{Timestamp, TopicId};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::catalog::FIRST_VERSION_WITH_SIGNATURES;
use crate::catalog::owner::Owner;
use crate::catalog::segment::SegmentRow;
use crate::digest::Digest;
use crate::error::StoreError;
use crate::signer::{SIGNED_BYTES, Signer};

/// What happened to the segments of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Records came.
    Append,
    /// Segments became one, which holds the same rows.
    Merge,
    /// Records went because their time was over, or the topic was full.
    Expire,
    /// The topic went, with all that it held.
    Delete,
    /// Segments of a catalog without a chain became part of one.
    Adopt,
    /// Records that a search finds went because somebody ordered it.
    Erase,
}

impl Deed {
    const ALL: [Self; 6] = [Self::Append, Self::Merge, Self::Expire, Self::Delete, Self::Adopt, Self::Erase];

    /// The word in the catalog.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Merge => "merge",
            Self::Expire => "expire",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
            Self::Erase => "erase",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == word)
    }
}

/// A segment as a link seals it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    pub(crate) id: i64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) first_ms: i64,
    pub(crate) last_ms: i64,
    pub(crate) digest: String,
}

impl Sealed {
    pub(crate) fn of(segment: &SegmentRow) -> Self {
        Self {
            id: segment.id,
            rows: segment.rows,
            bytes: segment.bytes,
            first_ms: segment.moments.start().millis(),
            last_ms: segment.moments.end().millis(),
            digest: segment.digest.map(|digest| digest.to_string()).unwrap_or_default(),
        }
    }
}

/// One link of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) owner: (String, String),
    pub(crate) topic: String,
    pub(crate) number: i64,
    pub(crate) deed: String,
    pub(crate) at_ms: i64,
    /// Segments that came, as JSON.
    pub(crate) added: String,
    /// Ids of segments that went, as JSON.
    pub(crate) removed: String,
    /// Why, where the deed alone does not say it: the JSON of a `Note`, or empty.
    pub(crate) note: String,
    pub(crate) digest: Vec<u8>,
    /// The server's key and its signature of the digest; absent in links of formats before 5.
    pub(crate) signature: Option<Vec<u8>>,
}

/// What a link says of an erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) erasure: String,
    pub(crate) by: String,
    pub(crate) search: String,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    /// How many rows went with this link.
    pub(crate) rows: u64,
}

/// What happens to segments in a transaction.
pub(crate) struct Happening<'a> {
    pub(crate) deed: Deed,
    pub(crate) at: Timestamp,
    pub(crate) note: Option<Note>,
    pub(crate) signer: &'a Signer,
}

impl<'a> Happening<'a> {
    /// One that needs no note.
    pub(crate) fn new(deed: Deed, at: Timestamp, signer: &'a Signer) -> Self {
        Self { deed, at, note: None, signer }
    }
}

impl Link {
    /// The digest that the link must have after one with the digest `before`.
    pub(crate) fn seal(&self, before: Digest) -> Digest {
        let number = self.number.to_be_bytes();
        let at = self.at_ms.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![
            before.as_bytes(),
            self.owner.0.as_bytes(),
            self.owner.1.as_bytes(),
            self.topic.as_bytes(),
            &number,
            self.deed.as_bytes(),
            &at,
            self.added.as_bytes(),
            self.removed.as_bytes(),
        ];
        // Links of earlier formats had none, and keep their digests.
        if !self.note.is_empty() {
            parts.push(self.note.as_bytes());
        }
        Digest::of(&parts)
    }

    /// What happened, which segments came, which went; `None` when the link holds what no program writes.
    pub(crate) fn meaning(&self) -> Option<(Deed, Vec<Sealed>, Vec<i64>)> {
        let added = serde_json::from_str(&self.added).ok()?;
        let removed = serde_json::from_str(&self.removed).ok()?;
        Some((Deed::of(&self.deed)?, added, removed))
    }

    /// What it says of an erasure.
    pub(crate) fn note(&self) -> Option<Note> {
        serde_json::from_str(&self.note).ok()
    }
}

/// Adds a link to the chain of a topic: `added` came in place of `removed`.
pub(crate) fn link(
    transaction: &Transaction<'_>,
    (owner, topic): (&Owner, &TopicId),
    happening: &Happening<'_>,
    added: &[&SegmentRow],
    removed: &[i64],
) -> Result<(), StoreError> {
    let (number, before) = head(transaction, owner, topic)?;
    let sealed: Vec<Sealed> = added.iter().map(|segment| Sealed::of(segment)).collect();
    let mut link = Link {
        owner: (owner.account.as_str().to_owned(), owner.region.as_str().to_owned()),
        topic: topic.as_str().to_owned(),
        number: number + 1,
        deed: happening.deed.as_str().to_owned(),
        at_ms: happening.at.millis(),
        added: serde_json::to_string(&sealed).expect("numbers and texts"),
        removed: serde_json::to_string(removed).expect("numbers"),
        note: happening.note.as_ref().map(written).unwrap_or_default(),
        digest: Vec::new(),
        signature: None,
    };
    let digest = link.seal(before);
    link.digest = digest.as_bytes().to_vec();
    let signature: [u8; SIGNED_BYTES] = happening.signer.sign(digest.as_bytes());
    let mut insert = transaction.prepare_cached(
        "INSERT INTO chain (account, region, topic, number, deed, at_ms, added, removed, digest, note, signature)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    insert.execute(params![
        link.owner.0,
        link.owner.1,
        link.topic,
        link.number,
        link.deed,
        link.at_ms,
        link.added,
        link.removed,
        link.digest,
        link.note,
        signature
    ])?;
    Ok(())
}

fn written(note: &Note) -> String {
    serde_json::to_string(note).expect("texts and numbers")
}

/// Adds a link for each topic that `segments` belong to: they went.
pub(crate) fn unlink(
    transaction: &Transaction<'_>,
    happening: &Happening<'_>,
    segments: &[SegmentRow],
) -> Result<(), StoreError> {
    let mut by_topic: BTreeMap<(&Owner, &TopicId), Vec<i64>> = BTreeMap::new();
    for segment in segments {
        by_topic.entry((&segment.owner, &segment.topic)).or_default().push(segment.id);
    }
    by_topic.into_iter().try_for_each(|(topic, ids)| link(transaction, topic, happening, &[], &ids))
}

/// Every chain, link after link, of a catalog of that format.
pub(crate) fn chains(connection: &Connection, version: i64) -> rusqlite::Result<Vec<Link>> {
    let since_5 = if version < FIRST_VERSION_WITH_SIGNATURES { "'', NULL" } else { "note, signature" };
    let mut select = connection.prepare(&format!(
        "SELECT account, region, topic, number, deed, at_ms, added, removed, digest, {since_5} FROM chain
         ORDER BY account, region, topic, number"
    ))?;
    let links = select.query_map([], read)?;
    links.collect()
}

/// Number and digest of the newest link.
fn head(connection: &Connection, owner: &Owner, topic: &TopicId) -> Result<(i64, Digest), StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT number, digest FROM chain WHERE account = ?1 AND region = ?2 AND topic = ?3
         ORDER BY number DESC LIMIT 1",
    )?;
    let key = [owner.account.as_str(), owner.region.as_str(), topic.as_str()];
    let head: Option<(i64, Vec<u8>)> =
        select.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((number, digest)) = head else { return Ok((0, Digest::NOTHING)) };
    let text = || StoreError::Corrupt { what: "the digest of a chain", text: format!("{digest:?}") };
    Ok((number, Digest::from_bytes(&digest).ok_or_else(text)?))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        owner: (row.get(0)?, row.get(1)?),
        topic: row.get(2)?,
        number: row.get(3)?,
        deed: row.get(4)?,
        at_ms: row.get(5)?,
        added: row.get(6)?,
        removed: row.get(7)?,
        digest: row.get(8)?,
        note: row.get(9)?,
        signature: row.get(10)?,
    })
}
