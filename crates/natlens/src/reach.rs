//! How a command reaches a server: address, key, region; and how it reads long lists.
//!
//! Hides: where the access key comes from, pages.
//! Knows nothing of: the operations.

use std::path::PathBuf;

use api::{Client, ClientError, Credential, Deadline};
use serde::Deserialize;

use crate::answer::Form;
use crate::config::{Config, trust};
use crate::failure::Failure;

/// The key of the local administrator, in the server's data folder.
const ADMIN_KEY: &str = "admin-key.toml";

/// The most rows of a list that are asked for at once: the published limit.
pub(crate) const PAGE_ROWS: u64 = 100;

/// Which server is asked, and how its answer is written.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Server and answer")]
pub(crate) struct Reach {
    /// Address of the server, for example `https://natlens.example` [default: the one in the key file]
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// File with the authority of the server's certificate, if it is none that browsers know
    #[arg(long, global = true, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// File with an access key [default: `admin-key.toml` in the data folder of a server on this machine]
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Region to ask for [default: the server's]
    #[arg(long, global = true, value_name = "REGION")]
    region: Option<String>,
    /// How the answer is written
    #[arg(long, short, global = true, value_name = "FORM", default_value = "table")]
    pub(crate) output: Form,
}

/// Why there is no access key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(
        "cannot read the access key `{}`: run this in the folder in which the server was started, or name its key file (--key-file, setting `client.key_file`)",
        path.display()
    )]
    Read { path: PathBuf, source: std::io::Error },
    #[error("`{}` is no access key file: it holds `server`, `secret_id` and `secret_key`", path.display())]
    Wrong { path: PathBuf, source: Box<toml::de::Error> },
}

/// An access key as a server writes it for its administrator.
#[derive(Deserialize)]
pub(crate) struct KeyFile {
    pub(crate) server: String,
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
}

impl Reach {
    /// A client that speaks with the access key.
    pub(crate) fn client(&self, config: &Config) -> Result<Client, Failure> {
        let key_file = self.key_file.as_ref().or(config.client.key_file.as_ref());
        let path = key_file.cloned().unwrap_or_else(|| admin_key(config));
        let key = KeyFile::read(path)?;
        let server = self.server.as_ref().or(config.client.server.as_ref()).unwrap_or(&key.server).clone();
        let ca_file = self.ca_file.as_ref().or(config.client.ca_file.as_ref());
        let trust = trust("client.ca_file", ca_file.map(PathBuf::as_path))?;
        Ok(key.client(&server).trusting(&trust).in_region(self.region(config)))
    }

    /// The region to ask for; `None` for the server's default.
    pub(crate) fn region<'a>(&'a self, config: &'a Config) -> Option<&'a str> {
        self.region.as_deref().or(config.client.region.as_deref())
    }
}

impl KeyFile {
    pub(crate) fn read(path: PathBuf) -> Result<Self, KeyError> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(KeyError::Read { path, source }),
        };
        toml::from_str(&text).map_err(|source| KeyError::Wrong { path, source: Box::new(source) })
    }

    pub(crate) fn client(self, server: &str) -> Client {
        let Self { secret_id, secret_key, .. } = self;
        Client::new(server, Credential::AccessKey { secret_id, secret_key }, Deadline::Usual)
    }
}

/// Where a server on this machine leaves the key of its administrator.
pub(crate) fn admin_key(config: &Config) -> PathBuf {
    config.server.data_folder.join(ADMIN_KEY)
}

/// Every row of a list; `page` gives the rows from an offset on, and how many there are in all.
pub(crate) fn every<T>(
    page: impl Fn(u64) -> Result<(Vec<T>, u64), ClientError>,
) -> Result<Vec<T>, ClientError> {
    let mut all = Vec::new();
    loop {
        let (rows, total) = page(u64::try_from(all.len()).unwrap_or(u64::MAX))?;
        let ended = rows.is_empty();
        all.extend(rows);
        if ended || u64::try_from(all.len()).is_ok_and(|read| read >= total) {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_once_also_from_a_list_that_shrinks() {
        let rows: Vec<u64> = (0..250).collect();
        let page = |total: u64| {
            let rows = &rows;
            move |offset: u64| {
                let from = usize::try_from(offset).unwrap().min(rows.len());
                Ok((rows[from..(from + 100).min(rows.len())].to_vec(), total))
            }
        };
        assert_eq!(every(page(250)).unwrap(), rows);
        assert_eq!(every(page(9999)).unwrap(), rows, "a row was deleted meanwhile");
    }
}
