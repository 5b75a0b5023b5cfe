//! `natlens restore`: brings a back-up to where a server then finds it.
//!
//! Hides: nothing; it is `backup` the other way.
//! Knows nothing of: what is copied.

use std::path::PathBuf;

use crate::command::backup::tell;
use crate::config::Config;
use crate::failure::Failure;
use crate::outside::Outside;

/// Bring a back-up to where a server then finds it
///
/// The data folder must be new or empty. Agents and access keys go on working; what was stored after the back-up
/// was made is not there. Examples:
///   natlens restore /mnt/backup/natlens
///   natlens restore /mnt/backup/natlens --data-folder /var/lib/natlens/server
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Restore {
    /// Folder of the back-up
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
    /// Folder that the server will use
    #[arg(long, value_name = "FOLDER")]
    data_folder: Option<PathBuf>,
}

impl Restore {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let folder = self.data_folder.as_ref().unwrap_or(&config.server.data_folder);
        tell(&server::restore(&self.from, folder)?, folder, outside)
    }
}
