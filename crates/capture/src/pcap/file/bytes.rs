//! Takes numbers and runs of bytes out of a file, in its byte order.
//!
//! Hides: short reads, and the place in the file.
//! Knows nothing of: formats.

use std::io::{self, Read};

use super::Fault;

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    pub(super) fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        }
    }
}

/// A file that is read from front to back.
#[derive(Debug)]
pub(super) struct Input<R> {
    bytes: R,
    offset: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(bytes: R) -> Self {
        Self { bytes, offset: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// So many bytes, or `CutOff`.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.array_or_end()?.ok_or(Fault::CutOff)
    }

    /// So many bytes; `None` when the file ends just here.
    pub(super) fn array_or_end<const N: usize>(&mut self) -> Result<Option<[u8; N]>, Fault> {
        let mut array = [0; N];
        let mut filled = 0;
        while let Some(rest) = array.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.bytes.read(rest) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(Fault::CutOff),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Io(error)),
            }
        }
        self.offset += N as u64;
        Ok(Some(array))
    }

    /// So many bytes; the caller has checked that they are not too many.
    pub(super) fn run(&mut self, length: u32) -> Result<Vec<u8>, Fault> {
        let mut run = Vec::new();
        let wanted = u64::from(length);
        let read = self.bytes.by_ref().take(wanted).read_to_end(&mut run).map_err(Fault::Io)?;
        self.offset += wanted;
        if read as u64 == wanted { Ok(run) } else { Err(Fault::CutOff) }
    }

    /// Leaves so many bytes out.
    pub(super) fn skip(&mut self, length: u32) -> Result<(), Fault> {
        let wanted = u64::from(length);
        let skipped = io::copy(&mut self.bytes.by_ref().take(wanted), &mut io::sink()).map_err(Fault::Io)?;
        self.offset += wanted;
        if skipped == wanted { Ok(()) } else { Err(Fault::CutOff) }
    }
}

/// The bytes at a place inside a block.
pub(super) fn at<const N: usize>(block: &[u8], place: usize) -> Option<[u8; N]> {
    block.get(place..place.checked_add(N)?)?.try_into().ok()
}
