//! What is pinned in the kernel goes on counting while no source is open, and is gone when it is of no use.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use capture::{Bpf, BpfSettings, LossCause, Source, Variant};
use flow::{Counters, Event};
use nix::sched::{CloneFlags, unshare};
use testkit::traffic::{self, Deed, Family, Services, Talk};
use testkit::truth::Watch;
use testkit::{Host, Lab, Offloads, lab_or_skip};

use super::watcher::{Watcher, now, ten_seconds, wait_until};
use crate::{differences, from_events, from_truth};

#[test]
fn a_source_that_is_killed_and_opened_again_counts_every_packet_once() {
    let Some(lab) = lab_or_skip("pinned", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    with_pin_folder(|folder| {
        let watch = Watch::start(&lab).unwrap();
        let mut watcher = Watcher::open(&lab, pinned(folder));
        let mut talks = Family::ALL.map(|family| Talk::open(lab.namespace(Host::Client), family).unwrap());
        let mut all_fetch = || talks.iter_mut().for_each(|talk| talk.fetch(2000).unwrap());
        all_fetch();
        watcher = watcher.opened_again(&lab, pinned(folder), &mut all_fetch);
        all_fetch();
        let middle = watcher.wait_for_a_window();
        all_fetch();
        // Down over the end of a window.
        watcher = watcher.opened_again(&lab, pinned(folder), || {
            all_fetch();
            wait_until(ten_seconds().window_of(middle).end().plus(Duration::from_secs(1)));
            all_fetch();
            traffic::known(&lab).unwrap();
        });
        all_fetch();
        // An open connection acknowledges late, after the watch.
        talks.into_iter().for_each(|talk| talk.close().unwrap());
        let truth = watch.stop().unwrap();
        watcher.wait_for_a_window();

        assert_eq!(differences(&from_events(&watcher.events), &from_truth(&truth)), [""; 0]);
        let losses: Vec<_> = watcher.losses.iter().map(|loss| (loss.window.end(), loss.cause)).collect();
        assert_eq!(losses, [(middle, LossCause::NotWatching)], "the window of the very first start alone");
        watcher.check_conservation();
    });
}

#[test]
fn a_stop_of_more_than_a_window_loses_nothing_silently() {
    let Some(lab) = lab_or_skip("long-stop", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    with_pin_folder(|folder| {
        let watcher = Watcher::open(&lab, pinned(folder));
        let mut talk = Talk::open(lab.namespace(Host::Client), Family::V4).unwrap();
        let opened = ten_seconds().window_of(now());
        let third = opened.next().next();
        let mut watcher = watcher.opened_again(&lab, pinned(folder), || {
            for window in [opened, opened.next(), third] {
                // Nobody corrects the kernel's clock meanwhile.
                wait_until(window.start().plus(Duration::from_secs(1)));
                talk.fetch(1000).unwrap();
            }
            wait_until(third.end());
        });
        talk.fetch(1000).unwrap();
        watcher.wait_for_a_window();

        let late = watcher.lost(LossCause::PolledLate);
        let late: Vec<_> = late.iter().map(|loss| (loss.window, loss.packets > 0)).collect();
        assert_eq!(
            late,
            [(third, true), (third.next(), true)],
            "the third window found its map full of an older one, and the fourth until the first poll"
        );
        watcher.check_conservation();
    });
}

#[test]
fn what_was_taken_and_not_kept_is_lost_by_number() {
    let Some(lab) = lab_or_skip("not-kept", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    with_pin_folder(|folder| {
        let settings = pinned(folder);
        let mut watcher = Watcher::open(&lab, settings.clone());
        let window = ten_seconds().window_of(now());
        traffic::play(lab.namespace(Host::Client), Family::V4, &[Deed::Ask { questions: 3 }]).unwrap();
        let mut forgotten = Vec::new();
        watcher.take_and_forget(&mut forgotten);
        assert_eq!(packets(&forgotten).packets, 6, "three questions and their answers");
        watcher = watcher.opened_again(&lab, settings, || ());
        watcher.wait_for_a_window();

        let lost = watcher.lost(LossCause::NotKept);
        let lost: Vec<_> = lost
            .iter()
            .map(|loss| (loss.window, Counters { packets: loss.packets, bytes: loss.bytes }))
            .collect();
        assert_eq!(lost, [(window, packets(&forgotten))]);
        watcher.check_conservation();
    });
}

#[test]
fn what_was_kept_before_a_second_kill_is_not_told_as_lost() {
    let Some(lab) = lab_or_skip("killed-twice", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    let ask =
        || traffic::play(lab.namespace(Host::Client), Family::V4, &[Deed::Ask { questions: 3 }]).unwrap();
    with_pin_folder(|folder| {
        let watcher = Watcher::open(&lab, pinned(folder));
        let mut talk = Talk::open(lab.namespace(Host::Client), Family::V4).unwrap();
        let opened = ten_seconds().window_of(now());
        let third = opened.next().next();
        let mut watcher = watcher.opened_again(&lab, pinned(folder), || {
            for window in [opened, opened.next(), third] {
                wait_until(window.start().plus(Duration::from_secs(1)));
                // In the third window it finds an entry of the first, and is late.
                talk.fetch(1000).unwrap();
                ask();
            }
        });
        // The late call takes of the third window what there is; the windows before it are complete, and kept.
        watcher.poll_and_keep();
        assert!(now() < third.end().minus(Duration::from_secs(3)), "the machine is too slow for this test");
        let is_forgotten = |event: &mut Event| ten_seconds().window_of(event.first) == third;
        let forgotten: Vec<Event> = watcher.events.extract_if(.., is_forgotten).collect();
        assert_eq!(packets(&forgotten).packets, 6, "three questions and their answers");

        watcher = watcher.opened_again(&lab, pinned(folder), ask);
        watcher.wait_for_a_window();
        let lost: Vec<_> =
            watcher.lost(LossCause::NotKept).into_iter().map(|loss| (loss.window, loss.counters())).collect();
        assert_eq!(lost, [(third, packets(&forgotten))]);
        watcher.check_conservation();
    });
}

#[test]
fn programs_that_replace_others_do_not_count_twice() {
    let Some(lab) = lab_or_skip("replaced", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    with_pin_folder(|folder| {
        let watch = Watch::start(&lab).unwrap();
        let mut watcher = Watcher::open(&lab, pinned(folder));
        let mut talk = Talk::open(lab.namespace(Host::Client), Family::V4).unwrap();
        talk.fetch(1000).unwrap();
        let middle = watcher.wait_for_a_window();
        talk.fetch(1000).unwrap();
        let other = BpfSettings { variant: Some(Variant::Tracing), ..pinned(folder) };
        watcher = watcher.opened_again(&lab, other, || {
            talk.fetch(1000).unwrap();
            // Its last acknowledgement is sent late, and nothing counts while the one program replaces the other.
            wait_until(now().plus(Duration::from_millis(300)));
        });
        talk.fetch(1000).unwrap();
        talk.close().unwrap();
        let truth = watch.stop().unwrap();
        watcher.wait_for_a_window();

        assert_eq!(differences(&from_events(&watcher.events), &from_truth(&truth)), [""; 0]);
        let unseen = watcher.lost(LossCause::NotWatching).into_iter().map(|loss| loss.window.end());
        assert!(unseen.eq([middle, ten_seconds().window_of(middle).end()]), "{:?}", watcher.losses);
        watcher.check_conservation();
    });
}

#[test]
fn maps_of_another_shape_are_let_go_of() {
    let Some(lab) = lab_or_skip("shape", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    with_pin_folder(|folder| {
        drop(Watcher::open(&lab, pinned(folder)));
        let smaller = BpfSettings { flows_max: 1000, ..pinned(folder) };
        let mut watcher = Watcher::open(&lab, smaller);
        assert_eq!(folders(&folders(folder)[0]).len(), 1, "one set of maps");
        traffic::play(lab.namespace(Host::Client), Family::V6, &[Deed::Ask { questions: 2 }]).unwrap();
        watcher.wait_for_a_window();
        assert_eq!(packets(&watcher.events).packets, 4);
        assert_eq!(watcher.lost(LossCause::NotWatching).len(), 1);
        watcher.check_conservation();
    });
}

#[test]
fn two_sources_on_one_namespace_do_not_take_each_others_flows() {
    let Some(lab) = lab_or_skip("two", Offloads::Off) else { return };
    let _services = Services::start(&lab).unwrap();
    with_pin_folder(|folder| {
        let mut watchers = [0, 1].map(|_| Watcher::open(&lab, pinned(folder)));
        traffic::play(lab.namespace(Host::Client), Family::V4, &[Deed::Ask { questions: 2 }]).unwrap();
        for watcher in &mut watchers {
            watcher.finish();
            assert_eq!(packets(&watcher.events).packets, 4);
        }
        let gateway = lab.namespace(Host::Gateway).name();
        let error = capture::unpin(Some(gateway), folder).unwrap_err();
        assert!(error.to_string().contains("another agent"), "{error}");
    });
}

#[test]
fn pins_end_on_demand_and_with_their_namespace() {
    let Some(lab) = lab_or_skip("unpin", Offloads::Off) else { return };
    let (ask, asked) = channel();
    let (answer, answered) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            with_pin_folder(move |folder| {
                let gateway = Some(lab.namespace(Host::Gateway).name());
                drop(Watcher::open(&lab, pinned(folder)));
                assert_eq!(folders(folder).len(), 1);
                assert!(capture::unpin(gateway, folder).unwrap());
                assert!(!capture::unpin(gateway, folder).unwrap(), "there is nothing left to let go of");
                assert_eq!(folders(folder), [""; 0].map(PathBuf::from));

                drop(Watcher::open(&lab, pinned(folder)));
                capture::unpin(None, folder).unwrap();
                assert_eq!(folders(folder).len(), 1, "the pins of a living namespace stay");
                ask.send(lab).unwrap();
                answered.recv().unwrap();
                capture::unpin(None, folder).unwrap();
                assert_eq!(folders(folder), [""; 0].map(PathBuf::from), "the namespace is gone");
            });
        });
        // Only this thread's mounts are those of the machine.
        drop(asked.recv().unwrap());
        answer.send(()).unwrap();
    });
}

pub(crate) fn pinned(folder: &Path) -> BpfSettings {
    BpfSettings { pin_folder: Some(folder.to_owned()), ..BpfSettings::default() }
}

/// Runs `deed` with a bpf file system that only its thread sees, and that ends with the thread, whatever happens.
pub(crate) fn with_pin_folder(deed: impl FnOnce(&Path) + Send) {
    let root = tempfile::tempdir().expect("there is room for a folder");
    let outcome = thread::scope(|scope| {
        let inside = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNS).expect("root can have mounts of its own");
            // Mounts of others still come in and go, as namespaces of labs do.
            mount(&["--make-rslave", "/"]);
            mount(&["-t", "bpf", "bpf", &root.path().to_string_lossy()]);
            deed(&root.path().join("natlens"));
        });
        inside.join()
    });
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

