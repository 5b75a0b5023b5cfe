//! What the server is told when it starts.
//!
//! Hides: the defaults.
//! Knows nothing of: configuration files and arguments; the program fills this in.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

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
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT_DEFAULT)),
            data_folder: PathBuf::from("natlens-data"),
            account: "100000000001".parse().expect("twelve digits are an account id"),
            region: "local".parse().expect("a lower-case word is a region"),
            public_url: None,
        }
    }
}

impl ServerSettings {
    /// The address that links start with, given the one that the server really listens on.
    pub fn url(&self, address: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if address.ip().is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
            None => format!("http://{address}"),
        }
    }
}
