//! Functions of addresses. An address is text; what is none makes the result NULL.
//!
//! Hides: nothing; it is a table.
//! Knows nothing of: how they are computed.

use super::{Function, entry};

pub(super) const FUNCTIONS: &[Function] = &[
    entry("is_subnet_of", "is_subnet_of(prefix, address)", "whether the address has the prefix"),
    entry(
        "is_prefix_subnet_of",
        "is_prefix_subnet_of(prefix, inner)",
        "whether all addresses of the second prefix have the first",
    ),
    entry(
        "ip_prefix",
        "ip_prefix(address, bits)",
        "the prefix of that length that the address has, as in `10.0.0.0/16`",
    ),
    entry("ip_subnet_min", "ip_subnet_min(prefix)", "the lowest address of a prefix"),
    entry("ip_subnet_max", "ip_subnet_max(prefix)", "the highest address of a prefix"),
    entry("ip_subnet_range", "ip_subnet_range(prefix)", "both, as an array"),
    entry(
        "ip_to_domain",
        "ip_to_domain(address)",
        "`intranet` for private and local addresses, `internet` for the others, `invalid` for what is no address",
    ),
    entry(
        "ip_to_country_code",
        "ip_to_country_code(address)",
        "the code of the country in which the address is registered, as in `CN`",
    ),
];
