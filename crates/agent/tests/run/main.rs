//! Whole runs of the agent against an HTTP server on loopback, with a recording as source.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

mod server;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;

use agent::{AgentError, AgentMetrics, AgentSettings, Stop};
use api::{AgentFlowLog, Batch};
use capture::{GatewayFacts, Progress, Recorder, Replay, Source, SourceError};
use flow::{
    Counters, Event, FlowKey, KernelTotal, LogStatus, Record, Timestamp, Tuple, Verdict, WindowLength,
    protocol,
};

use server::{Mood, Server};

/// The first moment of every test: the edge of a window.
const START: i64 = 1_764_000_000;

/// Packets of both directions in each recorded window.
const PACKETS: u64 = 5;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

fn length() -> WindowLength {
    WindowLength::try_from(10).unwrap()
}

fn facts() -> GatewayFacts {
    let public_addresses = vec!["203.0.113.1".parse().unwrap()];
    GatewayFacts { hostname: "gateway-host".to_owned(), interfaces: Vec::new(), public_addresses }
}

/// Writes a recording of one window in which one flow had [`PACKETS`] packets.
fn record(path: &Path) {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let original =
        Tuple { srcaddr: address("10.0.0.2"), dstaddr: address("198.51.100.9"), srcport: 4000, dstport: 443 };
    let event = Event {
        key: FlowKey { protocol: protocol::TCP, original, translated: Some(original) },
        first: at(1),
        last: at(4),
        forward: Counters { packets: 3, bytes: 180 },
        reply: Counters { packets: 2, bytes: 120 },
        verdict: Verdict::Accept,
        tcp_flags: 2,
        interface_in: None,
        interface_out: None,
    };
    let progress = |seconds| Progress {
        complete_until: at(seconds),
        losses: Vec::new(),
        totals: Vec::new(),
        poll_again: at(seconds),
    };
    let mut recorder = Recorder::create(path, &facts(), length()).unwrap();
    recorder.write(&[], &progress(0)).unwrap();
    recorder.write(&[event], &progress(10)).unwrap();
}

/// One gateway host: its state folder, its clock, and the agent that runs on it.
struct Host {
    place: tempfile::TempDir,
    now: Arc<AtomicI64>,
    running: Option<Running>,
    spool_bytes_max: u64,
    inventory_file: Option<PathBuf>,
    /// `Some` when the source counts on between runs: since when.
    counting_since: Option<Timestamp>,
    kept: Arc<AtomicU64>,
    /// Whether the source notices that somebody set the clock.
    clock_is_set: Arc<AtomicBool>,
}

/// A source that counts in the kernel, and counts on between the runs of the agent.
struct CountsOn {
    replay: Replay,
    since: Option<Timestamp>,
    /// How often the agent said that what it got is kept.
    kept: Arc<AtomicU64>,
    clock_is_set: Arc<AtomicBool>,
}

impl Source for CountsOn {
    fn poll(&mut self, now: Timestamp, events: &mut Vec<Event>) -> Result<Progress, SourceError> {
        if self.clock_is_set.load(Ordering::SeqCst) {
            return Err(SourceError::ClockSet { millis: 60_000 });
        }
        let known = events.len();
        let mut progress = self.replay.poll(now, events)?;
        progress.totals.extend(events.iter().skip(known).map(|event| KernelTotal {
            accepted: event.forward.plus(event.reply),
            ..KernelTotal::nothing(length().window_of(event.first))
        }));
        Ok(progress)
    }

    fn kept(&mut self) -> Result<(), SourceError> {
        self.kept.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn watching_since(&self) -> Option<Timestamp> {
        self.since
    }
}

struct Running {
    stop: Stop,
    metrics: AgentMetrics,
    thread: JoinHandle<Result<(), AgentError>>,
}

impl Host {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        record(&place.path().join("recording"));
        let now = Arc::new(AtomicI64::new(at(0).millis()));
        let spool_bytes_max = agent::SPOOL_BYTES_MAX_DEFAULT;
        Self {
            place,
            now,
            running: None,
            spool_bytes_max,
            inventory_file: None,
            counting_since: None,
            kept: Arc::default(),
            clock_is_set: Arc::default(),
        }
    }

