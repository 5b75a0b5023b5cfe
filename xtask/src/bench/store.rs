//! How large stored records are and how fast they are found, beside other programs that store them.
//!
//! Hides: how a day of flows is made, and how the peers are installed, filled and asked.
//! Knows nothing of: how anything is stored.

mod queries;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use flow::Record;
use testkit::flows::{DAY, Flows};

use crate::bench::Size;
use crate::bench::store::queries::{Dialect, Question, is_typical, questions};
use crate::ci;
use crate::command::{Failure, run};
use crate::stand::StandError;
use crate::stand::table::Table;

/// How often each question is asked; the first answer does not count.
const ROUNDS: usize = 5;

/// Records of a day, unless others are asked for.
const ROWS_FULL: u64 = 10_000_000;
const ROWS_QUICK: u64 = 100_000;

/// What is installed from the Python Package Index, in versions that answered these questions.
const PEERS: [&str; 2] = ["duckdb==2.0.1", "chdb==4.4.0"];

/// The program that loads and asks the peers.
const PEERS_PROGRAM: &str = include_str!("store/peers.py");

const SIZE: &str = "bytes a record";
const RATE: &str = "records a second";

/// What was measured, by program, by question.
type Figures = BTreeMap<String, BTreeMap<String, f64>>;

/// Fills natlens and its peers with a day of about `rows` records, asks all the same, and prints a table.
pub(super) fn measure(root: &Path, size: Size, rows: Option<u64>) -> Result<(), Failure> {
    let rows = rows.unwrap_or(size.pick(ROWS_FULL, ROWS_QUICK));
    let mut build = ci::cargo(root);
    build.args(["build", "--workspace", "--example", "flows", "--example", "queries"]);
    if size == Size::Full {
        build.arg("--release");
    }
    run(&mut build)?;
    let target = ci::target(root)?;
    let programs = target.join(size.pick("release", "debug")).join("examples");
    let folder = tempfile::tempdir_in(&target).map_err(StandError::system("create a folder"))?;
    let record = Flows::new(rows).flat_map(|(_, records)| records).find(is_typical);
    let record: Record = record.ok_or_else(|| said("flows", "a day without a typical record"))?;
    let questions = questions(&record, DAY.plus(Duration::from_secs(24 * 3600)));

    let mut figures = Figures::new();
    natlens(&programs, folder.path(), rows, &questions, &mut figures)?;
    peers(&target, folder.path(), &questions, &mut figures)?;
    print!("{}", table(&questions, &figures).text());
    Ok(())
}

fn natlens(
    programs: &Path,
    folder: &Path,
    rows: u64,
    questions: &[Question],
    figures: &mut Figures,
) -> Result<(), StandError> {
    let mine = figures.entry("natlens".to_owned()).or_default();
    let data = folder.join("natlens");
    let mut fill = Command::new(programs.join("flows"));
    for line in output(fill.arg(rows.to_string()).arg(&data))?.lines() {
        println!("{line}");
        match line.split_once('\t') {
            Some(("bytes per record after compaction", number)) => insert(mine, SIZE, number),
            Some(("records per second with all compaction", number)) => insert(mine, RATE, number),
            _ => {}
        }
    }
    let lines: String = questions
        .iter()
        .map(|question| {
            let Question { name, range, natlens, .. } = question;
            format!("{name}\t{}\t{}\t{natlens}\n", range.from.millis(), range.to.millis())
        })
        .collect();
    let mut ask = Command::new(programs.join("queries"));
    ask.arg(&data).arg(ROUNDS.to_string()).stdin(Stdio::piped());
    for line in output_of(&mut ask, Some(&lines))?.lines() {
        println!("{line}");
        if let [name, milliseconds, _] = line.split('\t').collect::<Vec<_>>()[..] {
            insert(mine, name, milliseconds);
        }
    }
    Ok(())
}

