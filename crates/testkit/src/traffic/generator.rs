//! Keeps mixed traffic going through a lab until it is stopped.
//!
//! Hides: its thread, the mix, the pace.
//! Knows nothing of: who watches.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::lab::{Host, Lab};
use crate::namespace::Namespace;
use crate::outcome::LabError;
use crate::traffic::{Deed, Family, Services, play};

/// The pause after each round: about four conversations a second, and less than a megabyte a second.
const PAUSE: Duration = Duration::from_millis(1500);

/// What a round adds to every other; one entry a round, in turn.
const TURNS: &[&[Deed]] = &[
    &[Deed::Fetch { bytes: 2_000_000 }],
    &[Deed::FetchRefused, Deed::FetchRefused],
    &[Deed::Ping { requests: 4 }],
    &[Deed::TellDropped { datagrams: 3 }, Deed::Tell { datagrams: 2 }],
    &[Deed::AskRefused],
];

/// What every round does.
const EVERY_ROUND: &[Deed] = &[
    Deed::Ask { questions: 1 },
    Deed::Fetch { bytes: 12_000 },
    Deed::Ask { questions: 2 },
    Deed::Fetch { bytes: 800 },
    Deed::Tell { datagrams: 1 },
];

/// Mixed traffic in the background: web pages, name look-ups, a bulk transfer, pings, refused attempts.
///
/// It ends when dropped; [`Generator::stop`] also tells whether it went well until then.
#[derive(Debug)]
pub struct Generator {
    stop: SyncSender<()>,
    thread: Option<JoinHandle<Result<u64, LabError>>>,
    _services: Option<Services>,
}

impl Generator {
    /// Starts the services and the traffic.
    pub fn start(lab: &Lab) -> Result<Self, LabError> {
        Services::start(lab).map(|services| Self::among(lab, Some(services)))
    }

    /// Starts the traffic; somebody else keeps the services running.
    pub fn start_without_services(lab: &Lab) -> Self {
        Self::among(lab, None)
    }

    fn among(lab: &Lab, services: Option<Services>) -> Self {
        let client = lab.namespace(Host::Client).clone();
        let (stop, stopped) = sync_channel(1);
        let pause = move || stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout);
        let thread = thread::spawn(move || generate(&client, pause));
        Self { stop, thread: Some(thread), _services: services }
    }

    /// Whether it still makes traffic; it ends by itself only when something failed.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Ends the traffic after the current round; returns how many rounds there were.
    pub fn stop(mut self) -> Result<u64, LabError> {
        // When the thread has ended already there is nobody to tell.
        self.stop.try_send(()).ok();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(0),
        }
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.stop.try_send(()).ok();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn generate(client: &Namespace, mut pause: impl FnMut() -> bool) -> Result<u64, LabError> {
    let mut rounds = 0;
    for (turn, family) in TURNS.iter().cycle().zip(Family::ALL.into_iter().cycle()) {
        play(client, family, EVERY_ROUND)?;
        play(client, family, turn)?;
        rounds += 1;
        if !pause() {
            break;
        }
    }
    Ok(rounds)
}