    /// Its agent runs, and has been told of flow logs once.
    fn that_knows_its_flow_logs(server: &Server) -> Self {
        let mut host = Self::new();
        host.start(server);
        server.wait("the agent knows its flow logs", |seen| seen.known_generation == Some(1));
        host
    }

    fn settings(&self, server: &Server) -> AgentSettings {
        AgentSettings {
            server: server.address(),
            state_folder: self.place.path().join("state"),
            enrolment_token: Some("enrolment-token".to_owned()),
            window: length(),
            spool_bytes_max: self.spool_bytes_max,
            inventory_file: self.inventory_file.clone(),
            source: "replay",
            ..AgentSettings::default()
        }
    }

    fn start(&mut self, server: &Server) {
        let settings = self.settings(server);
        let (stop, metrics, now) = (Stop::new(), settings.metrics.clone(), Arc::clone(&self.now));
        let clock: flow::Clock = Arc::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst)));
        let replay = Replay::open(&self.place.path().join("recording"), clock()).unwrap();
        let (kept, clock_is_set) = (Arc::clone(&self.kept), Arc::clone(&self.clock_is_set));
        let source = Box::new(CountsOn { replay, since: self.counting_since, kept, clock_is_set });
        let asked = stop.clone();
        let thread = std::thread::spawn(move || agent::run(settings, source, facts(), clock, asked));
        self.running = Some(Running { stop, metrics, thread });
    }

    fn set_clock(&self, seconds: i64) {
        self.now.store(at(seconds).millis(), Ordering::SeqCst);
    }

    /// Stops the agent, which must not wait for the server's answer to its long poll.
    fn stop(&mut self) -> AgentMetrics {
        let Running { stop, metrics, thread } = self.running.take().unwrap();
        let (done, wait) = std::sync::mpsc::channel();
        let joiner = std::thread::spawn(move || {
            thread.join().unwrap().unwrap();
            done.send(()).unwrap();
        });
        stop.now();
        wait.recv_timeout(server::PATIENCE / 2).expect("a run ends soon after it was asked to");
        joiner.join().unwrap();
        metrics
    }
}

fn flow_log(id: &str) -> AgentFlowLog {
    AgentFlowLog {
        flow_log_id: id.to_owned(),
        resource_type: "NAT".to_owned(),
        resource_id: server::GATEWAY.to_owned(),
        traffic_type: "ALL".to_owned(),
        topic_id: "flow-log-topic".to_owned(),
    }
}

/// Start and end in seconds, status, and packets told or lost.
fn told(record: &Record) -> (i64, i64, LogStatus, u64) {
    let packets = record.packets.unwrap_or(0) + record.reply_packets.unwrap_or(0);
    let packets = if record.log_status == LogStatus::SkipData { record.lost.unwrap_or(0) } else { packets };
    (record.start.seconds() - START, record.end.seconds() - START, record.log_status, packets)
}

/// The rows of the ledger: start and end in seconds, what the kernel counted and what was recorded of it, what was lost
/// and why. The rows about what was refused are left out: they say that nothing was.
fn ledger(server: &Server) -> Vec<String> {
    let rows = server.ledger().into_iter().filter(|row| row.action.as_deref() != Some("REJECT"));
    let line = |row: Record| {
        let number = |value: Option<u64>| value.map_or("?".to_owned(), |value| value.to_string());
        let told = match row.lost_cause {
            Some(cause) => format!("lost {} {}", number(row.lost), cause.as_str()),
            None => format!("kernel {} recorded {}", number(row.kernel_packets), number(row.packets)),
        };
        format!("{}-{} {told}", row.start.seconds() - START, row.end.seconds() - START)
    };
    rows.map(line).collect()
}

