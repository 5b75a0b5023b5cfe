//! Segment files: how rows are laid out in Parquet, and how a file becomes durable.
//!
//! Hides: encodings, compression, sizes of row groups and pages, the steps from a new file to a durable one.
//! Knows nothing of: the catalog, which rows belong together.
//!
//! In which order rows stand says `order.rs`. Each column has the encoding that measured smallest in that order: see
//! `docs/decisions`.

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::TimestampMillisecondType;
use flow::{Timestamp, TopicId};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::catalog::owner::Owner;
use crate::catalog::segment::{Level, SegmentRow};
use crate::digest::{Digest, HashedFile};
use crate::disk::{Files, NewFile};
use crate::error::StoreError;
use crate::schema::{AGE_COLUMN, DURATION_COLUMN, SEGMENT_SCHEMA_VERSION, TIMESTAMP_COLUMN, stored_schema};

/// How hard segments with a short life are compressed: near the best ratio.
const COMPRESSION_LEVEL: i32 = 3;

/// How hard those with a long life are: 1 % of the bytes for a quarter more work. Level 9 would save another half percent
/// for as much again.
const COMPRESSION_LEVEL_LONG: i32 = 6;

/// The most rows of a row group. A row group is decoded with its whole dictionaries, even for one row.
const GROUP_ROWS_MAX: usize = 131_072;

/// The most rows of a page, the unit that statistics can skip.
const PAGE_ROWS_MAX: usize = 4096;

/// The same for segments with a long life: statistics of smaller pages would take a byte a row, and their bytes compress
/// worse.
const PAGE_ROWS_MAX_LONG: usize = 16_384;

/// Rows that are read or merged at a time.
pub(crate) const READ_ROWS: usize = 4096;

/// The key in the file's metadata that holds the version of its columns.
const VERSION_KEY: &str = "natlens.segment_version";

/// The columns that a dictionary would make larger: numbers of which few come twice, byte by byte, so that the bytes that
/// hardly change stand together; moments, which are near to that of the row before where a host is busy; and addresses,
/// which the order of rows repeats.
const ENCODED: &[(&str, Encoding)] = &[
    (TIMESTAMP_COLUMN, Encoding::DELTA_BINARY_PACKED),
    (DURATION_COLUMN, Encoding::BYTE_STREAM_SPLIT),
    (AGE_COLUMN, Encoding::BYTE_STREAM_SPLIT),
    ("srcport", Encoding::BYTE_STREAM_SPLIT),
    ("natsrcport", Encoding::BYTE_STREAM_SPLIT),
    ("packets", Encoding::BYTE_STREAM_SPLIT),
    ("bytes", Encoding::BYTE_STREAM_SPLIT),
    ("reply-packets", Encoding::BYTE_STREAM_SPLIT),
    ("reply-bytes", Encoding::BYTE_STREAM_SPLIT),
    ("dstaddr", Encoding::PLAIN),
    ("natdstaddr", Encoding::PLAIN),
];

/// Columns in which people look for a single value, and which the order of rows does not help.
const LOOKED_UP: [&str; 3] = ["srcaddr", "dstaddr", "natsrcaddr"];

/// How often a filter of such a column says that a value may be there when it is not.
const FALSE_HITS: f64 = 0.01;

/// How long a segment is going to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// Until it is merged, soon.
    Short,
    /// For hours or longer: it gets filters, about 0.4 bytes a row, that skip row groups without a wanted address.
    Long,
}

/// What a finished file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// The earliest and the latest moment of a row.
    pub(crate) moments: RangeInclusive<Timestamp>,
    pub(crate) digest: Digest,
}

impl Written {
    /// The row of the catalog that names the file.
    pub(crate) fn row(
        self,
        id: i64,
        (owner, topic): (&Owner, &TopicId),
        level: Level,
        now: Timestamp,
    ) -> SegmentRow {
        let Self { rows, bytes, moments, digest } = self;
        SegmentRow {
            id,
            owner: owner.clone(),
            topic: topic.clone(),
            version: SEGMENT_SCHEMA_VERSION,
            level,
            rows,
            bytes,
            moments,
            created: now,
            digest: Some(digest),
        }
    }
}

/// A segment that is being written, under a temporary name until it is whole.
pub(crate) struct SegmentWriter {
    path: PathBuf,
    temporary: Temporary,
    writer: ArrowWriter<HashedFile<Box<dyn NewFile>>>,
    rows: u64,
    moments: Option<RangeInclusive<Timestamp>>,
}

impl SegmentWriter {
    /// Starts the segment `path`. Its folder must exist.
    pub(crate) fn create(files: &Arc<Files>, path: &Path, life: Life) -> Result<Self, StoreError> {
        let temporary = Temporary { path: temporary_path(path), files: Arc::clone(files) };
        let file = files.disk().create(&temporary.path).map_err(StoreError::io("create", &temporary.path))?;
        // Arrow's own description of the columns says nothing that Parquet's types do not.
        let options =
            ArrowWriterOptions::new().with_properties(properties(life)).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(HashedFile::new(file), stored_schema(), options)
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

    /// How many rows were added.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Makes the segment durable under its own name; its folder still has to be flushed.
    pub(crate) fn finish(mut self) -> Result<Written, StoreError> {
        let Temporary { path: temporary, files } = &self.temporary;
        // `into_inner` would finish as well, but say of a full disk only that something failed.
        self.writer.finish().map_err(StoreError::segment("finish", &self.path))?;
        let file = self.writer.inner_mut();
        let (bytes, digest) = (file.bytes(), file.digest());
        file.file_mut().sync().map_err(StoreError::io("flush", temporary))?;
        files.disk().rename(temporary, &self.path).map_err(StoreError::io("name", &self.path))?;
        let moments = self.moments.expect("a segment is started for at least one row");
        Ok(Written { rows: self.rows, bytes, moments, digest })
    }
}

/// A file that is in nobody's way when its writer gives up, such as on a full disk.
struct Temporary {
    path: PathBuf,
    files: Arc<Files>,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Once it was finished it has another name, and is not found.
        self.files.remove(&self.path);
    }
}

