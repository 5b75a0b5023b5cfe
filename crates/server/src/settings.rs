//! What the server is told when it starts.
//!
//! Hides: the defaults.
//! Knows nothing of: configuration files and arguments; the program fills this in.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use engine::EngineSettings;
use flow::{AccountId, Prefix, RegionId};

/// The port that a server listens on when nothing else is said.
pub const PORT_DEFAULT: u16 = 8860;

/// What a server does. Every member has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// Where it listens. Default: `127.0.0.1:8860`, this machine only.
    pub listen: SocketAddr,
    /// The folder that holds everything it keeps. Default: `natlens-data`.
    pub data_folder: PathBuf,
    /// The account that owns what is created. Default: `100000000001`.
    pub account: AccountId,
    /// The region of a request that names none. Default: `local`.
    pub region: RegionId,
    /// How browsers and agents reach it, when a proxy stands in front, for example `https://natlens.example`.
    /// Default: absent, by the address that it listens on.
    pub public_url: Option<String>,
    /// The most rows that SQL returns. Default: 10 000, as published.
    pub sql_rows_max: u64,
    /// What a space between two conditions of CQL means. Default: `AND`.
    pub cql_space: CqlSpace,
    /// The time zone in which the days of SQL's `histogram` and `time_series` begin. Unit: seconds east of UTC. Default:
    /// 28 800 (UTC+8), as published.
    pub histogram_utc_offset_seconds: i64,
    /// How long a query may wait and how long it may run. Unit: seconds. Default: 30.
    pub query_seconds_max: u64,
    /// A query that takes as long stands in the log. Unit: milliseconds. Default: 3000.
    pub slow_query_ms: u64,
    /// Proxies whose word is believed about where a request comes from. Default: none.
    pub trusted_proxies: Vec<Prefix>,
    /// What `/metrics` asks for. Default: absent; beyond loopback, `/metrics` is then told to this machine alone.
    pub metrics_token: Option<String>,
    /// With them, it speaks HTTPS. Default: absent.
    pub tls: Option<TlsFiles>,
}

/// Files in PEM that prove who the server is. They are read again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and behind it those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What a space between two conditions of CQL means; the sources of the published language disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CqlSpace {
    /// Both conditions.
    #[default]
    And,
    /// Either condition.
    Or,
}

/// A text that is no [`CqlSpace`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a space cannot mean `{text}`: write `and` or `or`")]
pub struct InvalidCqlSpace {
    text: String,
}

impl FromStr for CqlSpace {
    type Err = InvalidCqlSpace;

    fn from_str(text: &str) -> Result<Self, InvalidCqlSpace> {
        match text {
            "and" => Ok(Self::And),
            "or" => Ok(Self::Or),
            _ => Err(InvalidCqlSpace { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for CqlSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::And => "and",
            Self::Or => "or",
        })
    }
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT_DEFAULT)),
            data_folder: PathBuf::from("natlens-data"),
            account: "100000000001".parse().expect("twelve digits are an account id"),
            region: "local".parse().expect("a lower-case word is a region"),
            public_url: None,
            cql_space: CqlSpace::default(),
            sql_rows_max: EngineSettings::default().rows_max,
            histogram_utc_offset_seconds: EngineSettings::default().histogram_seconds_east,
            query_seconds_max: EngineSettings::default().query_duration_max.as_secs(),
            slow_query_ms: 3000,
            trusted_proxies: Vec::new(),
            metrics_token: None,
            tls: None,
        }
    }
}

impl ServerSettings {
    /// The address that links start with, given the one that the server really listens on.
    pub fn url(&self, address: SocketAddr) -> String {
        self.named_url().unwrap_or_else(|| self.local_url(address))
    }

    /// How programs of the same machine reach a server that listens on `address`. With TLS, that is by its public
    /// address: the one that stands in the certificate.
    pub fn local_url(&self, address: SocketAddr) -> String {
        if self.tls.is_some() {
            return self.named_url().unwrap_or_else(|| format!("https://{}", inside(address)));
        }
        format!("http://{}", inside(address))
    }

    fn named_url(&self) -> Option<String> {
        self.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned())
    }
}

/// The address by which programs of the same machine connect.
fn inside(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_through_the_proxy_and_programs_of_the_machine_do_not() {
        let address: SocketAddr = "0.0.0.0:8860".parse().unwrap();
        let public_url = Some("https://natlens.example/".to_owned());
        let mut settings = ServerSettings { public_url, ..ServerSettings::default() };
        assert_eq!(settings.url(address), "https://natlens.example");
        assert_eq!(settings.local_url(address), "http://127.0.0.1:8860");
        assert_eq!(settings.local_url("[::]:1".parse().unwrap()), "http://[::1]:1");

        settings.tls = Some(TlsFiles { certificate: "cert.pem".into(), key: "key.pem".into() });
        assert_eq!(settings.local_url(address), "https://natlens.example", "as the certificate says");
        settings.public_url = None;
        assert_eq!(settings.url(address), "https://127.0.0.1:8860");
    }
}
