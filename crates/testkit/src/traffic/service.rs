//! What the internet offers: HTTP, an answering and a silent UDP service.
//!
//! Hides: listening sockets, the threads that serve them, and how they end.
//! Knows nothing of: the gateway, the client.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;

use crate::lab::{Host, Lab};
use crate::outcome::LabError;
use crate::traffic::{ECHO_PORT, HTTP_PORT, SINK_PORT};

/// How often a UDP service looks whether it is to end.
const LOOK_UP: Duration = Duration::from_millis(100);

/// The longest answer that is given. Unit: bytes.
const ANSWER_BYTES_MAX: usize = 100_000_000;

/// Services on the internet of a lab, for both families; they end when dropped.
#[derive(Debug)]
pub struct Services {
    stop: Arc<AtomicBool>,
    listener: TcpListener,
    threads: Vec<JoinHandle<()>>,
}

impl Services {
    /// Starts them; they can be reached on return.
    pub fn start(lab: &Lab) -> Result<Self, LabError> {
        let sockets = lab
            .namespace(Host::Internet)
            .within(|| -> io::Result<_> {
                let any = Ipv6Addr::UNSPECIFIED;
                let listener = TcpListener::bind((any, HTTP_PORT))?;
                Ok((listener, UdpSocket::bind((any, ECHO_PORT))?, UdpSocket::bind((any, SINK_PORT))?))
            })?
            .map_err(LabError::on("start the lab's services"))?;
        let (listener, echo, sink) = sockets;
        let accepting = listener.try_clone().map_err(LabError::on("share the lab's HTTP service"))?;
        for socket in [&echo, &sink] {
            socket.set_read_timeout(Some(LOOK_UP)).map_err(LabError::on("set up the lab's UDP services"))?;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (stop_echo, stop_sink) = (Arc::clone(&stop), Arc::clone(&stop));
        let threads = vec![
            thread::spawn(move || serve_http(&accepting)),
            thread::spawn(move || serve_udp(&echo, &stop_echo, Answer::InKind)),
            thread::spawn(move || serve_udp(&sink, &stop_sink, Answer::Never)),
        ];
        Ok(Self { stop, listener, threads })
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // On Linux this ends a blocked accept; if it ever fails, the threads are left to the end of the process.
        if SockRef::from(&self.listener).shutdown(std::net::Shutdown::Both).is_ok() {
            self.threads.drain(..).for_each(|thread| drop(thread.join()));
        }
    }
}

#[derive(Clone, Copy)]
enum Answer {
    InKind,
    Never,
}

fn serve_udp(socket: &UdpSocket, stop: &AtomicBool, answer: Answer) {
    let mut datagram = [0; 2048];
    while !stop.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut datagram) else { continue };
        if let (Answer::InKind, Some(received)) = (answer, datagram.get(..length)) {
            // The asker may be gone; that is its own affair.
            drop(socket.send_to(received, from));
        }
    }
}

fn serve_http(listener: &TcpListener) {
    while let Ok((stream, _)) = listener.accept() {
        // A client that breaks off notices by itself.
        thread::spawn(move || drop(serve_connection(stream)));
    }
}

fn serve_connection(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let mut asked = 0;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        if let Some(path) = line.strip_prefix("GET /bytes/") {
            asked = path.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        } else if line == "\r\n" {
            let body = vec![b'x'; std::mem::take(&mut asked).min(ANSWER_BYTES_MAX)];
            write!(writer, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len())?;
            writer.write_all(&body)?;
        }
        line.clear();
    }
    Ok(())
}
