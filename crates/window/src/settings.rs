//! What stays the same in all records of one gateway.
//!
//! Hides: the default list of private prefixes.
//! Knows nothing of: configuration files, events, windows that are open.

use flow::{AccountId, GatewayId, Prefix, RegionId, WindowLength};

/// What stays the same in all records of one gateway.
#[derive(Clone, Debug)]
pub struct WindowSettings {
    /// The account that owns the gateway.
    pub account: AccountId,
    /// Where the gateway stands.
    pub region: RegionId,
    /// The gateway whose events are summed.
    pub gateway: GatewayId,
    /// The VPC that the gateway serves; `None` when the operator named none.
    pub vpc: Option<String>,
    /// How long a window is.
    pub length: WindowLength,
    /// Prefixes of the inside, which decide `direction`. See [`private_prefixes`] for the usual ones.
    pub inside: Vec<Prefix>,
}

/// The prefixes that are inside unless the operator says otherwise: RFC 1918, shared address space
/// (RFC 6598) and unique local IPv6 addresses (RFC 4193, the half in use).
pub fn private_prefixes() -> Vec<Prefix> {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8"]
        .into_iter()
        .map(|text| text.parse().expect("the five prefixes are written correctly, which a test checks"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_private_prefixes_are_prefixes() {
        let texts: Vec<String> = private_prefixes().iter().map(ToString::to_string).collect();
        assert_eq!(texts.join(" "), "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fd00::/8");
    }
}
