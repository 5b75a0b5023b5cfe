//! Carries out `EnrolAgent`.

use api::{EnrolAgent, EnrolAgentRequest, EnrolAgentResponse};
use flow::resource_suffix;
use store::{GatewayRow, Owner};

use super::prelude::*;
use crate::sign_in::secret::{Purpose, Secret, chance, hash_of};

/// The longest name of a gateway. Unit: characters. Source: the published API.
const NAME_CHARS_MAX: usize = 60;

/// The longest id of a VPC. Unit: characters.
const VPC_CHARS_MAX: usize = 255;

impl Handle for EnrolAgent {
    fn handle(asked: &Asked, request: EnrolAgentRequest) -> Result<EnrolAgentResponse, Failure> {
        let server = &asked.server;
        let now = (server.clock)();
        // The token decides the account; nothing else is looked at before.
        let account = server.store.enrolment_account(&hash_of(&request.token), now)?;
        let region = check::parsed_if_any("Region", request.region.as_deref())?;
        let owner = Owner { account, region: region.unwrap_or_else(|| asked.owner.region.clone()) };
        let vpc = request.vpc_id.filter(|vpc| !vpc.is_empty());
        let gateway = GatewayRow {
            id: check::parsed("NatGatewayId", &format!("nat-{}", resource_suffix(chance()?)))?,
            name: check::name("GatewayName", request.gateway_name, NAME_CHARS_MAX)?,
            vpc: vpc.map(|vpc| check::short("VpcId", vpc, VPC_CHARS_MAX)).transpose()?,
            tags: Vec::new(),
            report: None,
            last_seen: None,
            created: now,
        };
        let secret = Secret::new(Purpose::Agent)?;
        let gateway = server.store.enrol_gateway(&owner, &gateway, &secret.hash())?;
        server.orders.changed();
        tracing::info!(gateway = %gateway.id, region = %owner.region, "an agent enrolled");
        Ok(EnrolAgentResponse {
            account_id: owner.account.to_string(),
            region: owner.region.to_string(),
            nat_gateway_id: gateway.id.to_string(),
            agent_token: secret.text().to_owned(),
        })
    }
}
