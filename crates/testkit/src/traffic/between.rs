//! Conversations between two ends that the caller chooses, of which one may be reached by another address than its own.
//!
//! Hides: sockets, time limits, in which order both ends must act.
//! Knows nothing of: translation, raw packets.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::namespace::Namespace;
use crate::outcome::LabError;

const PATIENCE: Duration = Duration::from_secs(20);

/// The longest message of an exchange. Unit: bytes.
const MESSAGE_BYTES_MAX: usize = 65_507;

/// One end of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// The host.
    pub host: &'a Namespace,
    /// Where it sends from or listens: one of its own addresses.
    pub at: SocketAddr,
}

/// A TCP connection from `opener` to `target`, where `answerer` is reached: so many bytes each way, and an orderly end.
pub fn connect(opener: End<'_>, target: SocketAddr, answerer: End<'_>, bytes: usize) -> Result<(), LabError> {
    let act = || -> Result<io::Result<()>, LabError> {
        let listener = answerer.host.within(|| TcpListener::bind(answerer.at))?;
        let stream = opener.host.within(|| open_tcp(opener.at, target))?;
        Ok(listener.and_then(|listener| talk(stream?.into(), &listener, bytes)))
    };
    act()?.map_err(LabError::on(format!("connect from {} to {target}", opener.at)))
}

/// A UDP question from `opener` to `target`, where `answerer` is reached, and an answer of the same bytes.
pub fn exchange(
    opener: End<'_>,
    target: SocketAddr,
    answerer: End<'_>,
    bytes: usize,
) -> Result<(), LabError> {
    let act = || -> Result<io::Result<()>, LabError> {
        let asking = opener.host.within(|| UdpSocket::bind(opener.at))?;
        let answering = answerer.host.within(|| UdpSocket::bind(answerer.at))?;
        Ok(asking.and_then(|asking| ask(&asking, target, &answering?, bytes)))
    };
    act()?.map_err(LabError::on(format!("ask {target} from {}", opener.at)))
}

/// A UDP datagram from `opener` to a port of `target` where nobody listens, which an ICMP error says.
pub fn ask_in_vain(opener: End<'_>, target: SocketAddr) -> Result<(), LabError> {
    let act = || -> io::Result<()> {
        let socket = UdpSocket::bind(opener.at)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.connect(target)?;
        socket.send(b"anybody there?")?;
        match socket.recv(&mut [0; 16]) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(io::Error::other("somebody answered")),
        }
    };
    opener.host.within(act)?.map_err(LabError::on(format!("ask {target} in vain")))
}

fn open_tcp(from: SocketAddr, to: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    socket.bind(&from.into())?;
    socket.connect_timeout(&to.into(), PATIENCE)?;
    Ok(socket)
}

fn talk(mut opener: std::net::TcpStream, listener: &TcpListener, bytes: usize) -> io::Result<()> {
    let (mut answerer, _) = listener.accept()?;
    let message = vec![b'x'; bytes];
    let mut received = vec![0; bytes];
    for stream in [&opener, &answerer] {
        stream.set_read_timeout(Some(PATIENCE))?;
    }
    opener.write_all(&message)?;
    answerer.read_exact(&mut received)?;
    answerer.write_all(&message)?;
    opener.read_exact(&mut received)?;
    opener.shutdown(Shutdown::Write)?;
    let more_at_answerer = answerer.read(&mut [0; 1])?;
    drop(answerer);
    let more_at_opener = opener.read(&mut [0; 1])?;
    match (more_at_answerer, more_at_opener) {
        (0, 0) => Ok(()),
        _ => Err(io::Error::other("more came than was sent")),
    }
}

fn ask(asking: &UdpSocket, target: SocketAddr, answering: &UdpSocket, bytes: usize) -> io::Result<()> {
    let mut message = vec![0; MESSAGE_BYTES_MAX];
    for socket in [asking, answering] {
        socket.set_read_timeout(Some(PATIENCE))?;
    }
    asking.send_to(&vec![b'?'; bytes], target)?;
    let (length, from) = answering.recv_from(&mut message)?;
    answering.send_to(message.get(..length).unwrap_or_default(), from)?;
    let (answered, _) = asking.recv_from(&mut message)?;
    if (length, answered) == (bytes, bytes) { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
