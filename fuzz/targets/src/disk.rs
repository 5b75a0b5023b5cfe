//! Files that somebody else wrote, or that a broken disk gives back.
//!
//! Hides: the folders in which they are laid out.
//! Knows nothing of: who wrote them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use capture::{Pcap, Replay, Source};
use flow::{Event, TimeRange, Timestamp, WindowLength};
use store::{FlowLogFilter, FlowLogOrder, LogsetFilter, Owner, Page, Store, TopicFilter};
use tempfile::TempDir;

/// The most polls that a capture file of these sizes can need.
const POLLS_MAX: usize = 10_000;

/// After every moment that the inputs name reasonably.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A capture file, pcap or pcapng.
pub(crate) fn pcap(bytes: &[u8]) {
    let folder = folder();
    let path = written(&folder, "one.pcap", bytes);
    if let Ok(source) = Pcap::open(&path, WindowLength::MINUTE)
        && let Some((counted, lost, source)) = drained(source)
    {
        let numbers = source.numbers();
        let packets = numbers.frames - numbers.other_frames;
        assert_eq!(
            counted + lost.saturating_sub(numbers.dropped),
            packets,
            "every packet is counted or lost"
        );
    }
}

/// Two capture files of a gateway's sides; the first two bytes say where the second begins.
pub(crate) fn pcap_pair(bytes: &[u8]) {
    let Some((length, files)) = bytes.split_first_chunk::<2>() else { return };
    let Some((inside, outside)) = files.split_at_checked(usize::from(u16::from_be_bytes(*length))) else {
        return;
    };
    let folder = folder();
    let paths = [written(&folder, "inside.pcap", inside), written(&folder, "outside.pcap", outside)];
    let [inside, outside] = &paths;
    if let Ok(source) = Pcap::open_pair(inside, outside, WindowLength::MINUTE) {
        drop(drained(source));
    }
}

/// Packets in events, packets lost, and the source at its end; `None` when the files turn out to be damaged.
fn drained(mut source: Pcap) -> Option<(u64, u64, Pcap)> {
    let (mut events, mut lost) = (Vec::new(), 0_u64);
    for _ in 0..POLLS_MAX {
        let progress = source.poll(NOW, &mut events).ok()?;
        lost = progress.losses.iter().map(|loss| loss.packets).fold(lost, u64::saturating_add);
        if source.has_ended() {
            let counted = events.iter().map(packets).fold(0, u64::saturating_add);
            return Some((counted, lost, source));
        }
    }
    panic!("a file of a few kB is read within {POLLS_MAX} polls");
}

fn packets(event: &Event) -> u64 {
    event.forward.packets + event.reply.packets
}

/// A recording of events; replayed twice it gives the same.
pub(crate) fn recording(bytes: &[u8]) {
    let folder = folder();
    let path = written(&folder, "a.recording", bytes);
    let replayed = || {
        let mut replay = Replay::open(&path, NOW).ok()?;
        let mut events = Vec::new();
        let progress = replay.poll(NOW.plus(Duration::from_secs(1200)), &mut events);
        Some((events, progress.ok()))
    };
    assert_eq!(replayed(), replayed(), "a replay is the same every time");
}

/// A file in the folder of a spool: its name until the first line feed, then its content; and an agent's identity.
pub(crate) fn spool(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (Some(name), Some(content)) = (parts.next(), parts.next()) else { return };
    let name = String::from_utf8_lossy(name);
    let is_name =
        !name.is_empty() && name.len() < 200 && !name.contains(['/', '\0']) && !name.starts_with('.');
    if !is_name {
        return;
    }
    let folder = folder();
    written(&folder, &name, content);
    let waiting = agent::fuzzing::drain_spool(folder.path());
    assert!(waiting.is_none_or(|waiting| waiting == (0, 0)), "nothing is left behind: {waiting:?}");
    written(&folder, "identity.json", content);
    agent::fuzzing::read_identity(folder.path());
}

/// An operator's inventory file.
pub(crate) fn inventory(bytes: &[u8]) {
    let folder = folder();
    let path = written(&folder, "inventory.toml", bytes);
    if let Ok(prefixes) = agent::check_inventory(&path) {
        assert!(prefixes <= bytes.len(), "a prefix takes room in the file");
    }
}

/// A catalog beside segments that are whole.
pub(crate) fn catalog(bytes: &[u8]) {
    let folder = folder();
    written(&folder, "catalog.sqlite", bytes);
    use_store(folder.path());
}

/// Segments beside a catalog that is whole: the bytes are the older of two that are merged.
pub(crate) fn segment(bytes: &[u8]) {
    let folder = folder();
    written(&folder, "catalog.sqlite", include_bytes!("../../../fixtures/catalog/v1/catalog.sqlite"));
    let segments = folder.path().join("segments/100001/ap-guangzhou/nat-100001");
    std::fs::create_dir_all(&segments).expect("a temporary folder takes folders");
    let newer = include_bytes!(
        "../../../fixtures/segments/v1/100001/ap-guangzhou/nat-100001/segment-0000000002.parquet"
    );
    for (name, content) in [("segment-0000000001.parquet", bytes), ("segment-0000000002.parquet", &newer[..])]
    {
        std::fs::write(segments.join(name), content).expect("a temporary folder takes files");
    }
    use_store(folder.path());
}

/// Asks a store everything that reads the disk. An error is an answer.
fn use_store(folder: &Path) {
    let Ok(store) = Store::open(folder) else { return };
    let (Ok(account), Ok(region), Ok(topic)) =
        ("100001".parse(), "ap-guangzhou".parse(), "nat-100001".parse())
    else {
        panic!("the fixtures' names are names");
    };
    let owner = Owner { account, region };
    drop(store.describe_logsets(&owner, &LogsetFilter::default(), Page::ALL));
    drop(store.describe_topics(&owner, &TopicFilter::default(), Page::ALL));
    drop(store.describe_flow_logs(&owner, &FlowLogFilter::default(), FlowLogOrder::Newest, Page::ALL));
    drop(store.index(&owner, &topic));
    drop(store.users(&owner.account));
    drop(store.access_keys(&owner.account));
    drop(store.snapshot(&owner, &topic, TimeRange::ALWAYS));
    drop(store.compact(NOW));
    drop(store.expire(NOW));
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a temporary folder takes files");
    path
}
