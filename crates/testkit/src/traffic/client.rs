//! What the client does over TCP and UDP. Every function acts in the namespace of the calling thread.
//!
//! Hides: sockets, time limits, which errors a refusal shows as.
//! Knows nothing of: namespaces, who answers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::namespace::Namespace;
use crate::outcome::LabError;
use crate::traffic::{Family, HTTP_PORT, unique};

/// How long an answer may take; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// A TCP connection that is kept open, so that its packets fall where the caller wants them.
#[derive(Debug)]
pub struct Talk {
    stream: BufReader<TcpStream>,
}

impl Talk {
    /// Connects to the internet's HTTP service.
    pub fn open(client: &Namespace, family: Family) -> Result<Self, LabError> {
        let stream = client
            .within(|| connect(SocketAddr::new(family.internet(), HTTP_PORT)))?
            .map_err(LabError::on(format!("connect over {family:?}")))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks for so many bytes and gets them.
    pub fn fetch(&mut self, bytes: u32) -> Result<(), LabError> {
        request(&mut self.stream, bytes).map_err(LabError::on("fetch on an open connection"))
    }

    /// Closes the connection, and waits until the other side has closed too.
    pub fn close(mut self) -> Result<(), LabError> {
        close(&mut self.stream).map_err(LabError::on("close a connection"))
    }
}

pub(super) fn fetch(from: SocketAddr, bytes: u32) -> io::Result<()> {
    let mut stream = BufReader::new(connect(from)?);
    request(&mut stream, bytes)?;
    close(&mut stream)
}

pub(super) fn fetch_refused(from: SocketAddr) -> io::Result<()> {
    match TcpStream::connect_timeout(&from, PATIENCE) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::other("the connection was not refused")),
    }
}

pub(super) fn ask(whom: SocketAddr, questions: u32) -> io::Result<()> {
    let socket = udp(whom)?;
    for number in 1..=questions {
        let question = format!("question {number}, {}", unique());
        socket.send(question.as_bytes())?;
        let mut answer = [0; 512];
        let length = socket.recv(&mut answer)?;
        if answer.get(..length) != Some(question.as_bytes()) {
            return Err(io::Error::other("the answer is to another question"));
        }
    }
    Ok(())
}

pub(super) fn tell(whom: SocketAddr, datagrams: u32) -> io::Result<()> {
    let socket = udp(whom)?;
    (1..=datagrams)
        .try_for_each(|number| socket.send(format!("message {number}, {}", unique()).as_bytes()).map(drop))
}

pub(super) fn ask_refused(whom: SocketAddr) -> io::Result<()> {
    let socket = udp(whom)?;
    socket.send(format!("anybody there? {}", unique()).as_bytes())?;
    match socket.recv(&mut [0; 16]) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::other("the datagram was answered")),
    }
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn udp(to: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = if to.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(to)?;
    Ok(socket)
}

fn request(stream: &mut BufReader<TcpStream>, bytes: u32) -> io::Result<()> {
    write!(stream.get_mut(), "GET /bytes/{bytes} HTTP/1.1\r\nHost: lab\r\n\r\n")?;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let got = io::copy(&mut stream.take(u64::from(bytes)), &mut io::sink())?;
    if got == u64::from(bytes) { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn close(stream: &mut BufReader<TcpStream>) -> io::Result<()> {
    stream.get_ref().shutdown(Shutdown::Write)?;
    match stream.read(&mut [0; 1])? {
        0 => Ok(()),
        _ => Err(io::Error::other("more came than was asked for")),
    }
}
