//! Carries out `DescribeRegions`.

use api::{DescribeRegions, DescribeRegionsRequest, DescribeRegionsResponse, Region};

use super::prelude::*;

impl Handle for DescribeRegions {
    fn handle(asked: &Asked, _: DescribeRegionsRequest) -> Result<DescribeRegionsResponse, Failure> {
        let server = &asked.server;
        let default_region = server.settings.region.clone();
        let mut regions = server.store.gateway_regions(&asked.owner.account)?;
        if regions.iter().all(|(region, _)| *region != default_region) {
            regions.push((default_region.clone(), 0));
            regions.sort();
        }
        let shown = regions
            .into_iter()
            .map(|(region, gateway_count)| Region { region: region.to_string(), gateway_count });
        Ok(DescribeRegionsResponse { regions: shown.collect(), default_region: default_region.to_string() })
    }
}
