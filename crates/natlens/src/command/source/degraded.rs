//! What a source goes without, although it was asked for, and what mends that.
//!
//! Hides: which failure takes what away.
//! Knows nothing of: whom it is told.

use api::Degradation;
use capture::{Opened, SourceChoice, SourceError, SourceKind, SourceSettings, Variant};

use crate::config::AgentConfig;

/// What mends what only the doctor can explain.
const DOCTOR: &str = "natlens doctor";

const REFUSALS: &str = "add `log group 5` to refusing rules and set `agent.nflog_group = 5`";

/// All of it.
pub(super) fn degraded(config: &AgentConfig, settings: &SourceSettings, opened: &Opened) -> Vec<Degradation> {
    let mut degraded = Vec::new();
    let of_group = |error: &&SourceError| matches!(error, SourceError::LogGroup { .. });
    if opened.kind != SourceKind::Ebpf && settings.choice == SourceChoice::Auto {
        let cause = opened.failed.iter().find(|error| !of_group(error));
        let why = cause.map(SourceError::said).unwrap_or_default();
        let says = format!("connection tracking is watched instead of the kernel's programs: {why}");
        degraded.push(named("source", says, cause.map_or(DOCTOR.to_owned(), |error| mend(settings, error))));
    }
    if opened.kind == SourceKind::Conntrack {
        let why = opened.failed.iter().find(of_group).map(|error| format!(": {}", error.said()));
        let says = format!("refused packets are not seen{}", why.unwrap_or_default());
        degraded.push(named("refusals", says, REFUSALS.to_owned()));
    }
    if settings.ebpf_variant.is_none() && opened.source.variant() == Some(Variant::Tracing) {
        let says =
            "every packet of the host is looked at: the kernel lacks tcx, which Linux 6.6 has".to_owned();
        degraded.push(named("variant", says, DOCTOR.to_owned()));
    }
    if config.pin
        && opened.kind == SourceKind::Ebpf
        && let Err(error) = capture::check_pin_folder(&config.pin_folder)
    {
        let says = format!("nothing is counted while the agent is down: {error}");
        degraded.push(named("pins", says, DOCTOR.to_owned()));
    }
    degraded
}

fn named(what: &str, says: String, mend: String) -> Degradation {
    Degradation { what: what.to_owned(), says, mend }
}

fn mend(settings: &SourceSettings, error: &SourceError) -> String {
    if matches!(error, SourceError::NotPermitted { .. }) {
        capture::grant(settings, &super::this_program())
    } else {
        DOCTOR.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use capture::{Progress, Source};
    use flow::{Event, Timestamp};

    use super::*;

    /// A source that counts in one way, and nothing.
    struct Counts(Option<Variant>);

    impl Source for Counts {
        fn poll(&mut self, now: Timestamp, _: &mut Vec<Event>) -> Result<Progress, SourceError> {
            Ok(Progress { complete_until: now, losses: Vec::new(), totals: Vec::new(), poll_again: now })
        }

        fn variant(&self) -> Option<Variant> {
            self.0
        }
    }

    #[track_caller]
    fn check(kind: SourceKind, variant: Option<Variant>, failed: Vec<SourceError>, expected: &[&str]) {
        let config = AgentConfig { pin: false, ..AgentConfig::default() };
        let opened = Opened { source: Box::new(Counts(variant)), kind, failed };
        let degraded = degraded(&config, &SourceSettings::default(), &opened);
        let found: Vec<String> = degraded.iter().map(|one| format!("{}: {}", one.what, one.says)).collect();
        assert_eq!(found, expected);
    }

    fn refused() -> io::Error {
        io::Error::from_raw_os_error(1)
    }

    #[test]
    fn the_best_source_goes_without_nothing() {
        check(SourceKind::Ebpf, Some(Variant::Tcx), Vec::new(), &[]);
    }

    #[test]
    fn what_a_source_lacks_is_named_with_its_cause() {
        check(
            SourceKind::Ebpf,
            Some(Variant::Tracing),
            Vec::new(),
            &["variant: every packet of the host is looked at: the kernel lacks tcx, which Linux 6.6 has"],
        );
        let privileges = || SourceError::NotPermitted { deed: "load programs", source: Box::new(refused()) };
        let group = || SourceError::LogGroup { group: 5, source: refused() };
        let first = format!(
            "source: connection tracking is watched instead of the kernel's programs: {}",
            privileges().said()
        );
        check(SourceKind::ConntrackAndNflog, None, vec![privileges()], &[&first]);
        let second = format!("refusals: refused packets are not seen: {}", group().said());
        check(SourceKind::Conntrack, None, vec![privileges(), group()], &[&first, &second]);
    }

    #[test]
    fn pins_that_cannot_be_kept_are_named() {
        let place = tempfile::tempdir().unwrap();
        let config = AgentConfig { pin_folder: place.path().to_owned(), ..AgentConfig::default() };
        let source = Box::new(Counts(Some(Variant::Tcx)));
        let opened = Opened { source, kind: SourceKind::Ebpf, failed: Vec::new() };
        let degraded = degraded(&config, &SourceSettings::default(), &opened);
        assert_eq!(degraded.len(), 1);
        assert!(
            degraded[0].what == "pins" && degraded[0].says.contains("no bpf file system"),
            "{degraded:?}"
        );
    }
}
