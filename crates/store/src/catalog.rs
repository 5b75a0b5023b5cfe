//! The catalog: the small transactional database that names everything.
//!
//! Hides: SQLite, its connections and settings, the tables and how older ones become newer ones.
//! Knows nothing of: what segments hold.
//!
//! Every resource's key starts with account and region; users and their secrets belong to an account alone.

pub(crate) mod chain;
pub(crate) mod erasure;
pub(crate) mod flow_log;
pub(crate) mod former;
pub(crate) mod gateway;
pub(crate) mod health;
pub(crate) mod index;
pub(crate) mod logset;
pub(crate) mod owner;
pub(crate) mod segment;
pub(crate) mod sign_in;
pub(crate) mod topic;
pub(crate) mod usage;

use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::catalog::owner::Tag;
use crate::counters::Counters;
use crate::error::StoreError;

/// The format of the catalog that this program writes; it reads and migrates every earlier one.
pub(crate) const CATALOG_VERSION: i64 = 5;

/// The first format that has chains, and digests of segments.
pub(crate) const FIRST_VERSION_WITH_CHAINS: i64 = 2;

/// The first format whose links may have notes and signatures.
pub(crate) const FIRST_VERSION_WITH_SIGNATURES: i64 = 5;

/// Steps from an empty file to `CATALOG_VERSION`: entry n leads from format n to n + 1. Entries never change.
const MIGRATIONS: &[&str] = &[
    include_str!("catalog/v1.sql"),
    include_str!("catalog/v2.sql"),
    include_str!("catalog/v3.sql"),
    include_str!("catalog/v4.sql"),
    include_str!("catalog/v5.sql"),
];

/// Idle connections for reading that are kept. Each costs its page cache, 2 MB at most.
const IDLE_READERS_MAX: usize = 4;

/// How long a connection waits for another before it gives up. Only backups and curious people with a shell hold
/// the catalog from outside.
pub(crate) const BUSY_PATIENCE: Duration = Duration::from_secs(10);

/// Numbers that only grow, by the name of their row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sequence {
    /// The id of the newest segment ever named.
    Segment,
    /// How often flow logs, or what decides which of them are in force, have changed.
    FlowLogs,
}

impl Sequence {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::FlowLogs => "flow logs",
        }
    }
}

/// The database of one data folder.
#[derive(Debug)]
pub(crate) struct Catalog {
    path: Box<Path>,
    // Closed before the writer: only the last connection moves the write-ahead log into the file, and only if it
    // may write.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
    counters: Arc<Counters>,
}

impl Catalog {
    /// Opens the catalog at `path`, creates it when absent, migrates it when older.
    pub(crate) fn open(path: &Path, counters: Arc<Counters>) -> Result<Self, StoreError> {
        let mut writer = Connection::open(path)?;
        writer.busy_timeout(BUSY_PATIENCE)?;
        // Before anything is written: the file of a newer program stays as it is.
        let found = version(&writer)?;
        if found > CATALOG_VERSION {
            return Err(StoreError::NewerFormat { path: path.into(), found, known: CATALOG_VERSION });
        }
        writer.pragma_update(None, "journal_mode", "WAL")?;
        // FULL flushes at every commit; what a caller was told is stored survives the loss of power.
        writer.pragma_update(None, "synchronous", "FULL")?;
        migrate(&mut writer, found)?;
        Ok(Self { path: path.into(), writer: Mutex::new(writer), readers: Mutex::default(), counters })
    }

    /// Does `deed` in one transaction: all of it is durable on return, or nothing.
    pub(crate) fn transact<T>(
        &self,
        deed: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = lock(&self.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = deed(&transaction)?;
        transaction.commit()?;
        self.counters.commits.add(1);
        Ok(done)
    }

    /// Reads what was committed last; waits for no writer.
    pub(crate) fn read<T>(
        &self,
        deed: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = lock(&self.readers).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => self.reader()?,
        };
        let done = deed(&reader);
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS_MAX {
            readers.push(reader);
        }
        done
    }

    fn reader(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&self.path, flags)?;
        reader.busy_timeout(BUSY_PATIENCE)?;
        Ok(reader)
    }
}

/// The format of a catalog; 0 of an empty file.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a catalog of format `found` to `CATALOG_VERSION`.
pub(crate) fn migrate(writer: &mut Connection, found: i64) -> Result<(), StoreError> {
    let done = usize::try_from(found).unwrap_or(0);
    for (version, step) in MIGRATIONS.iter().enumerate().skip(done) {
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", i64::try_from(version).unwrap_or(0) + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The value of a sequence; 0 before its first step.
pub(crate) fn sequence(connection: &Connection, sequence: Sequence) -> rusqlite::Result<i64> {
    let mut select = connection.prepare_cached("SELECT value FROM sequences WHERE name = ?1")?;
    Ok(select.query_row([sequence.as_str()], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Raises a sequence to `value`, unless it is there already.
pub(crate) fn raise(transaction: &Transaction<'_>, sequence: Sequence, value: i64) -> rusqlite::Result<()> {
    let mut raise = transaction.prepare_cached(
        "INSERT INTO sequences (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
    )?;
    raise.execute(params![sequence.as_str(), value])?;
    Ok(())
}

/// Raises a sequence by one.
pub(crate) fn step(transaction: &Transaction<'_>, sequence: Sequence) -> rusqlite::Result<()> {
    let value = self::sequence(transaction, sequence)?;
    raise(transaction, sequence, value + 1)
}

/// Parses what the catalog holds; it was checked before it was written, so a failure is damage.
pub(crate) fn stored<T: FromStr>(what: &'static str, text: String) -> Result<T, StoreError> {
    text.parse().ok().ok_or(StoreError::Corrupt { what, text })
}

/// Tags as a column holds them.
pub(crate) fn tags_text(tags: &[Tag]) -> String {
    serde_json::to_string(tags).expect("tags are plain texts")
}

/// Tags from a column.
pub(crate) fn tags_from(text: String) -> Result<Vec<Tag>, StoreError> {
    serde_json::from_str(&text).ok().ok_or(StoreError::Corrupt { what: "tags", text })
}

/// Locks `mutex`, also after a thread died while it held it: the guarded values are whole between any two
/// statements, and an open transaction of the dead thread was rolled back.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