/// Asks the peers that can be installed; says which cannot.
fn peers(
    target: &Path,
    folder: &Path,
    questions: &[Question],
    figures: &mut Figures,
) -> Result<(), StandError> {
    let Some(python) = installed(&target.join("peers")) else {
        println!("DuckDB and chdb are left out: they cannot be installed from the Python Package Index");
        return Ok(());
    };
    let (program, asked) = (folder.join("peers.py"), folder.join("questions"));
    let lines: String = questions
        .iter()
        .map(|question| {
            let line = serde_json::json!({
                "name": question.name,
                "duckdb": question.sql(Dialect::DuckDb, "flows"),
                "chdb": question.sql(Dialect::ClickHouse, "natlens.flows"),
            });
            format!("{line}\n")
        })
        .collect();
    for (path, text) in [(&program, PEERS_PROGRAM), (&asked, &*lines)] {
        fs::write(path, text).map_err(StandError::system(format!("write `{}`", path.display())))?;
    }
    let segments = folder.join("natlens/segments/100001/ap-guangzhou/flows-100001/*.parquet");
    let mut peers = Command::new(python);
    peers.arg(&program).arg(folder).arg(segments).arg(ROUNDS.to_string()).arg(&asked);
    for line in output(&mut peers)?.lines() {
        println!("{line}");
        if let [peer, what, number] = line.split('\t').collect::<Vec<_>>()[..] {
            insert(figures.entry(peer.to_owned()).or_default(), what, number);
        }
    }
    Ok(())
}

/// The Python of a virtual environment that has the peers; `None` when it cannot be made.
fn installed(environment: &Path) -> Option<PathBuf> {
    let python = environment.join("bin/python");
    if !python.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(environment).status().ok()?;
        made.success().then_some(())?;
    }
    let pip = Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PEERS).status().ok()?;
    pip.success().then_some(python)
}

fn table(questions: &[Question], figures: &Figures) -> Table {
    let programs: Vec<&str> = figures.keys().map(String::as_str).collect();
    let mut table = Table::new(&[&["milliseconds"], &programs[..]].concat());
    let of = |program: &str, what: &str| figures.get(program).and_then(|figures| figures.get(what)).copied();
    let mut row = |name: &str, figure: &dyn Fn(&str) -> Option<f64>, digits: usize| {
        let cell =
            |program: &&str| figure(program).map_or("-".to_owned(), |number| format!("{number:.digits$}"));
        table.row(std::iter::once(name.to_owned()).chain(programs.iter().map(cell)));
    };
    row(SIZE, &|program| of(program, SIZE), 1);
    row(RATE, &|program| of(program, RATE), 0);
    for question in questions {
        row(question.name, &|program| of(program, question.name), 1);
    }
    let ratio = |program: &str| {
        let ratios = questions.iter().filter_map(|question| {
            Some(of("natlens", question.name)?.max(0.01) / of(program, question.name)?.max(0.01))
        });
        geometric_mean(&ratios.collect::<Vec<_>>())
    };
    row("natlens against it, geometric mean", &ratio, 2);
    table
}

#[expect(clippy::cast_precision_loss, reason = "a dozen of questions")]
fn geometric_mean(ratios: &[f64]) -> Option<f64> {
    (!ratios.is_empty())
        .then(|| (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp())
}

fn insert(figures: &mut BTreeMap<String, f64>, what: &str, number: &str) {
    if let Ok(number) = number.parse() {
        figures.insert(what.to_owned(), number);
    }
}

fn output(command: &mut Command) -> Result<String, StandError> {
    output_of(command, None)
}

/// What a program prints; what it says of failures goes to the terminal.
fn output_of(command: &mut Command, input: Option<&str>) -> Result<String, StandError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let started = command.stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(StandError::system(format!("start `{program}`")))?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        stdin.write_all(input.as_bytes()).map_err(StandError::system(format!("ask `{program}`")))?;
    }
    let output = child.wait_with_output().map_err(StandError::system(format!("hear `{program}`")))?;
    if !output.status.success() {
        return Err(said(&program, &output.status.to_string()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn said(program: &str, said: &str) -> StandError {
    StandError::Program { program: program.to_owned(), said: said.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_ratios_is_the_same_both_ways_round() {
        let mean = geometric_mean(&[0.5, 2.0, 4.0, 0.25]);
        assert!(mean.is_some_and(|mean| (mean - 1.0).abs() < 1e-9), "{mean:?}");
        assert_eq!(geometric_mean(&[]), None);
    }
}
