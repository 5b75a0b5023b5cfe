//! `DescribeServer`: version and time of the server.

use super::prelude::*;

/// Nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DescribeServerRequest {}

/// Version and time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeServerResponse {
    /// Version of the program.
    pub version: String,
    /// The server's clock. Unit: Unix milliseconds.
    pub now: i64,
}

operation!(Natlens DescribeServer(View): DescribeServerRequest => DescribeServerResponse, "Tells version and time of the server.");
