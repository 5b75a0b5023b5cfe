//! Decides which flow logs collect a flow, and which of them this gateway can speak for.
//!
//! Hides: what each collection scope and type means on a gateway.
//! Knows nothing of: counters, windows, where a flow log's records go.

use flow::{CollectionScope, CollectionType, FlowLog, Verdict};

use crate::ends::Ends;
use crate::inventory::Inventory;
use crate::settings::WindowSettings;

/// What decides who collects a flow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) verdict: &'a Verdict,
    pub(crate) interfaces: [Option<&'a str>; 2],
    pub(crate) ends: Ends<'a>,
}

/// Whether `flow_log` collects a flow of the gateway.
pub(crate) fn collects(flow_log: &FlowLog, settings: &WindowSettings, seen: Seen<'_>) -> bool {
    let resource = flow_log.resource.as_str();
    let watched = match flow_log.scope {
        CollectionScope::Nat => resource == settings.gateway.as_str(),
        CollectionScope::NetworkInterface => seen.interfaces.contains(&Some(resource)),
        CollectionScope::Vpc => seen.ends.vpcs().iter().flatten().any(|vpc| &***vpc == resource),
        CollectionScope::Subnet => seen.ends.subnets().iter().flatten().any(|subnet| &***subnet == resource),
        CollectionScope::Ccn => seen.ends.ccn().is_some_and(|ccn| &**ccn == resource),
    };
    let wanted = match (flow_log.kind, seen.verdict) {
        (CollectionType::All, _)
        | (CollectionType::Accept, Verdict::Accept)
        | (CollectionType::Reject, Verdict::Reject(_)) => true,
        (CollectionType::Accept, Verdict::Reject(_)) | (CollectionType::Reject, Verdict::Accept) => false,
    };
    watched && wanted
}

/// Whether the gateway can say of `flow_log` that a window was silent or incomplete: it knows the resource.
///
/// A gateway is told every flow log of its region that watches a VPC, subnet or CCN; only its inventory knows which
/// of them it can see.
pub(crate) fn speaks_for(flow_log: &FlowLog, settings: &WindowSettings, inventory: &Inventory) -> bool {
    let resource = flow_log.resource.as_str();
    match flow_log.scope {
        CollectionScope::Nat => resource == settings.gateway.as_str(),
        CollectionScope::NetworkInterface => true,
        CollectionScope::Vpc => inventory.has_vpc(resource) || settings.vpc.as_deref() == Some(resource),
        CollectionScope::Subnet => inventory.has_subnet(resource),
        CollectionScope::Ccn => inventory.has_ccn(resource),
    }
}
