//! What can be said on the command line, and what happens then.
//!
//! Hides: options that every command has.
//! Knows nothing of: what the commands do.

use std::path::PathBuf;

use crate::command::Command;
use crate::config::Config;
use crate::failure::Failure;
use crate::outside::Outside;

/// NAT gateway flow logs: collect, store, search.
///
/// `natlens up` starts everything on one machine. The other commands speak to a server over its API.
#[derive(Debug, clap::Parser)]
#[command(name = "natlens", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration, 3 a ledger that is not complete."
)]
pub(crate) struct Arguments {
    /// Configuration file [default: `natlens.toml` here, or else `/etc/natlens/natlens.toml`]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Configuration")]
    config: Option<PathBuf>,
    /// Checks the configuration and does nothing else
    #[arg(long, global = true, help_heading = "Configuration")]
    check: bool,
    /// Prints the configuration in effect, arguments included, and does nothing else
    #[arg(long, global = true, help_heading = "Configuration")]
    print_config: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

impl Arguments {
    /// Does what was said.
    pub(crate) fn carry_out(self, outside: &mut Outside) -> Result<(), Failure> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(command) = &self.command {
            command.adjust(&mut config);
        }
        config.check()?;
        if self.print_config {
            outside.say(config.printed()?.trim_end())?;
        }
        if self.check {
            config.check_files()?;
            outside.hint("the configuration is right");
        }
        if self.print_config || self.check {
            return Ok(());
        }
        match self.command {
            Some(command) => command.run(&config, outside),
            None => Err(Failure::Arguments("say what to do: `natlens --help` lists the commands".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
