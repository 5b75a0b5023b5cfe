//! Reads the frames of one capture file, one after the other.
//!
//! Hides: which of the formats the file has, byte order, how it ends.
//! Knows nothing of: what is in a frame.

mod bytes;
mod classic;
mod pcapng;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flow::Timestamp;

use bytes::Input;
use classic::Classic;
use pcapng::PcapNg;

/// The longest captured frame that is believed: no tool captures more of one packet (`tcpdump` writes 262144).
/// Anything longer means that the file is damaged.
const FRAME_BYTES_MAX: u32 = 262_144;

/// Why a capture file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureFileError {
    /// The file cannot be opened or read.
    #[error("cannot {deed} the capture file `{}`", path.display())]
    File {
        /// What was tried.
        deed: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is something else.
    #[error("`{}` is no capture file: it begins neither as pcap nor as pcapng; compressed files must be unpacked first", path.display())]
    NoCapture {
        /// Which file.
        path: PathBuf,
    },
    /// The file is damaged, or says what its format does not allow.
    #[error("the capture file `{}` is damaged at byte {offset}: {reason}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where the damaged part begins.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The frames begin with headers that are not read.
    #[error(
        "the capture file `{}` holds frames of link type {link_type}: capture on an Ethernet, IP or `any` interface (link types 1, 12, 14, 101, 113, 228, 229, 276)",
        path.display()
    )]
    LinkType {
        /// Which file.
        path: PathBuf,
        /// The number, from the list that `pcap-linktype` documents.
        link_type: u32,
    },
}

/// A moment as capture files tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    nanos: i64,
}

impl Moment {
    /// Beyond what can be said, the last moment; before 1970, the first second of it: no capture is that old.
    pub(super) fn from_nanos(nanos: i128) -> Self {
        Self { nanos: i64::try_from(nanos.max(0)).unwrap_or(i64::MAX) }
    }

    pub(super) fn timestamp(self) -> Timestamp {
        Timestamp::from_millis(self.nanos / 1_000_000)
    }

    pub(super) fn minus(self, wait: std::time::Duration) -> Self {
        Self { nanos: self.nanos.saturating_sub(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX)) }
    }
}

/// How a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// 14 bytes, perhaps VLAN tags.
    Ethernet,
    /// With the IP header.
    Ip,
    /// Linux cooked, version 1: 16 bytes.
    Cooked,
    /// Linux cooked, version 2: 20 bytes.
    Cooked2,
}

impl Link {
    /// Source: <https://www.tcpdump.org/linktypes.html>; 12 and 14 are what some systems call raw IP.
    fn of(link_type: u32) -> Option<Self> {
        match link_type {
            1 => Some(Self::Ethernet),
            12 | 14 | 101 | 228 | 229 => Some(Self::Ip),
            113 => Some(Self::Cooked),
            276 => Some(Self::Cooked2),
            _ => None,
        }
    }
}

/// One captured frame.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) at: Moment,
    pub(super) link: Link,
    /// The interface's name; only pcapng keeps it.
    pub(super) interface: Option<Arc<str>>,
    /// Length on the wire.
    pub(super) wire_bytes: u32,
    /// As much of it as was captured.
    pub(super) bytes: Vec<u8>,
}

/// An open capture file.
#[derive(Debug)]
pub(super) struct CaptureFile<R> {
    path: PathBuf,
    format: Format<R>,
    /// Whether the file ends in the middle of a frame.
    cut_off: bool,
}

#[derive(Debug)]
enum Format<R> {
    Classic(Classic<R>),
    PcapNg(PcapNg<R>),
}

/// What stops reading, before the file's name is added.
#[derive(Debug)]
enum Fault {
    Io(io::Error),
    /// The file ends here, in the middle of something.
    CutOff,
    NoCapture,
    Damaged {
        offset: u64,
        reason: &'static str,
    },
    LinkType(u32),
}

impl CaptureFile<BufReader<File>> {
    /// Opens the file and reads how it begins.
    pub(super) fn open(path: &Path) -> Result<Self, CaptureFileError> {
        let file = File::open(path).map_err(|source| CaptureFileError::File {
            deed: "open",
            path: path.to_owned(),
            source,
        })?;
        Self::read(path, BufReader::new(file))
    }
}

impl<R: Read> CaptureFile<R> {
    /// Reads how the bytes of the file begin; `path` is its name in errors.
    pub(super) fn read(path: &Path, bytes: R) -> Result<Self, CaptureFileError> {
        let mut input = Input::new(bytes);
        let format = input.array().and_then(|magic: [u8; 4]| match magic {
            pcapng::MAGIC => PcapNg::begin(input).map(Format::PcapNg),
            _ => Classic::begin(magic, input).map(Format::Classic),
        });
        let format = format.map_err(|fault| fault.of(path))?;
        Ok(Self { path: path.to_owned(), format, cut_off: false })
    }

    /// The next frame; `None` at the end.
    ///
    /// A file that ends in the middle of a frame ends before it: a capture that was stopped hard is one.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, CaptureFileError> {
        let next = match &mut self.format {
            Format::Classic(classic) => classic.next(),
            Format::PcapNg(pcapng) => pcapng.next(),
        };
        match next {
            Ok(frame) => Ok(frame),
            Err(Fault::CutOff) => {
                self.cut_off = true;
                Ok(None)
            }
            Err(fault) => Err(fault.of(&self.path)),
        }
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// How many packets the capturing host says to have dropped; only pcapng keeps it.
    pub(super) fn dropped(&self) -> u64 {
        match &self.format {
            Format::Classic(_) => 0,
            Format::PcapNg(pcapng) => pcapng.dropped(),
        }
    }
}

impl Fault {
    fn of(self, path: &Path) -> CaptureFileError {
        let path = path.to_owned();
        match self {
            Self::Io(source) => CaptureFileError::File { deed: "read", path, source },
            // Elsewhere than in its first header, a cut-off file simply ends.
            Self::CutOff | Self::NoCapture => CaptureFileError::NoCapture { path },
            Self::Damaged { offset, reason } => CaptureFileError::Damaged { path, offset, reason },
            Self::LinkType(link_type) => CaptureFileError::LinkType { path, link_type },
        }
    }
}
