//! One run of an agent, from its start to its end.
//!
//! Hides: which thread does what, and in which order a run ends.
//! Knows nothing of: which source captures, how batches are kept and sent.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use api::{AgentStatus, Client, Credential, Deadline};
use capture::{GatewayFacts, Rest, Source, SourceError};
use flow::{Clock, Event, FlowLog, Loss, LossCause, Timestamp};
use window::{ClosedWindow, Collected, WindowSettings, Windows};

use crate::batching::{Early, batches};
use crate::files::{Files, Folder};
use crate::identity::{Identity, IdentityError, find_or_enrol};
use crate::metrics::AgentMetrics;
use crate::names::{Names, NamesError};
use crate::orders::Orders;
use crate::settings::AgentSettings;
use crate::ship::Shipper;
use crate::spool::{Content, LostBatch, Noted, Spool, SpoolError};
use crate::status::status_of;
use crate::stop::Stop;
use crate::tally::Tally;
use crate::withheld::{Withheld, range};

/// How many polls of the source may fail in a row before the run ends.
pub const POLL_FAILURES_MAX: u32 = 10;

/// How long the end of a run waits for the last batches to be sent. What is not sent by then stays in the spool.
pub const STOP_PATIENCE: Duration = Duration::from_millis(500);

/// The most parts that the end of a run takes from the source: more than the flows of a window need.
const LAST_TURNS_MAX: u32 = 200;

/// The longest wait between two polls: bounds how late the end of a window is noticed when the clock was set.
const POLL_WAIT_MAX: Duration = Duration::from_millis(250);

const LOCK_FILE: &str = "lock";
const SPOOL_FOLDER: &str = "spool";

/// Where an agent with that state folder keeps batches.
pub fn spool_folder(state_folder: &Path) -> PathBuf {
    state_folder.join(SPOOL_FOLDER)
}

