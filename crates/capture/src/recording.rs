//! The file that a recording of events is kept in.
//!
//! Hides: its format: one JSON object a line, the first of which names the version and the gateway.
//! Knows nothing of: where events come from, when they are given back.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use flow::{Loss, LossCause, Timestamp, Window, WindowLength};

use crate::gateway::GatewayFacts;

mod line;

use line::{EventLine, FactsLine, Line, LossLine};

/// The version of the format that this program writes; it reads this one and all earlier ones.
pub const RECORDING_VERSION: u32 = 1;

/// The most events of one recording; at about 300 bytes each this bounds what is kept in memory to 300 MB.
const EVENTS_MAX: usize = 1_000_000;

/// Why a recording cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be opened, read or written.
    #[error("cannot {deed} the recording `{}`", path.display())]
    File {
        /// What was tried.
        deed: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is of a later version.
    #[error("the recording `{}` has version {version}: this program reads up to {RECORDING_VERSION}, use a newer one", path.display())]
    Version {
        /// Which file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A line is not what it should be.
    #[error("line {line} of the recording `{}` is wrong: {reason}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// A whole recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recording {
    pub(crate) facts: GatewayFacts,
    pub(crate) window: WindowLength,
    /// The first moment of the recording and the first after it, both at the edge of a window.
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) events: Vec<flow::Event>,
    pub(crate) losses: Vec<Loss>,
}

/// Writes a recording, line by line.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Writer {
    pub(crate) fn create(
        path: &Path,
        facts: &GatewayFacts,
        window: WindowLength,
    ) -> Result<Self, RecordingError> {
        let fails = |source| RecordingError::File { deed: "create", path: path.to_owned(), source };
        let file = BufWriter::new(File::create(path).map_err(fails)?);
        let mut writer = Self { path: path.to_owned(), file };
        writer.write(&Line::Recording {
            version: RECORDING_VERSION,
            window_seconds: window.seconds(),
            gateway: FactsLine::of(facts),
        })?;
        Ok(writer)
    }

    pub(crate) fn event(&mut self, event: &flow::Event) -> Result<(), RecordingError> {
        self.write(&Line::Event(EventLine::of(event)))
    }

    pub(crate) fn loss(&mut self, loss: &Loss) -> Result<(), RecordingError> {
        let Loss { window, packets, bytes, cause } = *loss;
        self.write(&Line::Loss(LossLine {
            window: window.start().millis(),
            packets,
            bytes,
            cause: cause.as_str().to_owned(),
        }))
    }

    /// Notes that everything between two moments has been written, and makes it durable against a crash of the program.
    pub(crate) fn complete(&mut self, from: Timestamp, until: Timestamp) -> Result<(), RecordingError> {
        self.write(&Line::Complete { from: from.millis(), until: until.millis() })?;
        let path = &self.path;
        self.file.flush().map_err(|source| RecordingError::File { deed: "write", path: path.clone(), source })
    }

    fn write(&mut self, line: &Line) -> Result<(), RecordingError> {
        let path = &self.path;
        serde_json::to_writer(&mut self.file, line)
            .map_err(io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|source| RecordingError::File { deed: "write", path: path.clone(), source })
    }
}

impl Recording {
    /// Reads a recording up to its last complete window.
    pub(crate) fn read(path: &Path) -> Result<Self, RecordingError> {
        let fails = |source| RecordingError::File { deed: "read", path: path.to_owned(), source };
        let mut lines = BufReader::new(File::open(path).map_err(fails)?).lines().enumerate();
        let wrong = |line: usize, reason: String| RecordingError::Line {
            path: path.to_owned(),
            line: line + 1,
            reason,
        };
        let Some((_, first)) = lines.next() else { return Err(wrong(0, "the file is empty".to_owned())) };
        let mut recording = Self::begin(path, &first.map_err(fails)?)?;
        let mut complete = None;
        for (number, text) in lines {
            match Line::read(&text.map_err(fails)?).map_err(|reason| wrong(number, reason))? {
                Line::Recording { .. } => return Err(wrong(number, "a second beginning".to_owned())),
                Line::Event(event) => {
                    recording.events.push(event.event().map_err(|reason| wrong(number, reason))?)
                }
                Line::Loss(loss) => {
                    recording
                        .losses
                        .push(loss.loss(recording.window).map_err(|reason| wrong(number, reason))?);
                }
                Line::Complete { from, until } => complete = Some((from, until)),
            }
            if recording.events.len() > EVENTS_MAX {
                return Err(wrong(number, format!("more than {EVENTS_MAX} events")));
            }
        }
        let Some((from, until)) = complete.filter(|(from, until)| from < until) else {
            return Err(wrong(0, "no window of it is complete".to_owned()));
        };
        recording.cut(Timestamp::from_millis(from), Timestamp::from_millis(until));
        Ok(recording)
    }

    fn begin(path: &Path, first: &str) -> Result<Self, RecordingError> {
        let wrong = |reason| RecordingError::Line { path: path.to_owned(), line: 1, reason };
        let version = line::version(first).ok_or_else(|| wrong("it is no recording of events".to_owned()))?;
        if version > RECORDING_VERSION {
            return Err(RecordingError::Version { path: path.to_owned(), version });
        }
        let Line::Recording { window_seconds, gateway, .. } = Line::read(first).map_err(wrong)? else {
            return Err(wrong("it does not begin with the gateway".to_owned()));
        };
        let window = WindowLength::try_from(window_seconds).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            facts: gateway.facts().map_err(wrong)?,
            window,
            from: Timestamp::default(),
            until: Timestamp::default(),
            events: Vec::new(),
            losses: Vec::new(),
        })
    }

    /// Keeps what lies in complete windows, in the order of time.
    fn cut(&mut self, from: Timestamp, until: Timestamp) {
        self.from = self.window.window_of(from).start();
        self.until = self.window.window_of(until).start();
        let range = flow::TimeRange { from: self.from, to: self.until };
        self.events.retain(|event| range.contains(event.first));
        self.events.sort_by_key(|event| event.first);
        self.losses.retain(|loss| range.contains(loss.window.start()));
        self.losses.sort_by_key(|loss| loss.window);
    }
}

impl LossLine {
    fn loss(&self, length: WindowLength) -> Result<Loss, String> {
        let window: Window = length.window_of(Timestamp::from_millis(self.window));
        let cause = LossCause::ALL
            .iter()
            .copied()
            .find(|cause| cause.as_str() == self.cause)
            .ok_or_else(|| format!("`{}` is no cause of a loss", self.cause))?;
        Ok(Loss { window, packets: self.packets, bytes: self.bytes, cause })
    }
}
