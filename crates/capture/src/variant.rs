//! By which way the kernel's programs see what leaves.
//!
//! Hides: the words for it.
//! Knows nothing of: the programs.

use std::fmt;
use std::str::FromStr;

/// By which way the kernel counts what leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// A program at the egress of each watched interface: Linux 6.6 and later.
    Tcx,
    /// A program where the kernel hands any packet to any interface, which looks for the watched ones: Linux 5.17 and
    /// later. Costs a little for packets that are not watched, too.
    Tracing,
}

/// A word that names no variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no variant: choose `tcx` or `tracing`, or leave the key out")]
pub struct UnknownVariant {
    text: String,
}

impl Variant {
    const ALL: [Self; 2] = [Self::Tcx, Self::Tracing];

    /// The word for it in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcx => "tcx",
            Self::Tracing => "tracing",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Variant {
    type Err = UnknownVariant;

    fn from_str(text: &str) -> Result<Self, UnknownVariant> {
        let named = Self::ALL.into_iter().find(|variant| variant.as_str() == text);
        named.ok_or_else(|| UnknownVariant { text: text.to_owned() })
    }
}
