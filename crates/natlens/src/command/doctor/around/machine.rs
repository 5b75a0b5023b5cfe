//! Sentences about the machine: its clock, its disk, its limits.
//!
//! Hides: how much of each is enough.
//! Knows nothing of: how the machine is asked.

use std::io;
use std::path::Path;

use capture::{Finding, State, Timekeeping};

/// A clock further off puts flows into windows that other machines call by another time. Unit: microseconds.
const OFFSET_MICROS_MAX: u64 = 100_000;

/// Since this version of Linux the memory of maps is not bounded by what a process may lock.
const UNLIMITED_SINCE: (u32, u32) = (5, 11);

/// Whether the clock is kept right.
pub(super) fn clock(told: &io::Result<Timekeeping>) -> Finding {
    let what = "clock";
    let told = match told {
        Ok(told) => told,
        Err(error) => {
            let says = format!("the kernel does not say whether the clock is kept right: {error}");
            return Finding {
                what,
                state: State::Unknown,
                says,
                mend: Some("timedatectl status".to_owned()),
            };
        }
    };
    let millis = told.offset_micros.unsigned_abs() / 1000;
    if !told.is_synchronised {
        let says = "nobody keeps the clock right: windows of several gateways do not fit together".to_owned();
        let mend = Some("timedatectl set-ntp true".to_owned());
        return Finding { what, state: State::Degraded, says, mend };
    }
    if told.offset_micros.unsigned_abs() > OFFSET_MICROS_MAX {
        let says = format!("{millis} ms off, and slowly put right");
        return Finding { what, state: State::Degraded, says, mend: Some("chronyc makestep".to_owned()) };
    }
    let error = told.error_max_micros / 1000;
    let says = format!("synchronised, {millis} ms off, {error} ms at most");
    Finding { what, state: State::Good, says, mend: None }
}

/// Whether a spool with `used` of `most` bytes finds room where `free` bytes are.
pub(super) fn room(folder: &Path, free: io::Result<u64>, (used, most): (u64, u64)) -> Finding {
    let what = "room for the spool";
    let shown = folder.display();
    let free = match free {
        Ok(free) => free,
        Err(error) => {
            let says = format!("nobody knows how much room is at `{shown}`: {error}");
            return Finding { what, state: State::Unknown, says, mend: Some(format!("df {shown}")) };
        }
    };
    let wanted = most.saturating_sub(used);
    let mib = |bytes: u64| bytes >> 20;
    if free >= wanted {
        let says = format!("{} MiB are free at `{shown}`, {} may be needed", mib(free), mib(wanted));
        return Finding { what, state: State::Good, says, mend: None };
    }
    let state = if free == 0 { State::Missing } else { State::Degraded };
    let says = format!(
        "{} MiB are free at `{shown}`, and the spool may need {}: a long outage of the server loses records",
        mib(free),
        mib(wanted)
    );
    // A tenth is left to others.
    let fits = used.saturating_add(free / 10 * 9);
    Finding { what, state, says, mend: Some(format!("make room, or set `agent.spool_bytes_max = {fits}`")) }
}

/// Whether the kernel lets the process have the memory of its maps.
pub(super) fn locked_memory(release: &str, limits: &str) -> Finding {
    let what = "locked memory";
    match version(release) {
        None => Finding {
            what,
            state: State::Unknown,
            says: "the kernel's version is not known".to_owned(),
            mend: Some("uname -r".to_owned()),
        },
        Some(version) if version >= UNLIMITED_SINCE => {
            let says = "this kernel does not bound maps by it".to_owned();
            Finding { what, state: State::Unneeded, says, mend: None }
        }
        Some(_) => match soft_limit(limits) {
            Some(limit) if limit != "unlimited" => Finding {
                what,
                state: State::Degraded,
                says: format!("{limit} bytes may be locked, and maps of this kernel need more"),
                mend: Some("ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit".to_owned()),
            },
            _ => Finding { what, state: State::Good, says: "as much as is wanted".to_owned(), mend: None },
        },
    }
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.trim().split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// As `/proc/self/limits` has it.
fn soft_limit(limits: &str) -> Option<&str> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max locked memory"))?;
    line.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(Finding { what, state, says, mend }: Finding, expected: Expect) {
        let mend = mend.map_or(String::new(), |mend| format!("\n    {mend}"));
        expected.assert_eq(&format!("{} {what}: {says}{mend}", state.as_str()));
    }

    #[test]
    fn a_clock_that_nobody_keeps_or_that_is_off_is_mended() {
        let well = Timekeeping { is_synchronised: true, offset_micros: -1500, error_max_micros: 20_000 };
        check(clock(&Ok(well)), expect!["ok clock: synchronised, 1 ms off, 20 ms at most"]);
        check(
            clock(&Ok(Timekeeping { is_synchronised: false, ..well })),
            expect![[r#"
                degraded clock: nobody keeps the clock right: windows of several gateways do not fit together
                    timedatectl set-ntp true"#]],
        );
        check(
            clock(&Ok(Timekeeping { offset_micros: -250_000, ..well })),
            expect![[r#"
                degraded clock: 250 ms off, and slowly put right
                    chronyc makestep"#]],
        );
        assert_eq!(clock(&Err(io::Error::from_raw_os_error(1))).state, State::Unknown);
    }

    #[test]
    fn a_disk_with_too_little_room_names_the_limit_that_fits() {
        let folder = Path::new("/var/lib");
        let mib = |mib: u64| mib << 20;
        check(
            room(folder, Ok(mib(2000)), (mib(100), mib(1024))),
            expect!["ok room for the spool: 2000 MiB are free at `/var/lib`, 924 may be needed"],
        );
        check(
            room(folder, Ok(1000), (500, mib(1024))),
            expect![[r#"
                degraded room for the spool: 0 MiB are free at `/var/lib`, and the spool may need 1023: a long outage of the server loses records
                    make room, or set `agent.spool_bytes_max = 1400`"#]],
        );
        assert_eq!(room(folder, Ok(0), (0, 1)).state, State::Missing);
        assert_eq!(room(folder, Err(io::Error::from_raw_os_error(2)), (0, 1)).state, State::Unknown);
    }

    #[test]
    fn locked_memory_matters_on_old_kernels_alone() {
        let limits = |soft: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units\n\
                     Max locked memory         {soft}                65536                bytes\n"
            )
        };
        check(
            locked_memory("6.1.0-13-amd64\n", &limits("65536")),
            expect!["not needed locked memory: this kernel does not bound maps by it"],
        );
        check(
            locked_memory("5.10.0", &limits("65536")),
            expect![[r#"
                degraded locked memory: 65536 bytes may be locked, and maps of this kernel need more
                    ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit"#]],
        );
        assert_eq!(locked_memory("5.10.0", &limits("unlimited")).state, State::Good);
        assert_eq!(locked_memory("", "").state, State::Unknown);
    }
}
