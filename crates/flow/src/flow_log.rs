//! Flow logs: standing orders to collect records.
//!
//! Hides: the words of scopes and types.
//! Knows nothing of: who stores the order, how it reaches an agent.

use std::fmt;
use std::str::FromStr;

use crate::id::{FlowLogId, TopicId};

/// The longest name of a flow log. Unit: characters. Source: the published API.
pub const FLOW_LOG_NAME_CHARS_MAX: usize = 60;

/// What a flow log watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CollectionScope {
    /// Everything that a gateway forwards or refuses.
    Nat,
    /// One interface of a gateway.
    NetworkInterface,
    /// Conversations whose private end lies in a VPC.
    Vpc,
    /// Conversations whose private end lies in a subnet.
    Subnet,
    /// Conversations between two regions of one CCN.
    Ccn,
}

/// Which verdicts a flow log collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CollectionType {
    /// Accepted traffic only.
    Accept,
    /// Refused traffic only.
    Reject,
    /// Both.
    All,
}

/// A word that names none of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no {kind}: expected {expected}")]
pub struct UnknownWord {
    kind: &'static str,
    word: String,
    expected: &'static str,
}

impl CollectionScope {
    /// The word in the API: `NAT`, `NETWORKINTERFACE`, ….
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nat => "NAT",
            Self::NetworkInterface => "NETWORKINTERFACE",
            Self::Vpc => "VPC",
            Self::Subnet => "SUBNET",
            Self::Ccn => "CCN",
        }
    }
}

impl CollectionType {
    /// The word in the API: `ACCEPT`, `REJECT` or `ALL`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "ACCEPT",
            Self::Reject => "REJECT",
            Self::All => "ALL",
        }
    }
}

impl FromStr for CollectionScope {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Nat, Self::NetworkInterface, Self::Vpc, Self::Subnet, Self::Ccn]
            .into_iter()
            .find(|scope| scope.as_str() == word)
            .ok_or_else(|| UnknownWord {
                kind: "collection scope",
                word: word.to_owned(),
                expected: "NAT, NETWORKINTERFACE, VPC, SUBNET or CCN",
            })
    }
}

impl FromStr for CollectionType {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Accept, Self::Reject, Self::All].into_iter().find(|kind| kind.as_str() == word).ok_or_else(
            || UnknownWord {
                kind: "collection type",
                word: word.to_owned(),
                expected: "ACCEPT, REJECT or ALL",
            },
        )
    }
}

impl fmt::Display for CollectionScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CollectionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A standing order as an agent carries it out.
///
/// It collects every window that closes while the agent knows it; a paused or deleted flow log is simply absent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FlowLog {
    /// Its id, written into every record.
    pub id: FlowLogId,
    /// What it watches.
    pub scope: CollectionScope,
    /// The resource watched: a gateway id, an interface name, …, by scope.
    pub resource: String,
    /// Which verdicts it collects.
    pub kind: CollectionType,
    /// Where its records go.
    pub topic: TopicId,
}
