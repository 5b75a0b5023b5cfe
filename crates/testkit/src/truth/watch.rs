//! Captures every packet on both interfaces of the gateway with tcpdump.
//!
//! Hides: two tcpdump processes, their capture format, and how the end of the capture is known to be complete.
//! Knows nothing of: flows.

use std::io::{BufReader, Read};
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flow::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::lab::{Host, Lab};
use crate::outcome::LabError;
use crate::program::Lines;
use crate::truth::GroundTruth;
use crate::truth::packet::Packet;
use crate::truth::pairs::Pairs;

/// The port of the last packet of every watch ("discard", RFC 863). It is not traffic and in no flow.
pub const SENTINEL_PORT: u16 = 9;

/// Enough of a packet for its headers and some bytes to recognise it by. Unit: bytes.
const SNAPLEN: u32 = 128;

/// The most packets of one capture, about 200 MB.
const PACKETS_MAX: usize = 1_000_000;

/// The largest captured frame that is believed; anything longer means that the stream is out of step.
const FRAME_BYTES_MAX: usize = 65_536;

/// How long tcpdump may take to start listening, and how long the sentinel may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// A packet capture on both interfaces of a lab's gateway.
#[derive(Debug)]
pub struct Watch {
    inside: Capture,
    outside: Capture,
    sentinel: UdpSocket,
    // Kept open, so that the sentinel is not answered by an ICMP error.
    _discard: UdpSocket,
}

impl Watch {
    /// Starts watching; every packet after the return is seen.
    pub fn start(lab: &Lab) -> Result<Self, LabError> {
        let wildcard = |port| move || UdpSocket::bind((Ipv6Addr::UNSPECIFIED, port));
        let discard = lab
            .namespace(Host::Internet)
            .within(wildcard(SENTINEL_PORT))?
            .map_err(LabError::on("bind the sentinel's port"))?;
        let sentinel =
            lab.namespace(Host::Client).within(wildcard(0))?.map_err(LabError::on("bind the sentinel"))?;
        let inside = Capture::start(lab, Lab::INSIDE)?;
        let outside = Capture::start(lab, Lab::OUTSIDE)?;
        Ok(Self { inside, outside, sentinel, _discard: discard })
    }

    /// Stops watching. Fails when a packet was lost on the way, for then it is not the truth.
    pub fn stop(self) -> Result<GroundTruth, LabError> {
        // Packets arrive in order: when the sentinel was read, all before it were.
        self.sentinel
            .send_to(b"the end", SocketAddr::from((Lab::INTERNET_V6, SENTINEL_PORT)))
            .map_err(LabError::on("send the sentinel"))?;
        let (inside, inside_pairs) = self.inside.stop()?;
        let (outside, outside_pairs) = self.outside.stop()?;
        Ok(GroundTruth { inside, outside, inside_pairs, outside_pairs })
    }
}

/// The packets that are understood, and the sums of all.
type Captured = (Vec<Packet>, Pairs);

#[derive(Debug)]
struct Capture {
    interface: &'static str,
    child: Child,
    stderr: Lines,
    sentinel_seen: Receiver<()>,
    reader: Option<JoinHandle<Result<Captured, String>>>,
}

impl Capture {
    fn start(lab: &Lab, interface: &'static str) -> Result<Self, LabError> {
        let snaplen = SNAPLEN.to_string();
        let mut command = lab.namespace(Host::Gateway).command("tcpdump");
        command
            .args(["-i", interface, "-n", "-p", "-U", "--immediate-mode", "-Z", "root", "-B", "16384"])
            .args(["-s", &snaplen, "-w", "-", "ip or ip6"]);
        let mut child = spawn(&mut command)?;
        let mut stderr = Lines::of(child.stderr.take());
        let (tell, sentinel_seen) = channel();
        let stdout = child.stdout.take();
        let reader = thread::spawn(move || {
            let stdout: ChildStdout = stdout.ok_or("it has no output")?;
            read_capture(BufReader::new(stdout), || {
                // Whoever waited may have given up.
                tell.send(()).ok();
            })
        });
        let capture = |stderr| Self { interface, child, stderr, sentinel_seen, reader: Some(reader) };
        let listening = stderr
            .wait_for("tcpdump to listen", PATIENCE, |line| line.contains("listening on").then_some(()));
        let mut capture = capture(stderr);
        match listening {
            Ok(()) => Ok(capture),
            Err(error) => {
                let reason = capture.stderr.last().join("; ");
                let said_nothing = reason.is_empty();
                Err(if said_nothing {
                    error
                } else {
                    LabError::Command { command: "tcpdump".to_owned(), reason }
                })
            }
        }
    }

