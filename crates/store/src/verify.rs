//! Proof that a data folder still holds what was stored, made while no server runs.
//!
//! Hides: how chain, catalog and files are compared.
//! Knows nothing of: how links are made.
//!
//! Who can write to the folder can also write a new chain. That is found out by whoever kept the head of the chain
//! elsewhere: the digest of its newest link, which seals all before it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use flow::{Timestamp, TopicId};
use rusqlite::{Connection, OpenFlags};

use crate::catalog::chain::{Deed, Link, Sealed, chains};
use crate::catalog::owner::Owner;
use crate::catalog::segment::{SegmentRow, all_segments};
use crate::catalog::{FIRST_VERSION_WITH_CHAINS, stored, version};
use crate::digest::Digest;
use crate::error::StoreError;
use crate::signer::{PublicKey, signed_by};
use crate::snapshot::segment_path;
use crate::store::lock_folder;

/// What the chain of a topic proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whose topic it is.
    pub owner: Owner,
    /// Which topic; it may be deleted.
    pub topic: TopicId,
    /// Rows that are still there as they were stored, if there are no faults.
    pub rows: u64,
    /// Segments that hold them.
    pub segments: u64,
    /// What went rightly.
    pub gaps: Vec<Gap>,
    /// What is not as it was stored.
    pub faults: Vec<Fault>,
    /// Whose signatures the links bear, in the order of their first.
    pub signed: Vec<Signed>,
    /// Links before the first that is signed: no key vouches for them but by what follows.
    pub unsigned: u64,
    digests: Vec<Digest>,
}

/// Links that one key signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The key.
    pub key: PublicKey,
    /// How many links.
    pub links: u64,
}

/// Rows that went because their time was over, with their topic, or because somebody ordered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why.
    pub deed: Deed,
    /// When.
    pub at: Timestamp,
    /// How many rows.
    pub rows: u64,
    /// The earliest moment of one of them.
    pub first: Timestamp,
    /// The latest.
    pub last: Timestamp,
    /// Of an erasure: who ordered it, and the search in canonical text.
    pub order: Option<(String, String)>,
}

/// Something that is not as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Somebody changed the history.
    #[error("link {number} of the chain is not what was written: links were changed or taken out")]
    Link {
        /// Its number, from 1.
        number: i64,
    },
    /// A signature does not fit, or is missing after others.
    #[error(
        "link {number} of the chain is not signed as it was written: the chain was written anew from there"
    )]
    Signature {
        /// Its number, from 1.
        number: i64,
    },
    /// The catalog names other segments than the chain.
    #[error("the catalog says of segment {id} what the chain does not")]
    Catalog {
        /// Which segment.
        id: i64,
    },
    /// A file holds other bytes than were stored.
    #[error("segment `{path}` is not what was written")]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// A file is not there.
    #[error("segment `{path}` is missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("segment `{path}` cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

impl Proof {
    /// The digest of the newest link: kept elsewhere, it proves later that nothing before it was changed.
    pub fn head(&self) -> String {
        self.digests.last().copied().unwrap_or(Digest::NOTHING).to_string()
    }

    /// Whether the chain went through `head` at some time.
    pub fn went_through(&self, head: &str) -> bool {
        self.digests.iter().any(|digest| digest.to_string() == head)
    }
}

/// Compares every topic of a data folder, or the one named, with its chain.
///
/// # Errors
/// `Locked` while a server has the folder open, `NoChain` before a server that keeps chains has opened it, and what the
/// machine says. Damage of records is no error but a fault of the proof.
pub fn verify(folder: &Path, topic: Option<&TopicId>) -> Result<Vec<Proof>, StoreError> {
    let path = folder.join("catalog.sqlite");
    if !path.is_file() {
        return Err(StoreError::not_found("catalog", path.display()));
    }
    let _lock = lock_folder(folder)?;
    let catalog = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let found = version(&catalog)?;
    if found < FIRST_VERSION_WITH_CHAINS {
        return Err(StoreError::NoChain { path });
    }
    let sound: String = catalog.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(StoreError::Corrupt { what: "its structure", text: sound });
    }
    let mut topics: BTreeMap<Place, Told> = BTreeMap::new();
    for link in chains(&catalog, found)? {
        let key = (link.owner.0.clone(), link.owner.1.clone(), link.topic.clone());
        topics.entry(key).or_default().links.push(link);
    }
    for row in all_segments(&catalog)? {
        let Owner { account, region } = &row.owner;
        let key = (account.as_str().to_owned(), region.as_str().to_owned(), row.topic.as_str().to_owned());
        topics.entry(key).or_default().rows.push(row);
    }
    let mut proofs = Vec::new();
    for ((account, region, name), told) in topics {
        let owner = Owner { account: stored("account id", account)?, region: stored("region", region)? };
        let name: TopicId = stored("topic id", name)?;
        if topic.is_none_or(|wanted| *wanted == name) {
            proofs.push(prove(folder, (owner, name), &told));
        }
    }
    Ok(proofs)
}