/// Opens a segment to read it again, in the order of the file.
pub(crate) fn read_segment(path: &Path) -> Result<ParquetRecordBatchReader, StoreError> {
    let file = File::open(path).map_err(StoreError::io("open", path))?;
    // Segments of earlier versions have Arrow's description of their columns; where it is damaged its reader panics.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map_err(StoreError::segment("read", path))?;
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

/// Only encodings that the usual readers of Parquet understand: the files are open to other tools.
fn properties(life: Life) -> WriterProperties {
    let version = KeyValue::new(VERSION_KEY.to_owned(), SEGMENT_SCHEMA_VERSION.to_string());
    let (level, page_rows) = match life {
        Life::Short => (COMPRESSION_LEVEL, PAGE_ROWS_MAX),
        Life::Long => (COMPRESSION_LEVEL_LONG, PAGE_ROWS_MAX_LONG),
    };
    let level = ZstdLevel::try_new(level).expect("levels 1 to 22 exist");
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("natlens ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![version]))
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS_MAX))
        .set_data_page_row_count_limit(page_rows)
        .set_write_batch_size(PAGE_ROWS_MAX)
        .set_statistics_enabled(EnabledStatistics::Page);
    for (column, encoding) in ENCODED {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(*column), false)
            .set_column_encoding(ColumnPath::from(*column), *encoding);
    }
    if life == Life::Long {
        for column in LOOKED_UP {
            // Room for a row group of distinct values; what is not needed of it is folded away.
            properties = properties
                .set_column_bloom_filter_enabled(ColumnPath::from(column), true)
                .set_column_bloom_filter_fpp(ColumnPath::from(column), FALSE_HITS)
                .set_column_bloom_filter_max_ndv(ColumnPath::from(column), GROUP_ROWS_MAX as u64);
        }
    }
    properties.build()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use flow::{LogStatus, Record};

    use super::*;
    use crate::disk::RealDisk;
    use crate::schema::{address_bytes, columns_of};

    const ROWS: u16 = 10_000;

    fn host(number: u16) -> IpAddr {
        Ipv4Addr::from(0x0a00_0000 + u32::from(number)).into()
    }

    /// A segment of rows from ten thousand hosts to one, a second apart.
    fn segment(life: Life) -> ParquetRecordBatchReaderBuilder<File> {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("segment");
        let files = Arc::new(Files::new(Arc::new(RealDisk)));
        let mut writer = SegmentWriter::create(&files, &path, life).unwrap();
        let records: Vec<Record> = (0..ROWS)
            .map(|number| {
                let at = Timestamp::from_seconds(i64::from(ROWS - number));
                let mut record = Record::empty(at, at, LogStatus::Ok);
                record.srcaddr = Some(host(number));
                record.dstaddr = Some(host(ROWS));
                record
            })
            .collect();
        let rows: Vec<(i64, &Record)> = (0..i64::from(ROWS)).rev().zip(&records).collect();
        writer.write(&columns_of(&rows)).unwrap();
        let written = writer.finish().unwrap();
        assert_eq!(written.moments, Timestamp::from_seconds(1)..=Timestamp::from_seconds(ROWS.into()));
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap()
    }

    #[test]
    fn a_segment_tells_readers_its_version_and_what_they_can_skip() {
        let segment = segment(Life::Short);
        let group = segment.metadata().row_group(0);
        for column in group.columns() {
            assert!(column.statistics().is_some() && column.column_index_offset().is_some());
            assert!(column.bloom_filter_offset().is_none());
        }
        let notes = segment.metadata().file_metadata().key_value_metadata().unwrap();
        assert!(notes.iter().any(|note| note.key == VERSION_KEY && note.value.as_deref() == Some("3")));
    }

    #[test]
    fn a_segment_with_a_long_life_knows_which_addresses_it_lacks() {
        let segment = segment(Life::Long);
        let column = stored_schema().index_of("srcaddr").unwrap();
        let filter = segment.get_row_group_column_bloom_filter(0, column).unwrap().unwrap();
        assert!((0..ROWS).all(|number| filter.check(&address_bytes(host(number))[..])), "none is missed");
        let wrong =
            (ROWS..ROWS + 1000).filter(|number| filter.check(&address_bytes(host(*number))[..])).count();
        assert!(wrong < 50, "{wrong} of 1000 others may be there: five times the rate that was asked for");
        let bytes = segment.metadata().row_group(0).column(column).bloom_filter_length().unwrap();
        assert!(bytes < 40_000, "{bytes} bytes: what ten thousand values do not need is folded away");
    }
}