/// Why a run ended, unless it was asked to. What was spooled is safe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The state folder cannot be used.
    #[error("cannot use the agent's state folder `{path}`: is it writable?")]
    StateFolder {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another agent uses the state folder.
    #[error(
        "the agent's state folder `{path}` is in use: stop the other agent, or give this one its own folder"
    )]
    InUse {
        /// Which folder.
        path: PathBuf,
    },
    /// There is no identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A file of the operator cannot be used.
    #[error(transparent)]
    Names(#[from] NamesError),
    /// The source is of no use any more; opening it again may help.
    #[error("capture ended")]
    Source(#[from] SourceError),
    /// A thread could not be started, or ended although it should not.
    #[error("the thread that {deed} ended: this is a mistake of natlens, please report it")]
    Thread {
        /// What it does.
        deed: &'static str,
    },
}

/// Collects records of the gateway that `source` watches, and sends them to the server, until asked to stop.
///
/// Enrols first if the state folder holds no identity. Ends within a second of being asked: what the windows hold is
/// spooled, and sent if that takes no longer than [`STOP_PATIENCE`].
///
/// # Errors
/// Each says why the run could not start or go on.
pub fn run(
    settings: AgentSettings,
    source: Box<dyn Source + Send>,
    facts: GatewayFacts,
    clock: Clock,
    stop: Stop,
) -> Result<(), AgentError> {
    let started = clock();
    let watched_since = source.watching_since().unwrap_or(started);
    let names = Names::open(&settings)?;
    let (folder, _lock) = open_state(&settings.state_folder)?;
    let Some(identity) = find_or_enrol(&folder, &settings, &stop)? else { return Ok(()) };
    let spool_path = spool_folder(&settings.state_folder);
    let spool_folder = Folder::open(&spool_path)
        .map_err(|source| AgentError::StateFolder { path: spool_path.clone(), source })?;
    let spool = Arc::new(Spool::open(Box::new(spool_folder), settings.spool_bytes_max)?);
    let orders = Arc::new(Orders::open(Box::new(folder), identity.gateway.clone(), settings.metrics.clone()));
    let ended = Stop::new();
    let status = status_of(&settings, facts);
    settings.begin();
    start_health(&settings, &clock, &ended)?;
    let threads = Threads {
        shipper: start_shipper(&settings, &identity, &spool)?,
        watcher: start_watcher(&settings, &identity, &orders, status, &ended)?,
    };
    let windows = Windows::new(WindowSettings {
        account: identity.account.clone(),
        region: identity.region.clone(),
        gateway: identity.gateway.clone(),
        vpc: settings.vpc.clone(),
        length: settings.window,
        inside: settings.inside.clone(),
    });
    let mut collector = Collector {
        source,
        windows,
        withheld: Withheld::default(),
        untold: Vec::new(),
        fresh: Vec::new(),
        tally: Tally::default(),
        events: Vec::new(),
        poll_failures: 0,
        polled: started,
        gap: LossCause::AgentDown,
        orders,
        spool: Arc::clone(&spool),
        identity,
        metrics: settings.metrics,
        length: settings.window,
        names,
    };
    collector.names.give(&mut collector.windows);
    collector.resume(watched_since, started);
    let outcome = collector.collect(&clock, &stop, &threads);
    collector.finish(clock());
    spool.close();
    ended.now();
    threads.wait_for_shipper();
    spool.abandon();
    outcome
}

/// Opens the state folder for this agent alone, for as long as the second part lives.
fn open_state(path: &Path) -> Result<(Folder, File), AgentError> {
    let fails = |source| AgentError::StateFolder { path: path.to_owned(), source };
    let folder = Folder::open(path).map_err(fails)?;
    let lock = File::create(folder.path(LOCK_FILE)).map_err(fails)?;
    match lock.try_lock() {
        Ok(()) => Ok((folder, lock)),
        Err(TryLockError::WouldBlock) => Err(AgentError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(fails(source)),
    }
}

/// The threads beside the caller's. They are not joined: a request under way may take a minute. Whatever it brings
/// after the end of the run does no harm, for the spool is abandoned then.
struct Threads {
    shipper: (JoinHandle<()>, mpsc::Receiver<()>),
    watcher: JoinHandle<()>,
}

impl Threads {
    /// A thread that ends while the run goes on would stop the delivery in silence.
    fn check(&self) -> Result<(), AgentError> {
        if self.shipper.0.is_finished() {
            return Err(AgentError::Thread { deed: "sends batches" });
        }
        if self.watcher.is_finished() {
            return Err(AgentError::Thread { deed: "asks for flow logs" });
        }
        Ok(())
    }

    fn wait_for_shipper(&self) {
        // Its end drops the sender, which ends the wait, too.
        if self.shipper.1.recv_timeout(STOP_PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::info!("what is not sent yet stays in the spool");
        }
    }
}

fn start_shipper(
    settings: &AgentSettings,
    identity: &Identity,
    spool: &Arc<Spool>,
) -> Result<(JoinHandle<()>, mpsc::Receiver<()>), AgentError> {
    let client = client(settings, identity);
    let shipper = Shipper::new(identity.gateway.as_str(), settings.metrics.clone());
    let spool = Arc::clone(spool);
    let (running, ended) = mpsc::channel();
    let handle = start("sends batches", move || {
        shipper.run(&spool, &client);
        drop(running);
    })?;
    Ok((handle, ended))
}

fn start_watcher(
    settings: &AgentSettings,
    identity: &Identity,
    orders: &Arc<Orders>,
    status: impl Fn() -> AgentStatus + Send + 'static,
    ended: &Stop,
) -> Result<JoinHandle<()>, AgentError> {
    let (client, orders, ended) = (client(settings, identity), Arc::clone(orders), ended.clone());
    start("asks for flow logs", move || orders.watch(&client, status, &ended))
}

/// Nothing depends on this thread, so nobody waits for it or checks it.
#[cfg(target_os = "linux")]
fn start_health(settings: &AgentSettings, clock: &Clock, ended: &Stop) -> Result<(), AgentError> {
    let Some(place) = settings.health.clone() else { return Ok(()) };
    let (metrics, clock, ended) = (settings.metrics.clone(), Arc::clone(clock), ended.clone());
    let every = settings.window.duration();
    let work = move || crate::health::watch(&place, every, &metrics, &clock, &ended);
    start("looks how the gateway fares", work).map(drop)
}

#[cfg(not(target_os = "linux"))]
fn start_health(_: &AgentSettings, _: &Clock, _: &Stop) -> Result<(), AgentError> {
    Ok(())
}

fn start(deed: &'static str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, AgentError> {
    std::thread::Builder::new().name(deed.to_owned()).spawn(work).map_err(|error| {
        tracing::error!(%error, deed, "cannot start a thread");
        AgentError::Thread { deed }
    })
}

fn client(settings: &AgentSettings, identity: &Identity) -> Client {
    Client::new(&settings.server, Credential::AgentToken(identity.token.clone()), Deadline::Usual)
        .trusting(&settings.trust)
        .in_region(Some(identity.region.as_str()))
}

/// Polls the source and spools what windows close with: the work of the caller's thread.
struct Collector {
    source: Box<dyn Source + Send>,
    windows: Windows,
    withheld: Withheld,
    /// The marks of batches that will not arrive and are told with the next windows.
    untold: Vec<String>,
    /// The ends of windows that were spooled in this turn.
    fresh: Vec<Timestamp>,
    tally: Tally,
    events: Vec<Event>,
    /// In a row.
    poll_failures: u32,
    /// When a poll last succeeded.
    polled: Timestamp,
    /// Why nobody will watch between this run and the next.
    gap: LossCause,
    orders: Arc<Orders>,
    spool: Arc<Spool>,
    identity: Identity,
    metrics: AgentMetrics,
    length: flow::WindowLength,
    names: Names,
}

impl Collector {
    /// Continues where an earlier run ended: nobody watched from then until `watched_since`.
    fn resume(&mut self, watched_since: Timestamp, now: Timestamp) {
        if let Some(Noted { closed_until: noted, gap }) = self.spool.noted() {
            // A clock that was set back comes to the same windows again: they are recorded again, not left out.
            let closed_until = noted.min(now);
            if closed_until < noted {
                let millis = noted.millis() - now.millis();
                tracing::warn!(%noted, %now, millis, "the clock was set back: windows begin again at the time now");
            }
            self.windows.resume(closed_until);
            self.windows.watched_since(watched_since, gap);
            tracing::info!(%closed_until, %watched_since, "windows between two runs become SKIPDATA");
        }
        self.metrics.note_spool(&self.spool.fill());
    }

    /// Works until asked to stop.
    fn collect(&mut self, clock: &Clock, stop: &Stop, threads: &Threads) -> Result<(), AgentError> {
        while !stop.is_asked() {
            threads.check()?;
            let poll_again = self.turn(clock())?;
            self.fresh.drain(..).for_each(|end| self.metrics.note_spool_delay(clock().since(end)));
            stop.wait(poll_again.since(clock()).min(POLL_WAIT_MAX));
        }
        Ok(())
    }

    /// Takes what the source has and closes the windows that are complete; returns when to do so again.
    fn turn(&mut self, now: Timestamp) -> Result<Timestamp, AgentError> {
        let progress = match self.source.poll(now, &mut self.events) {
            Ok(progress) => progress,
            Err(error) => return self.poll_failed(error).map(|()| now.plus(POLL_WAIT_MAX)),
        };
        (self.poll_failures, self.polled) = (0, now);
        self.metrics.note_polled(now);
        self.tally.note(&self.events, progress.complete_until, &self.metrics);
        // Taken with its memory, which a busy window fills and a quiet one does not need.
        for event in std::mem::take(&mut self.events) {
            self.windows.observe(event);
        }
        for loss in &progress.losses {
            let (window, cause) = (loss.window.start(), loss.cause.as_str());
            tracing::warn!(%window, packets = loss.packets, bytes = loss.bytes, cause, "packets are in no record");
            self.windows.lose(loss);
        }
        progress.totals.iter().for_each(|total| self.windows.count(total));
        // Until somebody has told which flow logs to carry out, windows stay open: their records are not lost.
        if let Some(flow_logs) = self.orders.current() {
            self.look_for_lost_batches(&flow_logs);
            self.look_for_names(progress.complete_until);
            let complete_until = progress.complete_until;
            self.close(&flow_logs, |windows, each| windows.close_in_parts(complete_until, &flow_logs, each));
        }
        Ok(progress.poll_again)
    }

    /// Closes windows and spools their records, of which no more than a part is in memory at once.
    fn close(
        &mut self,
        flow_logs: &[FlowLog],
        windows: impl FnOnce(&mut Windows, &mut dyn FnMut(Collected)) -> Vec<ClosedWindow>,
    ) {
        let mut early = Early::default();
        let (names, identity) = (&mut self.names, &self.identity);
        let mut closed = windows(&mut self.windows, &mut |mut part| {
            names.tell_origins_of(&mut part);
            early.add(identity, part);
        });
        self.names.tell_origins(&mut closed);
        self.metrics.note_closed(&closed, self.windows.open_flows());
        self.keep(&closed, early, flow_logs);
        self.note_closed_until();
        self.tell_source();
    }

    /// Remembers which batches will not arrive, until that is told.
    fn look_for_lost_batches(&mut self, flow_logs: &[FlowLog]) {
        for LostBatch { first, content, cause, mark } in self.spool.take_lost() {
            self.untold.push(mark);
            let window = self.length.window_of(first);
            match content {
                Content::Records { flow_log, told } => {
                    let loss = Loss { window, packets: told.packets, bytes: told.bytes, cause };
                    self.metrics.lose([(cause, told)]);
                    self.withheld.add_batch(flow_log, &loss, flow_logs);
                }
                Content::Unknown | Content::Ledger => self.windows.lose(&Loss::unknown(window, cause)),
            }
        }
    }

    /// Looks for new names when a window is about to close, which then has them.
    fn look_for_names(&mut self, complete_until: Timestamp) {
        let until = self.length.window_of(complete_until).start();
        if self.windows.closed_until() != Some(until) {
            self.names.look_again();
            self.names.give(&mut self.windows);
        }
    }

    fn poll_failed(&mut self, error: SourceError) -> Result<(), AgentError> {
        // A failed poll leaves the source as it was: what it gave is given again.
        self.events.clear();
        self.poll_failures += 1;
        if matches!(error, SourceError::ClockSet { .. }) {
            self.gap = LossCause::ClockSet;
            self.metrics.counters.clock_steps_total.add(1);
            self.windows.lose(&Loss::unknown(self.length.window_of(self.polled), self.gap));
        }
        let hopeless = matches!(error, SourceError::ClockSet { .. } | SourceError::Recording(_));
        if hopeless || self.poll_failures >= POLL_FAILURES_MAX {
            return Err(error.into());
        }
        tracing::warn!(%error, failures = self.poll_failures, "cannot poll the source");
        Ok(())
    }

    /// Spools the records of the windows, or remembers what is missing.
    fn keep(&mut self, closed: &[ClosedWindow], mut early: Early, flow_logs: &[FlowLog]) {
        if closed.is_empty() {
            return;
        }
        let missing = self.withheld.collected(&self.windows);
        let collected = closed.iter().flat_map(|window| &window.collected);
        let mut ledger = self.withheld.ledger(&self.windows);
        ledger.extend(closed.iter().flat_map(|window| self.windows.ledger(range(window), &window.balance)));
        let rest = || batches(&self.identity, missing.iter().chain(collected), &ledger);
        let spooled = early
            .take()
            .and_then(|mut batches| {
                batches.extend(rest()?);
                Ok(batches)
            })
            .map_err(Box::<dyn std::error::Error>::from)
            .and_then(|batches| {
                let added = self.spool.add(&batches);
                self.metrics.note_made(&batches, added.is_ok());
                Ok(added?)
            });
        match spooled {
            Ok(()) => {
                self.withheld.clear();
                self.fresh.extend(closed.iter().map(|window| window.until));
                self.spool.told(&std::mem::take(&mut self.untold));
            }
            Err(error) => {
                let lost = self.withheld.add(closed, &early, flow_logs);
                self.metrics.note_withheld(closed.len() as u64, lost);
                tracing::error!(
                    error = &*error,
                    windows = closed.len(),
                    packets = lost.packets,
                    bytes = lost.bytes,
                    "records find no room and are lost"
                );
            }
        }
        self.metrics.note_spool(&self.spool.fill());
    }

    /// Notes how far windows are closed, unless a gap has not been told yet: then the next run must tell it.
    fn note_closed_until(&self) {
        let Some(closed_until) = self.windows.closed_until() else { return };
        let note = Noted { closed_until, gap: self.gap };
        if self.withheld.is_empty()
            && self.spool.noted() != Some(note)
            && let Err(error) = self.spool.note(note)
        {
            tracing::warn!(%error, "after a restart, windows since the last note count as lost");
        }
    }

    /// What is spooled need not be given again, nor be told as lost, by the next run's source.
    fn tell_source(&mut self) {
        if self.withheld.is_empty()
            && let Err(error) = self.source.kept()
        {
            tracing::warn!(%error, "after a restart, records that were kept count as lost");
        }
    }

    /// Spools what the windows hold, complete or not.
    fn finish(&mut self, now: Timestamp) {
        if let Err(error) = self.last_turns(now) {
            tracing::warn!(%error, "the last poll failed");
        }
        if let Err(error) = self.observe_rest() {
            tracing::warn!(%error, "what the source knew of the current window is lost");
        }
        if let Some(flow_logs) = self.orders.current() {
            self.close(&flow_logs, |windows, each| windows.close_early(now, &flow_logs, each));
        }
    }

    /// Takes what the source has of windows that are complete, to the last part.
    fn last_turns(&mut self, now: Timestamp) -> Result<(), AgentError> {
        for _ in 0..LAST_TURNS_MAX {
            if self.turn(now)? > now {
                break;
            }
        }
        Ok(())
    }

    /// Takes what the source knows of windows that are not complete.
    fn observe_rest(&mut self) -> Result<(), SourceError> {
        for _ in 0..LAST_TURNS_MAX {
            let rest = self.source.finish(&mut self.events);
            for event in std::mem::take(&mut self.events) {
                self.windows.observe(event);
            }
            if rest? == Rest::Nothing {
                break;
            }
        }
        Ok(())
    }
}
