//! Whole answers as files that are written while they are read.
//!
//! Hides: that the engine goes on only as fast as somebody reads, and how an end differs from a break.
//! Knows nothing of: HTTP, how each form of file is written.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use flow::Field;
use futures::StreamExt as _;
use query::Query;
use store::Segment;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::analyse::Analysis;
use crate::engine::{Engine, Scope};
use crate::error::EngineError;
use crate::file::{FileForm, FileWriter};
use crate::find::FindOrder;
use crate::listing::Listing;
use crate::predicate::predicate;
use crate::run::{Awaited, Run, watched_stream};
use crate::table::overlapping;

/// How many parts of a file wait for a slow reader. With one of [`PART_BYTES`] being written, they bound the memory of a
/// download beside that of its query.
const PARTS_WAITING: usize = 2;

/// How large a part is at least, but for the last. Unit: bytes.
const PART_BYTES: usize = 256 * 1024;

/// How long a part may wait for its reader. Whoever does not read keeps a place that others want.
const READER_PATIENCE: Duration = Duration::from_secs(120);

/// What a download is like.
#[derive(Clone, Debug)]
pub struct DownloadForm {
    /// The form of the file.
    pub file: FileForm,
    /// Which records come first; SQL sorts by itself.
    pub order: FindOrder,
    /// The fields of each record, after its time; every field when there is none. Records only.
    pub fields: Vec<&'static Field>,
}

/// A file that is being written. Dropping it ends the query.
pub struct Download {
    run: Arc<Run>,
    parts: mpsc::Receiver<Vec<u8>>,
    /// Their files stay as long as this reads them.
    _segments: Vec<Arc<Segment>>,
    task: JoinSet<Result<(), EngineError>>,
    _awaited: Awaited,
}

impl Download {
    /// The next part of the file; `None` when it is whole.
    ///
    /// After an error the file is not whole, and nothing follows.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, EngineError>> {
        if self.task.is_empty() {
            return None;
        }
        let part = tokio::select! {
            biased;
            () = self.run.cancelled() => {
                self.task.abort_all();
                self.task.detach_all();
                return Some(Err(EngineError::Cancelled));
            }
            part = self.parts.recv() => part,
        };
        if let Some(part) = part {
            return Some(Ok(part));
        }
        // How the writer ended tells whether the file is whole: one that crashed sends nothing more, either.
        match self.task.join_next().await? {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(error)),
            Err(crash) => Some(Err(EngineError::failed(crash))),
        }
    }
}

impl Engine {
    /// Writes everything that `query` finds or computes into a file, without a limit of rows.
    ///
    /// It has a place of its own kind, so that it keeps no search waiting, and as much time as its reader takes.
    /// Errors come with the parts; those of the SQL come before the first.
    pub fn download(
        &self,
        scope: &Scope,
        query: &Query,
        form: DownloadForm,
    ) -> Result<Download, EngineError> {
        let segments = overlapping(&scope.snapshot.segments, scope.range);
        let contents = match &query.sql {
            Some(_) => {
                scope.run.expect(&segments);
                Contents::Computed(Box::new(self.whole_analysis(scope, query)?))
            }
            None => {
                let found = predicate(&query.search, &scope.index);
                let (session, run) = (self.sequential_session(), Arc::clone(&scope.run));
                let mut listing = Listing::new(session, run, segments, (scope.range, found), form.order);
                listing.fields = form.fields;
                Contents::Listed(Box::new(listing))
            }
        };
        let (most, patience) = (self.settings().downloads_max, self.settings().query_duration_max);
        let busy = move |ahead| EngineError::Busy { most, ahead };
        let mut waiting = self.downloads().join(scope.run.asker()).map_err(busy)?;
        let ending = scope.run.wait_at(waiting.turn().clone());
        let (run, fault) = (Arc::clone(&scope.run), self.fault());
        let held = scope.snapshot.segments.clone();
        let (sender, parts) = mpsc::channel(PARTS_WAITING);
        let mut task = JoinSet::new();
        let writing = async move {
            let slot = timeout(patience, waiting.slot()).await.ok().flatten();
            let slot = slot.ok_or_else(|| busy(waiting.turn().ahead()))?;
            // Free when the file is written, or nobody wants it any more.
            let _held = (slot, ending);
            run.begin();
            let parts = Parts { run, form: form.file, sender };
            match contents {
                Contents::Listed(listing) => parts.list(*listing, fault).await,
                Contents::Computed(analysis) => parts.compute(*analysis, fault).await,
            }
        };
        task.spawn_on(writing, &self.threads());
        let (run, awaited) = (Arc::clone(&scope.run), scope.run.awaited());
        Ok(Download { run, parts, _segments: held, task, _awaited: awaited })
    }
}

/// What is written.
enum Contents {
    Listed(Box<Listing>),
    Computed(Box<Analysis>),
}

/// Where the parts of the file go.
struct Parts {
    run: Arc<Run>,
    form: FileForm,
    sender: mpsc::Sender<Vec<u8>>,
}

impl Parts {
    /// Writes records.
    async fn list(
        self,
        mut listing: Listing,
        fault: impl Fn(DataFusionError) -> EngineError + Copy,
    ) -> Result<(), EngineError> {
        let none = listing.none().map_err(fault)?;
        let mut writer = FileWriter::new(self.form, none.schema().as_arrow()).map_err(fault)?;
        while let Some(rows) = listing.next().await.map_err(fault)? {
            self.write(&mut writer, rows, fault).await?;
            self.run.settle();
        }
        self.send(writer.finish().map_err(fault)?).await
    }

    /// Writes the rows of SQL.
    async fn compute(
        self,
        analysis: Analysis,
        fault: impl Fn(DataFusionError) -> EngineError + Send + Copy,
    ) -> Result<(), EngineError> {
        let planned = analysis.planned(fault).await?;
        let explain = |error| planned.explained(error, fault);
        let rows = planned.filled_rows().await.map_err(explain)?;
        let mut writer = FileWriter::new(self.form, rows.schema().as_arrow()).map_err(explain)?;
        self.write(&mut writer, rows, explain).await?;
        self.send(writer.finish().map_err(explain)?).await
    }

    async fn write(
        &self,
        writer: &mut FileWriter,
        rows: DataFrame,
        explain: impl Fn(DataFusionError) -> EngineError,
    ) -> Result<(), EngineError> {
        let mut batches = watched_stream(&self.run, rows).await.map_err(&explain)?;
        while let Some(batch) = batches.next().await {
            batch.and_then(|batch| writer.write(&batch)).map_err(&explain)?;
            if writer.waiting() >= PART_BYTES {
                self.send(writer.take()).await?;
            }
        }
        Ok(())
    }

    /// Waits until there is room: that is what keeps the query from running ahead of its reader.
    async fn send(&self, part: Vec<u8>) -> Result<(), EngineError> {
        match timeout(READER_PATIENCE, self.sender.send(part)).await {
            Ok(sent) => sent.map_err(|_nobody_reads| EngineError::Cancelled),
            Err(_) => Err(EngineError::Unread { patience: READER_PATIENCE }),
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("run", &self.run).finish_non_exhaustive()
    }
}
