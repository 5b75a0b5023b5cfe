//! Names of things: accounts, regions, gateways, flow logs, logsets, topics.
//!
//! Hides: how an id is written and checked.
//! Knows nothing of: what an id points to.

use std::fmt;
use std::str::FromStr;

/// How many characters follow the prefix of a resource id such as `nat-` or `fl-`.
pub const ID_SUFFIX_CHARS: usize = 8;

/// A text that is no id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind}: expected {expected}")]
pub struct InvalidId {
    kind: &'static str,
    text: String,
    expected: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { kind: $kind, text: text.to_owned(), expected: $expected })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// The account that owns a resource; every key in the catalog starts with one.
    AccountId, "account id", "1 to 20 digits", |text| (1..=20).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
);
id!(
    /// The region that a resource stands in, for example `ap-guangzhou`.
    RegionId, "region", "1 to 64 lower-case letters, digits and hyphens, such as `ap-guangzhou`",
    |text| (1..=64).contains(&text.len()) && text.bytes().all(word_byte)
);
id!(
    /// A NAT gateway, for example `nat-a1b2c3d4`.
    GatewayId, "NAT gateway id", "`nat-` and 8 lower-case letters or digits", |text| resource(text, "nat-")
);
id!(
    /// A flow log, for example `fl-a1b2c3d4`.
    FlowLogId, "flow log id", "`fl-` and 8 lower-case letters or digits", |text| resource(text, "fl-")
);
id!(
    /// A logset: a uuid, or `<custom>-<account>`.
    LogsetId, "logset id", "a uuid, or 3 to 64 lower-case letters, digits and inner hyphens", storage
);
id!(
    /// A topic: a uuid, or `<custom>-<account>`.
    TopicId, "topic id", "a uuid, or 3 to 64 lower-case letters, digits and inner hyphens", storage
);

/// Eight lower-case letters or digits made from `chance`, for a new resource id.
pub fn resource_suffix(chance: u64) -> String {
    const ALPHABET: [char; 36] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j',
        'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
    ];
    let mut rest = chance;
    (0..ID_SUFFIX_CHARS)
        .map(|_| {
            let digit = usize::try_from(rest % 36).unwrap_or(0);
            rest /= 36;
            ALPHABET.get(digit).copied().unwrap_or('0')
        })
        .collect()
}

fn word_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn resource(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|suffix| {
        suffix.len() == ID_SUFFIX_CHARS
            && suffix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn storage(text: &str) -> bool {
    let inner_hyphens = !text.starts_with('-') && !text.ends_with('-');
    (3..=64).contains(&text.len()) && text.bytes().all(word_byte) && inner_hyphens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_id_says_what_was_expected() {
        let error = "nat-XYZ".parse::<GatewayId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`nat-XYZ` is no NAT gateway id: expected `nat-` and 8 lower-case letters or digits"
        );
    }

    #[test]
    fn a_made_suffix_is_a_valid_id() {
        for chance in [0, 1, u64::MAX, 0x1234_5678_9abc_def0] {
            format!("fl-{}", resource_suffix(chance)).parse::<FlowLogId>().unwrap();
        }
    }
}
