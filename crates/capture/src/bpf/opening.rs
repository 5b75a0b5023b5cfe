//! Loads programs for a source, or takes over those that an earlier one left counting.
//!
//! Hides: when what is pinned can be taken over.
//! Knows nothing of: what is counted, which interfaces are watched.

use std::path::Path;

use flow::{Timestamp, WindowLength};

use crate::bpf::BpfSettings;
use crate::bpf::clock::{KernelClock, monotonic};
use crate::bpf::note::{Note, Settings};
use crate::bpf::pins::Pins;
use crate::bpf::program::Programs;
use crate::bpf::told::number;
use crate::namespace::Namespace;
use crate::source::SourceError;
use crate::variant::Variant;

/// The shape of the maps in the kernel; another shape cannot be taken over from an earlier agent.
const MAPS_VERSION: u32 = 2;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Programs that are loaded, and how far an earlier agent came with them.
pub(super) type Prepared = (Programs, Option<(Settings, Note)>);

/// What is known before any program is loaded.
pub(super) struct Opening {
    pub(super) settings: BpfSettings,
    pub(super) namespace: Namespace,
    pub(super) netns_cookie: u64,
    pub(super) clock: KernelClock,
    pub(super) pins: Option<Pins>,
    pub(super) now: Timestamp,
}

impl Opening {
    pub(super) fn new(
        settings: BpfSettings,
        namespace: Namespace,
        now: Timestamp,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            clock: KernelClock::start(now, monotonic()?),
            pins: settings.pin_folder.as_deref().and_then(|folder| take_pins(folder, &namespace)),
            netns_cookie: namespace.cookie()?,
            namespace,
            settings,
            now,
        })
    }

    /// Loads new programs, or takes over what is pinned.
    pub(super) fn prepare(&self, variant: Variant) -> Result<Prepared, SourceError> {
        let Some(pins) = &self.pins else { return Ok((self.load(variant)?, None)) };
        match self.load(variant).and_then(|programs| Ok((programs.before()?, programs))) {
            Ok((Some((settings, note)), programs)) if self.continues(&settings, &note) => {
                return Ok((programs, Some((settings, note))));
            }
            Ok((None, programs)) => return Ok((programs, None)),
            Ok(_) => tracing::warn!("what is pinned counted by another clock or for another namespace"),
            Err(error) => tracing::warn!(%error, "what is pinned cannot be taken over"),
        }
        pins.clear()?;
        Ok((self.load(variant)?, None))
    }

    fn load(&self, variant: Variant) -> Result<Programs, SourceError> {
        let shape = format!("v{MAPS_VERSION}-{}-{}", self.settings.flows_max, self.settings.window.seconds());
        let place = self.pins.as_ref().map(|pins| pins.place(&shape, &variant.version())).transpose()?;
        Programs::load(variant, self.settings.flows_max, place.as_ref())
    }

    /// Whether pinned programs counted what is to be watched, by a clock that still holds.
    fn continues(&self, settings: &Settings, note: &Note) -> bool {
        settings.netns == self.namespace.inode()
            && settings.netns_cookie == self.netns_cookie
            && settings.window_length == window_nanos(self.settings.window)
            && self.clock.was_set_since(settings.clock_offset).is_none()
            && note.next <= number(self.settings.window.window_of(self.now))
    }
}

/// Pins are for restarts; an agent that cannot have them counts all the same.
fn take_pins(folder: &Path, namespace: &Namespace) -> Option<Pins> {
    Pins::take(folder, namespace.inode())
        .inspect_err(|error| tracing::warn!(%error, "what passes while the agent is down is not counted"))
        .ok()
}

/// How long a window is. Unit: nanoseconds.
pub(super) fn window_nanos(length: WindowLength) -> u64 {
    u64::from(length.seconds()) * NANOS_PER_SECOND
}
