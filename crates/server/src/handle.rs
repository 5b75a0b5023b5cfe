//! What the server does for each operation, one file an operation.
//!
//! Hides: nothing; it is the list.
//! Knows nothing of: HTTP, except for the few operations that wait or set a cookie.

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

use std::future::Future;

use api::Operation;
use axum::body::Body;
use futures::Stream;

use crate::failure::Failure;
use crate::http::{Answered, Asked, FileAnswer};

pub(crate) use sign_in::HASHING_MAX;
pub(crate) use upload_batch::UPLOADS_MAX;

/// What every file of an operation needs.
mod prelude {
    pub(super) use super::{Handle, HandleFile, HandleStreaming, HandleWaiting};
    pub(super) use crate::check;
    pub(super) use crate::failure::Failure;
    pub(super) use crate::http::{Answered, Asked};
}

/// An operation that asks the catalog and answers. Implemented by most of the table.
pub(crate) trait Handle: Operation + 'static {
    /// Carries it out, on a thread that may wait for the disk. Who asks was checked before.
    fn handle(asked: &Asked, request: Self::Request) -> Result<Self::Response, Failure>;
}

/// An operation that waits: for a query, for news, for a body that is not JSON. Implemented by the rest.
pub(crate) trait HandleWaiting: Operation + 'static {
    /// Carries it out. Who asks was checked before; the body is not read yet.
    fn handle(
        asked: Asked,
        body: Body,
    ) -> impl Future<Output = Result<Answered<Self::Response>, Failure>> + Send;
}

/// An operation whose answer goes on until the caller leaves. Implemented by `TailLog`.
pub(crate) trait HandleStreaming: Operation + 'static {
    /// Begins it. Who asks was checked before.
    fn handle(
        asked: Asked,
        request: Self::Request,
    ) -> impl Future<Output = Result<impl Stream<Item = Self::Response> + Send + 'static, Failure>> + Send;
}

/// An operation whose answer is a file. Implemented by `DownloadLog`.
pub(crate) trait HandleFile: Operation + 'static {
    /// Begins it. Who asks was checked before.
    fn handle(
        asked: Asked,
        request: Self::Request,
    ) -> impl Future<
        Output = Result<FileAnswer<impl Stream<Item = Result<Vec<u8>, Failure>> + Send + 'static>, Failure>,
    > + Send;
}

/// Somebody who wants to see every operation that the server carries out.
pub(crate) trait OperationRoutes {
    /// Is called once for each operation that asks the catalog.
    fn catalog<O: Handle>(&mut self);
    /// Is called once for each operation that waits.
    fn waiting<O: HandleWaiting>(&mut self);
    /// Is called once for each operation whose answer goes on.
    fn streaming<O: HandleStreaming>(&mut self);
    /// Is called once for each operation that answers with a file.
    fn file<O: HandleFile>(&mut self);
}

macro_rules! routes {
    (
        catalog: $($name:ident),+; waiting: $($waiting:ident),+; streaming: $($streaming:ident),+; file: $($file:ident),+;
    ) => {
        /// Shows every operation that the server carries out to `routes`.
        pub(crate) fn visit_routes(routes: &mut impl OperationRoutes) {
            $(routes.catalog::<api::$name>();)+
            $(routes.waiting::<api::$waiting>();)+
            $(routes.streaming::<api::$streaming>();)+
            $(routes.file::<api::$file>();)+
        }
    };
}

routes!(
    catalog:
        CreateFlowLog, DeleteFlowLog, DescribeFlowLogs, DescribeNatGateways, DisableFlowLogs, EnableFlowLogs,
        ModifyFlowLogAttribute, CreateIndex, CreateLogset, CreateTopic, DeleteIndex, DeleteLogset, DeleteTopic,
        DescribeIndex, DescribeLogsets, DescribeTopics, ModifyIndex, ModifyLogset, ModifyTopic, CancelQuery, CreateAccessKey,
        CreateEnrolmentToken, CreateSignInLink, CreateUser, DeleteAccessKey, DeleteUser, DescribeAccessKeys,
        DescribeErasures, DescribeFields, DescribeQueries, DescribeRegions, DescribeServer, DescribeSession, DescribeTopicUsage, DescribeUsers, EnrolAgent, ModifyUser;
    waiting:
        CompleteQuery, DescribeFacets, DescribeLogHistogram, EraseRecords, ExplainQuery, SearchLog, SetPassword, SignIn, SignOut, UploadBatch, WatchFlowLogs;
    streaming:
        TailLog;
    file:
        DownloadLog;
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use api::OperationVisitor;

    use super::*;

    #[derive(Default)]
    struct Names(BTreeSet<&'static str>);

    impl OperationRoutes for Names {
        fn catalog<O: Handle>(&mut self) {
            assert!(self.0.insert(O::NAME), "{} is served twice", O::NAME);
        }

        fn waiting<O: HandleWaiting>(&mut self) {
            assert!(self.0.insert(O::NAME), "{} is served twice", O::NAME);
        }

        fn streaming<O: HandleStreaming>(&mut self) {
            assert!(self.0.insert(O::NAME), "{} is served twice", O::NAME);
        }

        fn file<O: HandleFile>(&mut self) {
            assert!(self.0.insert(O::NAME), "{} is served twice", O::NAME);
        }
    }

    impl OperationVisitor for Names {
        fn visit<O: Operation>(&mut self) {
            self.0.insert(O::NAME);
        }
    }

    #[test]
    fn every_operation_of_the_table_is_served() {
        let (mut table, mut served) = (Names::default(), Names::default());
        api::visit_operations(&mut table);
        visit_routes(&mut served);
        assert_eq!(table.0, served.0);
    }
}
