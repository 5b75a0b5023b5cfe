//! Carries out `DescribeSession`.

use api::{DescribeSession, DescribeSessionRequest, DescribeSessionResponse};

use super::prelude::*;

impl Handle for DescribeSession {
    fn handle(asked: &Asked, _: DescribeSessionRequest) -> Result<DescribeSessionResponse, Failure> {
        let account = &asked.owner.account;
        let user = asked.server.store.user(account, asked.caller.user()?)?;
        Ok(DescribeSessionResponse {
            user_name: user.name,
            role: user.role,
            account_id: account.to_string(),
            must_set_password: user.must_set_password,
        })
    }
}
