//! Carries out `DescribeAccessKeys`.

use api::{AccessKey, DescribeAccessKeys, DescribeAccessKeysRequest, DescribeAccessKeysResponse};

use super::prelude::*;
use crate::object::civil::civil_text;

impl Handle for DescribeAccessKeys {
    fn handle(asked: &Asked, _: DescribeAccessKeysRequest) -> Result<DescribeAccessKeysResponse, Failure> {
        let keys = asked.server.store.access_keys(&asked.owner.account)?;
        let whose = asked.caller.keys_of()?;
        let visible = keys.into_iter().filter(|key| whose.is_none_or(|user| key.user == user));
        let shown = visible.map(|key| AccessKey {
            secret_id: key.secret_id,
            user_name: key.user,
            description: key.description,
            create_time: civil_text(key.created),
        });
        Ok(DescribeAccessKeysResponse { access_keys: shown.collect() })
    }
}
