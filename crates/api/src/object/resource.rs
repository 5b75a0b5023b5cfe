//! Resources: flow logs, gateways, logsets, topics, keys, and the filters that find them.
//!
//! Hides: the published names of their members.
//! Knows nothing of: operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::health::GatewayHealth;

/// A key and a value; the value may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(default)]
    pub value: String,
}

/// A condition of the `vpc` operations: one of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VpcFilter {
    /// What is compared.
    pub name: String,
    /// Any of these matches.
    pub values: Vec<String>,
}

/// One filter, or a list of which all must hold: clients send both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum VpcFilters {
    /// All must hold.
    Many(Vec<VpcFilter>),
    /// The only one.
    One(VpcFilter),
}

impl VpcFilters {
    /// The filters as a list.
    pub fn as_slice(&self) -> &[VpcFilter] {
        match self {
            Self::Many(filters) => filters,
            Self::One(filter) => std::slice::from_ref(filter),
        }
    }
}

/// A condition of the `cls` operations: one of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ClsFilter {
    /// What is compared.
    pub key: String,
    /// Any of these matches.
    pub values: Vec<String>,
}

/// Where a flow log stores, beside the log service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FlowLogStorage {
    /// The storage.
    pub storage_id: String,
    /// The topic in it.
    pub storage_topic: Option<String>,
}

/// A standing order to collect records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FlowLog {
    /// The VPC of its resource; empty when unknown.
    pub vpc_id: String,
    /// `fl-` and 8 characters.
    pub flow_log_id: String,
    /// Its name.
    pub flow_log_name: String,
    /// Collection scope.
    pub resource_type: String,
    /// The resource that it watches.
    pub resource_id: String,
    /// Collection type.
    pub traffic_type: String,
    /// The topic that receives the records.
    pub cloud_log_id: String,
    /// `SUCCESS`, or `DELETED` when the topic is gone.
    pub cloud_log_state: String,
    /// Its description.
    pub flow_log_description: String,
    /// `YYYY-MM-DD HH:MM:SS`, UTC+8.
    pub created_time: String,
    /// Its tags.
    pub tag_set: Vec<Tag>,
    /// Whether it collects; `false` when paused.
    pub enable: bool,
    /// `cls`.
    pub storage_type: String,
    /// The topic once more, as the published NAT example has it.
    pub flow_log_storage: Option<FlowLogStorage>,
    /// The region of the topic.
    pub cloud_log_region: String,
    /// Window length for CCN. Unit: seconds.
    pub period: Option<u32>,
}

/// A gateway that an agent enrolled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct NatGateway {
    /// `nat-` and 8 characters.
    pub nat_gateway_id: String,
    /// Its name.
    pub nat_gateway_name: String,
    /// `YYYY-MM-DD HH:MM:SS`, UTC+8.
    pub created_time: String,
    /// `AVAILABLE` while its agent answers, else `UNAVAILABLE`.
    pub state: String,
    /// The same.
    pub network_state: String,
    /// Its public addresses, as its agent sees them.
    pub public_ip_address_set: Vec<NatGatewayAddress>,
    /// The VPC that it serves; empty when unknown.
    pub vpc_id: String,
    /// Its region.
    pub zone: String,
    /// Its tags.
    pub tag_set: Vec<Tag>,
    /// Its interfaces, as its agent sees them.
    pub interface_set: Vec<AgentInterface>,
    /// When its agent was heard last; 0 for never. Unit: Unix milliseconds.
    pub last_seen: i64,
    /// Version of its agent; empty when never heard.
    pub agent_version: String,
    /// Window length of its agent. Unit: seconds.
    pub window_seconds: u32,
    /// Which source captures; empty when never heard.
    #[serde(default)]
    pub source: String,
    /// What its agent goes without; empty when nothing.
    #[serde(default)]
    pub degraded: Vec<Degradation>,
    /// How the gateway itself fares; absent when its agent cannot look.
    #[serde(default)]
    pub health: Option<GatewayHealth>,
}

