//! Decides which flow logs collect a flow.
//!
//! Hides: what each collection scope and type means on a gateway.
//! Knows nothing of: counters, windows, where a flow log's records go.

use flow::{CollectionScope, CollectionType, FlowLog, Verdict};

use crate::settings::WindowSettings;

/// Whether `flow_log` collects flows of `verdict` that used `interfaces`.
///
/// `SUBNET` and `CCN` need to know the operator's prefixes and match nothing without them; `VPC` matches when the
/// gateway serves just that VPC.
pub(crate) fn collects(
    flow_log: &FlowLog,
    settings: &WindowSettings,
    verdict: &Verdict,
    interfaces: [Option<&str>; 2],
) -> bool {
    let resource = flow_log.resource.as_str();
    let watched = match flow_log.scope {
        CollectionScope::Nat => resource == settings.gateway.as_str(),
        CollectionScope::NetworkInterface => interfaces.contains(&Some(resource)),
        CollectionScope::Vpc => settings.vpc.as_deref() == Some(resource),
        CollectionScope::Subnet | CollectionScope::Ccn => false,
    };
    let wanted = match (flow_log.kind, verdict) {
        (CollectionType::All, _)
        | (CollectionType::Accept, Verdict::Accept)
        | (CollectionType::Reject, Verdict::Reject(_)) => true,
        (CollectionType::Accept, Verdict::Reject(_)) | (CollectionType::Reject, Verdict::Accept) => false,
    };
    watched && wanted
}
