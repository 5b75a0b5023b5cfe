//! Carries out `DescribeAccessKeys`.

use api::{AccessKey, DescribeAccessKeys, DescribeAccessKeysRequest, DescribeAccessKeysResponse};

use super::prelude::*;
use crate::object::civil::civil_text;

impl Handle for DescribeAccessKeys {
    fn handle(asked: &Asked, _: DescribeAccessKeysRequest) -> Result<DescribeAccessKeysResponse, Failure> {
        let keys = asked.server.store.access_keys(&asked.owner.account)?;
        let shown = keys.into_iter().map(|key| AccessKey {
            secret_id: key.secret_id,
            description: key.description,
            create_time: civil_text(key.created),
        });
        Ok(DescribeAccessKeysResponse { access_keys: shown.collect() })
    }
}
