//! `CreateFlowLog`: orders the records of a resource.

use super::prelude::*;
use crate::object::{FlowLog, FlowLogStorage, Tag};

/// What to collect, of which resource, into which topic.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateFlowLogRequest {
    /// At most 60 characters.
    pub flow_log_name: String,
    /// Collection scope: `NAT`, `NETWORKINTERFACE`, `VPC`, `SUBNET` or `CCN`.
    pub resource_type: String,
    /// The resource: a NAT gateway id, an interface name, …, by scope.
    pub resource_id: String,
    /// Collection type: `ACCEPT`, `REJECT` or `ALL`.
    pub traffic_type: String,
    /// The VPC that the resource stands in; optional here.
    pub vpc_id: Option<String>,
    /// At most 512 characters.
    pub flow_log_description: Option<String>,
    /// The topic that receives the records. Absent: "system default", the server creates logset, topic and index.
    pub cloud_log_id: Option<String>,
    /// Tags, at most 50.
    pub tags: Option<Vec<Tag>>,
    /// `cls`, the log service; nothing else is offered.
    pub storage_type: Option<String>,
    /// Storage of other kinds; refused.
    pub flow_log_storage: Option<FlowLogStorage>,
    /// The region of the topic; the request's region when absent.
    pub cloud_log_region: Option<String>,
    /// Refused: the window length of a gateway is a setting of its agent. Unit: seconds.
    pub period: Option<u32>,
}

/// The flow log that was created.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateFlowLogResponse {
    /// Exactly one element.
    pub flow_log: Vec<FlowLog>,
}

operation!(Vpc CreateFlowLog(Operate): CreateFlowLogRequest => CreateFlowLogResponse, "Creates a flow log.");
