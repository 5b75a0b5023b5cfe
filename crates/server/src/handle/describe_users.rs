//! Carries out `DescribeUsers`.

use api::{DescribeUsers, DescribeUsersRequest, DescribeUsersResponse, User};

use super::prelude::*;
use crate::object::civil::civil_text;

impl Handle for DescribeUsers {
    fn handle(asked: &Asked, _: DescribeUsersRequest) -> Result<DescribeUsersResponse, Failure> {
        let users = asked.server.store.users(&asked.owner.account)?;
        let shown = users.into_iter().map(|user| User {
            user_name: user.name,
            role: user.role,
            has_password: user.password_hash.is_some(),
            create_time: civil_text(user.created),
        });
        Ok(DescribeUsersResponse { users: shown.collect() })
    }
}
