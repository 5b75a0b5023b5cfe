//! Cuts bytes from a netlink socket into messages and attributes, without copying.
//!
//! Hides: headers, alignment, nested flags.
//! Knows nothing of: what a message or an attribute means. Its input is hostile: whatever the bytes are, it ends without
//! a panic and shows nothing outside of them.

use std::io;

use crate::netlink::HEADER_BYTES;

const ATTRIBUTE_HEADER_BYTES: usize = 4;
/// The high bits of an attribute's kind are flags: nested, and network byte order.
const KIND_MASK: u16 = 0x3fff;
/// Messages and attributes begin at multiples of this. Unit: bytes.
const ALIGNMENT: usize = 4;

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Which subsystem says what.
    pub(crate) kind: u16,
    /// That of the question, when it is an answer.
    pub(crate) sequence: u32,
    /// Everything behind the header.
    pub(crate) body: &'a [u8],
}

/// One attribute of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    pub(crate) kind: u16,
    pub(crate) value: &'a [u8],
}

/// The messages of one read; ends at the first that is cut off.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = usize::try_from(ne32(bytes.get(..4)?)?).ok()?;
        let (kind, sequence) = (ne16(bytes.get(4..6)?)?, ne32(bytes.get(8..12)?)?);
        let body = bytes.get(HEADER_BYTES..length)?;
        bytes = rest(bytes, length);
        Some(Message { kind, sequence, body })
    })
}

/// The attributes that `bytes` hold; ends at the first that is cut off.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    std::iter::from_fn(move || {
        let length = usize::from(ne16(bytes.get(..2)?)?);
        let kind = ne16(bytes.get(2..4)?)? & KIND_MASK;
        let value = bytes.get(ATTRIBUTE_HEADER_BYTES..length)?;
        bytes = rest(bytes, length);
        Some(Attribute { kind, value })
    })
}

/// Appends an attribute.
pub(crate) fn write_attribute(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length =
        u16::try_from(ATTRIBUTE_HEADER_BYTES + value.len()).expect("attributes of requests are short");
    bytes.extend(length.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
}

impl Message<'_> {
    /// What an answer of the kind "error" says; no error is an acknowledgement.
    pub(crate) fn error(&self) -> io::Result<()> {
        let number = self.body.first_chunk().map_or(-libc::EPROTO, |bytes| i32::from_ne_bytes(*bytes));
        if number == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(number.saturating_neg())) }
    }
}

/// A number in network byte order.
pub(crate) fn be16(value: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(value.try_into().ok()?))
}

/// A number in network byte order.
pub(crate) fn be32(value: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(value.try_into().ok()?))
}

/// A number in network byte order.
pub(crate) fn be64(value: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(value.try_into().ok()?))
}

/// A text that ends with a zero byte or with the attribute.
pub(crate) fn text(value: &[u8]) -> Option<&str> {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    std::str::from_utf8(value.get(..end)?).ok()
}

fn ne16(value: &[u8]) -> Option<u16> {
    Some(u16::from_ne_bytes(value.try_into().ok()?))
}

fn ne32(value: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(value.try_into().ok()?))
}

/// What follows an item of `length` bytes.
fn rest(bytes: &[u8], length: usize) -> &[u8] {
    bytes.get(length.next_multiple_of(ALIGNMENT)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_attribute_that_is_cut_off_ends_the_list() {
        let mut bytes = Vec::new();
        write_attribute(&mut bytes, 1, b"abcde");
        write_attribute(&mut bytes, 2, b"rest");
        let kinds = |bytes: &[u8]| attributes(bytes).map(|each| each.kind).collect::<Vec<u16>>();
        assert_eq!(kinds(&bytes), [1, 2]);
        assert_eq!(kinds(&bytes[..bytes.len() - 1]), [1]);
        assert_eq!(kinds(&[3, 0, 1, 0]), [0; 0], "shorter than its own header");
        assert_eq!(text(b"sg-web \0x"), Some("sg-web "));
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_no_item_lies_outside_of_them(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let shown: usize = messages(&bytes).map(|message| HEADER_BYTES + message.body.len()).sum();
            prop_assert!(shown <= bytes.len());
            let shown: usize = attributes(&bytes).map(|each| ATTRIBUTE_HEADER_BYTES + each.value.len()).sum();
            prop_assert!(shown <= bytes.len());
        }
    }
}
