//! What the operator knows of the network: which region, VPC, subnet and instance an address belongs to, and which
//! networks a CCN joins.
//!
//! Hides: longest match, what follows from what (a subnet tells its VPC, a VPC its region and CCN).
//! Knows nothing of: the file that it comes from, flows, flow logs.

mod prefixes;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use flow::{Prefix, RegionId};

use prefixes::Prefixes;

/// The most prefixes of an inventory. At about 200 bytes each this bounds it to 40 MB.
pub const INVENTORY_PREFIXES_MAX: usize = 200_000;

/// The longest id in an inventory, as long as the API takes one. Unit: characters.
pub const INVENTORY_ID_CHARS_MAX: usize = 255;

/// What the operator knows of the network. The longest prefix that holds an address decides where it is; of the same
/// prefix, the smaller thing: a subnet before a VPC before a network of a CCN before a region.
///
/// It is true at any moment; what is added refers to what was added before.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    networks: Prefixes<Network>,
    instances: Prefixes<Arc<str>>,
    vpcs: HashMap<Arc<str>, Vpc>,
    subnets: HashSet<Arc<str>>,
    instance_ids: HashSet<Arc<str>>,
    ccns: HashSet<Arc<str>>,
}

/// Where an address is; what is not known is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its region.
    pub region: Option<&'a Arc<str>>,
    /// Its VPC.
    pub vpc: Option<&'a Arc<str>>,
    /// Its subnet.
    pub subnet: Option<&'a Arc<str>>,
    /// The instance that has it.
    pub instance: Option<&'a Arc<str>>,
    /// The CCN that its network is attached to.
    pub ccn: Option<&'a Arc<str>>,
}

/// What can be added to an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InventoryKind {
    /// A region.
    Region,
    /// A VPC.
    Vpc,
    /// A subnet.
    Subnet,
    /// An instance.
    Instance,
    /// A network of a CCN.
    Attachment,
}

/// Why something cannot be in an inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum InventoryError {
    #[error("`{id}` is no id: expected 1 to {INVENTORY_ID_CHARS_MAX} characters")]
    InvalidId { id: String },
    #[error("the {kind} `{id}` is described twice: join the two entries")]
    Twice { kind: InventoryKind, id: String },
    #[error("the {kind} `{id}` has no prefix: name at least one, such as `10.0.0.0/16`")]
    NoPrefix { kind: InventoryKind, id: String },
    #[error(
        "`{prefix}` belongs to the {kind} `{id}` already: give it to one of them, or make one prefix longer"
    )]
    Taken { prefix: Prefix, kind: InventoryKind, id: String },
    #[error("there is no VPC `{vpc}` in the inventory: describe it as `[[vpc]]`, or correct the id")]
    UnknownVpc { vpc: String },
    #[error("`{prefix}` lies outside of the VPC `{vpc}`: correct it, or add a prefix to the VPC")]
    OutsideVpc { prefix: Prefix, vpc: String },
    #[error("the VPC `{vpc}` is attached to the CCN `{ccn}` already: a network joins one CCN, remove one")]
    Attached { vpc: String, ccn: String },
    #[error("an inventory holds at most {INVENTORY_PREFIXES_MAX} prefixes: join neighbouring ones")]
    TooMany,
}

impl Inventory {
    /// Adds networks of a region that are in no VPC; may be called again for further ones.
    pub fn add_region(&mut self, region: &RegionId, prefixes: &[Prefix]) -> Result<(), InventoryError> {
        let region: Arc<str> = region.as_str().into();
        self.add_networks(InventoryKind::Region, &region, prefixes, &Network::Region(Arc::clone(&region)))
    }

