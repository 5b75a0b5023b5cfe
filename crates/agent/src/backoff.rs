//! How long to wait before the next attempt.
//!
//! Hides: growth, cap and spread of the waits.
//! Knows nothing of: what is attempted.

use std::time::Duration;

/// The wait after the first failure, and the shortest that a server may ask for.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait: a server that is back is found within half a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The longest wait that a server may ask for. Beyond it a wrong header would silence an agent for good.
pub(crate) const ASKED_WAIT_MAX: Duration = Duration::from_secs(600);

/// Waits that double with every failure in a row.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    failures: u32,
    seed: u64,
}

impl Backoff {
    /// `seed` spreads the waits of many agents whose server came back; each agent has its own.
    pub(crate) fn new(seed: &str) -> Self {
        let seed = seed.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        Self { failures: 0, seed }
    }

    /// Notes a success.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Notes a failure; returns how long to wait, between three quarters and all of the step.
    pub(crate) fn next_wait(&mut self) -> Duration {
        let step = FIRST_WAIT.saturating_mul(1 << self.failures.min(16)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        let percent = self.seed.wrapping_mul(u64::from(self.failures)) % 26;
        step.mul_f64(1.0 - percent as f64 / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_again_after_a_success() {
        let mut backoff = Backoff::new("nat-a1b2c3d4");
        let waits: Vec<Duration> = (0..12).map(|_| backoff.next_wait()).collect();
        for (place, wait) in waits.iter().enumerate() {
            let step = (FIRST_WAIT * (1 << place)).min(LONGEST_WAIT);
            assert!(step.mul_f64(0.74) < *wait && *wait <= step, "wait {place}: {wait:?} of {step:?}");
        }
        backoff.reset();
        assert!(backoff.next_wait() <= FIRST_WAIT);
    }
}
