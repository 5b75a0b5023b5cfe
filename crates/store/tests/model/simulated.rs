//! A disk that loses what was not flushed, tears it, fills up, fails, and dies in the middle of things.
//!
//! Hides: which of the changes that were not flushed survive a loss of power. Each may, by itself: a file system promises no order.
//! Knows nothing of: what files hold, and the catalog, whose own library keeps it whole.
//!
//! The files are real, so that they are read as always; beside them stands what of them would be there after a loss of
//! power.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use fastrand::Rng;
use store::{Disk, NewFile, Room};

/// What a disk can do instead of what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Part of what is written finds room; the rest, and all that follows, does not.
    Full,
    /// It takes no changes any more.
    ReadOnly,
    /// It fails, once.
    Error,
    /// The power goes: what is there then is what `after_power_loss` gives.
    PowerLoss,
}

/// What happens, and before how many more changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) failure: Failure,
    pub(crate) after: usize,
}

/// One file, whatever its name.
#[derive(Clone, Debug, Default)]
struct Contents {
    written: Vec<u8>,
    /// What is there for certain; `None` when it was never flushed.
    flushed: Option<Vec<u8>>,
    /// A flush failed: what was written before is lost, whatever a later one says.
    lost: bool,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Contents>,
    /// The names that programs see.
    names: BTreeMap<PathBuf, usize>,
    /// Those that are there for certain.
    durable: BTreeMap<PathBuf, usize>,
    plan: Option<Plan>,
    failing: Option<Failure>,
    /// What was there when the power went.
    survivors: Option<BTreeMap<PathBuf, Vec<u8>>>,
    chance: Option<Rng>,
}

/// Such a disk, under the segments of one data folder.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

impl SimulatedDisk {
    /// All files below `folder` are there for certain.
    pub(crate) fn under(folder: &Path, seed: u64) -> Self {
        let mut state = State { chance: Some(Rng::with_seed(seed)), ..State::default() };
        for path in files_below(folder) {
            let written = fs::read(&path).unwrap();
            state.files.push(Contents { flushed: Some(written.clone()), written, lost: false });
            state.names.insert(path, state.files.len() - 1);
        }
        state.durable = state.names.clone();
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Something goes wrong later.
    pub(crate) fn plan(&self, plan: Plan) {
        self.lock().plan = Some(plan);
    }

    /// All is well again; says whether anything went wrong.
    pub(crate) fn heal(&self) -> bool {
        let mut state = self.lock();
        let happened = state.failing.take().is_some() || state.plan.is_none();
        state.plan = None;
        happened
    }

    /// Whether the power went.
    pub(crate) fn is_dead(&self) -> bool {
        self.lock().survivors.is_some()
    }

    /// The files that are there after a loss of power: then, or now.
    pub(crate) fn after_power_loss(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut state = self.lock();
        match state.survivors.take() {
            Some(survivors) => survivors,
            None => state.survive(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Goes wrong here, if that is planned or still so.
    fn change(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        state.step()?;
        Ok(state)
    }
}

impl State {
    fn step(&mut self) -> io::Result<()> {
        if let Some(plan) = &mut self.plan {
            if plan.after > 0 {
                plan.after -= 1;
            } else {
                self.failing = Some(plan.failure);
                self.plan = None;
                if self.failing == Some(Failure::PowerLoss) {
                    self.survivors = Some(self.survive());
                }
            }
        }
        match self.failing {
            None => Ok(()),
            Some(Failure::Full) => Err(io::ErrorKind::StorageFull.into()),
            Some(Failure::ReadOnly) => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Some(Failure::Error) => {
                self.failing = None;
                Err(io::Error::from_raw_os_error(5))
            }
            Some(Failure::PowerLoss) => Err(io::Error::other("the power is gone")),
        }
    }

    /// Each change that was not flushed is there or not.
    fn survive(&mut self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut chance = self.chance.take().unwrap();
        let paths: BTreeSet<&PathBuf> = self.names.keys().chain(self.durable.keys()).collect();
        let mut there = BTreeMap::new();
        for path in paths {
            let (old, new) = (self.durable.get(path), self.names.get(path));
            let file = if old == new || chance.bool() { new } else { old };
            if let Some(file) = file {
                there.insert(path.clone(), self.files[*file].survive(&mut chance));
            }
        }
        self.chance = Some(chance);
        there
    }
}

impl Contents {
    /// What was flushed, or any beginning of what was written; its end may be zeros.
    fn survive(&self, chance: &mut Rng) -> Vec<u8> {
        match &self.flushed {
            Some(flushed) if *flushed == self.written && !self.lost => flushed.clone(),
            _ => {
                let mut torn = self.written[..chance.usize(..=self.written.len())].to_vec();
                let zeros = if chance.bool() { chance.usize(..=torn.len()) } else { 0 };
                let whole = torn.len() - zeros;
                torn[whole..].fill(0);
                torn
            }
        }
    }
}

impl Disk for SimulatedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn NewFile>> {
        let mut state = self.change()?;
        let real = File::create(path)?;
        state.files.push(Contents::default());
        let number = state.files.len() - 1;
        state.names.insert(path.to_owned(), number);
        Ok(Box::new(SimulatedFile { disk: self.clone(), real, number }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.change()?;
        fs::rename(from, to)?;
        let file = state.names.remove(from).unwrap();
        state.names.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.change()?;
        fs::remove_file(path)?;
        state.names.remove(path);
        Ok(())
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let _state = self.change()?;
        fs::create_dir(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.change()?;
        let State { names, durable, .. } = &mut *state;
        let inside = |path: &Path| path.parent() == Some(folder);
        durable.retain(|path, _| !inside(path));
        let now = names.iter().filter(|(path, _)| inside(path));
        durable.extend(now.map(|(path, file)| (path.clone(), *file)));
        Ok(())
    }

    fn room(&self, _: &Path) -> io::Result<Room> {
        Ok(Room { free: u64::MAX, all: u64::MAX })
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    real: File,
    number: usize,
}

impl Write for SimulatedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.lock();
        let outcome = state.step();
        let written = match &outcome {
            Ok(()) => bytes,
            // A full disk takes what it has room for.
            Err(_) => &bytes[..bytes.len() / 2],
        };
        self.real.write_all(written)?;
        state.files[self.number].written.extend(written);
        outcome.map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for SimulatedFile {
    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.lock();
        let outcome = state.step();
        let file = &mut state.files[self.number];
        if outcome.is_err() {
            file.lost = true;
        }
        outcome?;
        file.flushed = Some(file.written.clone());
        Ok(())
    }
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}