    /// Adds a VPC.
    pub fn add_vpc(
        &mut self,
        id: &str,
        region: &RegionId,
        prefixes: &[Prefix],
    ) -> Result<(), InventoryError> {
        let id = checked(id)?;
        if self.vpcs.contains_key(&id) {
            return Err(InventoryError::Twice { kind: InventoryKind::Vpc, id: id.to_string() });
        }
        self.add_networks(InventoryKind::Vpc, &id, prefixes, &Network::Vpc(Arc::clone(&id)))?;
        let vpc = Vpc { region: region.as_str().into(), ccn: None, prefixes: prefixes.to_vec() };
        self.vpcs.insert(id, vpc);
        Ok(())
    }

    /// Adds a subnet of a VPC that is known.
    pub fn add_subnet(&mut self, id: &str, vpc: &str, prefixes: &[Prefix]) -> Result<(), InventoryError> {
        let id = checked(id)?;
        if self.subnets.contains(&id) {
            return Err(InventoryError::Twice { kind: InventoryKind::Subnet, id: id.to_string() });
        }
        let unknown = || InventoryError::UnknownVpc { vpc: vpc.to_owned() };
        let (vpc_id, known) = self.vpcs.get_key_value(vpc).ok_or_else(unknown)?;
        let outside = |prefix: &&Prefix| !known.prefixes.iter().any(|outer| outer.covers(**prefix));
        if let Some(prefix) = prefixes.iter().find(outside) {
            return Err(InventoryError::OutsideVpc { prefix: *prefix, vpc: vpc.to_owned() });
        }
        let network = Network::Subnet { id: Arc::clone(&id), vpc: Arc::clone(vpc_id) };
        self.add_networks(InventoryKind::Subnet, &id, prefixes, &network)?;
        self.subnets.insert(id);
        Ok(())
    }

    /// Adds an instance. Its subnet and VPC follow from its addresses.
    pub fn add_instance(&mut self, id: &str, prefixes: &[Prefix]) -> Result<(), InventoryError> {
        let (id, kind) = (checked(id)?, InventoryKind::Instance);
        if self.instance_ids.contains(&id) {
            return Err(InventoryError::Twice { kind, id: id.to_string() });
        }
        self.check_room(kind, &id, prefixes)?;
        for prefix in prefixes {
            if let Some(owner) = self.instances.get(*prefix) {
                return Err(InventoryError::Taken { prefix: *prefix, kind, id: owner.to_string() });
            }
            self.instances.insert(*prefix, Arc::clone(&id));
        }
        self.instance_ids.insert(id);
        Ok(())
    }

    /// Attaches a VPC that is known to a CCN.
    pub fn attach_vpc(&mut self, ccn: &str, vpc: &str) -> Result<(), InventoryError> {
        let ccn = self.ccn(ccn)?;
        let unknown = || InventoryError::UnknownVpc { vpc: vpc.to_owned() };
        let known = self.vpcs.get_mut(vpc).ok_or_else(unknown)?;
        if let Some(other) = &known.ccn {
            return Err(InventoryError::Attached { vpc: vpc.to_owned(), ccn: other.to_string() });
        }
        known.ccn = Some(ccn);
        Ok(())
    }

    /// Attaches networks of a region that are in no VPC to a CCN.
    pub fn attach_networks(
        &mut self,
        ccn: &str,
        region: &RegionId,
        prefixes: &[Prefix],
    ) -> Result<(), InventoryError> {
        let ccn = self.ccn(ccn)?;
        let network = Network::Attachment { ccn: Arc::clone(&ccn), region: region.as_str().into() };
        self.add_networks(InventoryKind::Attachment, &ccn, prefixes, &network)
    }

