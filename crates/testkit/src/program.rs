//! A program under test, run as a child process whose lines are read as they come.
//!
//! Hides: pipes, reader threads, signals by process id, and that no child outlives its owner.
//! Knows nothing of: what the program says.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::outcome::LabError;

/// The most unread lines that are kept; further lines are dropped. A program that nobody reads must not stall.
const LINES_MAX: usize = 10_000;

/// How many of the last lines an error repeats.
const LINES_IN_ERROR: usize = 20;

/// A running child process. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

impl Program {
    /// Starts `command` with both outputs captured.
    pub fn start(name: &str, command: &mut Command) -> Result<Self, LabError> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(LabError::on(format!("start {name} (`{command:?}`)")))?;
        let stdout = Lines::of(child.stdout.take());
        let stderr = Lines::of(child.stderr.take());
        Ok(Self { name: name.to_owned(), child, stdout, stderr })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of the standard output that `pick` recognises.
    pub fn wait_for<T>(
        &mut self,
        what: &str,
        patience: Duration,
        pick: impl Fn(&str) -> Option<T>,
    ) -> Result<T, LabError> {
        let found = self.stdout.wait_for(what, patience, pick);
        self.with_last_lines(found, what)
    }

    /// Waits for a line of the standard error, where programs speak to people, that `pick` recognises.
    pub fn wait_for_hint<T>(
        &mut self,
        what: &str,
        patience: Duration,
        pick: impl Fn(&str) -> Option<T>,
    ) -> Result<T, LabError> {
        let found = self.stderr.wait_for(what, patience, pick);
        self.with_last_lines(found, what)
    }

    /// Adds to a wait that was too long what the program said meanwhile.
    fn with_last_lines<T>(&mut self, found: Result<T, LabError>, what: &str) -> Result<T, LabError> {
        match found {
            Err(LabError::TooLate { seconds, .. }) => {
                let said = self.last_lines();
                Err(LabError::TooLate {
                    what: format!("{what} of {}, which said:\n{said}", self.name),
                    seconds,
                })
            }
            found => found,
        }
    }

    /// The next line of the standard output, if one comes in time.
    pub fn line(&mut self, patience: Duration) -> Option<String> {
        self.stdout.next(patience)
    }

    /// What the program wrote last to either output, unread lines included.
    pub fn last_lines(&mut self) -> String {
        let mut lines = self.stdout.last();
        lines.extend(self.stderr.last());
        lines.join("\n")
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks the program to end (SIGTERM) and waits for it; kills it when it does not.
    pub fn stop(mut self, patience: Duration) -> Result<ExitStatus, LabError> {
        self.signal(Signal::SIGTERM)?;
        let deadline = later(patience);
        // Its standard output closes when it ends, so this wait needs no polling.
        while self.stdout.next(left(deadline)).is_some() {}
        if self.is_running() && left(deadline).is_zero() {
            self.kill()?;
        }
        self.child.wait().map_err(LabError::on(format!("wait for {}", self.name)))
    }

    /// Ends the program without warning (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) -> Result<(), LabError> {
        let gone = self.child.kill().and_then(|()| self.child.wait());
        gone.map(drop).map_err(LabError::on(format!("kill {}", self.name)))
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) -> Result<(), LabError> {
        let id = i32::try_from(self.child.id()).unwrap_or(i32::MAX);
        kill(Pid::from_raw(id), signal)
            .map_err(|errno| LabError::on(format!("send {signal} to {}", self.name))(errno.into()))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already ended is as good as killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The lines of an output, read by a thread of their own.
#[derive(Debug)]
pub struct Lines {
    incoming: Receiver<String>,
    read: VecDeque<String>,
}

impl Lines {
    /// Starts reading; the thread ends with the output.
    pub fn of(output: Option<impl Read + Send + 'static>) -> Self {
        let (sender, incoming) = sync_channel(LINES_MAX);
        if let Some(output) = output {
            thread::spawn(move || forward(output, &sender));
        }
        Self { incoming, read: VecDeque::new() }
    }

    /// The next line, if one comes in time.
    pub fn next(&mut self, patience: Duration) -> Option<String> {
        let line = self.incoming.recv_timeout(patience).ok()?;
        self.remember(line.clone());
        Some(line)
    }

    /// Waits for a line that `pick` recognises.
    pub fn wait_for<T>(
        &mut self,
        what: &str,
        patience: Duration,
        pick: impl Fn(&str) -> Option<T>,
    ) -> Result<T, LabError> {
        let deadline = later(patience);
        loop {
            match self.incoming.recv_timeout(left(deadline)) {
                Ok(line) => {
                    let found = pick(&line);
                    self.remember(line);
                    if let Some(found) = found {
                        return Ok(found);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(LabError::TooLate { what: what.to_owned(), seconds: patience.as_secs() });
                }
            }
        }
    }

    /// The last lines, unread ones included.
    pub fn last(&mut self) -> Vec<String> {
        while let Ok(line) = self.incoming.try_recv() {
            self.remember(line);
        }
        self.read.iter().cloned().collect()
    }

    fn remember(&mut self, line: String) {
        if self.read.len() == LINES_IN_ERROR {
            self.read.pop_front();
        }
        self.read.push_back(line);
    }
}

fn forward(output: impl Read, sender: &SyncSender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        // Whether the line is dropped or nobody listens any more: the program must not stall on a full pipe.
        sender.try_send(line).ok();
    }
}

#[expect(clippy::disallowed_methods, reason = "the lab is the outside world: it waits for real processes")]
fn later(patience: Duration) -> Instant {
    Instant::now() + patience
}

#[expect(clippy::disallowed_methods, reason = "the lab is the outside world: it waits for real processes")]
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
