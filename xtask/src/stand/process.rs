//! What a running process uses, as the kernel counts it.
//!
//! Hides: the files of `/proc`.
//! Knows nothing of: which process it is.

use std::fs;
use std::time::Duration;

use super::StandError;

/// What `/proc/<id>/stat` counts in.
const TICKS_PER_SECOND: u64 = 100;

/// Where user and kernel time stand behind the name of the program.
const USER_TIME: usize = 11;

/// A running process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    id: u32,
}

impl Process {
    pub(crate) const fn new(id: u32) -> Self {
        Self { id }
    }

    /// Processor time of all its threads so far.
    pub(crate) fn processor(self) -> Result<Duration, StandError> {
        let stat = self.read("stat")?;
        // The name may hold spaces.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(USER_TIME).take(2);
        let ticks: u64 = fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    /// Memory that it holds now. Unit: MB.
    pub(crate) fn resident_mb(self) -> Result<f64, StandError> {
        self.memory("VmRSS:")
    }

    /// The most memory that it has held since the last `forget_peak`. Unit: MB.
    pub(crate) fn peak_mb(self) -> Result<f64, StandError> {
        self.memory("VmHWM:")
    }

    pub(crate) fn forget_peak(self) -> Result<(), StandError> {
        let path = format!("/proc/{}/clear_refs", self.id);
        fs::write(&path, "5").map_err(StandError::system(format!("write `{path}`")))
    }

    fn memory(self, name: &str) -> Result<f64, StandError> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let kilobytes: u32 =
            line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0);
        Ok(f64::from(kilobytes) * 1024.0 / 1e6)
    }

    fn read(self, name: &str) -> Result<String, StandError> {
        let path = format!("/proc/{}/{name}", self.id);
        fs::read_to_string(&path).map_err(StandError::system(format!("read `{path}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_holds_memory_and_has_held_no_less() {
        let this = Process::new(std::process::id());
        this.processor().unwrap();
        let held = this.resident_mb().unwrap();
        assert!(held > 0.5 && this.peak_mb().unwrap() >= held);
    }
}
