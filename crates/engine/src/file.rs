//! The forms of files that answers are written in.
//!
//! Hides: CSV, JSON and Parquet, how the many types of Arrow become the few of an answer, which texts a spreadsheet
//! would run.
//! Knows nothing of: where the bytes go, how rows are computed.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::csv;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json;
use datafusion::arrow::json::writer::LineDelimited;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;

use crate::answer::ColumnKind;

/// A form of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileForm {
    /// Comma-separated values with a header (RFC 4180), for spreadsheets: what is absent is empty, and a text that a
    /// spreadsheet would run as a formula has an apostrophe before it.
    Csv,
    /// One JSON object a line; what is absent is left out.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// The most rows of a row group of Parquet, which is kept in memory until it is whole: about 10 MB.
const GROUP_ROWS: usize = 65_536;

/// Near the best ratio of bytes and work; what segments have, too.
const COMPRESSION_LEVEL: i32 = 3;

/// Moments as texts (RFC 3339), to the millisecond.
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S%.3fZ";

/// Writes rows into memory, from where they are taken part by part.
pub(crate) struct FileWriter {
    columns: SchemaRef,
    written: Shared,
    encoder: Encoder,
}

enum Encoder {
    Csv(Box<csv::Writer<Shared>>),
    Ndjson(Box<json::Writer<Shared, LineDelimited>>),
    Parquet(Box<ArrowWriter<Shared>>),
}

/// What the encoder has written and nobody has taken.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl FileWriter {
    /// A file of rows with these columns. Its header is written even when no row follows.
    pub(crate) fn new(form: FileForm, schema: &Schema) -> Result<Self, DataFusionError> {
        let named = |name: &String| match form {
            FileForm::Csv => harmless(name).unwrap_or_else(|| name.clone()),
            FileForm::Ndjson | FileForm::Parquet => name.clone(),
        };
        let column = |field: &Arc<Field>| Field::new(named(field.name()), plain(field.data_type()), true);
        let columns = Arc::new(Schema::new(schema.fields().iter().map(column).collect::<Vec<_>>()));
        let written = Shared::default();
        let encoder = match form {
            FileForm::Csv => {
                let csv =
                    csv::WriterBuilder::new().with_header(true).with_timestamp_format(MOMENT.to_owned());
                let csv = csv.with_timestamp_tz_format(MOMENT.to_owned());
                let csv = csv.with_line_terminator(csv::writer::Terminator::CRLF);
                let mut csv = csv.build(written.clone());
                csv.write(&RecordBatch::new_empty(Arc::clone(&columns)))?;
                Encoder::Csv(Box::new(csv))
            }
            FileForm::Ndjson => {
                let json = json::WriterBuilder::new().with_timestamp_format(MOMENT.to_owned());
                let json = json.with_timestamp_tz_format(MOMENT.to_owned());
                Encoder::Ndjson(Box::new(json.build(written.clone())))
            }
            FileForm::Parquet => {
                let parquet =
                    ArrowWriter::try_new(written.clone(), Arc::clone(&columns), Some(properties()))?;
                Encoder::Parquet(Box::new(parquet))
            }
        };
        Ok(Self { columns, written, encoder })
    }

    /// Adds rows.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        let is_for_spreadsheets = matches!(self.encoder, Encoder::Csv(_));
        let column = |(array, field): (&ArrayRef, &Arc<Field>)| {
            let array = made_plain(array, field.data_type())?;
            Ok(if is_for_spreadsheets { made_harmless(array) } else { array })
        };
        let columns = batch.columns().iter().zip(self.columns.fields()).map(column);
        let columns = columns.collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&self.columns), columns)?;
        match &mut self.encoder {
            Encoder::Csv(csv) => csv.write(&batch)?,
            Encoder::Ndjson(json) => json.write(&batch)?,
            Encoder::Parquet(parquet) => parquet.write(&batch)?,
        }
        Ok(())
    }

    /// How many bytes can be taken.
    pub(crate) fn waiting(&self) -> usize {
        self.written.lock(|bytes| bytes.len())
    }

    /// Takes what is written so far.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.written.lock(std::mem::take)
    }

    /// Ends the file; returns the rest of it.
    pub(crate) fn finish(self) -> Result<Vec<u8>, DataFusionError> {
        let Self { written, encoder, .. } = self;
        match encoder {
            Encoder::Csv(csv) => drop(csv.into_inner()),
            Encoder::Ndjson(mut json) => json.finish()?,
            Encoder::Parquet(parquet) => drop(parquet.into_inner()?),
        }
        Ok(written.lock(std::mem::take))
    }
}

