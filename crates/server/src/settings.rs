//! What the server is told when it starts.
//!
//! Hides: the defaults.
//! Knows nothing of: configuration files and arguments; the program fills this in.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use engine::EngineSettings;
use flow::{AccountId, RegionId};

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
    /// The time zone in which the days of SQL's `histogram` begin. Unit: seconds east of UTC. Default: 28 800 (UTC+8), as
    /// published.
    pub histogram_utc_offset_seconds: i64,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT_DEFAULT)),
            data_folder: PathBuf::from("natlens-data"),
            account: "100000000001".parse().expect("twelve digits are an account id"),
            region: "local".parse().expect("a lower-case word is a region"),
            public_url: None,
            sql_rows_max: EngineSettings::default().rows_max,
            histogram_utc_offset_seconds: EngineSettings::default().histogram_seconds_east,
        }
    }
}

impl ServerSettings {
    /// The address that links start with, given the one that the server really listens on.
    pub fn url(&self, address: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => local_url(address),
        }
    }
}

/// How programs of the same machine reach a server that listens on `address`.
pub(crate) fn local_url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://127.0.0.1:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_through_the_proxy_and_programs_of_the_machine_do_not() {
        let address: SocketAddr = "0.0.0.0:8860".parse().unwrap();
        let public_url = Some("https://natlens.example/".to_owned());
        let settings = ServerSettings { public_url, ..ServerSettings::default() };
        assert_eq!(settings.url(address), "https://natlens.example");
        assert_eq!(local_url(address), "http://127.0.0.1:8860");
        assert_eq!(ServerSettings::default().url("[::1]:1".parse().unwrap()), "http://[::1]:1");
    }
}