    fn stop(mut self) -> Result<Captured, LabError> {
        let interface = self.interface.to_owned();
        self.sentinel_seen.recv_timeout(PATIENCE).map_err(|_too_late| LabError::TooLate {
            what: format!("the last packet on `{interface}`"),
            seconds: PATIENCE.as_secs(),
        })?;
        let id = i32::try_from(self.child.id()).unwrap_or(i32::MAX);
        kill(Pid::from_raw(id), Signal::SIGINT)
            .map_err(|errno| LabError::on("stop tcpdump")(errno.into()))?;
        self.child.wait().map_err(LabError::on("wait for tcpdump"))?;
        let incomplete = |reason: String| LabError::Incomplete { interface: interface.clone(), reason };
        let captured = self
            .reader
            .take()
            .and_then(|reader| reader.join().ok())
            .unwrap_or_else(|| Err("its reader died".to_owned()))
            .map_err(incomplete)?;
        let complete = self.stderr.wait_for("tcpdump's totals", PATIENCE, |line| {
            let (count, _) = line.split_once(" packets dropped by kernel")?;
            Some(count == "0")
        })?;
        if complete { Ok(captured) } else { Err(incomplete("the kernel dropped packets".to_owned())) }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // Already ended is as good as killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(command: &mut Command) -> Result<Child, LabError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(LabError::on("start `tcpdump`"))
}

/// Reads a capture in the classic pcap format (24 bytes of header, then 16 bytes before each packet).
fn read_capture(mut input: impl Read, mut sentinel_seen: impl FnMut()) -> Result<Captured, String> {
    let mut header = [0; 24];
    input.read_exact(&mut header).map_err(|error| format!("no header: {error}"))?;
    if header[..4] != 0xa1b2_c3d4_u32.to_ne_bytes() {
        return Err("its format is not pcap with microseconds".to_owned());
    }
    let (mut packets, mut pairs) = (Vec::new(), Pairs::default());
    let mut head = [0; 16];
    let mut frame = Vec::new();
    // Anything but a whole head is the end: tcpdump was stopped.
    while input.read_exact(&mut head).is_ok() {
        let [seconds, micros, captured, _on_wire] = words(head);
        frame.resize(usize::try_from(captured).unwrap_or(usize::MAX).min(FRAME_BYTES_MAX), 0);
        input.read_exact(&mut frame).map_err(|error| format!("cut in a packet: {error}"))?;
        let at = Timestamp::from_millis(i64::from(seconds) * 1000 + i64::from(micros / 1000));
        pairs.add(&frame);
        let Some(packet) = Packet::parse(at, &frame) else { continue };
        if packet.forward.dstport == SENTINEL_PORT {
            sentinel_seen();
            continue;
        }
        if packets.len() == PACKETS_MAX {
            return Err(format!("more than {PACKETS_MAX} packets"));
        }
        packets.push(packet);
    }
    Ok((packets, pairs))
}

fn words(head: [u8; 16]) -> [u32; 4] {
    let (words, _) = head.as_chunks::<4>();
    let mut numbers = [0; 4];
    for (number, word) in numbers.iter_mut().zip(words) {
        *number = u32::from_ne_bytes(*word);
    }
    numbers
}
