//! Does a deed inside a network namespace, and leaves the caller's thread where it is.
//!
//! Hides: that a namespace belongs to a thread, and that a thread cannot always come back from one.
//! Knows nothing of: what is done there.

use std::fs::File;
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crate::source::SourceError;

/// Where `ip netns add` names namespaces.
const NAMED: &str = "/run/netns";

/// A network namespace: a named one, or that of this process.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    named: Option<(String, Arc<File>)>,
    inode: u32,
}

impl Namespace {
    /// Finds the namespace `name`, or the process's own.
    pub(crate) fn find(name: Option<&str>) -> Result<Self, SourceError> {
        let path = match name {
            Some(name) => PathBuf::from(NAMED).join(name),
            None => PathBuf::from("/proc/self/ns/net"),
        };
        let fails = |source| SourceError::Namespace { name: name.unwrap_or("(own)").to_owned(), source };
        if name.is_some_and(|name| name.is_empty() || name.contains('/')) {
            return Err(fails(io::Error::from(io::ErrorKind::InvalidInput)));
        }
        let file = File::open(path).map_err(fails)?;
        let inode = file.metadata().map_err(fails)?.ino();
        // The kernel keeps these inode numbers in 32 bits.
        let inode = u32::try_from(inode).map_err(|wide| fails(io::Error::other(wide)))?;
        Ok(Self { named: name.map(|name| (name.to_owned(), Arc::new(file))), inode })
    }

    /// The number by which the kernel knows the namespace.
    pub(crate) fn inode(&self) -> u32 {
        self.inode
    }

    /// A number that no other namespace has had since the machine started; inodes are used again.
    #[cfg(target_os = "linux")]
    pub(crate) fn cookie(&self) -> Result<u64, SourceError> {
        let fails = |source| SourceError::Facts { what: "the network namespace's number", source };
        self.run(cookie_of_this_thread)?.map_err(fails)
    }

    /// Runs `deed` in the namespace, in a thread of its own.
    pub(crate) fn run<T: Send>(&self, deed: impl FnOnce() -> T + Send) -> Result<T, SourceError> {
        let Some((name, file)) = &self.named else { return Ok(deed()) };
        let fails = |source| cannot_enter(name, source);
        thread::scope(|scope| {
            let inside = thread::Builder::new()
                .name("capture-netns".to_owned())
                .spawn_scoped(scope, || enter(file).map(|()| deed()))
                .map_err(fails)?;
            match inside.join() {
                Ok(done) => done.map_err(fails),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }
}

/// The name is right, or [`Namespace::find`] had refused it: advice about names helps only where no privilege is missing.
fn cannot_enter(name: &str, source: io::Error) -> SourceError {
    if source.kind() == io::ErrorKind::PermissionDenied {
        let deed = "enter another network namespace";
        SourceError::MissingCapability { deed, capability: "CAP_SYS_ADMIN", source }
    } else {
        SourceError::Namespace { name: name.to_owned(), source }
    }
}

/// Socket option `SO_NETNS_COOKIE`, since Linux 5.14.
#[cfg(target_os = "linux")]
fn cookie_of_this_thread() -> io::Result<u64> {
    use nix::libc;

    let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::UNSPECIFIED, 0))?;
    let mut cookie = 0_u64;
    let mut length = libc::socklen_t::try_from(size_of::<u64>()).map_err(io::Error::other)?;
    // SAFETY: the kernel writes at most `length` bytes, the size of `cookie`; both live until the call returns.
    #[expect(unsafe_code, reason = "neither the standard library nor nix offers this option")]
    let status = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut length,
        )
    };
    if status == 0 { Ok(cookie) } else { Err(io::Error::last_os_error()) }
}

#[cfg(target_os = "linux")]
fn enter(namespace: &File) -> io::Result<()> {
    use nix::sched::{CloneFlags, setns};

    crate::privilege::with_sys_admin(|| Ok(setns(namespace, CloneFlags::CLONE_NEWNET)?))
}

#[cfg(not(target_os = "linux"))]
fn enter(_namespace: &File) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_namespace_is_quoted() {
        let error = Namespace::find(Some("no-such-namespace")).unwrap_err();
        assert!(error.to_string().contains("`no-such-namespace`"));
        assert!(Namespace::find(Some("../net")).is_err());
    }

    #[test]
    fn who_may_not_enter_a_namespace_is_told_which_privilege_is_missing() {
        let refused = |errno| cannot_enter("natgw", io::Error::from_raw_os_error(errno)).to_string();
        assert_eq!(refused(1), "cannot enter another network namespace: grant CAP_SYS_ADMIN, or run as root");
        assert!(refused(22).contains("`natgw`"));
    }
}
