//! Keeps programs and maps in the kernel while no agent runs, under a folder of the bpf file system.
//!
//! Hides: how the folder is laid out, that one agent at a time uses a namespace's part of it, and which parts are of no
//! use any more.
//! Knows nothing of: what the programs count.
//!
//! `<folder>/<inode of the namespace>/<shape of the maps>/<map>`, and beside the maps
//! `<version of the programs>/<link>`. Programs of another version take over the maps, maps of another shape are removed.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use nix::sys::statfs::{BPF_FS_MAGIC, statfs};

/// The inode of the machine's first namespace for processes, fixed in the kernel (`PROC_PID_INIT_INO`).
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";

/// Why nothing can be pinned or unpinned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// The folder is on a disk.
    #[error("`{path}` is on no bpf file system: mount one with `mount -t bpf bpf /sys/fs/bpf`")]
    NoBpfFilesystem {
        /// Which folder.
        path: PathBuf,
    },
    /// Another process holds the lock.
    #[error("another agent uses `{path}`: stop it first")]
    InUse {
        /// Which folder.
        path: PathBuf,
    },
    /// The system refused a step.
    #[error("cannot use `{path}` for pins: is it writable?")]
    Folder {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The pins of one namespace, for this process alone as long as this lives.
#[derive(Debug)]
pub(super) struct Pins {
    folder: PathBuf,
    _lock: File,
}

/// Where the maps and links of one version are.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) maps: PathBuf,
    pub(super) links: PathBuf,
}

impl Pins {
    /// Takes the part of a namespace, and removes those of namespaces that are gone.
    pub(super) fn take(root: &Path, netns: u32) -> Result<Self, PinError> {
        check_filesystem(root)?;
        sweep(root);
        let folder = root.join(netns.to_string());
        let fails = |source| PinError::Folder { path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(fails)?;
        let lock = File::open(&folder).map_err(fails)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(PinError::InUse { path: folder }),
            Err(TryLockError::Error(source)) => Err(fails(source)),
        }
    }

    /// The place of this version; whatever it replaces is let go of, so that nothing is counted twice.
    pub(super) fn place(&self, shape: &str, version: &str) -> Result<Place, PinError> {
        let maps = self.folder.join(shape);
        let links = maps.join(version);
        fs::create_dir_all(&links).map_err(|source| PinError::Folder { path: links.clone(), source })?;
        remove_others(&self.folder, &maps)?;
        remove_others(&maps, &links)?;
        Ok(Place { maps, links })
    }

    /// Lets go of everything; what is open in this process goes on until it is dropped.
    pub(super) fn clear(&self) -> Result<(), PinError> {
        remove_others(&self.folder, Path::new(""))
    }

    /// Lets go of everything, for good.
    pub(super) fn remove(self) -> Result<(), PinError> {
        fs::remove_dir_all(&self.folder).map_err(|source| PinError::Folder { path: self.folder, source })
    }
}

/// Whether anything is pinned for a namespace.
pub(super) fn exist(root: &Path, netns: u32) -> bool {
    root.join(netns.to_string()).exists()
}

/// Whether pins can be kept in a folder.
///
/// # Errors
/// When it is on no bpf file system, or cannot be looked at.
pub fn check_filesystem(root: &Path) -> Result<(), PinError> {
    let Some(there) = root.ancestors().find(|folder| folder.exists()) else {
        return Err(PinError::NoBpfFilesystem { path: root.to_owned() });
    };
    let found =
        statfs(there).map_err(|errno| PinError::Folder { path: there.to_owned(), source: errno.into() })?;
    if found.filesystem_type() == BPF_FS_MAGIC {
        Ok(())
    } else {
        Err(PinError::NoBpfFilesystem { path: root.to_owned() })
    }
}

/// Removes the folders in `folder` other than `kept`.
fn remove_others(folder: &Path, kept: &Path) -> Result<(), PinError> {
    let fails = |path: &Path, source| PinError::Folder { path: path.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(|source| fails(folder, source))? {
        let path = entry.map_err(|source| fails(folder, source))?.path();
        if path.is_dir() && path != kept {
            fs::remove_dir_all(&path).map_err(|source| fails(&path, source))?;
        }
    }
    Ok(())
}

/// Removes the pins of namespaces that are gone. A failure leaves them to the next call.
pub(crate) fn sweep(root: &Path) {
    let (Some(living), Ok(entries)) = (living_namespaces(), fs::read_dir(root)) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let inode = path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
        let is_gone = inode.is_some_and(|inode| !living.contains(&inode));
        let nobody_uses_it = || File::open(&path).is_ok_and(|folder| folder.try_lock().is_ok());
        if is_gone && nobody_uses_it() {
            match fs::remove_dir_all(&path) {
                Ok(()) => tracing::info!(?path, "removed the pins of a network namespace that is gone"),
                Err(error) => tracing::warn!(%error, ?path, "cannot remove pins"),
            }
        }
    }
}

/// The network namespaces that a process is in or that are mounted; `None` where not all can be seen.
fn living_namespaces() -> Option<BTreeSet<u32>> {
    let sees_all = fs::read_link("/proc/self/ns/pid").ok()?.as_os_str() == FIRST_PID_NAMESPACE;
    let mut living = BTreeSet::new();
    for process in fs::read_dir("/proc").ok().filter(|_| sees_all)?.flatten() {
        let name = process.file_name();
        let is_process = name.to_string_lossy().bytes().all(|byte| byte.is_ascii_digit());
        match fs::read_link(process.path().join("ns/net")) {
            Ok(link) => living.extend(link.to_str().and_then(namespace_in)),
            // It ended, or is the machine's first, which some machines guard and which shares its namespace with many.
            Err(error) if error.kind() == io::ErrorKind::NotFound || !is_process || name == "1" => {}
            Err(_) => return None,
        }
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mounted = mounts.lines().filter_map(|line| namespace_in(line.split(' ').nth(3)?));
    living.extend(mounted);
    Some(living)
}

/// The inode in a text such as `net:[4026531840]`.
fn namespace_in(text: &str) -> Option<u32> {
    text.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_on_a_disk_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = Pins::take(&folder.path().join("natlens"), 1).unwrap_err();
        assert!(error.to_string().contains("mount -t bpf"), "{error}");
        assert!(!folder.path().join("natlens").exists());
    }

    #[test]
    fn the_namespace_of_this_process_is_alive() {
        let own = fs::read_link("/proc/self/ns/net").unwrap();
        let own = namespace_in(own.to_str().unwrap()).unwrap();
        assert!(living_namespaces().is_none_or(|living| living.contains(&own)));
    }
}
