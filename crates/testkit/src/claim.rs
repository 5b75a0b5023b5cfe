//! Remembers which network namespaces are ours, so that leftovers of a crash can be removed and nothing else.
//!
//! Hides: the file with names and inode numbers, and the lock that dies with its process.
//! Knows nothing of: what stands inside the namespaces.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outcome::{LabError, run};

const CLAIMS: &str = "/run/natlens-lab";
const NAMESPACES: &str = "/run/netns";
/// Locked while one lab sweeps and claims, so that no other takes a claim that is being made for a leftover.
const TURN: &str = "turn.lock";

/// The right to some namespaces, held as long as this process lives.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    file: File,
    owned: Vec<String>,
}

impl Claim {
    /// Removes what crashed labs left behind, then claims `name` for this process.
    pub(crate) fn take(name: &str) -> Result<Self, LabError> {
        fs::create_dir_all(CLAIMS).map_err(LabError::on(format!("make `{CLAIMS}`")))?;
        let turn = open(&Path::new(CLAIMS).join(TURN))?;
        turn.lock().map_err(LabError::on(format!("lock `{TURN}` in `{CLAIMS}`")))?;
        sweep()?;
        let path = Path::new(CLAIMS).join(format!("{name}.lab"));
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, file, owned: Vec::new() }),
            Err(TryLockError::WouldBlock) => Err(LabError::InUse { name: name.to_owned() }),
            Err(TryLockError::Error(source)) => {
                Err(LabError::Io { deed: format!("lock `{}`", path.display()), source })
            }
        }
    }

    /// Makes a namespace and writes down that it is ours.
    pub(crate) fn make(&mut self, name: &str) -> Result<(), LabError> {
        if namespace(name).exists() {
            return Err(LabError::Taken { name: name.to_owned() });
        }
        run(Command::new("ip").args(["netns", "add", name]))?;
        self.owned.push(name.to_owned());
        let inode = inode(name).unwrap_or_default();
        writeln!(self.file, "{name} {inode}")
            .map_err(LabError::on(format!("write `{}`", self.path.display())))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        for name in &self.owned {
            // Nothing can be done about a failure here; the next lab sweeps what is left.
            drop(run(Command::new("ip").args(["netns", "del", name])));
        }
        drop(fs::remove_file(&self.path));
    }
}

/// Removes every namespace that a lab without a living process wrote down.
fn sweep() -> Result<(), LabError> {
    let entries = fs::read_dir(CLAIMS).map_err(LabError::on(format!("read `{CLAIMS}`")))?;
    let paths = entries.flatten().map(|entry| entry.path());
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "lab")) {
        let mut file = open(&path)?;
        if file.try_lock().is_err() {
            continue;
        }
        let mut text = String::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.read_to_string(&mut text))
            .map_err(LabError::on(format!("read `{}`", path.display())))?;
        for (name, recorded) in text.lines().filter_map(|line| line.split_once(' ')) {
            let still_ours = inode(name).is_some_and(|inode| inode.to_string() == recorded);
            if still_ours {
                run(Command::new("ip").args(["netns", "del", name]))?;
            }
        }
        fs::remove_file(&path).map_err(LabError::on(format!("remove `{}`", path.display())))?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<File, LabError> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(LabError::on(format!("open `{}`", path.display())))
}

fn namespace(name: &str) -> PathBuf {
    Path::new(NAMESPACES).join(name)
}

fn inode(name: &str) -> Option<u64> {
    fs::metadata(namespace(name)).ok().map(|metadata| metadata.ino())
}
