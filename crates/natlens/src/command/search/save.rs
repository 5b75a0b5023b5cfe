//! `natlens search --save`: everything that a query finds or computes, as a file.
//!
//! Hides: that the file is written beside its place, and stands there only once it is whole.
//! Knows nothing of: the forms of files; the server writes them.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use api::{Client, DownloadLog, DownloadLogRequest, SearchLogRequest};

use crate::failure::Failure;

/// The endings of file names, and the forms that they stand for.
const FORMS: &[(&str, &str)] =
    &[("csv", "csv"), ("ndjson", "ndjson"), ("jsonl", "ndjson"), ("parquet", "parquet")];

/// How much is read at once. Unit: bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// A file that is to be written, and its form.
#[derive(Clone, Debug)]
pub(super) struct Target {
    path: PathBuf,
    format: &'static str,
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let form = FORMS.iter().find(|(name, _)| name.eq_ignore_ascii_case(ending));
        let (_, format) = form.ok_or("its ending tells the form: `.csv`, `.ndjson` or `.parquet`")?;
        Ok(Self { path, format })
    }
}

/// Writes all that `request` finds into the file; returns its bytes.
pub(super) fn save(
    client: &Client,
    request: SearchLogRequest,
    fields: &[String],
    target: &Target,
) -> Result<u64, Failure> {
    let SearchLogRequest { from, to, query_string, query_syntax, topic_id, sort, .. } = request;
    let request = DownloadLogRequest {
        topic_id: topic_id.unwrap_or_default(),
        from,
        to,
        query_string,
        query_syntax,
        format: target.format.to_owned(),
        sort,
        fields: Some(fields.to_vec()).filter(|fields| !fields.is_empty()),
    };
    let answer = client.download::<DownloadLog>(&request)?;
    whole(answer, &target.path)
}

/// Copies the answer beside the file, and puts it in its place when it is whole.
fn whole(answer: impl Read, path: &Path) -> Result<u64, Failure> {
    let beside = beside(path);
    let written = copy(answer, &beside, path).and_then(|bytes| {
        fs::rename(&beside, path).map_err(|source| Failure::Save { path: path.to_owned(), source })?;
        Ok(bytes)
    });
    if written.is_err() {
        // What is left of it tells nobody anything; the error that stopped it is told.
        fs::remove_file(&beside).ok();
    }
    written
}

fn copy(mut answer: impl Read, beside: &Path, path: &Path) -> Result<u64, Failure> {
    let failed = |source| Failure::Save { path: beside.to_owned(), source };
    let mut file = File::create(beside).map_err(failed)?;
    let mut piece = vec![0; PIECE_BYTES];
    let mut bytes = 0;
    loop {
        let read = match answer.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(Failure::NotSaved { path: path.to_owned(), bytes, source }),
        };
        file.write_all(piece.get(..read).unwrap_or_default()).map_err(failed)?;
        bytes += u64::try_from(read).unwrap_or(u64::MAX);
    }
    file.sync_all().map_err(failed)?;
    Ok(bytes)
}

/// Where the file stands while it is written.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".part");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a line, and then breaks.
    struct Broken(&'static [u8]);

    impl Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            match self.0.read(into)? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn only_what_is_whole_takes_the_place_of_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.csv");
        assert_eq!(whole(&b"a,b\r\n"[..], &path).unwrap(), 5);
        let error = whole(Broken(b"c,d\r\n"), &path).unwrap_err();
        assert!(matches!(error, Failure::NotSaved { bytes: 5, .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"a,b\r\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written is left");
    }

    #[test]
    fn the_ending_tells_the_form() {
        for (name, format) in
            [("a.csv", "csv"), ("b.c.NDJSON", "ndjson"), ("x.jsonl", "ndjson"), ("/t/p.parquet", "parquet")]
        {
            assert_eq!(name.parse::<Target>().unwrap().format, format);
        }
        for name in ["a", "csv", ".csv", "a.txt", ""] {
            assert!(name.parse::<Target>().is_err(), "{name}");
        }
    }
}
