//! A disk for one test, which is full within moments, and can be read-only.
//!
//! Hides: mount namespaces, file systems in memory, that only root may have them.
//! Knows nothing of: what is stored there.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;

use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::Uid;

use crate::outcome::LabError;
use crate::privilege::skip;

/// What takes up the room.
const BALLAST: &str = "ballast";

/// A file system in memory, which no other process sees.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

/// Carries `deed` out with a disk of so many bytes, or says why the test `name` is skipped.
///
/// Threads that `deed` starts see the disk, too.
///
/// # Panics
///
/// When `deed` does, or root cannot have such a disk; where the environment names `CI`, a skip is a failure.
#[track_caller]
pub fn on_small_disk(name: &str, bytes: u64, deed: impl FnOnce(&SmallDisk) + Send) {
    if !Uid::effective().is_root() {
        skip(name, &LabError::NotRoot.to_string());
        return;
    }
    let folder = std::env::temp_dir().join(format!("natlens-{name}-{}", std::process::id()));
    let outcome = thread::scope(|scope| {
        let alone = scope.spawn(|| {
            let disk = SmallDisk::mount(&folder, bytes)
                .unwrap_or_else(|error| panic!("no small disk for `{name}`: {error}"));
            deed(&disk);
        });
        alone.join()
    });
    // Empty on this side: what was mounted was seen by that thread alone.
    fs::remove_dir(&folder).ok();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

impl SmallDisk {
    /// Makes it for this thread and those that it starts.
    fn mount(folder: &Path, bytes: u64) -> Result<Self, LabError> {
        fs::create_dir_all(folder).map_err(LabError::on(format!("create `{}`", folder.display())))?;
        unshare(CloneFlags::CLONE_NEWNS)
            .map_err(|errno| LabError::on("leave the mounts of all")(errno.into()))?;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
            .map_err(|errno| LabError::on("keep mounts to this thread")(errno.into()))?;
        let disk = Self { folder: folder.to_owned() };
        disk.mount_on(folder, MsFlags::empty(), bytes)?;
        Ok(disk)
    }

    fn mount_on(&self, folder: &Path, flags: MsFlags, bytes: u64) -> Result<(), LabError> {
        let size = format!("size={bytes}");
        mount(Some("none"), folder, Some("tmpfs"), flags, Some(size.as_str()))
            .map_err(|errno| LabError::on(format!("mount on `{}`", folder.display()))(errno.into()))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts a disk of so many bytes onto a folder of this one.
    pub fn add(&self, folder: &Path, bytes: u64) -> Result<(), LabError> {
        self.mount_on(folder, MsFlags::empty(), bytes)
    }

    /// Puts a disk that takes no changes onto a folder of this one.
    pub fn add_read_only(&self, folder: &Path) -> Result<(), LabError> {
        self.mount_on(folder, MsFlags::MS_RDONLY, 4096)
    }

    /// Takes a disk away that was put onto a folder.
    pub fn take_away(&self, folder: &Path) -> Result<(), LabError> {
        umount(folder).map_err(|errno| LabError::on(format!("unmount `{}`", folder.display()))(errno.into()))
    }

    /// Takes up all room but so many bytes, of the disk that `folder` stands on.
    pub fn fill(&self, folder: &Path, but: usize) -> Result<(), LabError> {
        let path = folder.join(BALLAST);
        let failed = || format!("write `{}`", path.display());
        let mut file = File::create(&path).map_err(LabError::on(failed()))?;
        loop {
            match file.write_all(&[0x5a; 4096]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(LabError::on(failed())(error)),
            }
        }
        let length = file.metadata().map_err(LabError::on(failed()))?.len();
        file.set_len(length.saturating_sub(but as u64)).map_err(LabError::on(failed()))
    }

    /// Gives back the room that was taken up.
    pub fn free(&self, folder: &Path) -> Result<(), LabError> {
        let path = folder.join(BALLAST);
        fs::remove_file(&path).map_err(LabError::on(format!("remove `{}`", path.display())))
    }
}