#[test]
fn a_window_is_on_the_server_as_soon_as_it_closes() {
    let server = Server::start(vec![flow_log("fl-00000001"), flow_log("fl-00000002")]);
    let mut host = Host::that_knows_its_flow_logs(&server);
    assert_eq!(server.seen(|seen| seen.stored.len()), 0, "no window has closed yet");

    host.set_clock(10);
    server.wait("both flow logs have their records", |seen| seen.stored.len() == 2);
    for flow_log in ["fl-00000001", "fl-00000002"] {
        assert_eq!(
            server.records(flow_log).iter().map(told).collect::<Vec<_>>(),
            [(1, 4, LogStatus::Ok, PACKETS)]
        );
    }
    let status = server.seen(|seen| seen.status.clone().unwrap());
    assert_eq!((status.source.as_str(), status.window_seconds), ("replay", 10));
    assert_eq!(
        (status.hostname.as_str(), status.public_addresses),
        ("gateway-host", vec!["203.0.113.1".to_owned()])
    );

    server.order(vec![flow_log("fl-00000002")]);
    server.wait("the agent knows that one was paused", |seen| seen.known_generation == Some(2));
    host.set_clock(20);
    server.wait("the other goes on", |seen| seen.stored.len() == 3 && seen.ledger.len() == 2);
    assert_eq!(server.records("fl-00000001").len(), 1);
    let numbers = host.stop().read();
    assert_eq!((numbers.sent_batches_total, numbers.spooled_batches, numbers.flow_logs), (5, 0, 1));
    assert_eq!(ledger(&server), ["0-10 kernel 5 recorded 5", "10-20 kernel 5 recorded 5"]);
}

#[test]
fn an_answer_that_is_lost_stores_nothing_twice() {
    let server = Server::start(vec![flow_log("fl-00000001")]);
    let mut host = Host::that_knows_its_flow_logs(&server);
    server.be(Mood::Silent);
    host.set_clock(10);
    server.wait("the batch was stored twice", |seen| seen.uploads >= 2);
    server.be(Mood::Working);
    server.wait("both batches were acknowledged", |seen| seen.acknowledged == 1 && seen.ledger.len() == 1);
    assert_eq!(server.records("fl-00000001").len(), 1);
    let numbers = host.stop().read();
    assert_eq!((numbers.sent_batches_total, numbers.sent_again_batches_total), (2, 1));
}

#[test]
fn a_restart_without_a_server_goes_on_collecting_and_tells_what_nobody_watched() {
    let server = Server::start(vec![flow_log("fl-00000001")]);
    let mut host = Host::that_knows_its_flow_logs(&server);
    server.be(Mood::Busy);
    host.set_clock(10);
    server.wait("the server was asked in vain", |seen| seen.uploads >= 1);
    assert_eq!(host.stop().read().spooled_batches, 2, "records, and the ledger");

    host.set_clock(35);
    server.be(Mood::Gone);
    host.start(&server);
    server.wait("the agent asks in vain", |seen| seen.turned_away >= 2);
    host.set_clock(51);
    server.wait("it sends in vain", |seen| seen.uploads >= 2);
    host.stop();
    assert_eq!(server.seen(|seen| seen.stored.len()), 0);

    server.be(Mood::Working);
    host.start(&server);
    server.wait("all that was spooled arrives", |seen| seen.stored.len() >= 2 && seen.ledger.len() >= 2);
    host.stop();
    let mut told: Vec<_> = server.records("fl-00000001").iter().map(told).collect();
    told.sort_by_key(|(start, _, status, _)| (*start, *status));
    assert_eq!(
        told,
        [
            (1, 4, LogStatus::Ok, PACKETS),
            (10, 20, LogStatus::SkipData, 0),
            (20, 30, LogStatus::SkipData, 0),
            (30, 40, LogStatus::SkipData, 0),
            (31, 34, LogStatus::Ok, PACKETS),
            (41, 44, LogStatus::Ok, PACKETS),
        ]
    );
    assert_eq!(
        ledger(&server),
        [
            "0-10 kernel 5 recorded 5",
            "10-20 lost ? agent-down",
            "20-30 lost ? agent-down",
            "30-40 kernel 5 recorded 5",
            "30-40 lost ? agent-down",
            "40-50 kernel 5 recorded 5",
        ]
    );
    assert_eq!(server.seen(|seen| seen.enrolments), 1, "an identity is kept");
}

