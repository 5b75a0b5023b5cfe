//! A network namespace that threads and programs can enter.
//!
//! Hides: how a thread changes its namespace and comes back.
//! Knows nothing of: addresses, rules, traffic.

use std::fs::{self, File};
use std::process::Command;
use std::thread;

use nix::sched::{CloneFlags, setns};

use crate::outcome::{LabError, run};

/// A named network namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    pub(crate) fn new(name: String) -> Self {
        Self { name }
    }

    /// The name, as `ip netns` lists it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `deed` on a thread of its own inside the namespace. Sockets made there stay there.
    pub fn within<T: Send>(&self, deed: impl FnOnce() -> T + Send) -> Result<T, LabError> {
        let path = format!("/run/netns/{}", self.name);
        let file = File::open(&path).map_err(LabError::on(format!("open `{path}`")))?;
        thread::scope(|scope| {
            let inside = scope.spawn(move || {
                setns(file, CloneFlags::CLONE_NEWNET)
                    .map_err(|errno| LabError::on(format!("enter `{path}`"))(errno.into()))?;
                Ok(deed())
            });
            inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// A command that will run inside the namespace; its process id is that of `program` itself.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    /// Runs `ip` on the namespace, for example with `addr add 10.10.0.9/24 dev c0`.
    pub fn ip(&self, arguments: &str) -> Result<(), LabError> {
        run(Command::new("ip").args(["-n", &self.name]).args(arguments.split_whitespace())).map(drop)
    }

    /// Writes a kernel setting of the namespace, for example `net/ipv4/ip_forward`.
    pub fn set(&self, setting: &str, value: &str) -> Result<(), LabError> {
        let path = format!("/proc/sys/{setting}");
        self.within(|| fs::write(&path, value))?
            .map_err(LabError::on(format!("write `{value}` to `{path}` in `{}`", self.name)))
    }
}
