//! `ip_prefix`, `ip_subnet_min`, `ip_subnet_max`, `ip_subnet_range`, `is_subnet_of`, `is_prefix_subnet_of`,
//! `ip_to_country_code`, `ip_to_domain`.
//!
//! Hides: what counts as an address of the inside. Source: Presto's IP functions, and those of the log service.
//! Knows nothing of: columns.

use std::net::{IpAddr, Ipv6Addr};

use flow::Prefix;

use super::row::{Given, Kind, Made, RowFunction, misfit};

pub(super) const FUNCTIONS: &[RowFunction] = &[
    RowFunction {
        name: "is_subnet_of",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Boolean,
        of_row: is_subnet_of,
    },
    RowFunction {
        name: "is_prefix_subnet_of",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Boolean,
        of_row: is_prefix_subnet_of,
    },
    RowFunction {
        name: "ip_prefix",
        takes: &[&[Kind::Text, Kind::Long]],
        gives: Kind::Text,
        of_row: ip_prefix,
    },
    RowFunction { name: "ip_subnet_min", takes: &[&[Kind::Text]], gives: Kind::Text, of_row: ip_subnet_min },
    RowFunction { name: "ip_subnet_max", takes: &[&[Kind::Text]], gives: Kind::Text, of_row: ip_subnet_max },
    RowFunction {
        name: "ip_subnet_range",
        takes: &[&[Kind::Text]],
        gives: Kind::Texts,
        of_row: ip_subnet_range,
    },
    RowFunction {
        name: "ip_to_country_code",
        takes: &[&[Kind::Text]],
        gives: Kind::Text,
        of_row: ip_to_country_code,
    },
    RowFunction { name: "ip_to_domain", takes: &[&[Kind::Text]], gives: Kind::Text, of_row: ip_to_domain },
];

fn is_subnet_of(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(outer), Given::Text(address)] = given else { return Err(misfit()) };
    let outer = prefix(outer)?;
    let address = address.parse::<IpAddr>().ok();
    Ok(address.map(|address| Made::Boolean(outer.contains(address))))
}

fn is_prefix_subnet_of(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(outer), Given::Text(inner)] = given else { return Err(misfit()) };
    Ok(Some(Made::Boolean(prefix(outer)?.covers(prefix(inner)?))))
}

fn ip_prefix(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(address), Given::Long(bits)] = given else { return Err(misfit()) };
    let Ok(address) = address.parse::<IpAddr>() else { return Ok(None) };
    let length = u8::try_from(*bits).ok().and_then(|bits| Prefix::new(address, bits));
    // Both families stand in one column, and a length fits IPv4 only up to 32.
    let Some(prefix) = length else {
        let whole = if address.is_ipv4() { 32 } else { 128 };
        return match *bits {
            33..=128 => Ok(Some(Made::Text(format!("{address}/{whole}")))),
            _ => Err(format!("a prefix of {bits} bits: 0 to 128 are possible")),
        };
    };
    Ok(Some(Made::Text(format!("{}/{}", prefix.first(), prefix.length()))))
}

fn ip_subnet_min(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text)] = given else { return Err(misfit()) };
    Ok(Some(Made::Text(prefix(text)?.first().to_string())))
}

fn ip_subnet_max(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text)] = given else { return Err(misfit()) };
    Ok(Some(Made::Text(prefix(text)?.last().to_string())))
}

fn ip_subnet_range(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text)] = given else { return Err(misfit()) };
    let prefix = prefix(text)?;
    Ok(Some(Made::Texts(vec![prefix.first().to_string(), prefix.last().to_string()])))
}

fn ip_to_domain(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text)] = given else { return Err(misfit()) };
    let domain = match text.parse::<IpAddr>() {
        Ok(address) if is_inside(address) => "intranet",
        Ok(_) => "internet",
        Err(_) => "invalid",
    };
    Ok(Some(Made::Text(domain.to_owned())))
}

fn ip_to_country_code(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text)] = given else { return Err(misfit()) };
    let code = text.parse::<IpAddr>().ok().and_then(iptocc::country_code);
    Ok(code.map(|code| Made::Text(code.to_owned())))
}

/// RFC 1918, 6598 (carrier-grade NAT), 4193; local and loopback addresses.
fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_loopback() || address.is_link_local() || shared
        }
        IpAddr::V6(address) => {
            address == Ipv6Addr::LOCALHOST || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

fn prefix(text: &str) -> Result<Prefix, String> {
    text.parse::<Prefix>().map_err(|invalid| invalid.to_string())
}