fn mount(arguments: &[&str]) {
    let status = Command::new("mount").args(arguments).status().expect("mount is installed");
    assert!(status.success(), "mount {arguments:?}");
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).expect("the folder is there").flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_dir()).collect()
}

pub(crate) fn packets(events: &[Event]) -> Counters {
    events.iter().fold(Counters::default(), |sum, event| sum.plus(event.forward).plus(event.reply))
}

impl Watcher {
    /// Ends the source as a kill does, and opens another after `meanwhile`.
    pub(crate) fn opened_again(self, lab: &Lab, settings: BpfSettings, meanwhile: impl FnOnce()) -> Self {
        let Self { source, events, losses, totals } = self;
        drop(source);
        meanwhile();
        let settings = BpfSettings {
            network_namespace: Some(lab.namespace(Host::Gateway).name().to_owned()),
            window: ten_seconds(),
            ..settings
        };
        let source = Bpf::open(settings, now()).expect("root can watch a lab");
        Self { source, events, losses, totals }
    }

    /// Takes the current window when it is complete, and does not say that it is kept.
    fn take_and_forget(&mut self, forgotten: &mut Vec<Event>) {
        let end = ten_seconds().window_of(now()).end();
        loop {
            let progress = self.source.poll(now(), forgotten).expect("the kernel answers");
            if progress.complete_until >= end {
                return;
            }
            wait_until(progress.poll_again);
        }
    }
}
