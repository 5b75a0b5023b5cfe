//! The operation table: what can be asked of a server, under the published names.
//!
//! Hides: how one table serves several envelopes.
//! Knows nothing of: how an operation is carried out.

/// Declares the type of an operation and puts its facts beside it.
macro_rules! operation {
    ($service:ident $name:ident($permission:ident): $request:ident => $response:ident, $summary:literal) => {
        #[doc = $summary]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Operation for $name {
            const NAME: &'static str = stringify!($name);
            const SERVICE: Service = Service::$service;
            const PERMISSION: Permission = Permission::$permission;
            const SUMMARY: &'static str = $summary;
            type Request = $request;
            type Response = $response;
        }
    };
}

mod cancel_query;
mod complete_query;
mod create_access_key;
mod create_enrolment_token;
mod create_flow_log;
mod create_index;
mod create_logset;
mod create_sign_in_link;
mod create_topic;
mod create_user;
mod delete_access_key;
mod delete_flow_log;
mod delete_index;
mod delete_logset;
mod delete_topic;
mod delete_user;
mod describe_access_keys;
mod describe_erasures;
mod describe_facets;
mod describe_fields;
mod describe_flow_logs;
mod describe_index;
mod describe_log_histogram;
mod describe_logsets;
mod describe_nat_gateways;
mod describe_queries;
mod describe_regions;
mod describe_server;
mod describe_session;
mod describe_topic_usage;
mod describe_topics;
mod describe_users;
mod disable_flow_logs;
mod download_log;
mod enable_flow_logs;
mod enrol_agent;
mod erase_records;
mod explain_query;
mod modify_flow_log_attribute;
mod modify_index;
mod modify_logset;
mod modify_topic;
mod modify_user;
mod search_log;
mod set_password;
mod sign_in;
mod sign_out;
mod tail_log;
mod upload_batch;
mod watch_flow_logs;

use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

pub use cancel_query::{CancelQuery, CancelQueryRequest, CancelQueryResponse};
pub use complete_query::{CompleteQuery, CompleteQueryRequest, CompleteQueryResponse};
pub use create_access_key::{CreateAccessKey, CreateAccessKeyRequest, CreateAccessKeyResponse};
pub use create_enrolment_token::{
    CreateEnrolmentToken, CreateEnrolmentTokenRequest, CreateEnrolmentTokenResponse,
};
pub use create_flow_log::{CreateFlowLog, CreateFlowLogRequest, CreateFlowLogResponse};
pub use create_index::{CreateIndex, CreateIndexRequest, CreateIndexResponse};
pub use create_logset::{CreateLogset, CreateLogsetRequest, CreateLogsetResponse};
pub use create_sign_in_link::{CreateSignInLink, CreateSignInLinkRequest, CreateSignInLinkResponse};
pub use create_topic::{CreateTopic, CreateTopicRequest, CreateTopicResponse};
pub use create_user::{CreateUser, CreateUserRequest, CreateUserResponse};
pub use delete_access_key::{DeleteAccessKey, DeleteAccessKeyRequest, DeleteAccessKeyResponse};
pub use delete_flow_log::{DeleteFlowLog, DeleteFlowLogRequest, DeleteFlowLogResponse};
pub use delete_index::{DeleteIndex, DeleteIndexRequest, DeleteIndexResponse};
pub use delete_logset::{DeleteLogset, DeleteLogsetRequest, DeleteLogsetResponse};
pub use delete_topic::{DeleteTopic, DeleteTopicRequest, DeleteTopicResponse};
pub use delete_user::{DeleteUser, DeleteUserRequest, DeleteUserResponse};
pub use describe_access_keys::{DescribeAccessKeys, DescribeAccessKeysRequest, DescribeAccessKeysResponse};
pub use describe_erasures::{DescribeErasures, DescribeErasuresRequest, DescribeErasuresResponse};
pub use describe_facets::{DescribeFacets, DescribeFacetsRequest, DescribeFacetsResponse};
pub use describe_fields::{DescribeFields, DescribeFieldsRequest, DescribeFieldsResponse};
pub use describe_flow_logs::{DescribeFlowLogs, DescribeFlowLogsRequest, DescribeFlowLogsResponse};
pub use describe_index::{DescribeIndex, DescribeIndexRequest, DescribeIndexResponse};
pub use describe_log_histogram::{
    DescribeLogHistogram, DescribeLogHistogramRequest, DescribeLogHistogramResponse,
};
pub use describe_logsets::{DescribeLogsets, DescribeLogsetsRequest, DescribeLogsetsResponse};
pub use describe_nat_gateways::{
    DescribeNatGateways, DescribeNatGatewaysRequest, DescribeNatGatewaysResponse,
};
pub use describe_queries::{DescribeQueries, DescribeQueriesRequest, DescribeQueriesResponse};
pub use describe_regions::{DescribeRegions, DescribeRegionsRequest, DescribeRegionsResponse};
pub use describe_server::{DescribeServer, DescribeServerRequest, DescribeServerResponse};
pub use describe_session::{DescribeSession, DescribeSessionRequest, DescribeSessionResponse};
pub use describe_topic_usage::{DescribeTopicUsage, DescribeTopicUsageRequest, DescribeTopicUsageResponse};
pub use describe_topics::{DescribeTopics, DescribeTopicsRequest, DescribeTopicsResponse};
pub use describe_users::{DescribeUsers, DescribeUsersRequest, DescribeUsersResponse};
pub use disable_flow_logs::{DisableFlowLogs, DisableFlowLogsRequest, DisableFlowLogsResponse};
pub use download_log::{DownloadLog, DownloadLogRequest, DownloadLogResponse};
pub use enable_flow_logs::{EnableFlowLogs, EnableFlowLogsRequest, EnableFlowLogsResponse};
pub use enrol_agent::{EnrolAgent, EnrolAgentRequest, EnrolAgentResponse};
pub use erase_records::{EraseRecords, EraseRecordsRequest, EraseRecordsResponse};
pub use explain_query::{ExplainQuery, ExplainQueryRequest, ExplainQueryResponse};
pub use modify_flow_log_attribute::{
    ModifyFlowLogAttribute, ModifyFlowLogAttributeRequest, ModifyFlowLogAttributeResponse,
};
pub use modify_index::{ModifyIndex, ModifyIndexRequest, ModifyIndexResponse};
pub use modify_logset::{ModifyLogset, ModifyLogsetRequest, ModifyLogsetResponse};
pub use modify_topic::{ModifyTopic, ModifyTopicRequest, ModifyTopicResponse};
pub use modify_user::{ModifyUser, ModifyUserRequest, ModifyUserResponse};
pub use search_log::{SearchLog, SearchLogRequest, SearchLogResponse};
pub use set_password::{SetPassword, SetPasswordRequest, SetPasswordResponse};
pub use sign_in::{SignIn, SignInRequest, SignInResponse};
pub use sign_out::{SignOut, SignOutRequest, SignOutResponse};
pub use tail_log::{TailLog, TailLogRequest, TailLogResponse};
pub use upload_batch::{UploadBatch, UploadBatchRequest, UploadBatchResponse};
pub use watch_flow_logs::{WatchFlowLogs, WatchFlowLogsRequest, WatchFlowLogsResponse};

