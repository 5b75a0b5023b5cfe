//! `natlens config`: the configuration in effect, and its reference.
//!
//! Hides: nothing.
//! Knows nothing of: single keys.

use crate::config::{Config, config_reference};
use crate::failure::Failure;
use crate::outside::Outside;

/// Print the configuration in effect, or the reference of all keys
#[derive(Debug, clap::Args)]
pub(crate) struct Configuration {
    /// Prints every key with its default and meaning, as Markdown
    #[arg(long)]
    reference: bool,
}

impl Configuration {
    pub(crate) fn run(&self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let text = if self.reference { config_reference() } else { config.printed()? };
        Ok(outside.say(text.trim_end())?)
    }
}