impl Shared {
    fn lock<T>(&self, deed: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        // Bytes are appended and taken whole.
        deed(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock(|written| written.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What stands in a file for values of that type: the same as in an answer.
fn plain(arrow: &DataType) -> DataType {
    match ColumnKind::of(arrow) {
        ColumnKind::Bigint => DataType::Int64,
        ColumnKind::Double => DataType::Float64,
        ColumnKind::Boolean => DataType::Boolean,
        ColumnKind::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("+00:00".into())),
        ColumnKind::Varchar => DataType::Utf8,
    }
}

fn made_plain(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let is_text = matches!(array.data_type(), DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8);
    if *to == DataType::Utf8 && !is_text {
        let options = FormatOptions::default().with_null("null");
        let printed = ArrayFormatter::try_new(array, &options)?;
        let text = |row| {
            if array.is_null(row) { Ok(None) } else { printed.value(row).try_to_string().map(Some) }
        };
        let texts: StringArray = (0..array.len()).map(text).collect::<Result<_, ArrowError>>()?;
        return Ok(Arc::new(texts));
    }
    // A number that does not fit is an error, not an absent value.
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

/// Texts as a spreadsheet may read them.
fn made_harmless(array: ArrayRef) -> ArrayRef {
    let Some(texts) = array.as_string_opt::<i32>() else { return array };
    if texts.iter().flatten().all(|text| harmless(text).is_none()) {
        return array;
    }
    let said = |text: &str| harmless(text).unwrap_or_else(|| text.to_owned());
    Arc::new(texts.iter().map(|text| text.map(said)).collect::<StringArray>())
}

/// The text with an apostrophe, if a spreadsheet would run it otherwise. A number is none, and a lone `-` says "nothing".
fn harmless(text: &str) -> Option<String> {
    let begins = text.starts_with(['=', '+', '@', '\t', '\r', '-']);
    let is_formula = begins && text != "-" && text.parse::<f64>().is_err();
    is_formula.then(|| format!("'{text}"))
}

fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(COMPRESSION_LEVEL).expect("level 3 is one of 1 to 22");
    WriterProperties::builder()
        .set_created_by(concat!("natlens ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build()
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{
        Array as _, BooleanArray, Float64Array, Int64Array, ListArray, TimestampMillisecondArray,
    };
    use datafusion::arrow::datatypes::Int64Type;
    use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use expect_test::{Expect, expect};

    use super::*;

    fn rows() -> RecordBatch {
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
        let columns: [(&str, ArrayRef); 7] = [
            ("at", Arc::new(TimestampMillisecondArray::from(vec![Some(1500), None]))),
            ("n", Arc::new(Int64Array::from(vec![Some(-7), None]))),
            ("share", Arc::new(Float64Array::from(vec![0.5, f64::NAN]))),
            ("yes", Arc::new(BooleanArray::from(vec![Some(true), None]))),
            ("said", Arc::new(StringArray::from(vec![Some("a \"b\", c"), Some("")]))),
            ("run", Arc::new(StringArray::from(vec!["=1+2", "-1.5"]))),
            ("list", Arc::new(list)),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
    }

    fn written(form: FileForm) -> Vec<u8> {
        let mut writer = FileWriter::new(form, &rows().schema()).unwrap();
        writer.write(&rows()).unwrap();
        let mut all = writer.take();
        all.extend(writer.finish().unwrap());
        all
    }

    #[track_caller]
    fn check(form: FileForm, expected: Expect) {
        expected.assert_eq(&String::from_utf8(written(form)).unwrap().replace('\r', "␍"));
    }

    #[test]
    fn csv_has_a_header_and_quotes_what_must_be_quoted_and_runs_nothing() {
        check(
            FileForm::Csv,
            expect![[r#"
            at,n,share,yes,said,run,list␍
            1970-01-01T00:00:01.500Z,-7,0.5,true,"a ""b"", c",'=1+2,"[1, null]"␍
            ,,NaN,,,-1.5,␍
        "#]],
        );
        let empty = FileWriter::new(FileForm::Csv, &rows().schema()).unwrap().finish().unwrap();
        assert_eq!(empty, b"at,n,share,yes,said,run,list\r\n");
    }

    #[test]
    fn only_what_a_spreadsheet_would_run_has_an_apostrophe() {
        for text in ["=1", "+1+1", "@x", "-a", "\tx", "\rx", "--1"] {
            assert_eq!(harmless(text), Some(format!("'{text}")));
        }
        for text in ["", "-", "-1", "+1.5e3", "a=1", "10.0.0.1", "::1"] {
            assert_eq!(harmless(text), None, "{text}");
        }
    }

    #[test]
    fn json_is_one_object_a_line_with_values_as_they_are() {
        check(
            FileForm::Ndjson,
            expect![[r#"
            {"at":"1970-01-01T00:00:01.500Z","n":-7,"share":0.5,"yes":true,"said":"a \"b\", c","run":"=1+2","list":"[1, null]"}
            {"share":null,"said":"","run":"-1.5"}
        "#]],
        );
    }

    #[test]
    fn parquet_holds_the_same() {
        let file = tempfile::tempfile().unwrap();
        (&file).write_all(&written(FileForm::Parquet)).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let read: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
        assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
        let (run, list) = (read[0].column(5).as_string::<i32>(), read[0].column(6));
        assert_eq!((run.value(0), list.data_type(), list.is_null(1)), ("=1+2", &DataType::Utf8, true));
    }
}
