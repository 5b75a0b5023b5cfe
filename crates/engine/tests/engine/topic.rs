//! A topic in a store of its own, and an engine to ask about it.
//!
//! Hides: the resources that a topic needs, and the folder that it stands in.
//! Knows nothing of: what is tested.

use std::sync::Arc;
use std::time::Duration;

use engine::{Asker, Engine, EngineError, EngineSettings, FindOrder, FoundRecord, Page, Run, Scope, Table};
use flow::{FieldKind, LogStatus, Record, TimeRange, Timestamp, Value};
use query::{IndexedFields, Query, Search, Syntax, parse};
use store::{BYTES_UNBOUNDED, LogsetRow, NewBatch, Owner, StorageType, Store, TopicRow};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

/// An engine and one topic.
pub(crate) struct Topic {
    pub(crate) engine: Engine,
    pub(crate) index: IndexedFields,
    store: Store,
    owner: Owner,
    row: TopicRow,
    waiting: Runtime,
    _folder: TempDir,
}

/// Everything from the first record on, without passing any over.
pub(crate) const FIRST_PAGE: Page = Page { after: None, offset: 0, limit: 1000 };

impl Topic {
    pub(crate) fn new() -> Self {
        // A slow machine shall not decide about what is tested here.
        let query_duration_max = Duration::from_secs(600);
        Self::with(EngineSettings { threads: 2, query_duration_max, ..EngineSettings::default() })
    }

    pub(crate) fn with(settings: EngineSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let owner = Owner { account: "1".parse().unwrap(), region: "default".parse().unwrap() };
        let logset = "logs-1".parse::<flow::LogsetId>().unwrap();
        let created = Timestamp::default();
        let name = "logs".to_owned();
        let logset_row =
            LogsetRow { id: logset.clone(), name: name.clone(), tags: Vec::new(), topics: 0, created };
        store.create_logset(&owner, &logset_row).unwrap();
        let row = TopicRow {
            id: "topic-1".parse().unwrap(),
            logset,
            name,
            period_days: 30,
            bytes_max: BYTES_UNBOUNDED,
            storage_type: StorageType::Hot,
            describes: String::new(),
            tags: Vec::new(),
            collecting: true,
            indexed: true,
            created,
        };
        store.create_topic(&owner, &row).unwrap();
        Self {
            engine: Engine::new(settings).unwrap(),
            index: IndexedFields::all(),
            store,
            owner,
            row,
            waiting: Builder::new_current_thread().build().unwrap(),
            _folder: folder,
        }
    }

    /// Stores records as one segment.
    pub(crate) fn append(&self, records: &[Record]) {
        let batch = NewBatch {
            id: Uuid::new_v4(),
            owner: self.owner.clone(),
            topic: self.row.id.clone(),
            gateway: "nat-a1b2c3d4".parse().unwrap(),
            records: records.to_vec(),
        };
        self.store.append(&[batch], Timestamp::from_seconds(1)).unwrap();
    }

    pub(crate) fn scope(&self, range: TimeRange) -> Scope {
        let snapshot = self.store.snapshot(&self.owner, &self.row.id, range).unwrap();
        Scope { snapshot, range, index: self.index.clone(), run: Arc::new(Run::new(Asker::default())) }
    }

    pub(crate) fn query(&self, text: &str) -> Query {
        parse(text, Syntax::Cql, &self.index).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// What a search finds in all of time, newest first.
    pub(crate) fn find(&self, text: &str) -> Result<Vec<FoundRecord>, EngineError> {
        self.found_by(&self.query(text).search)
    }

    /// The same, of a search that is read already.
    pub(crate) fn found_by(&self, search: &Search) -> Result<Vec<FoundRecord>, EngineError> {
        let scope = self.scope(TimeRange::ALWAYS);
        let found = self.wait(self.engine.find(&scope, search, FindOrder::Newest, FIRST_PAGE))?;
        assert!(!found.more, "the tests store less than a page");
        Ok(found.records)
    }

    pub(crate) fn analyse(&self, text: &str) -> Result<Table, EngineError> {
        self.wait(self.engine.analyse(&self.scope(TimeRange::ALWAYS), &self.query(text)))
    }

    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.waiting.block_on(answer)
    }
}

/// The record of a text such as `start-ms=60000 srcaddr=10.0.0.1`; `_` in a value stands for a space.
pub(crate) fn record(text: &str) -> Record {
    let mut record = Record::empty(Timestamp::default(), Timestamp::default(), LogStatus::Ok);
    for part in text.split_whitespace() {
        let (name, value) = part.split_once('=').unwrap();
        let field = flow::field(name).unwrap();
        let value = match field.kind {
            FieldKind::Text => Value::Text(value.replace('_', " ").into()),
            FieldKind::Long => Value::Long(value.parse().unwrap()),
            FieldKind::Address => Value::Address(value.parse().unwrap()),
        };
        (field.set)(&mut record, value);
    }
    record
}
