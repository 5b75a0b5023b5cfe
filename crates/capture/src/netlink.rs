//! A socket to the kernel's netfilter: listens, asks, and dumps.
//!
//! Hides: socket options, sequence numbers, how a dump ends, how the kernel says no, how what it dropped is counted.
//! Knows nothing of: what a message means.

mod message;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::namespace::Namespace;
use crate::source::SourceError;

pub(crate) use message::{Attribute, Message, attributes, be16, be32, be64, messages, text};

/// Room for one read. The kernel fills at most 32 kB when it dumps, and a batch of refusals is as large as it was asked
/// to be. Unit: bytes.
const READ_BYTES: usize = 256 * 1024;

/// How long the kernel may take to answer before the question counts as failed.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);

/// The most reads of one [`Netlink::listen`]: a flood must not keep the caller for ever.
const READS_MAX: usize = 1_000_000;

const HEADER_BYTES: usize = 16;
const FLAG_REQUEST: u16 = 0x1;
const FLAG_ACKNOWLEDGE: u16 = 0x4;
const FLAG_DUMP: u16 = 0x300;
const KIND_ERROR: u16 = 2;
const KIND_DONE: u16 = 3;

/// Length of the part that all messages of netfilter begin with (`struct nfgenmsg`). Unit: bytes.
pub(crate) const FAMILY_BYTES: usize = 4;

/// A netlink socket inside a network namespace.
#[derive(Debug)]
pub(crate) struct Netlink {
    socket: OwnedFd,
    buffer: Vec<u8>,
    sequence: u32,
    /// What the kernel's counter of dropped messages showed at the last look.
    dropped: u32,
}

/// A question to the kernel.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) kind: u16,
    /// A group's number, or 0.
    pub(crate) resource: u16,
    pub(crate) attributes: &'a [(u16, &'a [u8])],
}

