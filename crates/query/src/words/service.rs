//! Names of services, which can be written instead of their ports.
//!
//! Hides: which ports have names.
//! Knows nothing of: fields, grammar.

/// The port of a service by its name in any case.
pub(crate) fn port(name: &str) -> Option<i64> {
    SERVICES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, port)| i64::from(*port))
}

/// The names in the order in which they are offered: by port.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|(name, _)| *name)
}

/// IANA "Service Name and Transport Protocol Port Number Registry": what stands behind NAT gateways most, and a few names
/// that everybody uses although the registry has others (`rdp`, `postgres`, `smb`, `wireguard`, `redis`, `mongodb`).
const SERVICES: &[(&str, u16)] = &[
    ("ftp-data", 20),
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("dns", 53),
    ("bootps", 67),
    ("bootpc", 68),
    ("tftp", 69),
    ("http", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("sunrpc", 111),
    ("ntp", 123),
    ("epmap", 135),
    ("netbios-ns", 137),
    ("netbios-dgm", 138),
    ("netbios-ssn", 139),
    ("imap", 143),
    ("snmp", 161),
    ("snmptrap", 162),
    ("bgp", 179),
    ("ldap", 389),
    ("https", 443),
    ("microsoft-ds", 445),
    ("smb", 445),
    ("submissions", 465),
    ("isakmp", 500),
    ("syslog", 514),
    ("submission", 587),
    ("ldaps", 636),
    ("domain-s", 853),
    ("rsync", 873),
    ("ftps", 990),
    ("imaps", 993),
    ("pop3s", 995),
    ("socks", 1080),
    ("openvpn", 1194),
    ("ms-sql-s", 1433),
    ("oracle", 1521),
    ("l2tp", 1701),
    ("pptp", 1723),
    ("radius", 1812),
    ("radius-acct", 1813),
    ("mqtt", 1883),
    ("nfs", 2049),
    ("etcd-client", 2379),
    ("iscsi-target", 3260),
    ("mysql", 3306),
    ("stun", 3478),
    ("ms-wbt-server", 3389),
    ("rdp", 3389),
    ("ipsec-nat-t", 4500),
    ("vxlan", 4789),
    ("sip", 5060),
    ("sips", 5061),
    ("mdns", 5353),
    ("postgresql", 5432),
    ("postgres", 5432),
    ("amqp", 5672),
    ("vnc", 5900),
    ("redis", 6379),
    ("kubernetes", 6443),
    ("irc", 6667),
    ("http-alt", 8080),
    ("https-alt", 8443),
    ("mqtts", 8883),
    ("kafka", 9092),
    ("elasticsearch", 9200),
    ("git", 9418),
    ("memcached", 11211),
    ("mongodb", 27017),
    ("wireguard", 51820),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_port_and_is_none_itself() {
        for (place, (name, _)) in SERVICES.iter().enumerate() {
            assert!(name.parse::<i64>().is_err(), "{name}");
            assert_eq!(SERVICES.iter().position(|(other, _)| other == name), Some(place), "{name}");
        }
        assert_eq!(port("HTTPS"), Some(443));
        assert_eq!(port("htps"), None);
    }
}
