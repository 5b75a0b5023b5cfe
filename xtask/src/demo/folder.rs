//! The folder that holds what a demo stores.
//!
//! Hides: how a folder of an earlier demo is told from somebody else's, and what stands in it.
//! Knows nothing of: what is stored.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::DemoError;

/// Its name, below the folder of the workspace.
pub(super) const NAME: &str = "demo-data";

/// The configuration in it. A folder without it is not of a demo.
const CONFIG: &str = "natlens.toml";

const PROCESS: &str = "natlens.pid";

/// The usual port of a server; another when it is taken.
const PORT: u16 = 8860;

/// The folder of this demo: new, because a one-time link to sign in exists only on the first run of a server.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Removes the folder of an earlier demo and makes a new one.
    pub(super) fn fresh(root: &Path) -> Result<Self, DemoError> {
        let folder = Self { path: root.join(NAME) };
        if folder.path.exists() {
            if !folder.config().exists() {
                return Err(DemoError::NotOurs { path: folder.path });
            }
            if let Some(id) = folder.running() {
                return Err(DemoError::StillRunning { id });
            }
            println!("\nthe data of the last demo is removed from `{NAME}`");
            std::fs::remove_dir_all(&folder.path).map_err(DemoError::system(format!("remove `{NAME}`")))?;
        }
        std::fs::create_dir(&folder.path).map_err(DemoError::system(format!("make `{NAME}`")))?;
        Ok(folder)
    }

    /// Writes the configuration that server, agent and commands of this demo share.
    pub(super) fn write_config(&self, network_namespace: Option<&str>) -> Result<(), DemoError> {
        let config = Config {
            server: Server { listen: address(), data_folder: self.data() },
            agent: Agent {
                state_folder: self.path.join("agent"),
                gateway_name: "demo-gateway".to_owned(),
                network_namespace: network_namespace.map(str::to_owned),
                pin: false,
            },
        };
        let text = toml::to_string(&config).map_err(std::io::Error::other);
        text.and_then(|text| std::fs::write(self.config(), text))
            .map_err(DemoError::system(format!("write `{NAME}/{CONFIG}`")))
    }

    /// Notes which process works in the folder.
    pub(super) fn note_process(&self, id: u32) -> Result<(), DemoError> {
        std::fs::write(self.path.join(PROCESS), id.to_string())
            .map_err(DemoError::system(format!("write `{NAME}/{PROCESS}`")))
    }

    /// Where the configuration is.
    pub(super) fn config(&self) -> PathBuf {
        self.path.join(CONFIG)
    }

    /// Where the server keeps what it stores.
    pub(super) fn data(&self) -> PathBuf {
        self.path.join("server")
    }

    /// The noted process, if it still works in this folder.
    fn running(&self) -> Option<u32> {
        let id: u32 = std::fs::read_to_string(self.path.join(PROCESS)).ok()?.trim().parse().ok()?;
        // The number may be another program's by now; ours has the path of the configuration in its arguments.
        let arguments = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let config = self.config();
        let ours = arguments
            .split(|byte| *byte == 0)
            .any(|argument| argument == config.as_os_str().as_encoded_bytes());
        ours.then_some(id)
    }
}

#[derive(Serialize)]
struct Config {
    server: Server,
    agent: Agent,
}

#[derive(Serialize)]
struct Server {
    listen: SocketAddr,
    data_folder: PathBuf,
}

#[derive(Serialize)]
struct Agent {
    state_folder: PathBuf,
    gateway_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_namespace: Option<String>,
    /// Nothing of the demo is to stay.
    pin: bool,
}

/// Loopback and the usual port, or any port when that is taken.
fn address() -> SocketAddr {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    if TcpListener::bind(usual).is_ok() {
        return usual;
    }
    println!("port {PORT} is taken, the server gets another");
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_folder_of_an_earlier_demo_is_removed() {
        let place = std::env::temp_dir().join(format!("natlens-demo-{}", std::process::id()));
        std::fs::create_dir_all(place.join(NAME)).unwrap();
        std::fs::write(place.join(NAME).join("thesis.txt"), "years of work").unwrap();
        assert!(matches!(Folder::fresh(&place), Err(DemoError::NotOurs { .. })));
        assert!(place.join(NAME).join("thesis.txt").exists());

        std::fs::write(place.join(NAME).join(CONFIG), "").unwrap();
        Folder::fresh(&place).unwrap();
        assert!(!place.join(NAME).join("thesis.txt").exists());
        std::fs::remove_dir_all(place).unwrap();
    }
}
