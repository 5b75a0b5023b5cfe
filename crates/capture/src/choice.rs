//! Chooses the best source that the kernel and the privileges of the process allow.
//!
//! Hides: the order of the sources, and which failures another source can make up for.
//! Knows nothing of: how any of them works.

use std::fmt;
use std::str::FromStr;

/// Which source the operator wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceChoice {
    /// The best that works.
    #[default]
    Auto,
    /// Programs in the kernel, or nothing.
    Ebpf,
    /// Connection tracking, and a log group when one is named.
    Conntrack,
}

/// A word that names no choice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no source: choose `auto`, `ebpf` or `conntrack`")]
pub struct UnknownSource {
    text: String,
}

/// Where events of the kernel come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// Programs in the kernel: everything.
    Ebpf,
    /// Connection tracking: conversations, and no refusals.
    Conntrack,
    /// Connection tracking, and refusals that rules log to a group.
    ConntrackAndNflog,
}

impl SourceChoice {
    const ALL: [Self; 3] = [Self::Auto, Self::Ebpf, Self::Conntrack];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ebpf => "ebpf",
            Self::Conntrack => "conntrack",
        }
    }
}

impl fmt::Display for SourceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SourceChoice {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        let named = Self::ALL.into_iter().find(|choice| choice.as_str() == text);
        named.ok_or_else(|| UnknownSource { text: text.to_owned() })
    }
}

impl SourceKind {
    /// A word for lists and log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ebpf => "ebpf",
            Self::Conntrack => "conntrack",
            Self::ConntrackAndNflog => "conntrack+nflog",
        }
    }
}

#[cfg(target_os = "linux")]
mod open;
#[cfg(target_os = "linux")]
pub use open::{Opened, SourceSettings, open};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_back_as_it_is_written_and_another_word_is_refused() {
        for choice in SourceChoice::ALL {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        let error = "pcap".parse::<SourceChoice>().unwrap_err();
        assert_eq!(error.to_string(), "`pcap` is no source: choose `auto`, `ebpf` or `conntrack`");
    }
}
