//! Segment files: how rows are laid out in Parquet, and how a file becomes durable.
//!
//! Hides: encodings, compression, sizes of row groups and pages, the steps from a new file to a durable one.
//! Knows nothing of: the catalog, which rows belong together.
//!
//! Rows stand newest first, by moment and then by row number, both descending: searches ask for the newest rows
//! nearly always, and then find them in the first pages of the newest segment and stop; and each page covers a
//! short time, so that the page index prunes by time.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::TimestampMillisecondType;
use flow::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::error::StoreError;
use crate::schema::{ROW_COLUMN, SEGMENT_SCHEMA_VERSION, TIMESTAMP_COLUMN, segment_schema};

/// Near the best ratio: level 9 saves 1.5 % of the bytes for half as much work again.
const COMPRESSION_LEVEL: i32 = 3;

/// The most rows of a row group. A row group is decoded with its whole dictionaries, even for one row.
const GROUP_ROWS_MAX: usize = 131_072;

/// The most rows of a page, the unit that statistics can skip.
const PAGE_ROWS_MAX: usize = 4096;

/// Rows that are read or merged at a time.
pub(crate) const READ_ROWS: usize = 4096;

/// The key in the file's metadata that holds the version of its columns.
const VERSION_KEY: &str = "natlens.segment_version";

/// What a finished file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// The earliest and the latest moment of a row.
    pub(crate) moments: RangeInclusive<Timestamp>,
}

/// A segment that is being written, under a temporary name until it is whole.
pub(crate) struct SegmentWriter {
    path: PathBuf,
    temporary: Temporary,
    writer: ArrowWriter<File>,
    rows: u64,
    moments: Option<RangeInclusive<Timestamp>>,
}

impl SegmentWriter {
    /// Starts the segment `path`. Its folder must exist.
    pub(crate) fn create(path: &Path) -> Result<Self, StoreError> {
        let temporary = Temporary(temporary_path(path));
        let file = File::create(&temporary.0).map_err(StoreError::io("create", &temporary.0))?;
        let writer = ArrowWriter::try_new(file, segment_schema(), Some(properties()))
            .map_err(StoreError::segment("start", path))?;
        Ok(Self { path: path.to_owned(), temporary, writer, rows: 0, moments: None })
    }

    /// Adds rows, which must follow those before in the order of the file.
    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<(), StoreError> {
        self.writer.write(rows).map_err(StoreError::segment("write", &self.path))?;
        self.rows += rows.num_rows() as u64;
        let Some(moments) = moments_of(rows) else { return Ok(()) };
        self.moments = Some(match self.moments.take() {
            Some(before) => *before.start().min(moments.start())..=*before.end().max(moments.end()),
            None => moments,
        });
        Ok(())
    }

    /// Makes the segment durable under its own name; its folder still has to be flushed.
    pub(crate) fn finish(self) -> Result<Written, StoreError> {
        let temporary = &self.temporary.0;
        let file = self.writer.into_inner().map_err(StoreError::segment("finish", &self.path))?;
        file.sync_all().map_err(StoreError::io("flush", temporary))?;
        let bytes = file.metadata().map_err(StoreError::io("measure", temporary))?.len();
        std::fs::rename(temporary, &self.path).map_err(StoreError::io("name", &self.path))?;
        let moments = self.moments.expect("a segment is started for at least one row");
        Ok(Written { rows: self.rows, bytes, moments })
    }
}

/// A file that is in nobody's way when its writer gives up, such as on a full disk.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %self.0.display(), %error, "an unfinished segment cannot be removed now");
            }
            // Not found: it was finished, and carries its own name now.
            Ok(()) | Err(_) => {}
        }
    }
}

/// Opens a segment to read it again, in the order of the file.
pub(crate) fn read_segment(path: &Path) -> Result<ParquetRecordBatchReader, StoreError> {
    let file = File::open(path).map_err(StoreError::io("open", path))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(StoreError::segment("read", path))?;
    builder.with_batch_size(READ_ROWS).build().map_err(StoreError::segment("read", path))
}

/// The name that a segment has until it is whole.
fn temporary_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

fn moments_of(rows: &RecordBatch) -> Option<RangeInclusive<Timestamp>> {
    let moments = rows.column(0).as_primitive::<TimestampMillisecondType>();
    Some(Timestamp::from_millis(min(moments)?)..=Timestamp::from_millis(max(moments)?))
}

/// Only encodings that every reader of Parquet understands: the files are open to other tools.
fn properties() -> WriterProperties {
    let newest_first = |column| SortingColumn { column_idx: column, descending: true, nulls_first: false };
    let version = KeyValue::new(VERSION_KEY.to_owned(), SEGMENT_SCHEMA_VERSION.to_string());
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("natlens ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![version]))
        .set_compression(Compression::ZSTD(compression_level()))
        .set_max_row_group_row_count(Some(GROUP_ROWS_MAX))
        .set_data_page_row_count_limit(PAGE_ROWS_MAX)
        .set_write_batch_size(PAGE_ROWS_MAX)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(vec![newest_first(0), newest_first(1)]));
    // Neighbours differ little, and no value of a row number comes twice.
    for column in [TIMESTAMP_COLUMN, ROW_COLUMN] {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(column), false)
            .set_column_encoding(ColumnPath::from(column), Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

fn compression_level() -> ZstdLevel {
    ZstdLevel::try_new(COMPRESSION_LEVEL).expect("level 3 is one of 1 to 22")
}

impl StoreError {
    pub(crate) fn segment(deed: &'static str, path: &Path) -> impl FnOnce(ParquetError) -> Self {
        let path = path.to_owned();
        move |source| Self::Segment { deed, path, source }
    }
}