impl Netlink {
    /// Opens a socket that hears the groups in the mask `groups`.
    pub(crate) fn open(namespace: &Namespace, groups: u32) -> Result<io::Result<Self>, SourceError> {
        namespace.run(|| {
            let flags = SockFlag::SOCK_CLOEXEC;
            let socket =
                socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkNetFilter)?;
            // What arrives between the two calls is heard once they are done.
            bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
            let patience =
                TimeVal::milliseconds(i64::try_from(ANSWER_PATIENCE.as_millis()).unwrap_or(i64::MAX));
            setsockopt(&socket, sockopt::ReceiveTimeout, &patience)?;
            Ok(Self { socket, buffer: vec![0; READ_BYTES], sequence: 0, dropped: 0 })
        })
    }

    /// Asks for room for messages that wait to be read; without the privilege, for as much as is allowed.
    pub(crate) fn set_room(&self, bytes: usize) -> io::Result<()> {
        match setsockopt(&self.socket, sockopt::RcvBufForce, &bytes) {
            Err(Errno::EPERM) => Ok(setsockopt(&self.socket, sockopt::RcvBuf, &bytes)?),
            other => Ok(other?),
        }
    }

    /// Keeps listening after an overrun instead of failing: what is lost is counted anyway, and less is lost.
    pub(crate) fn go_on_after_overrun(&self) -> io::Result<()> {
        const FLAG_OPTION_BYTES: libc::socklen_t = 4;
        let on: libc::c_int = 1;
        // SAFETY: the option takes a `c_int`, which lives until the call returns.
        #[expect(unsafe_code, reason = "nix does not offer this option")]
        let status = unsafe {
            libc::setsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_NETLINK,
                libc::NETLINK_NO_ENOBUFS,
                (&raw const on).cast(),
                FLAG_OPTION_BYTES,
            )
        };
        if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// How many messages the kernel dropped since the last call because this socket had no room.
    pub(crate) fn dropped(&mut self) -> io::Result<u32> {
        /// The counters of `SO_MEMINFO`, and which of them counts drops (`linux/sock_diag.h`).
        const COUNTERS: usize = 9;
        const DROPS: usize = 8;
        let mut counters = [0_u32; COUNTERS];
        let mut length: libc::socklen_t = 36;
        // SAFETY: `counters` has `length` bytes, nine times four, and both live until the call returns.
        #[expect(unsafe_code, reason = "nix does not offer this option")]
        let status = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_MEMINFO,
                counters.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if status != 0 {
            return Err(io::Error::last_os_error());
        }
        let now = counters[DROPS];
        // The kernel's counter has 32 bits and wraps.
        let since = now.wrapping_sub(self.dropped);
        self.dropped = now;
        Ok(since)
    }

    /// Shows every message that waits to `each`; never waits itself.
    pub(crate) fn listen(&mut self, mut each: impl FnMut(&Message<'_>)) -> io::Result<()> {
        for _ in 0..READS_MAX {
            let Some(bytes) = self.read(MsgFlags::MSG_DONTWAIT)? else { return Ok(()) };
            messages(bytes).for_each(|message| each(&message));
        }
        Ok(())
    }

    /// Asks for something and waits until it is done.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> io::Result<()> {
        self.ask_for(request, |_| {})
    }

    /// Asks for something, shows what the kernel answers to `each`, and waits until it is done.
    pub(crate) fn ask_for(
        &mut self,
        request: &Request<'_>,
        mut each: impl FnMut(&Message<'_>),
    ) -> io::Result<()> {
        let sequence = self.send(request, FLAG_REQUEST | FLAG_ACKNOWLEDGE)?;
        loop {
            let Some(bytes) = self.read(MsgFlags::empty())? else { return Err(no_answer()) };
            // Before the answer there may be messages that the socket was opened for; they are not lost unseen,
            // because callers ask before they listen.
            for message in messages(bytes).filter(|message| message.sequence == sequence) {
                if message.kind == KIND_ERROR {
                    return message.error();
                }
                each(&message);
            }
        }
    }

    /// Asks for everything of a kind, and shows it to `each`, batch by batch.
    pub(crate) fn dump(
        &mut self,
        request: &Request<'_>,
        mut each: impl FnMut(&mut dyn Iterator<Item = Message<'_>>) -> io::Result<()>,
    ) -> io::Result<()> {
        let sequence = self.send(request, FLAG_REQUEST | FLAG_DUMP)?;
        loop {
            let Some(bytes) = self.read(MsgFlags::empty())? else { return Err(no_answer()) };
            let mut end = None;
            let mut ours = messages(bytes).filter(|message| message.sequence == sequence).filter(|message| {
                match message.kind {
                    KIND_ERROR => end = Some(message.error()),
                    KIND_DONE => end = Some(Ok(())),
                    _ => return true,
                }
                false
            });
            each(&mut ours)?;
            // Whatever `each` left unread may hold the end.
            ours.for_each(drop);
            if let Some(end) = end {
                return end;
            }
        }
    }

    fn send(&mut self, request: &Request<'_>, flags: u16) -> io::Result<u32> {
        self.sequence = self.sequence.wrapping_add(1);
        let bytes = request.bytes(flags, self.sequence);
        send(self.socket.as_raw_fd(), &bytes, MsgFlags::empty())?;
        Ok(self.sequence)
    }

    /// One read; `None` when nothing is there.
    ///
    /// Only the kernel, and who may change its tables anyway, can send to the socket.
    fn read(&mut self, flags: MsgFlags) -> io::Result<Option<&[u8]>> {
        loop {
            match recv(self.socket.as_raw_fd(), &mut self.buffer, flags) {
                Ok(length) => return Ok(self.buffer.get(..length)),
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl Request<'_> {
    fn bytes(&self, flags: u16, sequence: u32) -> Vec<u8> {
        let mut bytes = vec![0; size_of::<u32>()];
        bytes.extend(self.kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend([0; size_of::<u32>()]);
        bytes.extend([0, 0]);
        bytes.extend(self.resource.to_be_bytes());
        for (kind, value) in self.attributes {
            message::write_attribute(&mut bytes, *kind, value);
        }
        let length = u32::try_from(bytes.len()).expect("a request has some hundred bytes");
        for (place, byte) in bytes.iter_mut().zip(length.to_ne_bytes()) {
            *place = byte;
        }
        bytes
    }
}

fn no_answer() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the kernel did not answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_back_as_it_was_written() {
        let request = Request { kind: 0x101, resource: 5, attributes: &[(1, &[7]), (2, &[1, 2, 3, 4])] };
        let bytes = request.bytes(FLAG_REQUEST, 9);
        let read: Vec<Message<'_>> = messages(&bytes).collect();
        assert_eq!((read.len(), read[0].kind, read[0].sequence), (1, 0x101, 9));
        assert_eq!(read[0].body[..FAMILY_BYTES], [0, 0, 0, 5]);
        let values: Vec<(u16, &[u8])> =
            attributes(&read[0].body[FAMILY_BYTES..]).map(|each| (each.kind, each.value)).collect();
        assert_eq!(values, request.attributes);
    }

    #[test]
    fn a_question_that_the_kernel_does_not_know_is_an_error() {
        let own = Namespace::find(None).unwrap();
        let mut netlink = Netlink::open(&own, 0).unwrap().unwrap();
        // No subsystem of netfilter has the number 255.
        let error = netlink.ask(&Request { kind: 0xff00, resource: 0, attributes: &[] }).unwrap_err();
        assert!(error.raw_os_error().is_some(), "{error}");
        assert_eq!(netlink.dropped().unwrap(), 0);
    }
}
