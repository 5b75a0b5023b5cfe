//! `DescribeUsers`: lists who may sign in.

use super::prelude::*;
use crate::object::User;

/// Nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DescribeUsersRequest {}

/// The users.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeUsersResponse {
    /// In the order of their names.
    pub users: Vec<User>,
}

operation!(Natlens DescribeUsers(Administer): DescribeUsersRequest => DescribeUsersResponse, "Lists users.");
