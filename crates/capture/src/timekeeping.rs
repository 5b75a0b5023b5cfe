//! Whether this machine's clock is kept right by somebody.
//!
//! Hides: how the kernel is asked (`adjtimex`).
//! Knows nothing of: who keeps it, how the clock is read.
#![expect(unsafe_code, reason = "a system call that no crate of ours wraps")]

use std::io;

/// What the kernel knows of its clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timekeeping {
    /// Whether somebody has compared the clock with a better one lately.
    pub is_synchronised: bool,
    /// How far the clock is known to be off while it is slowly put right. Unit: microseconds.
    pub offset_micros: i64,
    /// How far it may be off at most, as far as known. Unit: microseconds.
    pub error_max_micros: i64,
}

/// Asks the kernel; changes nothing and needs no privilege.
///
/// # Errors
/// When the process may not ask.
pub fn timekeeping() -> io::Result<Timekeeping> {
    // SAFETY: `timex` is plain numbers, for which zeroes are a value; with `modes` zero nothing is set.
    let mut told: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a `timex` of ours, for the duration of the call.
    if unsafe { libc::adjtimex(&raw mut told) } < 0 {
        return Err(io::Error::last_os_error());
    }
    let in_nanos = told.status & libc::STA_NANO != 0;
    Ok(Timekeeping {
        is_synchronised: told.status & libc::STA_UNSYNC == 0,
        offset_micros: if in_nanos { told.offset / 1000 } else { told.offset },
        error_max_micros: told.maxerror,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_answers_and_the_error_is_no_less_than_the_offset() {
        let told = timekeeping().unwrap();
        assert!(told.error_max_micros >= 0, "{told:?}");
        assert!(!told.is_synchronised || told.offset_micros.abs() <= told.error_max_micros, "{told:?}");
    }
}
