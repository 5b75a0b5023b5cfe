//! `natlens backup`: copies everything that a server keeps, while it runs.
//!
//! Hides: how the outcome is told.
//! Knows nothing of: what is copied and when it is whole.

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::failure::Failure;
use crate::outside::Outside;

/// Copy everything that the server keeps, while it runs
///
/// The copy is what the server had acknowledged at one moment, and is a data folder itself. Into the folder of an
/// earlier back-up only what is new is copied. `natlens verify --data-folder FOLDER` proves that it is whole, and
/// `natlens restore` brings it back. Examples:
///   natlens backup /mnt/backup/natlens
///   natlens backup /mnt/backup/natlens --data-folder /var/lib/natlens/server
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Backup {
    /// Folder of the back-up: a new one, or that of an earlier back-up
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
    /// Folder that holds everything the server keeps
    #[arg(long, value_name = "FOLDER")]
    data_folder: Option<PathBuf>,
}

impl Backup {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let folder = self.data_folder.as_ref().unwrap_or(&config.server.data_folder);
        tell(&server::back_up(folder, &self.to)?, &self.to, outside)
    }
}

/// Tells what a copy holds; fails when something could not be copied.
pub(super) fn tell(copied: &server::Backup, to: &Path, outside: &mut Outside) -> Result<(), Failure> {
    let server::Backup { segments, rows, copied, bytes, removed, faulty } = copied;
    for path in faulty {
        outside.hint(format_args!("missing or altered: `{}`", path.display()));
    }
    outside.say(format_args!(
        "{}: {rows} records in {segments} segments; {copied} copied ({bytes} bytes), {removed} removed",
        to.display()
    ))?;
    if faulty.is_empty() { Ok(()) } else { Err(Failure::NotWhole) }
}