/// Something that an agent goes without, although it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct Degradation {
    /// A word for it: `source`, `variant`, `refusals`, `pins` or `health`; newer agents may know more.
    pub what: String,
    /// What is missing, and why.
    pub says: String,
    /// What mends it, a command where there is one.
    pub mend: String,
}

/// A public address of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct NatGatewayAddress {
    /// Empty: addresses have no id here.
    pub address_id: String,
    /// The address.
    pub public_ip_address: String,
    /// Always `false`.
    pub is_blocked: bool,
}

/// An interface of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AgentInterface {
    /// Its name, for example `eth0`.
    pub name: String,
    /// Its addresses, without prefix lengths.
    pub addresses: Vec<String>,
}

/// How an agent is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct AgentStatus {
    /// Version of the agent.
    pub version: String,
    /// Name of its host.
    pub hostname: String,
    /// Which source captures: `ebpf`, `conntrack`, `conntrack+nflog` or `replay`.
    pub source: String,
    /// By which way the kernel counts what leaves: `tcx` or `tracing`; empty where it does not count.
    pub variant: String,
    /// Window length. Unit: seconds.
    pub window_seconds: u32,
    /// The interfaces of the gateway.
    pub interfaces: Vec<AgentInterface>,
    /// Its public addresses.
    pub public_addresses: Vec<String>,
    /// Batches that wait in the spool.
    pub spooled_batches: u64,
    /// Packets known to be lost since the agent started.
    pub lost_packets: u64,
    /// What the agent goes without; empty when nothing.
    pub degraded: Vec<Degradation>,
    /// How the gateway itself fares; absent when the agent cannot look.
    pub health: Option<GatewayHealth>,
}

/// A flow log as an agent carries it out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AgentFlowLog {
    /// Which flow log.
    pub flow_log_id: String,
    /// Collection scope.
    pub resource_type: String,
    /// The resource that it watches.
    pub resource_id: String,
    /// Collection type.
    pub traffic_type: String,
    /// The topic that receives the records.
    pub topic_id: String,
}

/// A group of topics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Logset {
    /// Its id.
    pub logset_id: String,
    /// Its name.
    pub logset_name: String,
    /// `YYYY-MM-DD HH:MM:SS`, UTC+8.
    pub create_time: String,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Topics in it.
    pub topic_count: u64,
    /// Always 0.
    pub metric_topic_count: u64,
    /// Empty.
    pub role_name: String,
    /// Empty.
    pub assumer_name: String,
}

/// A table of records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Topic {
    /// Its logset.
    pub logset_id: String,
    /// Its id.
    pub topic_id: String,
    /// Its name.
    pub topic_name: String,
    /// As set; one server needs no partitions.
    pub partition_count: u32,
    /// Whether it has an index in effect.
    pub index: bool,
    /// `Flowlog` when natlens made it for a flow log, else empty.
    pub assumer_name: String,
    /// `YYYY-MM-DD HH:MM:SS`, UTC+8.
    pub create_time: String,
    /// Whether it takes records.
    pub status: bool,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// As set.
    pub auto_split: bool,
    /// As set.
    pub max_split_partitions: u32,
    /// `hot`.
    pub storage_type: String,
    /// Retention; 3640 is for ever. Unit: days.
    pub period: u32,
    /// The most bytes of all its segments together; 0 is no bound. Unit: bytes.
    pub max_bytes: u64,
    /// Its description.
    pub describes: String,
    /// 0: log topic.
    pub biz_type: u32,
}

/// A region and how many gateways stand in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Region {
    /// Its name.
    pub region: String,
    /// How many gateways stand in it.
    pub gateway_count: u64,
}

/// An access key, without its secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKey {
    /// The public part.
    pub secret_id: String,
    /// Whose rights it carries.
    pub user_name: String,
    /// A note.
    pub description: String,
    /// `YYYY-MM-DD HH:MM:SS`, UTC+8.
    pub create_time: String,
}

/// Who may sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    /// The name.
    pub user_name: String,
    /// `admin`, or `reader`, who changes nothing.
    pub role: String,
    /// Whether the user has set a password yet.
    pub has_password: bool,
    /// `YYYY-MM-DD HH:MM:SS`, UTC+8.
    pub create_time: String,
}
