//! Records the events of a run, and gives them back later as if they happened now.
//!
//! Hides: how recorded time becomes present time.
//! Knows nothing of: the format of the file, who recorded it.

use std::path::Path;
use std::time::Duration;

use flow::{Event, Loss, LossCause, Timestamp, Window, WindowLength};

use crate::gateway::GatewayFacts;
use crate::recording::{Recording, RecordingError, Writer};
use crate::source::{Progress, Source, SourceError};

/// Writes to a file what a source delivers.
#[derive(Debug)]
pub struct Recorder {
    writer: Writer,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Gives back what a [`Recorder`] wrote, moved so that it begins now, again and again.
///
/// Recorded windows follow each other without a gap; what was recorded at the beginning of a window happens at the
/// beginning of one.
#[derive(Debug)]
pub struct Replay {
    recording: Recording,
    /// The first window that has not been given back.
    next: Window,
    /// What `next` is in the recording.
    recorded: Window,
}

impl Recorder {
    /// Creates or empties the file.
    pub fn create(path: &Path, gateway: &GatewayFacts, window: WindowLength) -> Result<Self, RecordingError> {
        Ok(Self { writer: Writer::create(path, gateway, window)?, from: None, until: None })
    }

    /// Writes what one call of [`Source::poll`] delivered.
    ///
    /// The recording begins behind the window in whose middle the source was opened.
    pub fn write(&mut self, events: &[Event], progress: &Progress) -> Result<(), RecordingError> {
        if progress.losses.iter().any(|loss| loss.cause == LossCause::NotWatching) {
            self.from = Some(progress.complete_until);
            return Ok(());
        }
        let from = *self.from.get_or_insert(progress.complete_until);
        events.iter().try_for_each(|event| self.writer.event(event))?;
        progress.losses.iter().try_for_each(|loss| self.writer.loss(loss))?;
        if self.until.is_none_or(|until| until < progress.complete_until) {
            self.until = Some(progress.complete_until);
            self.writer.complete(from, progress.complete_until)?;
        }
        Ok(())
    }
}

impl Replay {
    /// Reads the file; its first window happens in the window of `now`.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, RecordingError> {
        let recording = Recording::read(path)?;
        let recorded = recording.window.window_of(recording.from);
        let next = recording.window.window_of(now);
        Ok(Self { recording, next, recorded })
    }

    /// The gateway that was recorded.
    pub fn gateway(&self) -> &GatewayFacts {
        &self.recording.facts
    }

    /// Gives back one recorded window as the window `next`.
    fn give(&mut self, events: &mut Vec<Event>, losses: &mut Vec<Loss>) {
        let (recorded, present) = (self.recorded, self.next);
        let moved = |at: Timestamp| {
            let into = u64::try_from(at.millis() - recorded.start().millis()).unwrap_or(0);
            present.start().plus(Duration::from_millis(into))
        };
        let Recording { events: all, losses: lost, until, from, .. } = &self.recording;
        let begins = all.partition_point(|event| event.first < recorded.start());
        let in_window = all.iter().skip(begins).take_while(|event| event.first < recorded.end());
        events.extend(in_window.map(|event| Event {
            first: moved(event.first),
            last: moved(event.last),
            ..event.clone()
        }));
        let lost_here = lost.iter().filter(|loss| loss.window == recorded);
        losses.extend(lost_here.map(|loss| Loss { window: present, ..loss.clone() }));
        let at_end = recorded.end() >= *until;
        self.recorded = if at_end { recorded.length().window_of(*from) } else { recorded.next() };
        self.next = present.next();
    }
}

impl Source for Replay {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        let mut losses = Vec::new();
        while self.next.end() <= now {
            self.give(events, &mut losses);
        }
        let complete_until = self.next.start();
        Ok(Progress { complete_until, losses, totals: Vec::new(), poll_again: self.next.end() })
    }
}

#[cfg(test)]
mod tests {
    use flow::{Counters, FlowKey, RejectReason, Rejection, Tuple, Verdict};

    use super::*;

    fn ten_seconds() -> WindowLength {
        WindowLength::try_from(10).unwrap()
    }

    fn gateway() -> GatewayFacts {
        let interface = crate::gateway::Interface {
            name: "g1".to_owned(),
            index: 3,
            addresses: vec!["203.0.113.1".parse().unwrap()],
        };
        let public_addresses = interface.addresses.clone();
        GatewayFacts { hostname: "gw".to_owned(), interfaces: vec![interface], public_addresses }
    }

    fn event(millis: i64, verdict: Verdict) -> Event {
        let original = Tuple {
            srcaddr: "fd10::2".parse().unwrap(),
            dstaddr: "2001:db8::2".parse().unwrap(),
            srcport: 4000,
            dstport: 443,
        };
        let translated = (verdict == Verdict::Accept).then_some(original);
        Event {
            key: FlowKey { protocol: 6, original, translated },
            first: Timestamp::from_millis(millis),
            last: Timestamp::from_millis(millis + 1),
            forward: Counters { packets: 3, bytes: 180 },
            reply: Counters { packets: 2, bytes: u64::MAX },
            verdict,
            tcp_flags: 0x1b,
            interface_in: Some("g0".into()),
            interface_out: None,
        }
    }

