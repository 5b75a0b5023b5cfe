//! A kernel setting of the whole machine that is different for as long as a measurement lasts.
//!
//! Hides: that the old value comes back, also after a failure.
//! Knows nothing of: what it means.

use std::fs;

use crate::stand::StandError;

/// The setting; dropping it brings the old value back.
#[derive(Debug)]
pub(super) struct Setting {
    path: String,
    before: String,
}

impl Setting {
    /// Sets `name`, for example `net/netfilter/nf_conntrack_max`, to at least `least`.
    pub(super) fn raise(name: &str, least: u64) -> Result<Self, StandError> {
        let path = format!("/proc/sys/{name}");
        let before = fs::read_to_string(&path)
            .map_err(StandError::system(format!("read `{path}`")))?
            .trim()
            .to_owned();
        let enough = before.parse().is_ok_and(|value: u64| value >= least);
        if !enough {
            fs::write(&path, least.to_string()).map_err(StandError::system(format!("write `{path}`")))?;
        }
        Ok(Self { path, before })
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        if let Err(error) = fs::write(&self.path, &self.before) {
            eprintln!("`{}` stays changed, it was {}: {error}", self.path, self.before);
        }
    }
}