    /// Where `address` is.
    pub fn place(&self, address: IpAddr) -> Place<'_> {
        let place = match self.networks.longest(address) {
            None => Place::default(),
            Some(Network::Region(region)) => Place { region: Some(region), ..Place::default() },
            Some(Network::Attachment { ccn, region }) => {
                Place { region: Some(region), ccn: Some(ccn), ..Place::default() }
            }
            Some(Network::Vpc(vpc)) => self.in_vpc(vpc),
            Some(Network::Subnet { id, vpc }) => Place { subnet: Some(id), ..self.in_vpc(vpc) },
        };
        Place { instance: self.instances.longest(address), ..place }
    }

    /// Whether the inventory describes this VPC.
    pub fn has_vpc(&self, id: &str) -> bool {
        self.vpcs.contains_key(id)
    }

    /// Whether the inventory describes this subnet.
    pub fn has_subnet(&self, id: &str) -> bool {
        self.subnets.contains(id)
    }

    /// Whether the inventory attaches something to this CCN.
    pub fn has_ccn(&self, id: &str) -> bool {
        self.ccns.contains(id)
    }

    /// How many prefixes it holds.
    pub fn prefixes(&self) -> usize {
        self.networks.len() + self.instances.len()
    }

    fn in_vpc<'a>(&'a self, id: &'a Arc<str>) -> Place<'a> {
        let known = self.vpcs.get(id);
        Place {
            vpc: Some(id),
            region: known.map(|vpc| &vpc.region),
            ccn: known.and_then(|vpc| vpc.ccn.as_ref()),
            ..Place::default()
        }
    }

    fn add_networks(
        &mut self,
        kind: InventoryKind,
        id: &Arc<str>,
        prefixes: &[Prefix],
        network: &Network,
    ) -> Result<(), InventoryError> {
        self.check_room(kind, id, prefixes)?;
        for prefix in prefixes {
            match self.networks.get(*prefix) {
                Some(owner) if owner.size() == network.size() => {
                    let (kind, id) = owner.named();
                    return Err(InventoryError::Taken { prefix: *prefix, kind, id: id.to_string() });
                }
                Some(owner) if owner.size() < network.size() => {}
                Some(_) | None => self.networks.insert(*prefix, network.clone()),
            }
        }
        Ok(())
    }

    fn check_room(&self, kind: InventoryKind, id: &str, prefixes: &[Prefix]) -> Result<(), InventoryError> {
        if prefixes.is_empty() {
            return Err(InventoryError::NoPrefix { kind, id: id.to_owned() });
        }
        let fits = self.prefixes() + prefixes.len() <= INVENTORY_PREFIXES_MAX;
        if fits { Ok(()) } else { Err(InventoryError::TooMany) }
    }

    fn ccn(&mut self, id: &str) -> Result<Arc<str>, InventoryError> {
        let id = checked(id)?;
        self.ccns.insert(Arc::clone(&id));
        Ok(id)
    }
}

impl std::fmt::Display for InventoryKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Region => "region",
            Self::Vpc => "VPC",
            Self::Subnet => "subnet",
            Self::Instance => "instance",
            Self::Attachment => "CCN",
        })
    }
}

#[derive(Clone, Debug)]
struct Vpc {
    region: Arc<str>,
    ccn: Option<Arc<str>>,
    prefixes: Vec<Prefix>,
}

/// What a prefix belongs to.
#[derive(Clone, Debug)]
enum Network {
    Region(Arc<str>),
    Attachment { ccn: Arc<str>, region: Arc<str> },
    Vpc(Arc<str>),
    Subnet { id: Arc<str>, vpc: Arc<str> },
}

impl Network {
    /// Of the same prefix the smaller one counts.
    const fn size(&self) -> u8 {
        match self {
            Self::Subnet { .. } => 0,
            Self::Vpc(_) => 1,
            Self::Attachment { .. } => 2,
            Self::Region(_) => 3,
        }
    }

    const fn named(&self) -> (InventoryKind, &Arc<str>) {
        match self {
            Self::Region(id) => (InventoryKind::Region, id),
            Self::Attachment { ccn, .. } => (InventoryKind::Attachment, ccn),
            Self::Vpc(id) => (InventoryKind::Vpc, id),
            Self::Subnet { id, .. } => (InventoryKind::Subnet, id),
        }
    }
}

fn checked(id: &str) -> Result<Arc<str>, InventoryError> {
    if (1..=INVENTORY_ID_CHARS_MAX).contains(&id.chars().count()) {
        Ok(id.into())
    } else {
        Err(InventoryError::InvalidId { id: id.to_owned() })
    }
}
