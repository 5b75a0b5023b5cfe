//! Which privileges an agent keeps, and which folders it then has to own.
//!
//! Hides: that folders change hands before the user does.
//! Knows nothing of: capabilities; `capture` gives them up.

use capture::{Kept, Privileges};

use crate::config::AgentConfig;
use crate::failure::Failure;

/// What is watched, as far as privileges go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watching {
    Kernel,
    Recording,
}

/// An agent without the privileges that it does not need. Keep it as long as the agent runs.
pub(super) struct Reduced {
    /// The configuration, with the path by which the agent reaches its pins.
    pub(super) config: AgentConfig,
    _kept: Kept,
}

/// Gives up what the agent does not need. It is called while there is only one thread.
pub(super) fn reduce(config: &AgentConfig, watching: Watching) -> Result<Reduced, Failure> {
    let settings = match watching {
        Watching::Kernel => Some(crate::command::source::settings(config)?),
        Watching::Recording => None,
    };
    let mut privileges = Privileges::needed(settings.as_ref()).of_user(config.user.as_deref())?;
    let mut config = config.clone();
    privileges.hand_over(&config.state_folder)?;
    if let Some(folder) = settings.and_then(|settings| settings.pin_folder) {
        config.pin_folder = privileges.hand_over_pins(&folder)?;
    }
    let kept = privileges.keep_only()?;
    tracing::info!(
        user = kept.user.as_deref().unwrap_or("as started"),
        capabilities = kept.capabilities.join(", "),
        "kept these privileges and no others"
    );
    Ok(Reduced { config, _kept: kept })
}