#[test]
fn windows_between_two_runs_are_complete_when_the_source_counted_on() {
    let server = Server::start(vec![flow_log("fl-00000001")]);
    let mut host = Host::that_knows_its_flow_logs(&server);
    host.set_clock(10);
    server.wait("the first window is stored", |seen| !seen.stored.is_empty());
    host.stop();
    assert!(host.kept.load(Ordering::SeqCst) > 0, "the source knows that its events are spooled");

    host.set_clock(35);
    host.counting_since = Some(at(0));
    host.start(&server);
    server.wait("the windows in between are stored", |seen| seen.stored.len() >= 2 && seen.ledger.len() >= 2);
    host.stop();
    assert_eq!(
        ledger(&server),
        ["0-10 kernel 5 recorded 5", "10-20 kernel ? recorded 0", "20-30 kernel ? recorded 0"],
        "none of them lost anything"
    );
    let mut told: Vec<_> = server.records("fl-00000001").iter().map(told).collect();
    told.sort_by_key(|(start, _, status, _)| (*start, *status));
    assert_eq!(
        told,
        [(1, 4, LogStatus::Ok, PACKETS), (10, 20, LogStatus::NoData, 0), (20, 30, LogStatus::NoData, 0)]
    );
}

#[test]
fn a_clock_set_back_between_two_runs_does_not_end_the_record() {
    let server = Server::start(vec![flow_log("fl-00000001")]);
    let mut host = Host::new();
    host.set_clock(3600);
    host.start(&server);
    server.wait("the agent knows its flow logs", |seen| seen.known_generation == Some(1));
    host.set_clock(3610);
    server.wait("the first window is stored", |seen| !seen.stored.is_empty());
    host.stop();

    server.order(vec![flow_log("fl-00000001")]);
    host.set_clock(0);
    host.start(&server);
    server.wait("the agent knows its flow logs again", |seen| seen.known_generation == Some(2));
    host.set_clock(10);
    server.wait("the window of the new time is stored", |seen| seen.stored.len() == 2);
    host.stop();
    let told: Vec<_> = server.records("fl-00000001").iter().map(told).collect();
    assert!(told.contains(&(1, 4, LogStatus::Ok, PACKETS)), "{told:?}");
}

