//! The line below an answer: whether it is complete, and how much was read for it.
//!
//! Hides: how numbers are written for people.
//! Knows nothing of: what was found.

use api::{ScannedAmount, SearchLogResponse};

/// How much was read for the pages of an answer, and whether the last one has others behind it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    scanned: ScannedAmount,
    sampling_rate: f64,
    pub(super) cut: bool,
}

impl Told {
    /// Adds what a page says of itself.
    pub(super) fn add(&mut self, page: &SearchLogResponse) {
        let read = page.scanned.unwrap_or_default();
        let sum = &mut self.scanned;
        sum.rows += read.rows;
        sum.rows_total += read.rows_total;
        sum.bytes += read.bytes;
        sum.bytes_total += read.bytes_total;
        sum.segments += read.segments;
        self.sampling_rate = page.sampling_rate;
        self.cut = page.cut;
    }

    /// The line; `found` says what is above it.
    pub(super) fn line(&self, found: &str) -> String {
        let ScannedAmount { rows, rows_total, bytes, bytes_total, segments } = self.scanned;
        let complete = if self.cut { "cut" } else { "complete" };
        // The rate of an answer from which sampling leaves nothing out is 1.
        let exact = if self.sampling_rate < 1.0 { "sampled" } else { "exact" };
        let (rows, rows_total) = (grouped(rows), grouped(rows_total));
        let (bytes, bytes_total) = (sized(bytes), sized(bytes_total));
        let segments =
            if segments == 1 { "1 segment".to_owned() } else { format!("{} segments", grouped(segments)) };
        format!(
            "{found}; {complete}, {exact}; read {rows} of {rows_total} rows and {bytes} of {bytes_total} in {segments}"
        )
    }
}

/// A number with a comma after every third digit from its end.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

/// Bytes in the unit that leaves at most three digits before the point.
fn sized(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    let unit = units.into_iter().find(|(_, size)| bytes >= *size);
    unit.map_or_else(
        || format!("{bytes} B"),
        |(name, size)| format!("{}.{} {name}", bytes / size, bytes % size * 10 / size),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_sums_the_pages_and_speaks_of_the_last() {
        let scanned = ScannedAmount {
            rows: 1200,
            rows_total: 3_000_000,
            bytes: 999,
            bytes_total: 12_345_678,
            segments: 2,
        };
        let page = SearchLogResponse {
            scanned: Some(scanned),
            cut: true,
            sampling_rate: 1.0,
            ..SearchLogResponse::default()
        };
        let mut told = Told::default();
        told.add(&page);
        assert_eq!(
            told.line("the first 10 records"),
            "the first 10 records; cut, exact; read 1,200 of 3,000,000 rows and 999 B of 12.3 MB in 2 segments"
        );
        told.add(&SearchLogResponse { cut: false, ..page });
        assert_eq!(
            told.line("20 records"),
            "20 records; complete, exact; read 2,400 of 6,000,000 rows and 1.9 kB of 24.6 MB in 4 segments"
        );
    }

    #[test]
    fn numbers_are_grouped_from_their_end() {
        assert_eq!([0, 12, 1234, 1_234_567].map(grouped), ["0", "12", "1,234", "1,234,567"]);
        assert_eq!([0, 1000, 1_999_999_999_999].map(sized), ["0 B", "1.0 kB", "1999.9 GB"]);
    }
}
