//! Carries out `DescribeServer`.

use api::{DescribeServer, DescribeServerRequest, DescribeServerResponse};

use super::prelude::*;

impl Handle for DescribeServer {
    fn handle(asked: &Asked, _: DescribeServerRequest) -> Result<DescribeServerResponse, Failure> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(DescribeServerResponse { version, now: (asked.server.clock)().millis() })
    }
}
