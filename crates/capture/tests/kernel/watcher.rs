//! Polls a source as an agent does, and keeps what it delivers.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use capture::{Bpf, BpfSettings, Loss, LossCause, Rest, Source, SourceError};
use flow::{Counters, Event, KernelTotal, Timestamp, Verdict, Window, WindowLength};
use testkit::{Host, Lab};

pub(crate) struct Watcher<S = Bpf> {
    pub(crate) source: S,
    pub(crate) events: Vec<Event>,
    pub(crate) losses: Vec<Loss>,
    pub(crate) totals: Vec<KernelTotal>,
}

impl<S: Source> Watcher<S> {
    /// Opens a source with time enough left in the current window of ten seconds.
    pub(crate) fn with(open: impl FnOnce() -> Result<S, SourceError>) -> Self {
        let window = ten_seconds().window_of(now());
        let enough_left = now() < window.end().minus(Duration::from_secs(6));
        if !enough_left {
            wait_until(window.end());
        }
        let source = open().expect("root can watch a lab");
        Self { source, events: Vec::new(), losses: Vec::new(), totals: Vec::new() }
    }

    /// Polls until the window of this moment is delivered; returns its end, a little after which it is.
    pub(crate) fn wait_for_a_window(&mut self) -> Timestamp {
        let end = ten_seconds().window_of(now()).end();
        loop {
            let progress = self.source.poll(now(), &mut self.events).expect("the kernel answers");
            self.losses.extend(progress.losses);
            self.totals.extend(progress.totals);
            self.source.kept().expect("the kernel takes a note");
            if progress.complete_until >= end {
                return end;
            }
            wait_until(progress.poll_again);
        }
    }

    /// Polls once, and says that what came is kept.
    pub(crate) fn poll_and_keep(&mut self) {
        let progress = self.source.poll(now(), &mut self.events).expect("the kernel answers");
        self.losses.extend(progress.losses);
        self.totals.extend(progress.totals);
        self.source.kept().expect("the kernel takes a note");
    }

    /// Polls when the source says that it is useful, however little comes of it.
    pub(crate) fn poll_once(&mut self) {
        for _ in 0..2 {
            let progress = self.source.poll(now(), &mut self.events).expect("the kernel answers");
            self.losses.extend(progress.losses);
            self.totals.extend(progress.totals);
            wait_until(progress.poll_again);
        }
    }

    pub(crate) fn finish(&mut self) {
        while self.source.finish(&mut self.events).expect("the kernel answers") == Rest::More {}
    }

    pub(crate) fn lost(&self, cause: LossCause) -> Vec<&Loss> {
        self.losses.iter().filter(|loss| loss.cause == cause).collect()
    }
}

impl Watcher {
    /// Opens the source on a lab's gateway, with windows of ten seconds and time enough left in the current one.
    pub(crate) fn open(lab: &Lab, settings: BpfSettings) -> Self {
        let settings = BpfSettings {
            network_namespace: Some(lab.namespace(Host::Gateway).name().to_owned()),
            window: ten_seconds(),
            ..settings
        };
        Self::with(|| Bpf::open(settings, now()))
    }

    /// What the kernel counted is in the events or known to be lost.
    #[track_caller]
    pub(crate) fn check_conservation(&self) {
        let traffic = self.source.traffic().expect("the kernel answers");
        let sum = |accepted: bool| {
            let counted = self.events.iter().filter(|event| (event.verdict == Verdict::Accept) == accepted);
            counted.fold(Counters::default(), |sum, event| sum.plus(event.forward).plus(event.reply))
        };
        let (accepted, refused) = (sum(true), sum(false));
        assert_eq!(traffic.forwarded.plus(traffic.refused), accepted.plus(refused).plus(traffic.lost));
        let told = self.losses.iter().fold(Counters::default(), |sum, loss| {
            sum.plus(Counters { packets: loss.packets, bytes: loss.bytes })
        });
        assert_eq!(traffic.lost, told);
        self.check_every_window();
    }

    /// In every window that is complete, what the kernel counted is in the events or known to be lost.
    #[track_caller]
    fn check_every_window(&self) {
        let mut windows: BTreeMap<Window, (Counters, Counters)> = BTreeMap::new();
        for KernelTotal { window, accepted, refused } in &self.totals {
            let (counted, _) = windows.entry(*window).or_default();
            *counted = counted.plus(*accepted).plus(*refused);
        }
        let events = self
            .events
            .iter()
            .map(|event| (ten_seconds().window_of(event.first), event.forward.plus(event.reply)));
        let losses = self.losses.iter().map(|loss| (loss.window, loss.counters()));
        for (window, part) in events.chain(losses) {
            if let Some((_, told)) = windows.get_mut(&window) {
                *told = told.plus(part);
            }
        }
        for (window, (counted, told)) in windows {
            assert_eq!(counted, told, "counted and told in the window of {}", window.start());
        }
    }
}

pub(crate) fn ten_seconds() -> WindowLength {
    WindowLength::try_from(10).expect("ten seconds are offered")
}

#[expect(clippy::disallowed_methods, reason = "the kernel's windows follow the machine's clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    Timestamp::from_millis(i64::try_from(since.as_millis()).expect("it is before the year 292 million"))
}

/// The kernel's windows cannot be hurried.
pub(crate) fn wait_until(at: Timestamp) {
    std::thread::sleep(at.since(now()).max(Duration::from_millis(1)));
}
