//! UDP datagrams of many flows, as fast as one processor sends them, and what that costs.
//!
//! Hides: addresses and sockets that make many flows, the service that swallows them, how processor time is read.
//! Knows nothing of: what else works at the gateway; who compares, does so outside.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::lab::{Host, Lab};
use crate::outcome::LabError;
use crate::traffic::SINK_PORT;

/// The addresses that the internet answers for: a network for benchmarks (RFC 2544).
const TARGETS: &str = "198.18.0.0/15";
const FIRST_TARGET: u32 = Ipv4Addr::new(198, 18, 0, 0).to_bits();
const TARGETS_COUNT: u32 = 1 << 17;

/// So many sockets times [`TARGETS_COUNT`] addresses bound the number of flows.
const SOCKETS: u32 = 64;
const FIRST_PORT: u16 = 20_000;

/// A frame of 60 bytes, the smallest of Ethernet.
const PAYLOAD: [u8; 18] = [0; 18];

/// The processor that sends and forwards; everything else of a measurement belongs on another.
pub const SENDING_PROCESSOR: usize = 0;

/// How often the sink looks whether it is to end.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Sends floods from the client through the gateway of a lab.
#[derive(Debug)]
pub struct Flood {
    sockets: Vec<UdpSocket>,
    stop: Arc<AtomicBool>,
    sink: Option<JoinHandle<()>>,
}

/// What one flood took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Packets that were sent.
    pub packets: u64,
    /// Processor time of the sending thread, in which the kernel also forwards them.
    pub processor: Duration,
    /// Time on the clock.
    pub elapsed: Duration,
}

impl Spent {
    /// Processor time of one packet. Unit: nanoseconds.
    pub fn nanos_per_packet(&self) -> f64 {
        self.processor.as_secs_f64() * 1e9 / (self.packets.max(1) as f64)
    }
}

impl Flood {
    /// The numbers of flows end here.
    pub const FLOWS_MAX: u32 = SOCKETS * TARGETS_COUNT;

    /// Routes the targets to the internet and opens the sockets.
    pub fn prepare(lab: &Lab) -> Result<Self, LabError> {
        lab.namespace(Host::Gateway).ip(&format!("route replace {TARGETS} via {}", Lab::INTERNET_V4))?;
        lab.namespace(Host::Internet).ip(&format!("route replace local {TARGETS} dev lo"))?;
        let sink = lab
            .namespace(Host::Internet)
            .within(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, SINK_PORT)))?
            .map_err(LabError::on("bind the sink"))?;
        sink.set_read_timeout(Some(LOOK_UP)).map_err(LabError::on("set up the sink"))?;
        let ports = FIRST_PORT..FIRST_PORT + u16::try_from(SOCKETS).unwrap_or(u16::MAX);
        let sockets = lab
            .namespace(Host::Client)
            .within(|| ports.map(|port| UdpSocket::bind((Lab::CLIENT_V4, port))).collect::<io::Result<_>>())?
            .map_err(LabError::on("bind the sockets of a flood"))?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        // Read rather than left to overflow: a dropped packet would cost what no forwarded packet costs.
        let sink = thread::spawn(move || {
            let mut datagram = [0; 64];
            while !told.load(Ordering::Relaxed) {
                drop(sink.recv(&mut datagram));
            }
        });
        Ok(Self { sockets, stop, sink: Some(sink) })
    }

    /// Sends one packet of each of these flows to `port`, `rounds` times over. A flow's number is always its own.
    pub fn send(&self, port: u16, flows: Range<u32>, rounds: u32) -> Result<Spent, LabError> {
        let deed = format!("send a flood of {} flows", flows.len());
        thread::scope(|scope| {
            let sender = scope.spawn(|| send(&self.sockets, port, flows, rounds));
            sender.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
        .map_err(LabError::on(deed))
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(sink) = self.sink.take() {
            drop(sink.join());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "measures the outside world")]
fn send(sockets: &[UdpSocket], port: u16, flows: Range<u32>, rounds: u32) -> io::Result<Spent> {
    let mut processor = CpuSet::new();
    processor.set(SENDING_PROCESSOR)?;
    sched_setaffinity(Pid::from_raw(0), &processor)?;
    let (before, begun) = (processor_time()?, Instant::now());
    let mut packets = 0;
    for _ in 0..rounds {
        for flow in flows.clone() {
            let target = Ipv4Addr::from_bits(FIRST_TARGET + flow / SOCKETS % TARGETS_COUNT);
            let Some(socket) = sockets.get((flow % SOCKETS) as usize) else { continue };
            match socket.send_to(&PAYLOAD, SocketAddr::V4(SocketAddrV4::new(target, port))) {
                Ok(_) => packets += 1,
                // The kernel tells a sender of earlier refusals in this way; the packet was not sent.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(Spent { packets, processor: processor_time()?.saturating_sub(before), elapsed: begun.elapsed() })
}

/// How long the calling thread has run on a processor, in the kernel and outside of it.
fn processor_time() -> io::Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    nanos
        .map(Duration::from_nanos)
        .ok_or_else(|| io::Error::other("`/proc/thread-self/schedstat` has no time"))
}
