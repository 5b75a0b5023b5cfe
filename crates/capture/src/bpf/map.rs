//! Empties a hash map of the kernel, batch by batch to the last entry.
//!
//! Hides: that the kernel answers in short batches, and that a batch may be too small for one bucket.
//! Knows nothing of: what an entry means.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libbpf_rs::libbpf_sys;

/// Entries asked for at once. At about 150 bytes an entry this is 0.6 MB, and a large map needs few calls.
const BATCH_ENTRIES: usize = 4096;
/// The most entries asked for at once, reached only if one bucket of the map is longer than a batch.
const BATCH_ENTRIES_MAX: usize = 1 << 22;

const ENOENT: i32 = 2;
const ENOSPC: i32 = 28;

/// Sizes of a map's keys and values. Unit: bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntrySize {
    pub(crate) key: usize,
    pub(crate) value: usize,
}

/// How far a hash map is emptied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Emptying {
    size: EntrySize,
    /// Asked for at once.
    entries: usize,
    cursor: Option<u64>,
}

impl Emptying {
    pub(crate) const fn new(size: EntrySize) -> Self {
        Self { size, entries: BATCH_ENTRIES, cursor: None }
    }

    /// Takes the next entries out of the map and shows them to `each`; returns whether there may be more.
    pub(crate) fn take(
        &mut self,
        map: BorrowedFd<'_>,
        mut each: impl FnMut(&[u8], &[u8]),
    ) -> io::Result<bool> {
        let Self { size, entries, cursor } = *self;
        let mut keys = vec![0; entries * size.key];
        let mut values = vec![0; entries * size.value];
        let batch = take_batch(map, cursor, &mut keys, &mut values, entries);
        let found = batch.count.min(entries);
        for (key, value) in keys.chunks_exact(size.key).zip(values.chunks_exact(size.value)).take(found) {
            each(key, value);
        }
        match batch.outcome {
            Ok(()) => self.cursor = Some(batch.next),
            Err(error) if error.raw_os_error() == Some(ENOENT) => return Ok(false),
            // Nothing was taken: one bucket has more entries than were asked for.
            Err(error) if error.raw_os_error() == Some(ENOSPC) && entries < BATCH_ENTRIES_MAX => {
                self.entries *= 2;
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }
}

struct Batch {
    count: usize,
    next: u64,
    outcome: io::Result<()>,
}

fn take_batch(
    map: BorrowedFd<'_>,
    cursor: Option<u64>,
    keys: &mut [u8],
    values: &mut [u8],
    entries: usize,
) -> Batch {
    let mut count = u32::try_from(entries).unwrap_or(u32::MAX);
    let mut from = cursor.unwrap_or(0);
    let mut next = 0_u64;
    let from = cursor.map_or(ptr::null_mut(), |_| ptr::from_mut(&mut from));
    // SAFETY: `keys` and `values` hold `count` entries of the map's own sizes (`take` allocates them so); the cursor
    // of a hash map has four bytes, `from` (when given) and `next` have eight; all live until the call returns.
    #[expect(
        unsafe_code,
        reason = "libbpf-rs's own batch iterator stops at the first short batch and loses the rest"
    )]
    let status = unsafe {
        libbpf_sys::bpf_map_lookup_and_delete_batch(
            map.as_raw_fd(),
            from.cast(),
            ptr::from_mut(&mut next).cast(),
            keys.as_mut_ptr().cast(),
            values.as_mut_ptr().cast(),
            &raw mut count,
            ptr::null(),
        )
    };
    let outcome = if status == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(-status)) };
    let failed_early = matches!(&outcome, Err(error) if error.raw_os_error() != Some(ENOENT));
    let count = if failed_early { 0 } else { usize::try_from(count).unwrap_or(0) };
    Batch { count, next, outcome }
}
