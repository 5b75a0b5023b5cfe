//! The form of an inventory file: TOML with one table for each thing.
//!
//! Hides: names of keys, in which order entries refer to each other, where an entry stands.
//! Knows nothing of: files, longest match.

use std::fmt::Display;
use std::str::FromStr;

use flow::{Prefix, RegionId};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use window::{Inventory, InventoryError};

/// Why a text is no inventory.
#[derive(Debug)]
pub(super) enum FormatError {
    Toml(Box<toml::de::Error>),
    /// `line` is that of the entry's id; the first is 1.
    Entry {
        line: usize,
        source: InventoryError,
    },
}

/// The inventory that a text describes. Entries may stand in any order.
pub(super) fn parse(text: &str) -> Result<Inventory, FormatError> {
    let written: Written = toml::from_str(text).map_err(|error| FormatError::Toml(Box::new(error)))?;
    let mut inventory = Inventory::default();
    let entry = |id: &Spanned<String>, added: Result<(), InventoryError>| {
        added.map_err(|source| FormatError::Entry { line: line_of(text, id.span().start), source })
    };
    for region in &written.region {
        let added = inventory.add_region(&region.id.get_ref().0, &prefixes(&region.prefixes));
        let start = region.id.span().start;
        added.map_err(|source| FormatError::Entry { line: line_of(text, start), source })?;
    }
    for vpc in &written.vpc {
        entry(&vpc.id, inventory.add_vpc(vpc.id.get_ref(), &vpc.region.0, &prefixes(&vpc.prefixes)))?;
    }
    for subnet in &written.subnet {
        let added = inventory.add_subnet(subnet.id.get_ref(), &subnet.vpc, &prefixes(&subnet.prefixes));
        entry(&subnet.id, added)?;
    }
    for instance in &written.instance {
        entry(&instance.id, inventory.add_instance(instance.id.get_ref(), &prefixes(&instance.addresses)))?;
    }
    for ccn in &written.ccn {
        for vpc in &ccn.vpcs {
            entry(&ccn.id, inventory.attach_vpc(ccn.id.get_ref(), vpc))?;
        }
        for network in &ccn.network {
            let added =
                inventory.attach_networks(ccn.id.get_ref(), &network.region.0, &prefixes(&network.prefixes));
            entry(&ccn.id, added)?;
        }
    }
    Ok(inventory)
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Written {
    region: Vec<RegionEntry>,
    vpc: Vec<VpcEntry>,
    subnet: Vec<SubnetEntry>,
    instance: Vec<InstanceEntry>,
    ccn: Vec<CcnEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionEntry {
    id: Spanned<Parsed<RegionId>>,
    prefixes: Vec<Parsed<Prefix>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VpcEntry {
    id: Spanned<String>,
    region: Parsed<RegionId>,
    prefixes: Vec<Parsed<Prefix>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubnetEntry {
    id: Spanned<String>,
    vpc: String,
    prefixes: Vec<Parsed<Prefix>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstanceEntry {
    id: Spanned<String>,
    addresses: Vec<Parsed<Prefix>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CcnEntry {
    id: Spanned<String>,
    #[serde(default)]
    vpcs: Vec<String>,
    #[serde(default)]
    network: Vec<NetworkEntry>,
}

/// Networks of a CCN that are in no VPC.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkEntry {
    region: Parsed<RegionId>,
    prefixes: Vec<Parsed<Prefix>>,
}

/// A value that its type reads from text.
struct Parsed<T>(T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

fn prefixes(written: &[Parsed<Prefix>]) -> Vec<Prefix> {
    written.iter().map(|prefix| prefix.0).collect()
}

fn line_of(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or(text);
    before.matches('\n').count() + 1
}
