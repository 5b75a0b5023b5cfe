//! Turns what was found out into sentences, each with what mends it.
//!
//! Hides: which privilege, sysctl or package a failure speaks of.
//! Knows nothing of: the kernel.

use std::io;
use std::path::Path;

use crate::choice::{SourceChoice, SourceKind};
use crate::conntrack::Sysctls;
use crate::doctor::Examination;
use crate::privilege::{Capability, grant};
use crate::source::SourceError;
use crate::variant::Variant;

/// One sentence of the examination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub says: String,
    /// What mends it, a command where there is one.
    pub mend: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// It works with less than it could.
    Degraded,
    /// It does not work.
    Missing,
    /// Something before it failed.
    Unknown,
    /// Nothing uses it, however it is.
    Unneeded,
}

impl State {
    /// A word for lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Degraded => "degraded",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Unneeded => "not needed",
        }
    }
}

/// The steps of the eBPF source, in order.
const STEPS: [&str; 4] = ["kernel types", "kernel programs", EGRESS, "refusals (tp_btf)"];
const EGRESS: &str = "egress (tcx)";

impl Examination {
    /// Whether the best source works.
    pub fn is_well(&self) -> bool {
        self.kind() == Some(SourceKind::Ebpf)
    }

    /// Which source will be used; `None` when none works.
    pub fn kind(&self) -> Option<SourceKind> {
        let fallback = || {
            let logs = matches!(self.nflog, Some(Ok(())));
            let kind = if logs { SourceKind::ConntrackAndNflog } else { SourceKind::Conntrack };
            self.conntrack.is_ok().then_some(kind)
        };
        let ebpf = self.ebpf.is_ok().then_some(SourceKind::Ebpf);
        match self.settings.choice {
            SourceChoice::Auto => ebpf.or_else(fallback),
            SourceChoice::Ebpf => ebpf,
            SourceChoice::Conntrack => fallback(),
        }
    }

    /// All of it, the source that will be used last. `program` is the file that needs the privileges.
    pub fn findings(&self, program: &Path) -> Vec<Finding> {
        let mut findings = vec![good("kernel", self.kernel.clone()), self.privileges(program)];
        findings.extend(self.steps());
        findings.push(self.rules());
        findings.push(self.tracking());
        findings.extend(self.sysctls());
        findings.extend(self.log_group());
        findings.push(self.source());
        findings
    }

    fn privileges(&self, program: &Path) -> Finding {
        const WHAT: &str = "privileges";
        if self.lacking.is_empty() {
            return good(WHAT, "all that are needed".to_owned());
        }
        let names: Vec<&str> = self.lacking.iter().copied().map(Capability::as_str).collect();
        Finding {
            what: WHAT,
            state: State::Missing,
            says: format!("lacking {}", names.join(", ").to_uppercase()),
            mend: Some(grant(&self.settings, program)),
        }
    }

    fn steps(&self) -> impl Iterator<Item = Finding> {
        let failed_at = self.ebpf.as_ref().err().map(|error| (step(error), error));
        STEPS.iter().enumerate().map(move |(number, what)| match failed_at {
            Some((failed, error)) if number == failed => {
                Finding { what, state: State::Missing, says: error.said(), mend: self.mend_of_step(error) }
            }
            Some((failed, _)) if number > failed => {
                Finding { what, state: State::Unknown, says: "not reached".to_owned(), mend: None }
            }
            Some(_) | None if *what == EGRESS => self.egress(),
            Some(_) | None => good(what, "work".to_owned()),
        })
    }

    fn egress(&self) -> Finding {
        match (&self.tcx, self.settings.ebpf_variant) {
            (Some(error), _) => Finding {
                what: EGRESS,
                state: State::Degraded,
                says: format!("every packet of the host is looked at instead: {}", error.said()),
                mend: self.mend_of_step(error),
            },
            (None, Some(Variant::Tracing)) => Finding {
                what: EGRESS,
                state: State::Unneeded,
                says: "another way is set".to_owned(),
                mend: None,
            },
            (None, Some(Variant::Tcx) | None) => good(EGRESS, "works".to_owned()),
        }
    }

    fn mend_of_step(&self, error: &SourceError) -> Option<String> {
        if is_missing_privilege(error) {
            Some(SEE_PRIVILEGES.to_owned())
        } else if matches!(error, SourceError::NoKernelTypes) {
            Some("boot a kernel built with CONFIG_DEBUG_INFO_BTF=y".to_owned())
        } else if matches!(error, SourceError::Kernel { .. }) {
            Some(format!("boot Linux 6.6 or later (this is {})", self.kernel))
        } else {
            None
        }
    }