#[test]
fn what_finds_no_room_in_the_spool_is_told_to_the_packet() {
    let server = Server::start(vec![flow_log("fl-00000001")]);
    let mut host = Host::new();
    host.spool_bytes_max = 4 * 4096;
    host.start(&server);
    server.wait("the agent knows its flow logs", |seen| seen.known_generation == Some(1));
    server.be(Mood::Busy);
    for window in 1..=5 {
        host.set_clock(10 * window);
        let metrics = host.running.as_ref().unwrap().metrics.clone();
        server.wait("the window closes", |_| {
            metrics.read().closed_windows_total == u64::try_from(window).unwrap()
        });
    }
    server.be(Mood::Working);
    server.wait("there is room again", |seen| seen.stored.len() == 2 && seen.ledger.len() == 2);
    host.set_clock(60);
    server.wait("the gap is told", |seen| seen.stored.len() == 3 && seen.ledger.len() == 3);
    let metrics = host.stop();
    let numbers = metrics.read();
    assert_eq!((numbers.withheld_windows_total, numbers.lost_packets_total), (3, 3 * PACKETS));
    let text = metrics.text(at(60)).unwrap();
    let lost_bytes =
        text.lines().find(|line| line.starts_with(r#"natlens_agent_lost_bytes_total{cause="spool-full"}"#));
    assert_eq!(lost_bytes, Some(r#"natlens_agent_lost_bytes_total{cause="spool-full"} 900"#), "{text}");
    let mut told: Vec<_> = server.records("fl-00000001").iter().map(told).collect();
    told.sort_by_key(|(start, ..)| *start);
    assert_eq!(
        told,
        [
            (1, 4, LogStatus::Ok, PACKETS),
            (11, 14, LogStatus::Ok, PACKETS),
            (20, 50, LogStatus::SkipData, 3 * PACKETS),
            (51, 54, LogStatus::Ok, PACKETS),
        ]
    );
    assert_eq!(
        ledger(&server),
        [
            "0-10 kernel 5 recorded 5",
            "10-20 kernel 5 recorded 5",
            "20-50 kernel 15 recorded 0",
            "20-50 lost 15 spool-full",
            "50-60 kernel 5 recorded 5",
        ]
    );
}

#[test]
fn a_batch_that_the_server_refuses_blocks_nothing() {
    let server = Server::start(vec![flow_log("fl-00000001")]);
    let host = Host::that_knows_its_flow_logs(&server);
    server.be(Mood::Refusing);
    host.set_clock(10);
    check_that_the_loss_of_the_first_batch_is_told(&server, host, "batch-refused");
}

#[test]
fn a_batch_whose_file_is_damaged_is_told_to_the_packet() {
    let server = Server::start(vec![flow_log("fl-00000001")]);
    let host = Host::that_knows_its_flow_logs(&server);
    server.be(Mood::Busy);
    host.set_clock(10);
    server.wait("the batch waits", |seen| seen.uploads >= 1);
    let spool = host.place.path().join("state/spool");
    let paths = std::fs::read_dir(spool).unwrap().map(|entry| entry.unwrap().path());
    let file = paths.into_iter().find(|path| path.to_string_lossy().contains(".fl-00000001.")).unwrap();
    std::fs::write(file, b"torn").unwrap();
    check_that_the_loss_of_the_first_batch_is_told(&server, host, "batch-torn");
}

#[test]
fn a_loss_that_a_crash_kept_from_being_told_is_told_by_the_next_run() {
    let server = Server::start(vec![flow_log("fl-00000001")]);
    let mut host = Host::that_knows_its_flow_logs(&server);
    server.be(Mood::Refusing);
    host.set_clock(10);
    let metrics = host.running.as_ref().unwrap().metrics.clone();
    server.wait("the batch is set aside", |_| metrics.read().lost_packets_total == PACKETS);

    // What a crash would leave: no later window has closed, so nothing of the loss is spooled.
    let mut after_crash = Host::new();
    for folder in ["state", "state/spool"] {
        std::fs::create_dir_all(after_crash.place.path().join(folder)).unwrap();
        for entry in std::fs::read_dir(host.place.path().join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                let to = after_crash.place.path().join(folder).join(entry.file_name());
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    host.stop();
    server.be(Mood::Working);
    after_crash.counting_since = Some(at(0));
    after_crash.set_clock(20);
    after_crash.start(&server);
    let tells = |batch: &Batch| batch.records.iter().any(|record| record.lost == Some(PACKETS));
    server.wait("both tell of the loss", |seen| {
        seen.stored.values().any(tells) && seen.ledger.values().any(tells)
    });
    after_crash.stop();
    let taken_back = ledger(&server).into_iter().filter(|row| row == "0-10 lost 5 batch-refused");
    assert_eq!(taken_back.count(), 1);
}

#[track_caller]
fn check_that_the_loss_of_the_first_batch_is_told(server: &Server, mut host: Host, cause: &str) {
    let metrics = host.running.as_ref().unwrap().metrics.clone();
    server.be(if cause == "batch-torn" { Mood::Working } else { Mood::Refusing });
    server.wait("the agent knows what is missing", |_| metrics.read().lost_packets_total == PACKETS);
    server.be(Mood::Working);
    host.set_clock(20);
    server.wait("the next one is stored", |seen| seen.stored.len() == 1 && seen.ledger.len() == 2);
    let numbers = host.stop().read();
    assert_eq!(numbers.refused_batches_total + numbers.torn_batches_total, 1);
    assert_eq!(
        server.records("fl-00000001").iter().map(told).collect::<Vec<_>>(),
        [(0, 10, LogStatus::SkipData, PACKETS), (11, 14, LogStatus::Ok, PACKETS)]
    );
    let taken_back = format!("0-10 lost 5 {cause}");
    assert_eq!(
        ledger(server),
        ["0-10 kernel 5 recorded 5", taken_back.as_str(), "10-20 kernel 5 recorded 5"],
        "the row of the loss takes back what the window recorded"
    );
}

#[test]
fn a_clock_that_is_set_is_the_cause_of_the_gap_that_it_makes() {
    let server = Server::start(Vec::new());
    let mut host = Host::new();
    host.start(&server);
    server.wait("the agent knows that there is no flow log", |seen| seen.known_generation == Some(1));
    host.set_clock(10);
    server.wait("the ledger is kept all the same", |seen| seen.ledger.len() == 1);
    host.set_clock(45);
    host.clock_is_set.store(true, Ordering::SeqCst);
    let outcome = host.running.take().unwrap().thread.join().unwrap();
    assert!(matches!(outcome, Err(AgentError::Source(SourceError::ClockSet { .. }))), "{outcome:?}");

    host.clock_is_set.store(false, Ordering::SeqCst);
    server.order(Vec::new());
    host.start(&server);
    server.wait("the agent runs again", |seen| seen.known_generation == Some(2));
    host.set_clock(60);
    let is_last = |row: &Record| row.start == at(50);
    let has_come = |batch: &Batch| batch.records.iter().any(is_last);
    server.wait("the record goes on", |seen| seen.ledger.values().any(has_come));
    host.stop();
    let told = ledger(&server);
    let lost: Vec<&str> = told.iter().filter(|row| row.contains("lost")).map(String::as_str).collect();
    assert_eq!(told.first().map(String::as_str), Some("0-10 kernel 5 recorded 5"));
    for window in ["10-20", "20-30", "30-40", "40-50"] {
        assert!(lost.contains(&format!("{window} lost ? clock-set").as_str()), "{told:?}");
    }
    assert_eq!(told.last().map(String::as_str), Some("50-60 kernel 5 recorded 5"));
}

#[test]
fn a_changed_inventory_counts_from_the_next_window_on() {
    let of_scope = |id: &str, scope: &str, resource: &str| AgentFlowLog {
        resource_type: scope.to_owned(),
        resource_id: resource.to_owned(),
        ..flow_log(id)
    };
    let server = Server::start(vec![
        flow_log("fl-00000001"),
        of_scope("fl-00000002", "VPC", "vpc-a"),
        of_scope("fl-00000003", "SUBNET", "sub-b"),
    ]);
    let mut host = Host::new();
    let file = host.place.path().join("inventory.toml");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    host.inventory_file = Some(file.clone());
    write("[[vpc]]\nid = \"vpc-a\"\nregion = \"lab\"\nprefixes = [\"10.0.0.0/16\"]\n");
    host.start(&server);
    server.wait("the agent knows its flow logs", |seen| seen.known_generation == Some(1));
    host.set_clock(10);
    server.wait("all and the VPC", |seen| seen.stored.len() == 2);

    write(
        "[[subnet]]\nid = \"sub-b\"\nvpc = \"vpc-b\"\nprefixes = [\"10.0.0.0/24\"]\n
         [[vpc]]\nid = \"vpc-b\"\nregion = \"lab\"\nprefixes = [\"10.0.0.0/8\"]\n",
    );
    host.set_clock(20);
    server.wait("all and the subnet", |seen| seen.stored.len() == 4);
    write("[[subnet]]\n");
    host.set_clock(30);
    server.wait("a wrong inventory has no effect", |seen| seen.stored.len() == 6);
    assert_eq!(host.stop().read().inventory_failures_total, 1);

    let named = |flow_log: &str| {
        let mut records = server.records(flow_log);
        records.sort_by_key(|record| record.start);
        let names = records.into_iter().map(|record| {
            let names = [record.vpc_id, record.subnet_id, record.src_region_id];
            names.map(|name| name.map_or("-".to_owned(), |name| name.to_string())).join(" ")
        });
        names.collect::<Vec<_>>()
    };
    assert_eq!(named("fl-00000001"), ["vpc-a - lab", "vpc-b sub-b lab", "vpc-b sub-b lab"]);
    assert_eq!(named("fl-00000002"), ["vpc-a - lab"]);
    assert_eq!(named("fl-00000003"), ["vpc-b sub-b lab", "vpc-b sub-b lab"]);
}

#[test]
fn a_token_that_the_server_refuses_and_a_folder_in_use_end_the_start() {
    let server = Server::start(Vec::new());
    let mut host = Host::new();
    let run = |host: &Host, settings: AgentSettings| {
        let clock: flow::Clock = Arc::new(|| at(0));
        let source = Box::new(Replay::open(&host.place.path().join("recording"), at(0)).unwrap());
        agent::run(settings, source, facts(), clock, Stop::new()).unwrap_err().to_string()
    };
    let wrong = AgentSettings { enrolment_token: Some("wrong".to_owned()), ..host.settings(&server) };
    let error = run(&host, wrong);
    assert!(error.contains("does not enrol this agent: make a new token"), "{error}");

    host.start(&server);
    server.wait("the first agent runs", |seen| seen.known_generation == Some(1));
    let error = run(&host, host.settings(&server));
    assert!(error.contains("is in use: stop the other agent"), "{error}");
    host.stop();
}
