//! A bpf file system for one run: what counts is pinned there, and gone with it.
//!
//! Hides: where it is mounted, and that it goes again, also after a failure; how the kernel is asked what it counted.
//! Knows nothing of: agents.

use std::path::PathBuf;
use std::process::Command;
use std::{fs, io};

use capture::{Bpf, BpfSettings};
use flow::WindowLength;
use tempfile::TempDir;
use testkit::Namespace;

use crate::stand::StandError;
use crate::stand::clock::now;
use crate::stand::deployment::FLOWS_MAX;

/// The mounted file system; dropping it unmounts it.
#[derive(Debug)]
pub(super) struct Pins {
    mounted: PathBuf,
    _folder: TempDir,
}

impl Pins {
    pub(super) fn mount() -> Result<Self, StandError> {
        let folder = tempfile::tempdir().map_err(StandError::system("make a folder"))?;
        // Below the folder, for the mount's own mode hides that of the folder.
        let mounted = folder.path().join("bpf");
        fs::create_dir(&mounted).map_err(StandError::system("make a folder for pins"))?;
        let output = Command::new("mount")
            .args(["-t", "bpf", "-o", "mode=0700", "bpf"])
            .arg(&mounted)
            .output()
            .map_err(StandError::system("run `mount`"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(StandError::Program { program: "mount -t bpf".to_owned(), said });
        }
        Ok(Self { mounted, _folder: folder })
    }

    /// The agent's settings that pin here.
    pub(super) fn settings(&self) -> String {
        format!("pin = true\npin_folder = \"{}\"", self.folder().display())
    }

    /// The packets that the kernel itself says it counted since the first agent began. None may run.
    pub(super) fn counted(&self, gateway: &Namespace, window: WindowLength) -> Result<u64, StandError> {
        let settings = BpfSettings {
            network_namespace: Some(gateway.name().to_owned()),
            window,
            flows_max: FLOWS_MAX,
            pin_folder: Some(self.folder()),
            ..BpfSettings::default()
        };
        let traffic = Bpf::open(settings, now()).and_then(|source| source.traffic());
        let traffic = traffic.map_err(io::Error::other);
        let traffic = traffic.map_err(StandError::system("ask the kernel what it counted"))?;
        Ok(traffic.forwarded.packets + traffic.refused.packets)
    }

    fn folder(&self) -> PathBuf {
        self.mounted.join("natlens")
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.mounted).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("`{}` stays mounted: run `umount` on it", self.mounted.display());
        }
    }
}