    fn refused() -> Verdict {
        Verdict::Reject(Rejection { reason: RejectReason::SecurityGroup, rule: Some("sg-web".into()) })
    }

    fn progress(until_seconds: i64, losses: Vec<Loss>) -> Progress {
        let complete_until = Timestamp::from_seconds(until_seconds);
        let poll_again = complete_until.plus(Duration::from_secs(10));
        Progress { complete_until, losses, totals: Vec::new(), poll_again }
    }

    /// Two windows, from second 1000 to 1020, and the beginning of a third.
    fn record(path: &Path) {
        let mut recorder = Recorder::create(path, &gateway(), ten_seconds()).unwrap();
        let window = ten_seconds().window_of(Timestamp::from_seconds(1000));
        let loss = Loss { window, packets: 7, bytes: 700, cause: LossCause::TooManyFlows };
        let unseen = Loss { packets: 0, bytes: 0, cause: LossCause::NotWatching, ..loss.clone() };
        recorder.write(&[event(995_000, refused())], &progress(990, Vec::new())).unwrap();
        recorder.write(&[event(996_000, refused())], &progress(1000, vec![unseen])).unwrap();
        recorder
            .write(
                &[event(1_009_999, refused()), event(1_000_000, Verdict::Accept)],
                &progress(1010, vec![loss]),
            )
            .unwrap();
        recorder
            .write(
                &[event(1_012_000, Verdict::Accept), event(1_021_000, Verdict::Accept)],
                &progress(1020, Vec::new()),
            )
            .unwrap();
        recorder.write(&[event(1_022_000, Verdict::Accept)], &progress(1020, Vec::new())).unwrap();
    }

    #[test]
    fn a_recording_happens_again_and_again_in_present_windows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.recording");
        record(&path);
        let mut replay = Replay::open(&path, Timestamp::from_seconds(50_003)).unwrap();
        assert_eq!(*replay.gateway(), gateway());

        let mut events = Vec::new();
        let early = replay.poll(Timestamp::from_millis(50_009_999), &mut events).unwrap();
        assert_eq!(
            (events.len(), early.complete_until.seconds(), early.poll_again.seconds()),
            (0, 50_000, 50_010)
        );

        let progress = replay.poll(Timestamp::from_seconds(50_030), &mut events).unwrap();
        let expected = [
            event(50_000_000, Verdict::Accept),
            event(50_009_999, refused()),
            event(50_012_000, Verdict::Accept),
            event(50_020_000, Verdict::Accept),
            event(50_029_999, refused()),
        ];
        assert_eq!(events, expected);
        let lost_in: Vec<i64> = progress.losses.iter().map(|loss| loss.window.start().seconds()).collect();
        assert_eq!((lost_in, progress.complete_until.seconds()), (vec![50_000, 50_020], 50_030));
    }

    #[test]
    fn a_recording_that_was_cut_off_is_read_up_to_its_last_complete_window() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.recording");
        record(&path);
        let whole = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let first_complete = lines.iter().position(|line| line.contains("\"until\":1010000")).unwrap();
        std::fs::write(&path, lines[..=first_complete + 1].join("\n")).unwrap();
        let mut events = Vec::new();
        Replay::open(&path, Timestamp::default())
            .unwrap()
            .poll(Timestamp::from_seconds(10), &mut events)
            .unwrap();
        assert_eq!(events.len(), 2);
    }

    #[test]
    fn a_file_that_is_no_recording_is_refused_with_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.recording");
        record(&path);
        let whole = std::fs::read_to_string(&path).unwrap();
        for (text, expected) in [
            (String::new(), "line 1"),
            ("packets\n".to_owned(), "no recording"),
            (whole.replace("\"version\":1", "\"version\":99"), "version 99"),
            (whole.replace("SECURITY_GROUP", "WHIM"), "`WHIM`"),
            (whole.replace("too-many-flows", "whim"), "`whim`"),
            (whole.lines().take(1).collect(), "no window of it is complete"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Replay::open(&path, Timestamp::default()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn reads_recordings_of_v1() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/capture/demo.recording");
        let mut replay = Replay::open(&path, Timestamp::default()).unwrap();
        let mut events = Vec::new();
        let progress = replay.poll(Timestamp::from_seconds(120), &mut events).unwrap();
        assert_eq!((progress.complete_until.seconds(), progress.losses), (120, Vec::new()));
        let refused = events.iter().filter(|event| event.verdict != Verdict::Accept).count();
        let rules = events
            .iter()
            .filter(|event| matches!(&event.verdict, Verdict::Reject(rejection) if rejection.rule.is_some()));
        assert!(
            refused > 20 && rules.count() == refused && events.len() > 400,
            "{refused} of {}",
            events.len()
        );
        assert!(
            events.iter().all(|event| event.key.translated.is_some() == (event.verdict == Verdict::Accept))
        );
    }
}
