//! What capture files become, byte by byte, and against packets that were really captured.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is built here byte by byte is known")]

mod pcap {
    pub(crate) mod frames;

    mod hostile;
    mod lab;
    mod pair;
    mod single;
}

use std::fmt::Write;
use std::path::Path;

use capture::{CaptureNumbers, Loss, Pcap, Source, SourceError};
use flow::{Event, Timestamp, Tuple, Verdict, WindowLength};

/// What a source gave back until it ended.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) events: Vec<Event>,
    pub(crate) losses: Vec<Loss>,
    pub(crate) numbers: CaptureNumbers,
}

/// Reads to the end.
pub(crate) fn read(mut source: Pcap) -> Result<Read, SourceError> {
    let (mut events, mut losses, mut complete_until) = (Vec::new(), Vec::new(), Timestamp::default());
    while !source.has_ended() {
        let known = events.len();
        let progress = source.poll(Timestamp::default(), &mut events)?;
        assert!(
            events[known..].iter().all(|event| event.first >= complete_until),
            "windows do not open again"
        );
        assert!(events.iter().all(|event| event.last < progress.complete_until), "nothing is told too early");
        complete_until = progress.complete_until;
        losses.extend(progress.losses);
    }
    Ok(Read { events, losses, numbers: source.numbers() })
}

/// Reads one capture, in windows of ten seconds.
pub(crate) fn read_one(bytes: &[u8]) -> Result<Read, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "one.pcap", bytes);
    read(Pcap::open(&path, ten_seconds())?)
}

/// Reads the captures of both sides.
pub(crate) fn read_pair(inside: &[u8], outside: &[u8]) -> Result<Read, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    let inside = write(folder.path(), "inside.pcap", inside);
    let outside = write(folder.path(), "outside.pcap", outside);
    read(Pcap::open_pair(&inside, &outside, ten_seconds())?)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn ten_seconds() -> WindowLength {
    WindowLength::try_from(10).unwrap()
}

/// One line for each event, and one for each loss of something.
pub(crate) fn told(read: &Read) -> String {
    let ends = |tuple: &Tuple| {
        let end = |address, port| std::net::SocketAddr::new(address, port);
        format!("{} > {}", end(tuple.srcaddr, tuple.srcport), end(tuple.dstaddr, tuple.dstport))
    };
    let mut text = String::new();
    for event in &read.events {
        let Event { key, first, last, forward, reply, tcp_flags, .. } = event;
        write!(text, "{first}-{last} {} {}", key.protocol, ends(&key.original)).unwrap();
        if let Some(translated) = &key.translated {
            write!(text, " as {}", ends(translated)).unwrap();
        }
        write!(text, " sent {}/{} got {}/{}", forward.packets, forward.bytes, reply.packets, reply.bytes)
            .unwrap();
        if *tcp_flags != 0 {
            write!(text, " flags {tcp_flags:#04x}").unwrap();
        }
        if let Verdict::Reject(rejection) = &event.verdict {
            write!(text, " refused {}", rejection.reason.as_str()).unwrap();
        }
        text.push('\n');
    }
    for loss in read.losses.iter().filter(|loss| loss.packets > 0) {
        let Loss { window, packets, bytes, cause } = loss;
        writeln!(text, "lost {packets}/{bytes} {} in {}", cause.as_str(), window.start()).unwrap();
    }
    text
}
