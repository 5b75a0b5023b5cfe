//! The two ends of a flow, as the inventory places them.
//!
//! Hides: which end is the private one, what a VPC is when the inventory is silent.
//! Knows nothing of: flow logs, counters, records.

use std::net::IpAddr;
use std::sync::Arc;

use flow::FlowKey;

use crate::inventory::{Inventory, Place};

/// Where both ends of a flow are. The responder is who got the packets, so after translation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends<'a> {
    pub(crate) initiator: Place<'a>,
    pub(crate) responder: Place<'a>,
    /// The VPC that the gateway serves, while the inventory does not describe it.
    served: Option<&'a Arc<str>>,
}

impl<'a> Ends<'a> {
    /// `served` is the VPC that the gateway serves.
    pub(crate) fn of(key: &FlowKey, inventory: &'a Inventory, served: Option<&'a Arc<str>>) -> Self {
        let responder: IpAddr = key.translated.map_or(key.original.dstaddr, |tuple| tuple.dstaddr);
        Self {
            initiator: inventory.place(key.original.srcaddr),
            responder: inventory.place(responder),
            served: served.filter(|vpc| !inventory.has_vpc(vpc)),
        }
    }

    /// The VPCs that an end lies in.
    pub(crate) fn vpcs(&self) -> [Option<&'a Arc<str>>; 2] {
        match (self.initiator.vpc, self.responder.vpc) {
            (None, None) => [self.served, None],
            (initiator, responder) => [initiator, responder],
        }
    }

    /// The subnets that an end lies in.
    pub(crate) const fn subnets(&self) -> [Option<&'a Arc<str>>; 2] {
        [self.initiator.subnet, self.responder.subnet]
    }

    /// The CCN that joins the regions of both ends; `None` within one region.
    pub(crate) fn ccn(&self) -> Option<&'a Arc<str>> {
        let crosses = self.initiator.region != self.responder.region;
        self.initiator.ccn.filter(|ccn| crosses && self.responder.ccn == Some(ccn))
    }

    /// The end that names the record: the initiator, unless only the responder lies in a VPC or is an instance.
    pub(crate) fn private(&self) -> Place<'a> {
        let named = |place: &Place<'_>| place.vpc.is_some() || place.instance.is_some();
        let place =
            if !named(&self.initiator) && named(&self.responder) { self.responder } else { self.initiator };
        Place { vpc: place.vpc.or(self.served), ..place }
    }
}
