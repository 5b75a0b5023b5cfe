//! The segments of a snapshot as a table of DataFusion.
//!
//! Hides: how files are handed to the threads, which of them are read at all.
//! Knows nothing of: searches, SQL; it never lists a folder.

use std::path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, ScalarValue, Statistics};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::Expr;
use datafusion::object_store::path::Path as StorePath;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::prelude::SessionContext;
use flow::TimeRange;
use store::{Segment, segment_schema};

use crate::derived;

/// The column that tells which segment a row comes from.
pub(crate) const SEGMENT_COLUMN: &str = "__SEGMENT__";

/// Some segments as a table: their columns, and [`SEGMENT_COLUMN`].
#[derive(Debug)]
pub(crate) struct SegmentTable {
    schema: TableSchema,
    files: Vec<PartitionedFile>,
    rows: u64,
}

/// The segments that may hold records of `range`, out of `segments`.
pub(crate) fn overlapping(segments: &[Arc<Segment>], range: TimeRange) -> Vec<Arc<Segment>> {
    let overlaps = |held: TimeRange| held.from < range.to && range.from < held.to;
    segments.iter().filter(|segment| overlaps(segment.range())).map(Arc::clone).collect()
}

impl SegmentTable {
    /// The table of `segments`. Fails when the path of one cannot be named.
    pub(crate) fn new(segments: &[Arc<Segment>]) -> Result<Self, DataFusionError> {
        let segment_column = Arc::new(Field::new(SEGMENT_COLUMN, DataType::Int64, false));
        Ok(Self {
            schema: TableSchema::builder(segment_schema())
                .with_table_partition_cols(vec![segment_column])
                .build(),
            files: segments.iter().map(|segment| file(segment)).collect::<Result<_, _>>()?,
            rows: segments.iter().map(|segment| segment.rows()).sum(),
        })
    }

    /// The rows with every field: what is not stored is computed.
    pub(crate) fn rows_in(self, session: &SessionContext) -> Result<DataFrame, DataFusionError> {
        self.stored_in(session)?.select(derived::columns())
    }

    /// The rows with what segments hold.
    pub(crate) fn stored_in(self, session: &SessionContext) -> Result<DataFrame, DataFusionError> {
        session.read_table(Arc::new(self))
    }

    /// The rows of which `kept` is true, moved to a later time: every field that is a moment says so.
    pub(crate) fn rows_later_in(
        self,
        session: &SessionContext,
        kept: Expr,
        by: Duration,
    ) -> Result<DataFrame, DataFusionError> {
        let columns: Vec<Expr> = self
            .schema
            .table_schema()
            .fields()
            .iter()
            .map(|field| derived::later(field.name(), by))
            .collect();
        self.stored_in(session)?.filter(kept)?.select(columns)?.select(derived::columns())
    }

    /// How many rows there are; nothing else is known before they are read.
    fn counted(&self) -> Statistics {
        let mut statistics = Statistics::new_unknown(self.schema.table_schema());
        statistics.num_rows = usize::try_from(self.rows).map_or(Precision::Absent, Precision::Exact);
        statistics
    }
}

#[async_trait]
impl TableProvider for SegmentTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let store = ObjectStoreUrl::local_filesystem();
        let runtime = state.runtime_env();
        let reader = CachedParquetFileReaderFactory::new(
            runtime.object_store(&store)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(state.default_table_options().parquet)
            .with_parquet_file_reader_factory(Arc::new(reader));
        let groups = FileGroup::new(self.files.clone()).split_files(state.config().target_partitions());
        if groups.is_empty() {
            let schema = datafusion::physical_plan::project_schema(&self.schema(), projection)?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let scan = FileScanConfigBuilder::new(store, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(self.counted())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.counted())
    }
}

fn file(segment: &Segment) -> Result<PartitionedFile, DataFusionError> {
    let path = path::absolute(segment.path())?;
    let location =
        StorePath::from_absolute_path(path).map_err(|error| DataFusionError::External(error.into()))?;
    let mut file = PartitionedFile::new("", segment.bytes());
    file.object_meta.location = location;
    Ok(file.with_partition_values(vec![ScalarValue::Int64(Some(segment.id()))]))
}

#[cfg(test)]
mod tests {
    use datafusion::physical_plan::displayable;
    use query::{IndexedFields, Syntax, parse};

    use super::*;
    use crate::engine::{Engine, EngineSettings};
    use crate::predicate::{column, predicate};

    #[tokio::test]
    async fn searches_are_carried_out_where_the_segments_are_read() {
        let engine = Engine::new(EngineSettings::default()).unwrap();
        for text in [
            "action:REJECT",
            "srcaddr:10.0.0.0/8 AND NOT dstport:443",
            "drop OR lost:*",
            "srcaddr:10.*.1",
            "flow-id:6c8ae485822289e0",
            "natdstaddr:192.0.2.0/24",
        ] {
            let index = IndexedFields::all();
            let search = parse(text, Syntax::Cql, &index).unwrap().search;
            let table = SegmentTable {
                // Planning opens no file.
                files: vec![PartitionedFile::new("nowhere", 1)],
                rows: 1,
                ..SegmentTable::new(&[]).unwrap()
            };
            let rows = table.rows_in(&engine.session()).unwrap();
            let rows = rows.filter(predicate(&search, &index)).unwrap().select([column("bytes")]).unwrap();
            let plan = rows.create_physical_plan().await.unwrap();
            let plan = displayable(plan.as_ref()).indent(false).to_string();
            let read_there = plan.contains("predicate=") && !plan.contains("FilterExec");
            assert!(read_there && plan.contains("projection=[bytes]"), "{text}: {plan}");
        }
    }
}
