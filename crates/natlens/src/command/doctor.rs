//! `natlens doctor`: says what capture can do here, and what mends what it cannot.
//!
//! Hides: how findings are written for people and for scripts.
//! Knows nothing of: the kernel; `capture` examines it.

#[cfg(target_os = "linux")]
mod around;

use capture::SourceChoice;

use crate::answer::Form;
use crate::config::{AgentConfig, Config, Parsed};
use crate::failure::Failure;
use crate::outside::Outside;

/// Say what this machine can capture, and what mends what it cannot
///
/// Ends with 0 when eBPF works and nothing else is missing, and with 1 otherwise. For a moment it does what an agent does when it starts; run it as
/// the user that runs the agent.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Network namespace to examine, as `ip netns list` names it [default: that of the configuration]
    #[arg(long, value_name = "NAME")]
    network_namespace: Option<String>,
    /// Source to examine for: auto, ebpf or conntrack [default: that of the configuration]
    #[arg(long, value_name = "SOURCE")]
    source: Option<SourceChoice>,
    /// How the findings are written
    #[arg(long, short, value_name = "FORM", default_value = "table")]
    output: Form,
}

impl Doctor {
    pub(crate) fn adjust(&self, config: &mut AgentConfig) {
        if self.network_namespace.is_some() {
            config.network_namespace.clone_from(&self.network_namespace);
        }
        if let Some(choice) = self.source {
            config.source = Parsed(choice);
        }
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let examination = capture::examine(super::source::settings(&config.agent)?, outside.now());
        let mut findings = examination.findings(&super::source::this_program());
        let around = around::findings(&config.agent)?;
        let all_there = around.iter().all(|finding| finding.state != capture::State::Missing);
        findings.extend(around);
        match self.output {
            Form::Table => print::for_people(&findings, outside)?,
            form @ (Form::Json | Form::Csv) => print::for_programs(&findings, form, outside)?,
        }
        if examination.is_well() && all_there { Ok(()) } else { Err(Failure::Unwell) }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn run(self, _: &Config, _: &mut Outside) -> Result<(), Failure> {
        Err(Failure::Arguments("only Linux counts traffic in its kernel: run this on the gateway".to_owned()))
    }
}

#[cfg(target_os = "linux")]
mod print {
    //! Writes findings.

    use capture::Finding;
    use serde::Serialize;

    use crate::answer::{Answer, Column, Form};
    use crate::failure::Failure;
    use crate::outside::Outside;

    /// A finding as programs read it.
    #[derive(Serialize)]
    struct Line<'a> {
        what: &'a str,
        state: &'a str,
        says: &'a str,
        mend: Option<&'a str>,
    }

    pub(super) fn for_people(findings: &[Finding], outside: &mut Outside) -> Result<(), Failure> {
        for Finding { what, state, says, mend } in findings {
            outside.say(format_args!("{:<10}  {what}: {says}", state.as_str()))?;
            if let Some(mend) = mend {
                outside.say(format_args!("{:<10}    {mend}", ""))?;
            }
        }
        Ok(())
    }

    pub(super) fn for_programs(
        findings: &[Finding],
        form: Form,
        outside: &mut Outside,
    ) -> Result<(), Failure> {
        let lines: Vec<Line<'_>> = findings
            .iter()
            .map(|Finding { what, state, says, mend }| Line {
                what,
                state: state.as_str(),
                says,
                mend: mend.as_deref(),
            })
            .collect();
        let columns: &[Column<Line<'_>>] = &[
            ("what", |line| line.what.to_owned()),
            ("state", |line| line.state.to_owned()),
            ("says", |line| line.says.to_owned()),
            ("mend", |line| line.mend.unwrap_or_default().to_owned()),
        ];
        Answer::list(&lines, columns)?.write(form, outside.results())
    }
}
