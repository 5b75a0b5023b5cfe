//! Sends what the rooms say about themselves to the standard error.
//!
//! Hides: the subscriber and its formats.
//! Knows nothing of: who says what.

use std::io::stderr;

use tracing_subscriber::EnvFilter;

use crate::config::{ConfigError, LogConfig, LogFormat};

/// Begins to log, for the rest of the process.
pub(crate) fn start(config: &LogConfig) -> Result<(), ConfigError> {
    let level = || EnvFilter::try_new(&config.level).map_err(|source| ConfigError::Level(source.into()));
    let lines = tracing_subscriber::fmt().with_writer(stderr).with_env_filter(level()?);
    match config.format {
        LogFormat::Text => lines.with_target(false).init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}

/// Whether `level` can be understood.
pub(crate) fn check(level: &str) -> Result<(), ConfigError> {
    EnvFilter::try_new(level).map(drop).map_err(|source| ConfigError::Level(source.into()))
}
