//! What comes over the network.
//!
//! Hides: the types of requests.
//! Knows nothing of: HTTP.

use api::Batch;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The body of an upload, and what stands in a spool.
pub(crate) fn batch(bytes: &[u8]) {
    let Ok(batch) = Batch::decode(bytes) else { return };
    assert!(batch.records.len() <= api::BATCH_RECORDS_MAX, "a batch keeps its limit");
    let again = batch.encode().expect("what was decoded is within the limits");
    assert_eq!(Batch::decode(&again).ok(), Some(batch), "a batch reads back equal");
}

/// The body of a request, tried as that of every operation.
pub(crate) fn request(bytes: &[u8]) {
    macro_rules! each {
        ($($operation:ident)*) => { $(told::<<api::$operation as api::Operation>::Request>(bytes);)* };
    }
    each!(
        CreateAccessKey CreateEnrolmentToken CreateFlowLog CreateIndex CreateLogset CreateSignInLink CreateTopic
        CreateUser DeleteAccessKey DeleteFlowLog DeleteIndex DeleteLogset DeleteTopic DeleteUser DescribeAccessKeys
        DescribeFields DescribeFlowLogs DescribeIndex DescribeLogHistogram DescribeLogsets DescribeNatGateways
        DescribeRegions DescribeServer DescribeSession DescribeTopics DescribeUsers DisableFlowLogs EnableFlowLogs
        EnrolAgent ModifyFlowLogAttribute ModifyIndex ModifyLogset ModifyTopic ModifyUser SearchLog SetPassword SignIn
        SignOut TailLog UploadBatch WatchFlowLogs
    );
}

/// A request that is read, written and read again is the same.
fn told<Request: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Request>(bytes) else { return };
    let written = serde_json::to_string(&request).expect("a request can be written");
    let again: Request = serde_json::from_str(&written).expect("a written request can be read");
    assert_eq!(serde_json::to_string(&again).ok(), Some(written), "a request reads back equal");
}