/// What every operation file needs.
mod prelude {
    pub(super) use serde::{Deserialize, Serialize};
    pub(super) use utoipa::ToSchema;

    pub(super) use super::{Operation, Permission, Service};
}

/// One thing that can be asked of a server. Implemented by every type of the operation table.
pub trait Operation {
    /// The published name, for example `CreateFlowLog`.
    const NAME: &'static str;
    /// The service that it belongs to.
    const SERVICE: Service;
    /// What the caller must be allowed to do.
    const PERMISSION: Permission;
    /// One sentence for people.
    const SUMMARY: &'static str;
    /// What is asked.
    type Request: DeserializeOwned + Serialize + ToSchema + Send + 'static;
    /// What is answered.
    type Response: DeserializeOwned + Serialize + ToSchema + Send + 'static;
}

/// A group of operations with a version of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Flow logs and gateways.
    Vpc,
    /// The log service.
    Cls,
    /// What the published services lack.
    Natlens,
}

impl Service {
    /// The name in addresses: `vpc`, `cls` or `natlens`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Cls => "cls",
            Self::Natlens => "natlens",
        }
    }

    /// The published version of its operations.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Vpc => "2017-03-12",
            Self::Cls => "2020-10-16",
            Self::Natlens => "2026-11-22",
        }
    }
}

/// What a caller must be allowed to do. Each of `View`, `Operate` and `Administer` includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// No sign-in needed.
    Anyone,
    /// An enrolled agent, and nobody else.
    Agent,
    /// An enrolled agent for its own gateway, or an access key that may change topics.
    Upload,
    /// Read records and settings; keep a password and access keys of one's own.
    View,
    /// Change flow logs, logsets, topics and indexes.
    Operate,
    /// Manage users, tokens, and the keys of others; erase records.
    Administer,
}

/// Visits every operation of the table, in the order of the documentation.
pub trait OperationVisitor {
    /// Is called once for each operation.
    fn visit<O: Operation>(&mut self);
}

macro_rules! table {
    ($($name:ident),+ $(,)?) => {
        /// Shows every operation of the table to `visitor`.
        pub fn visit_operations(visitor: &mut impl OperationVisitor) {
            $(visitor.visit::<$name>();)+
        }
    };
}

table!(
    CreateFlowLog,
    DeleteFlowLog,
    DescribeFlowLogs,
    DescribeNatGateways,
    DisableFlowLogs,
    EnableFlowLogs,
    ModifyFlowLogAttribute,
    CreateIndex,
    CreateLogset,
    CreateTopic,
    DeleteIndex,
    DeleteLogset,
    DeleteTopic,
    DescribeIndex,
    DescribeLogHistogram,
    DescribeLogsets,
    DescribeTopics,
    ModifyIndex,
    ModifyLogset,
    ModifyTopic,
    SearchLog,
    CancelQuery,
    CompleteQuery,
    CreateAccessKey,
    CreateEnrolmentToken,
    CreateSignInLink,
    CreateUser,
    DeleteAccessKey,
    DeleteUser,
    DescribeAccessKeys,
    DescribeErasures,
    DescribeFacets,
    DescribeFields,
    DescribeQueries,
    DescribeRegions,
    DescribeServer,
    DescribeSession,
    DescribeTopicUsage,
    DescribeUsers,
    DownloadLog,
    EnrolAgent,
    EraseRecords,
    ExplainQuery,
    ModifyUser,
    SetPassword,
    SignIn,
    SignOut,
    TailLog,
    UploadBatch,
    WatchFlowLogs
);