/// Account, region and topic, as the catalog has them.
type Place = (String, String, String);

/// What the catalog tells of a topic.
#[derive(Default)]
struct Told {
    links: Vec<Link>,
    rows: Vec<SegmentRow>,
}

fn prove(folder: &Path, (owner, topic): (Owner, TopicId), told: &Told) -> Proof {
    let mut history = History::default();
    for (link, number) in told.links.iter().zip(1..) {
        history.add(link, number);
    }
    let History { held, gaps, mut faults, digests, signed, unsigned } = history;
    let named: HashMap<i64, Sealed> = told.rows.iter().map(|row| (row.id, Sealed::of(row))).collect();
    let ids: HashSet<i64> = held.keys().chain(named.keys()).copied().collect();
    let differing = ids.into_iter().filter(|id| held.get(id) != named.get(id));
    faults.extend(differing.map(|id| Fault::Catalog { id }));
    for sealed in held.values() {
        let path = segment_path(&folder.join("segments"), &owner, &topic, sealed.id);
        faults.extend(fault_of_file(path, &sealed.digest));
    }
    let rows = held.values().map(|sealed| sealed.rows).sum();
    Proof { owner, topic, rows, segments: held.len() as u64, gaps, faults, signed, unsigned, digests }
}

fn fault_of_file(path: PathBuf, digest: &str) -> Option<Fault> {
    match Digest::of_file(&path) {
        Ok(found) if found.to_string() == digest => None,
        Ok(_) => Some(Fault::Altered { path }),
        Err(error) => Some(Fault::of_reading(path, &error)),
    }
}

impl Fault {
    /// What an error tells of the file that was to be read.
    pub(crate) fn of_reading(path: PathBuf, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            return Self::Missing { path };
        }
        Self::Unreadable { path, why: error.to_string() }
    }
}

/// What the links of a chain say, one after the other.
#[derive(Default)]
struct History {
    held: BTreeMap<i64, Sealed>,
    gaps: Vec<Gap>,
    faults: Vec<Fault>,
    digests: Vec<Digest>,
    signed: Vec<Signed>,
    unsigned: u64,
}

impl History {
    fn add(&mut self, link: &Link, number: i64) {
        let before = self.digests.last().copied().unwrap_or(Digest::NOTHING);
        let digest = link.seal(before);
        self.digests.push(digest);
        let sealed = link.number == number && Digest::from_bytes(&link.digest) == Some(digest);
        let understood = link.meaning().and_then(|meaning| self.follow(meaning, link));
        if !sealed || understood.is_none() {
            self.faults.push(Fault::Link { number });
        }
        self.note_signature(link, number);
    }

    /// Signatures begin at some link, when a program that signs took over, and never end.
    fn note_signature(&mut self, link: &Link, number: i64) {
        let Some(signature) = &link.signature else {
            if self.signed.is_empty() {
                self.unsigned += 1;
            } else {
                self.faults.push(Fault::Signature { number });
            }
            return;
        };
        match signed_by(signature, &link.digest) {
            Some(key) => match self.signed.iter_mut().find(|signed| signed.key == key) {
                Some(signed) => signed.links += 1,
                None => self.signed.push(Signed { key, links: 1 }),
            },
            None => self.faults.push(Fault::Signature { number }),
        }
    }

    /// Carries out what a link says; `None` when this is impossible.
    fn follow(&mut self, (deed, added, removed): (Deed, Vec<Sealed>, Vec<i64>), link: &Link) -> Option<()> {
        let gone: Vec<Sealed> = removed.iter().filter_map(|id| self.held.remove(id)).collect();
        let all_were_there = gone.len() == removed.len();
        let rows = |segments: &[Sealed]| segments.iter().map(|segment| segment.rows).sum::<u64>();
        let (rows_gone, rows_added) = (rows(&gone), rows(&added));
        let possible = match deed {
            Deed::Append | Deed::Adopt => gone.is_empty(),
            Deed::Merge => rows_gone == rows_added,
            Deed::Expire | Deed::Delete => {
                self.gaps.push(gap(deed, link.at_ms, &gone, rows_gone));
                added.is_empty()
            }
            Deed::Erase => {
                let note = link.note()?;
                let order = Some((note.by, note.search));
                self.gaps.push(Gap { order, ..gap(deed, link.at_ms, &gone, note.rows) });
                rows_gone.checked_sub(rows_added) == Some(note.rows)
            }
        };
        self.held.extend(added.into_iter().map(|segment| (segment.id, segment)));
        (possible && all_were_there).then_some(())
    }
}

/// Rows of segments that are gone.
fn gap(deed: Deed, at_ms: i64, gone: &[Sealed], rows: u64) -> Gap {
    let first = gone.iter().map(|gone| gone.first_ms).min().unwrap_or(at_ms);
    let last = gone.iter().map(|gone| gone.last_ms).max().unwrap_or(at_ms);
    Gap {
        deed,
        at: Timestamp::from_millis(at_ms),
        rows,
        first: Timestamp::from_millis(first),
        last: Timestamp::from_millis(last),
        order: None,
    }
}