    fn rules(&self) -> Finding {
        const WHAT: &str = "packet-filter rules";
        match &self.rules {
            Ok(()) => good(WHAT, "readable".to_owned()),
            Err(error) => Finding {
                what: WHAT,
                state: State::Degraded,
                says: format!("refusals carry no rule: {}", error.said()),
                mend: is_missing_program(error).then(|| "apt-get install nftables".to_owned()),
            },
        }
    }

    fn tracking(&self) -> Finding {
        const WHAT: &str = "connection tracking";
        match &self.conntrack {
            Ok(()) => good(WHAT, "can be listened to".to_owned()),
            Err(error) => Finding {
                what: WHAT,
                state: self.state_of_fallback(State::Missing),
                says: error.said(),
                mend: is_missing_privilege(error).then(|| SEE_PRIVILEGES.to_owned()),
            },
        }
    }

    fn sysctls(&self) -> Vec<Finding> {
        const WHAT: &str = "sysctls";
        let sysctls: &Sysctls = match &self.sysctls {
            Ok(sysctls) => sysctls,
            Err(error) => {
                return vec![Finding { what: WHAT, state: State::Unknown, says: error.said(), mend: None }];
            }
        };
        let inside = self.settings.network_namespace.as_ref();
        let inside = inside.map_or(String::new(), |name| format!("ip netns exec {name} "));
        let wanting = sysctls.wanting();
        if wanting.is_empty() {
            return vec![good(WHAT, "conversations are counted, timed and told of".to_owned())];
        }
        if self.is_well() {
            let says = "those of connection tracking are not set".to_owned();
            return vec![Finding { what: WHAT, state: State::Unneeded, says, mend: None }];
        }
        let one = |(name, why): (&str, &str)| Finding {
            what: WHAT,
            state: State::Degraded,
            says: why.to_owned(),
            mend: Some(format!("{inside}sysctl -w {name}=1")),
        };
        wanting.into_iter().map(one).collect()
    }

    fn log_group(&self) -> Option<Finding> {
        const WHAT: &str = "log group";
        let group = self.settings.nflog_group?;
        Some(match self.nflog.as_ref()? {
            Ok(()) => good(WHAT, format!("{group} can be read")),
            Err(error) => Finding {
                what: WHAT,
                state: self.state_of_fallback(State::Degraded),
                says: error.said(),
                mend: None,
            },
        })
    }

    fn source(&self) -> Finding {
        let because = match (self.settings.choice, self.kind()) {
            (SourceChoice::Auto, Some(SourceKind::Ebpf)) => "the best that there is",
            (SourceChoice::Auto, Some(_)) => {
                "the kernel programs do not work; packets are those of the gateway, which may have joined several of the wire"
            }
            (SourceChoice::Auto, None) => "neither kernel programs nor connection tracking work",
            (_, Some(_)) => "as `agent.source` says",
            (_, None) => "what `agent.source` asks for does not work",
        };
        let (state, name, mend) = match self.kind() {
            Some(kind @ SourceKind::Ebpf) => (State::Good, kind.as_str(), None),
            Some(kind @ SourceKind::ConntrackAndNflog) => (State::Degraded, kind.as_str(), None),
            Some(kind @ SourceKind::Conntrack) => (State::Degraded, kind.as_str(), Some(REFUSALS_UNSEEN)),
            None => (State::Missing, "none", None),
        };
        let says = format!("{name}: {because}");
        Finding { what: "source", state, says, mend: mend.map(str::to_owned) }
    }

    /// Nobody needs the fallback while the kernel's programs are used.
    fn state_of_fallback(&self, otherwise: State) -> State {
        if self.is_well() { State::Unneeded } else { otherwise }
    }
}

const REFUSALS_UNSEEN: &str =
    "refused packets are not seen: add `log group 5` to refusing rules and set `agent.nflog_group = 5`";

const SEE_PRIVILEGES: &str = "see privileges";

fn good(what: &'static str, says: String) -> Finding {
    Finding { what, state: State::Good, says, mend: None }
}

/// Which of [`STEPS`] an error belongs to.
fn step(error: &SourceError) -> usize {
    if matches!(error, SourceError::NoKernelTypes) {
        return 0;
    }
    let (SourceError::NotPermitted { deed, .. } | SourceError::Kernel { deed, .. }) = error else { return 1 };
    if deed.contains("egress") {
        2
    } else if deed.contains("frees packets") {
        3
    } else {
        1
    }
}

fn is_missing_privilege(error: &SourceError) -> bool {
    matches!(error, SourceError::NotPermitted { .. } | SourceError::MissingCapability { .. })
}

fn is_missing_program(error: &SourceError) -> bool {
    matches!(error, SourceError::Facts { source, .. } if source.kind() == io::ErrorKind::NotFound)
}
