//! Tells conversations through the gateway from those with the gateway itself.
//!
//! Hides: which addresses are the gateway's own, and which are never forwarded.
//! Knows nothing of: counters.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::conntrack::entry::Entry;
use crate::gateway;
use crate::namespace::Namespace;
use crate::source::SourceError;

/// The addresses of the gateway, and those of its networks as a whole.
#[derive(Debug, Default)]
pub(crate) struct Local {
    own: HashSet<IpAddr>,
}

impl Local {
    pub(crate) fn of(namespace: &Namespace) -> Result<Self, SourceError> {
        let interfaces = gateway::interfaces(namespace)?;
        let own = interfaces.into_iter().flat_map(|interface| interface.addresses);
        Ok(Self::new(own.chain(gateway::broadcasts(namespace)?)))
    }

    pub(super) fn new(own: impl IntoIterator<Item = IpAddr>) -> Self {
        Self { own: own.into_iter().collect() }
    }

    /// Whether the gateway itself, or nobody beyond it, is at one end of the conversation.
    ///
    /// Who answers is decided by the translated address: what is addressed to the gateway and forwarded is not for it.
    pub(crate) fn is_end_of(&self, entry: &Entry) -> bool {
        [entry.name.original.srcaddr, entry.translated.dstaddr]
            .iter()
            .any(|address| self.own.contains(address) || stays_on_its_link(*address))
    }
}

/// Loopback, link-local, and groups of one link: no gateway forwards them.
fn stays_on_its_link(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let link_group = matches!(v4.octets(), [224, 0, 0, _]);
            v4.is_loopback() || v4.is_link_local() || v4.is_broadcast() || v4.is_unspecified() || link_group
        }
        IpAddr::V6(v6) => {
            // Multicast of the scopes "interface" and "link" (RFC 4291 2.7).
            let link_group = v6.is_multicast() && matches!(v6.octets()[1] & 0x0f, 1 | 2);
            v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unspecified() || link_group
        }
    }
}
