//! Failed attempts to sign in: who guesses has to wait.
//!
//! Hides: how long, and how many guessers are remembered.
//! Knows nothing of: passwords, the clock (`now` is an argument).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use flow::Timestamp;

use crate::sign_in::secret::{SecretHash, hash_of};

/// Attempts without a wait.
const FREE_ATTEMPTS: u32 = 5;

/// The wait after the first attempt beyond `FREE_ATTEMPTS`; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest wait. Ninety-six guesses a day find no password of twelve characters.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// After so long without an attempt, everything is forgiven.
const MEMORY: Duration = Duration::from_secs(60 * 60);

/// The most guessers remembered. At 80 bytes each, in a table with room for 16,384, this bounds them to 1.3 MB.
const GUESSERS_MAX: usize = 10_000;

/// Who tries, and as whom: another address does not lock the real user out. Only a hash of the name is kept, so that
/// long names take no more memory.
type Guesser = (IpAddr, SecretHash);

/// The attempts of late.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    guessers: Mutex<HashMap<Guesser, Guessing>>,
}

#[derive(Clone, Copy, Debug)]
struct Guessing {
    attempts: u32,
    last: Timestamp,
    not_before: Timestamp,
}

impl Attempts {
    /// Counts an attempt before it is made, so that many at once do not pass; an error says how long to wait.
    pub(crate) fn begin(&self, address: IpAddr, name: &str, now: Timestamp) -> Result<(), Duration> {
        let mut guessers = self.guessers.lock().unwrap_or_else(PoisonError::into_inner);
        let guesser = guesser(address, name);
        // Who is remembered needs no room; making it could forget the very one who has to wait.
        if !guessers.contains_key(&guesser) {
            make_room(&mut guessers, now);
        }
        let fresh = Guessing { attempts: 0, last: now, not_before: now };
        let guessing = guessers.entry(guesser).or_insert(fresh);
        if now.since(guessing.last) >= MEMORY {
            *guessing = fresh;
        }
        if now < guessing.not_before {
            return Err(guessing.not_before.since(now));
        }
        guessing.attempts = guessing.attempts.saturating_add(1);
        guessing.last = now;
        guessing.not_before = now.plus(wait_after(guessing.attempts));
        Ok(())
    }

    /// Forgets the attempts of somebody who knew the secret.
    pub(crate) fn succeeded(&self, address: IpAddr, name: &str) {
        let mut guessers = self.guessers.lock().unwrap_or_else(PoisonError::into_inner);
        guessers.remove(&guesser(address, name));
    }
}

/// A whole IPv6 network of 64 bits counts as one: its owner can use any address in it.
fn guesser(address: IpAddr, name: &str) -> Guesser {
    let network = match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    };
    (network, hash_of(name))
}

fn wait_after(attempts: u32) -> Duration {
    match attempts.checked_sub(FREE_ATTEMPTS) {
        None => Duration::ZERO,
        Some(more) => FIRST_WAIT.saturating_mul(2_u32.saturating_pow(more)).min(WAIT_MAX),
    }
}

fn make_room(guessers: &mut HashMap<Guesser, Guessing>, now: Timestamp) {
    if guessers.len() < GUESSERS_MAX {
        return;
    }
    guessers.retain(|_, guessing| now.since(guessing.last) < MEMORY);
    let oldest = guessers.iter().min_by_key(|(_, guessing)| guessing.last).map(|(guesser, _)| *guesser);
    if let (Some(oldest), true) = (oldest, guessers.len() >= GUESSERS_MAX) {
        guessers.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_sixth_guess_waits_and_the_next_waits_longer() {
        let attempts = Attempts::default();
        for _ in 0..FREE_ATTEMPTS {
            attempts.begin(ADDRESS, "admin", at(0)).unwrap();
        }
        assert_eq!(attempts.begin(ADDRESS, "admin", at(0)), Err(FIRST_WAIT));
        attempts.begin(ADDRESS, "admin", at(2)).unwrap();
        assert_eq!(attempts.begin(ADDRESS, "admin", at(2)), Err(FIRST_WAIT * 2));
    }

    #[test]
    fn a_guesser_elsewhere_locks_nobody_out() {
        let attempts = Attempts::default();
        for _ in 0..FREE_ATTEMPTS {
            attempts.begin(ADDRESS, "admin", at(0)).unwrap();
        }
        attempts.begin("192.0.2.7".parse().unwrap(), "admin", at(0)).unwrap();
    }

    #[test]
    fn one_ipv6_network_is_one_guesser() {
        let attempts = Attempts::default();
        for host in 0..FREE_ATTEMPTS {
            attempts.begin(format!("2001:db8::{host:x}").parse().unwrap(), "admin", at(0)).unwrap();
        }
        assert!(attempts.begin("2001:db8::ffff".parse().unwrap(), "admin", at(0)).is_err());
    }

    #[test]
    fn success_and_time_forgive() {
        let attempts = Attempts::default();
        for _ in 0..FREE_ATTEMPTS {
            attempts.begin(ADDRESS, "admin", at(0)).unwrap();
        }
        attempts.succeeded(ADDRESS, "admin");
        for _ in 0..FREE_ATTEMPTS {
            attempts.begin(ADDRESS, "admin", at(0)).unwrap();
        }
        for _ in 0..FREE_ATTEMPTS {
            attempts.begin(ADDRESS, "admin", at(3600)).unwrap();
        }
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::default();
        for guess in 0..GUESSERS_MAX + 10 {
            attempts.begin(ADDRESS, &guess.to_string(), at(0)).unwrap();
        }
        assert_eq!(attempts.guessers.lock().unwrap().len(), GUESSERS_MAX);
    }

    #[test]
    fn a_guesser_who_waits_is_not_forgotten_by_trying_again() {
        let attempts = Attempts::default();
        for _ in 0..=FREE_ATTEMPTS {
            attempts.begin(ADDRESS, "admin", at(0)).ok();
        }
        for guess in 1..GUESSERS_MAX {
            attempts.begin(ADDRESS, &guess.to_string(), at(1)).unwrap();
        }
        assert!(attempts.begin(ADDRESS, "admin", at(1)).is_err());
    }
}
