//! Records the events of a run, and gives them back later as if they happened now.
//!
//! Hides: how recorded time becomes present time.
//! Knows nothing of: the format of the file, who recorded it.

use std::path::Path;
use std::time::Duration;

use flow::{Event, Timestamp, Window, WindowLength};

use crate::gateway::GatewayFacts;
use crate::recording::{Recording, RecordingError, Writer};
use crate::source::{Loss, Progress, Source, SourceError};

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
    /// The recording begins where the first call was complete: what came before is seldom whole.
    pub fn write(&mut self, events: &[Event], progress: &Progress) -> Result<(), RecordingError> {
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
        Ok(Progress { complete_until: self.next.start(), losses, poll_again: self.next.end() })
    }
}
