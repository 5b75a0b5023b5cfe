//! Carries out `CreateEnrolmentToken`.

use std::time::Duration;

use api::{CreateEnrolmentToken, CreateEnrolmentTokenRequest, CreateEnrolmentTokenResponse};
use store::EnrolmentTokenRow;

use super::prelude::*;
use crate::sign_in::secret::{Purpose, Secret};

/// How long a token is valid when nobody says. Unit: hours.
const VALID_HOURS_DEFAULT: u32 = 24;

/// How long a token can be valid: a month. Unit: hours.
const VALID_HOURS_MAX: u32 = 720;

impl Handle for CreateEnrolmentToken {
    fn handle(
        asked: &Asked,
        request: CreateEnrolmentTokenRequest,
    ) -> Result<CreateEnrolmentTokenResponse, Failure> {
        let hours = request.valid_hours.unwrap_or(VALID_HOURS_DEFAULT);
        if !(1..=VALID_HOURS_MAX).contains(&hours) {
            let message = format!("ValidHours is {hours}: 1 to {VALID_HOURS_MAX} are accepted");
            return Err(Failure::new("InvalidParameterValue.Range", message));
        }
        let secret = Secret::new(Purpose::Enrolment)?;
        let now = (asked.server.clock)();
        let token = EnrolmentTokenRow {
            hash: secret.hash(),
            created: now,
            expires: now.plus(Duration::from_secs(u64::from(hours) * 3600)),
        };
        asked.server.store.create_enrolment_token(&asked.owner.account, &token)?;
        Ok(CreateEnrolmentTokenResponse { token: secret.text().to_owned(), expires: token.expires.millis() })
    }
}
